"""Addresses and schools as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.linkage import addresses, schooling


@pytest.mark.parametrize(
    ("written", "street", "home"),
    [
        ("重庆市渝中区人民路12号3栋2单元501室", "人民路12", "人民路12-3-2-501"),
        ("人民路12号3幢2单元501", "人民路12", "人民路12-3-2-501"),
        ("人民路十二号三栋二单元５０１", "人民路12", "人民路12-3-2-501"),
        ("单县中兴街173#12#楼10-8", "中兴街173", "中兴街173-12-10-8"),
        ("渝中区解放碑街道阳光花园3栋501室", "阳光花园3", "阳光花园3-501"),
        ("重庆市渝中区长江路9号阳光花园三栋501", "阳光花园3", "阳光花园3-501"),
        ("阳光小区3号楼2单元501", "阳光小区3", "阳光小区3-2-501"),
        ("山东省菏泽市曹县青石镇柳林村3组", "柳林村3", None),
        ("青石镇柳林村第三组", "柳林村3", None),
        ("青石镇柳林村三社12号", "柳林村3", "柳林村3-12"),
        ("山东省曹县示例镇示例村1号", "示例村1", "示例村1"),
        ("广东省深圳市宝安区西乡街道固戍一路88号", "固戍一路88", None),
        ("城关区", None, None),
        ("外地", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_an_address_leads_to_a_street_and_a_home(
    written: str | None, street: str | None, home: str | None
) -> None:
    assert addresses.read(written) == (street, home)


OFFICE = 500103000000


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("重庆市渝中区人和街小学", "渝中区人和街小学"),
        ("渝中區人和街小學校", "渝中区人和街小学"),
        ("人和街小学", "渝中区人和街小学"),
        (" 人 和 街 小 学 ", "渝中区人和街小学"),
        ("曹县第一中学", "曹县1中学"),
        ("曹县一中", "曹县1中学"),
        ("第十八中学", "渝中区18中学"),
        ("渝中区银杏初中", "渝中区银杏初级中学"),
        ("", None),
        (None, None),
    ],
)
def test_a_school_is_its_name_in_its_county(written: str | None, read: str | None) -> None:
    assert schooling.school(written, OFFICE) == read


@pytest.mark.parametrize(
    ("grade", "cohort", "school_class"),
    [
        ("三年级", 2022, None),
        ("3年级2班", 2022, "2"),
        ("三（2）班", 2022, "2"),
        ("小学三年级", 2022, None),
        ("七年级(10)班", 2018, "10"),
        ("初一", 2018, None),
        ("初中二年级3班", 2017, "3"),
        ("高中高一", 2015, None),
        ("高中十一年级", 2014, None),
        ("小班", 2027, None),
        ("幼儿园大班二班", 2025, "2"),
        ("2019级3班", 2019, "3"),
        ("年级", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_grade_tells_when_school_began(
    grade: str | None, cohort: int | None, school_class: str | None
) -> None:
    assert schooling.cohort(grade, "2024-09-03") == cohort
    assert schooling.school_class(grade) == school_class


def test_a_cohort_stays_as_the_child_moves_up() -> None:
    told = [("三年级", "2024-09-03"), ("三年级", "2025-06-30"), ("四年级", "2025-09-01")]

    assert {schooling.cohort(grade, day) for grade, day in told} == {2022}


@given(st.text(max_size=60), st.one_of(st.none(), st.text(max_size=12)))
def test_no_text_breaks_the_reading(text: str, other: str | None) -> None:
    addresses.read(text)
    schooling.school(text, OFFICE)
    schooling.cohort(text, other)
    schooling.school_class(text)
