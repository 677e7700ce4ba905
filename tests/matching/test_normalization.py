"""What is read from text as departments write it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.linkage.facets import Facets, packed, standard_of, unpacked
from services.matching.linkage.normalization import Features, Standard, division, standardise
from services.matching.linkage.phones import phone
from tests.matching.children import FAMILY, FATHER, FATHER_ID, ID


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


def test_a_field_may_hold_several_phones() -> None:
    assert standardise({"phone": "13908123456/13908123457、无"}).phones == {
        "13908123456",
        "13908123457",
    }


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("500103", 500103000000),
        ("500103001", 500103001000),
        ("500103001002", 500103001002),
        ("420982", 420982000000),
        ("500112", 500157000000),  # 渝北区 has become 两江新区
        ("重庆", None),
        ("000001", None),
        ("1" * 13, None),
    ],
)
def test_a_division_is_widened_and_stands_for_its_successor(written: str, read: int | None) -> None:
    assert division(written) == read


def test_a_guardians_number_given_for_the_child_becomes_the_guardians() -> None:
    told = standardise({"id_number": FATHER_ID, "guardians": [FATHER]})
    found_by_age = standardise({"id_number": FATHER_ID, "birth_date": "2015-03-07"})
    in_the_old_way = standardise(
        {"id_number": FATHER_ID[:6] + FATHER_ID[8:17], "birth_date": "2015-03-07"}
    )

    assert told.id_number is None
    assert told.births == ()
    for read in (found_by_age, in_the_old_way):
        assert read.id_number is None
        assert read.guardian_ids == {FATHER_ID}


@pytest.mark.parametrize("written", ["张强", "张强子", "張 强"])
def test_a_guardians_name_given_for_the_child_names_nobody(written: str) -> None:
    read = standardise({"name": written, "guardians": [FATHER]})

    assert read.names == ()
    assert {name.text for name in read.guardian_names} == {"张强"}


def test_a_child_called_by_its_mother_tells_a_guardian() -> None:
    read = standardise({"name": "李芳之女"})

    assert read.names == ()
    assert {name.text for name in read.guardian_names} == {"李芳"}


@pytest.mark.parametrize("name", ["果果", "小军", "丁丁"])
def test_a_pet_name_names_nobody_but_to_a_search(name: str) -> None:
    told: Features = {"name": name, "birth_date": "2015-03-07"}
    standard = standardise(told)

    assert not standard.names
    assert standard.turn == f"pet {name}"
    assert [one.text for one in standardise(told, as_told=True).names] == [name]


def test_a_familys_name_said_twice_is_a_name() -> None:
    standard = standardise({"name": "丁丁", "guardians": [{"name": "丁磊"}, {"name": "方方"}]})

    assert [one.text for one in standard.names] == ["丁丁"]
    assert {one.text for one in standard.guardian_names} == {"丁磊", "方方"}


def test_what_a_newborn_is_called_tells_its_sex_where_nothing_else_does() -> None:
    called: Features = {"name": "李芳之女", "birth_date": "2015-03-07"}

    assert standardise(called).sex == "female"
    assert standardise({**called, "sex": "male"}).sex == "male"
    assert not standardise({**called, "id_number": ID}).number_is_firm


def test_which_twin_is_told_only_of_a_child_without_a_name() -> None:
    newborn = standardise({"name": "李芳之大双", "birth_date": "2015-03-07"})
    named = standardise({"name": "李芳之大双", "former_name": "张伟", "birth_date": "2015-03-07"})

    assert (newborn.turn, named.turn) == ("twin 1", None)
    assert _packed_and_unpacked(newborn) == newborn


def test_a_number_tells_birth_and_sex_where_the_record_does_not() -> None:
    read = standardise({"id_number": ID.lower()})

    assert (read.id_number, read.stated_birth, read.births, read.sex) == (
        ID,
        None,
        ((2015, 3, 7),),
        "male",
    )


@pytest.mark.parametrize(
    ("stated", "sex", "firm"),
    [
        ("2015-03-07", "male", True),
        (None, None, True),
        ("2015-07-03", "male", True),
        ("2015-01-17", "male", True),  # the same day of the lunar calendar
        ("2015-01-01", "male", True),
        ("2013-08-09", "male", False),
        ("2015-03-07", "female", False),
    ],
)
def test_a_number_is_firm_unless_the_record_contradicts_it(
    stated: str | None, sex: str | None, firm: bool
) -> None:
    read = standardise({"id_number": ID, "birth_date": stated, "sex": sex})

    assert (read.id_number, read.number_is_firm) == (ID, firm)


@pytest.mark.parametrize(
    ("number", "kind", "typed", "document"),
    [
        (ID[:-1] + ("1" if ID[-1] != "1" else "2"), None, "as written", None),
        (ID[:17], None, ID, None),
        ("J500123456", None, None, "birth_certificate:J500123456"),
        ("j 500123456", "birth_certificate", None, "birth_certificate:J500123456"),
        ("500103********0011", None, None, None),
        ("无", None, None, None),
        ("0" * 18, None, None, None),
        ("3.71721E+17", None, None, None),
    ],
)
def test_what_is_no_valid_number_is_kept_as_far_as_it_tells_something(
    number: str, kind: str | None, typed: str | None, document: str | None
) -> None:
    read = standardise({"id_number": number, "id_kind": kind})

    expected = number if typed == "as written" else typed
    assert (read.id_number, read.id_typed, read.document) == (None, expected, document)


def test_another_papers_field_may_hold_the_number() -> None:
    assert standardise({"id_number": ID, "id_kind": "birth_certificate"}).id_number == ID


TEXTS = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.text("0123456789Xx*.年月日初腊张玥?·之子女栋号室村组省市县区 -/", max_size=24),
    st.sampled_from(
        ["张伟", "阿依古丽·买买提", "2015-03-07", ID, ID[:17], FATHER_ID, "13908123456"]
    ),
)
FEATURES = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXTS,
        "former_name": TEXTS,
        "id_number": TEXTS,
        "id_kind": st.sampled_from(["resident_id", "birth_certificate", "passport", "other", None]),
        "birth_date": TEXTS,
        "sex": st.sampled_from(["male", "female", "unknown", None]),
        "phone": TEXTS,
        "guardians": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "name": TEXTS,
                    "relation": st.sampled_from(["father", "mother", "grandmother", None]),
                    "id_number": TEXTS,
                    "phone": TEXTS,
                },
            ),
            max_size=4,
        ),
        "hukou_division": TEXTS,
        "hukou_address": TEXTS,
        "residence_division": TEXTS,
        "residence_address": TEXTS,
        "school": TEXTS,
        "school_division": TEXTS,
        "grade": TEXTS,
        "observed_on": TEXTS,
    },
)


@given(FEATURES)
def test_no_text_breaks_the_reading_and_packing_changes_nothing(features: Features) -> None:
    first = standardise(features)

    assert standardise(features) == first
    assert set(first.births) >= ({first.stated_birth} - {None})
    assert _packed_and_unpacked(first) == first


def _packed_and_unpacked(standard: Standard) -> Standard:
    columns = [[facet] for facet in json.loads(json.dumps(packed(standard)))]
    (facets,) = zip(*unpacked(columns), strict=True)
    return standard_of(Facets._make(facets))


def test_packing_keeps_everything_of_a_full_record() -> None:
    full = standardise(
        {
            **FAMILY,
            "name": "张志明",
            "former_name": "张小宝宝",
            "id_number": ID,
            "birth_date": "2015-03-07",
            "sex": "male",
            "hukou_address": "贵州省安顺市西秀区青石镇柳林村3组",
            "residence_address": "人民路12号3栋501",
            "grade": "三年级2班",
            "observed_on": "2024-09-01",
        }
    )

    assert all(value for field, value in full._asdict().items() if field not in _OTHERS)
    assert _packed_and_unpacked(full) == full


_OTHERS = ("id_typed", "document", "mother", "turn")


def test_what_a_guardians_number_filled_in_tells_nothing_of_the_child() -> None:
    """A form reads birth date and sex out of the number it is given."""
    said: Features = {
        "name": "孙豪",
        "id_number": FATHER_ID,
        "birth_date": "1986-11-02",
        "sex": "male",
    }

    read = standardise({**said, "observed_on": "2024-09-05"})

    assert (read.id_number, read.births, read.sex) == (None, (), None)
    assert read.guardian_ids == {FATHER_ID}
    assert standardise({**said, "sex": "female", "observed_on": "2024-09-05"}).sex == "female"
    unsaid = standardise(said)
    assert (unsaid.id_number, unsaid.sex) == (FATHER_ID, "male")


@pytest.mark.parametrize(
    ("born", "observed_on", "kept"),
    [
        ("2003-01-01", "2024-09-05", True),
        ("2002-12-31", "2024-09-05", False),
        ("1917-03-07", "2024", False),
        ("1917-03-07", "", True),
        ("1917-03-07", "²⁰²⁴-09-05", True),
    ],
)
def test_nobody_grown_up_is_a_child(born: str, observed_on: str, kept: bool) -> None:
    read = standardise({"name": "孙豪", "birth_date": born, "observed_on": observed_on})

    assert bool(read.births) is kept


def test_a_birth_certificate_is_one_whatever_it_is_called() -> None:
    kinds = ("birth_certificate", "other", "resident_id", None)
    read = {standardise({"id_number": "U344781432", "id_kind": kind}).document for kind in kinds}

    assert read == {"birth_certificate:U344781432"}
    assert standardise({"id_number": "E12345678", "id_kind": "other"}).document == "other:E12345678"
