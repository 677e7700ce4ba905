"""What is read from text as departments write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.linkage import names
from services.matching.linkage.normalization import (
    Features,
    birth_date,
    division,
    phone,
    school,
    standardise,
)
from tests.matching.children import FATHER, FATHER_ID, ID


@pytest.mark.parametrize(
    ("written", "text", "reading"),
    [
        ("张伟", "张伟", "zhangwei"),
        (" 張　偉 ", "张伟", "zhangwei"),
        ("单小明", "单小明", "shanxiaoming"),
        ("小单", "小单", "xiaodan"),
        ("曾仇", "曾仇", "zengchou"),
        ("尉迟恭敬", "尉迟恭敬", "yuchigongjing"),
        ("阿依古丽・买买提", "阿依古丽买买提", "ayigulimaimaiti"),
        ("阿依古丽．买买提", "阿依古丽买买提", "ayigulimaimaiti"),
        ("张伟（曾用名张三）", "张伟", "zhangwei"),
        ("ＺＨＡＮＧ　Wei", "zhangwei", "zhangwei"),
        ("吕绿", "吕绿", "lvlv"),
        ("张*明", "张?明", "zhang?ming"),
        ("张□明", "张?明", "zhang?ming"),
    ],
)
def test_a_name_is_read(written: str, text: str, reading: str) -> None:
    name = names.read(written)

    assert name is not None
    assert (name.text, name.reading) == (text, reading)


@pytest.mark.parametrize(
    "written", ["", "  ", "无", "王芳之子", "李某", "张某某", "???", "··", "Li", "123"]
)
def test_a_name_that_names_nobody_is_none(written: str) -> None:
    assert names.read(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "2015-03-07",
        "20150307",
        "2015/3/7",
        "2015.03.07",
        "２０１５年３月７日",
        "2015-03-07T00:00:00",
    ],
)
def test_a_birth_date_is_read_in_any_spelling(written: str) -> None:
    assert birth_date(written) == (2015, 3, 7)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2015-25-03", (2015, 3, 25)),
        ("2015-02-30", (2015, 2, 30)),
        ("2015-13-32", None),
        ("1900-01-01", None),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
def test_an_impossible_birth_date_is_kept_as_far_as_it_tells_something(
    written: str | None, read: tuple[int, int, int] | None
) -> None:
    assert birth_date(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("13908123456", "13908123456"),
        ("+86 139-0812-3456", "13908123456"),
        ("0086 13908123456", "13908123456"),
        ("１３９０８１２３４５６", "13908123456"),
        ("023-63567890", "02363567890"),
        ("13811111111", None),
        ("00000000000", None),
        ("110", None),
        ("", None),
    ],
)
def test_a_phone_is_its_digits(written: str, read: str | None) -> None:
    assert phone(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("500103", 500103000000),
        ("500103001", 500103001000),
        ("500103001002", 500103001002),
        ("重庆", None),
        ("000001", None),
        ("1" * 13, None),
    ],
)
def test_a_division_is_widened(written: str, read: int | None) -> None:
    assert division(written) == read


def test_a_school_is_its_words() -> None:
    assert (
        school("渝中區 人和街小學（本部）")
        == school("渝中区人和街小学(本部)")
        == "渝中区人和街小学本部"
    )


def test_a_guardians_number_given_for_the_child_becomes_the_guardians() -> None:
    told = standardise({"id_number": FATHER_ID, "guardians": [FATHER]})
    found_by_age = standardise({"id_number": FATHER_ID, "birth_date": "2015-03-07"})

    assert told.id_number is None
    assert told.births == ()
    assert found_by_age.id_number is None
    assert found_by_age.guardian_ids == {FATHER_ID}


def test_a_number_tells_birth_and_sex_where_the_record_does_not() -> None:
    read = standardise({"id_number": ID.lower()})

    assert (read.id_number, read.stated_birth, read.births, read.sex) == (
        ID,
        None,
        ((2015, 3, 7),),
        "male",
    )


def test_a_number_with_a_wrong_checksum_is_kept_as_typed() -> None:
    wrong = ID[:-1] + ("1" if ID[-1] != "1" else "2")
    read = standardise({"id_number": wrong})

    assert (read.id_number, read.id_typed, read.births) == (None, wrong, ())


TEXTS = st.one_of(st.none(), st.text(max_size=30), st.sampled_from(["张伟", "2015-03-07", ID, "*"]))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": TEXTS,
            "former_name": TEXTS,
            "id_number": TEXTS,
            "id_kind": st.sampled_from(
                ["resident_id", "birth_certificate", "passport", "other", None]
            ),
            "birth_date": TEXTS,
            "sex": st.sampled_from(["male", "female", "unknown", None]),
            "phone": TEXTS,
            "guardians": st.lists(
                st.fixed_dictionaries(
                    {}, optional={"name": TEXTS, "id_number": TEXTS, "phone": TEXTS}
                )
            ),
            "hukou_division": TEXTS,
            "residence_division": TEXTS,
            "school": TEXTS,
        },
    )
)
def test_no_text_breaks_the_reading(features: Features) -> None:
    first = standardise(features)

    assert standardise(features) == first
    assert set(first.births) >= ({first.stated_birth} - {None})


def test_names_are_equal_by_what_they_say_and_not_by_which_reading_made_them() -> None:
    one = names.read("阿依古丽·买买提")
    names.read.cache_clear()
    other = names.read("阿依古丽・买买提")

    assert one is not other
    assert one == other
    assert hash(one) == hash(other)
    assert one != names.read("阿依古丽买买提")
