"""The levels at which an entry and a person meet."""

from itertools import pairwise

import pytest
from hypothesis import given

from services.matching.linkage.comparison import (
    COMPARISONS,
    LEVELS,
    MISSING,
    Profile,
    compare,
    compare_identifiers,
    compare_places,
)
from services.matching.linkage.normalization import Features, standardise
from tests.matching.children import FAMILY, FATHER, FATHER_ID, ID, TWIN_ID
from tests.matching.test_normalization import FEATURES
from tests.matching.test_numbers import typo


def level(comparison: str, entry: Features, *members: Features) -> str:
    person = Profile.of([standardise(member) for member in members])
    return compare(standardise(entry), person)[COMPARISONS.index(comparison)]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (500103001000, 500103001002, "same_township"),
        (500103000000, 500103000000, "same_county"),
        (500103001000, 500103002000, "same_county"),
        (371702000000, 371725000000, "same_city"),
        (371702000000, 500103000000, "different"),
    ],
)
def test_places(a: int, b: int, expected: str) -> None:
    assert compare_places(a, b) == expected


@pytest.mark.parametrize(
    ("entry", "person", "expected"),
    [
        ({"id_number": ID}, {"id_number": ID}, "same"),
        ({"id_number": ID}, {"id_number": TWIN_ID}, "clash"),
        ({"id_number": ID}, {"id_number": typo(ID, 8)}, "near"),
        ({"id_number": typo(ID, 8)}, {"id_number": ID}, "near"),
        ({"id_number": ID[:17]}, {"id_number": ID}, "near"),
        ({"id_number": ID[:9] + ID[10] + ID[9] + ID[11:]}, {"id_number": ID}, "near"),
        ({"id_number": ID[:15]}, {"id_number": ID}, "cut"),
        ({"id_number": ID[:15] + "000"}, {"id_number": ID}, "cut"),
        ({"id_number": typo(typo(ID, 8), 12)}, {"id_number": ID}, "different"),
        ({"id_number": ID}, {}, MISSING),
        ({"id_number": FATHER_ID}, {"guardians": [FATHER]}, MISSING),
        ({"id_number": FATHER_ID}, {"id_number": ID}, MISSING),
        ({"id_number": ID, "guardians": [FATHER]}, {"id_number": FATHER_ID}, MISSING),
        # A sibling's number: what the record states speaks against it, so it clashes with nothing.
        ({"id_number": TWIN_ID, "birth_date": "2012-05-06"}, {"id_number": ID}, MISSING),
        (
            {"id_number": "R500123456", "id_kind": "birth_certificate"},
            {"id_number": "r 500123456", "id_kind": "birth_certificate"},
            "same_document",
        ),
        ({"id_number": "R500123456", "id_kind": "passport"}, {"id_number": ID}, MISSING),
    ],
)
def test_identifiers(entry: Features, person: Features, expected: str) -> None:
    assert compare_identifiers(standardise(entry), Profile.of([standardise(person)])) == expected


MOTHER: Features = {"guardians": [{"name": "李芳", "relation": "mother", "phone": "13908123458"}]}
HOME: Features = {"residence_address": "人民路12号3栋501", "residence_division": "500103"}
STREET: Features = {"residence_address": "人民路12号", "residence_division": "500103"}
PHONE: Features = {"phone": "13908123458"}
OTHER_FATHER: Features = {"guardians": [{"name": "王刚", "relation": "father"}]}


@pytest.mark.parametrize(
    ("entry", "person", "expected"),
    [
        ({"guardians": [FATHER]}, {"guardians": [{"id_number": FATHER_ID}]}, "guardian_id"),
        ({"guardians": [{"id_number": FATHER_ID}]}, {"id_number": FATHER_ID}, "guardian_id"),
        (MOTHER, MOTHER, "guardian_and_phone"),
        (
            {**MOTHER, **HOME},
            {**HOME, "guardians": [{"name": "李芳", "relation": "mother"}]},
            "guardian_and_address",
        ),
        ({**PHONE, **HOME}, {**PHONE, **STREET}, "phone_and_address"),
        (PHONE, MOTHER, "phone"),
        (HOME, HOME, "address"),
        (HOME, {**HOME, "hukou_address": "人民路12号3栋501"}, "address"),
        ({"guardians": [{"name": "李芳"}]}, {"guardians": [{"name": "李芳"}]}, "guardian"),
        ({"guardians": [{"name": "黎芳"}]}, MOTHER, "guardian_homophone"),
        (HOME, STREET, "neighbour"),
        ({**HOME, "residence_division": "371721"}, STREET, MISSING),
        (OTHER_FATHER, {"guardians": [{"name": "张强", "relation": "father"}]}, "other_parent"),
        (
            OTHER_FATHER,
            {"guardians": [{"name": "赵秀英", "relation": "grandmother"}]},
            "different",
        ),
        (PHONE, {"phone": "13908123459"}, "different"),
        ({}, MOTHER, MISSING),
    ],
)
def test_families(entry: Features, person: Features, expected: str) -> None:
    assert level("family", entry, person) == expected


SCHOOL: Features = {
    "school": "渝中区人和街小学",
    "grade": "三年级2班",
    "observed_on": "2024-09-01",
}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({**SCHOOL, "grade": "4年级（2）班", "observed_on": "2025-09-01"}, "same_class"),
        ({**SCHOOL, "grade": "四年级", "observed_on": "2025-09-01"}, "same_cohort"),
        ({**SCHOOL, "grade": "六年级"}, "same"),
        ({"school": "渝中区人和街小学校"}, "same"),
        (
            {"school": "渝中区一中", "grade": "初一", "observed_on": "2028-09-01"},
            "onward",
        ),
        ({"school": "渝中区一中", "grade": "初一", "observed_on": "2024-09-01"}, "different"),
        ({"school": "渝中区一中"}, "different"),
        ({}, MISSING),
    ],
)
def test_schools(entry: Features, expected: str) -> None:
    assert level("school", entry, SCHOOL) == expected


def test_a_guardians_name_in_the_childs_field_is_no_evidence_against() -> None:
    assert level("name", {"name": "张强"}, {"name": "张志明", "guardians": [FATHER]}) == MISSING
    assert level("name", {"name": "张志明", "guardians": [FATHER]}, {"name": "张强"}) == MISSING
    assert level("name", {"name": "张志强"}, {"name": "张志明", "guardians": [FATHER]}) != MISSING


def test_a_former_name_counts() -> None:
    assert level("name", {"name": "李雷"}, {"name": "张志明", "former_name": "李雷"}) == "exact"


def test_dates_read_out_of_one_number_are_no_evidence_beside_that_number() -> None:
    assert level("birth", {"id_number": ID}, {"id_number": ID}) == MISSING


def test_a_person_is_compared_as_a_whole() -> None:
    by_school: Features = {"name": "张志明", "school": "人和街小学"}
    by_police: Features = {"name": "张志明", "guardians": [FATHER], "hukou_division": "520502"}
    entry: Features = {"name": "张志明", **FAMILY, "school": "人和街小学"}

    assert level("family", entry, by_school, by_police) == "guardian_id"
    assert level("school", entry, by_school, by_police) == "same"
    assert level("hukou", entry, by_school, by_police) == "same_county"


@given(FEATURES, FEATURES)
def test_any_two_entries_meet_at_known_levels(one: Features, other: Features) -> None:
    mine, theirs = standardise(one), standardise(other)

    levels = compare(mine, Profile.of([theirs]))

    assert all(
        found == MISSING or found in LEVELS[comparison]
        for comparison, found in zip(COMPARISONS, levels, strict=True)
    )
    back = compare(theirs, Profile.of([mine]))
    for comparison in ("sex", "family", "hukou", "residence", "school"):
        at = COMPARISONS.index(comparison)
        assert levels[at] == back[at]


@given(FEATURES)
def test_a_profile_of_one_is_a_profile_of_many(features: Features) -> None:
    standard = standardise(features)

    assert Profile.of([standard]) == Profile.of([standard, standard])


def test_levels_are_told_apart() -> None:
    for levels in LEVELS.values():
        assert len(set(levels)) == len(levels)
        assert all(one != other for one, other in pairwise(levels))
