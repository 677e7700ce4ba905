"""The levels at which two records of one child, or of two, meet."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.linkage import names
from services.matching.linkage.comparison import (
    COMPARISONS,
    LEVELS,
    MISSING,
    Profile,
    compare,
    compare_births,
    compare_identifiers,
    compare_places,
)
from services.matching.linkage.name_comparison import compare_names
from services.matching.linkage.normalization import Features, standardise
from tests.matching.children import FAMILY, FATHER, FATHER_ID, ID, TWIN_ID


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("张伟", "張 偉", "exact"),
        ("张伟", "张玮", "homophone"),
        ("张伟", "ZHANG WEI", "homophone"),
        ("张伟", "Wei Zhang", "homophone"),
        ("曾志强", "增志强", "homophone"),
        ("买买提·艾力", "买买提艾利", "homophone"),
        ("李佳琪", "李往琪", "look_alike"),
        ("张志明", "张*明", "wildcard"),
        ("林晓燕", "宁晓燕", "fuzzy_sound"),
        ("陈生", "陈森", "fuzzy_sound"),
        ("买买提艾力江", "买买提艾力姜", "homophone"),
        ("阿布都热合曼", "阿不都日河满", "fuzzy_sound"),
        ("张小明", "张明小", "reordered"),
        ("王芳", "王小芳", "part"),
        ("阿依古丽·买买提", "阿依古丽", "part"),
        ("李小明", "李小红", "one_glyph"),
        ("张三丰", "李三丰", "given"),
        ("张伟", "张丽娜", "surname"),
        ("张伟", "张红", "surname"),
        ("张伟", "王红", "different"),
        ("张**", "张红", "surname"),
    ],
)
def test_names(one: str, other: str, level: str) -> None:
    a, b = names.read(one), names.read(other)
    assert a is not None
    assert b is not None

    assert compare_names(a, b) == level
    assert compare_names(b, a) == level


@pytest.mark.parametrize(
    ("other", "level"),
    [
        ((2015, 3, 7), "exact"),
        ((2015, 7, 3), "swapped"),
        ((2015, 3, 8), "day_differs"),
        ((2015, 5, 7), "month_differs"),
        ((2016, 3, 7), "year_differs"),
        ((2005, 3, 7), "different"),
        ((2015, 11, 20), "same_year"),
        ((2016, 4, 7), "different"),
    ],
)
def test_births(other: tuple[int, int, int], level: str) -> None:
    assert compare_births((2015, 3, 7), other) == level


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        (500103001000, 500103001002, "same_township"),
        (500103000000, 500103000000, "same_county"),
        (500103001000, 500103002000, "same_county"),
        (371702000000, 371725000000, "same_city"),
        (371702000000, 500103000000, "different"),
    ],
)
def test_places(a: int, b: int, level: str) -> None:
    assert compare_places(a, b) == level


def typo(number: str, at: int) -> str:
    return number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]


@pytest.mark.parametrize(
    ("entry", "person", "level"),
    [
        ({"id_number": ID}, {"id_number": ID}, "same"),
        ({"id_number": ID}, {"id_number": TWIN_ID}, "clash"),
        ({"id_number": ID}, {"id_number": typo(ID, 8)}, "near"),
        ({"id_number": typo(ID, 8)}, {"id_number": ID}, "near"),
        ({"id_number": ID[:9] + ID[10] + ID[9] + ID[11:]}, {"id_number": ID}, "near"),
        ({"id_number": typo(typo(ID, 8), 12)}, {"id_number": ID}, "different"),
        ({"id_number": ID}, {}, MISSING),
        ({"id_number": FATHER_ID}, {"guardians": [FATHER]}, MISSING),
        (
            {"id_number": "R500123456", "id_kind": "birth_certificate"},
            {"id_number": "r 500123456", "id_kind": "birth_certificate"},
            "same_document",
        ),
        ({"id_number": "R500123456", "id_kind": "passport"}, {"id_number": ID}, MISSING),
    ],
)
def test_identifiers(entry: Features, person: Features, level: str) -> None:
    assert compare_identifiers(standardise(entry), Profile.of([standardise(person)])) == level


def test_dates_read_out_of_one_number_are_no_evidence_beside_that_number() -> None:
    levels = compare(standardise({"id_number": ID}), Profile.of([standardise({"id_number": ID})]))

    assert dict(zip(COMPARISONS, levels, strict=True))["birth"] == MISSING


def test_a_person_is_compared_as_a_whole() -> None:
    by_school = standardise({"name": "张志明", "school": "人和街小学"})
    by_police = standardise({"name": "张志明", "guardians": [FATHER], "hukou_division": "520502"})
    entry = standardise({"name": "张志明", **FAMILY, "school": "人和街小学"})

    levels = dict(zip(COMPARISONS, compare(entry, Profile.of([by_school, by_police])), strict=True))

    assert levels["guardian"] == "same_id"
    assert levels["school"] == "same"
    assert levels["hukou"] == "same_county"


GLYPHS = "张王李伟玮芳小明红买提·*?a 欧阳"


@given(st.text(GLYPHS, max_size=6), st.text(GLYPHS, max_size=6))
def test_names_compare_alike_from_both_sides(one: str, other: str) -> None:
    a, b = names.read(one), names.read(other)
    if a is None or b is None:
        return

    assert compare_names(a, b) == compare_names(b, a)
    assert compare_names(a, b) in LEVELS["name"]
    assert compare_names(a, a) in {"exact", "wildcard"}


def test_levels_are_told_apart() -> None:
    for levels in LEVELS.values():
        assert len(set(levels)) == len(levels)
        assert all(one != other for one, other in pairwise(levels))
