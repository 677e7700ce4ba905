"""The table of divisions: what it must know, and what must hold of every code in it."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import divisions

TABLE = Path(divisions.__file__).with_name("divisions.csv")
WRITTEN = [tuple(row) for row in csv.reader(TABLE.open(encoding="utf-8"))][1:]
CODES = sorted({int(row[0] + "000000") for row in WRITTEN})
TODAY = date(2026, 11, 21)

codes = st.integers(10**11, 10**12 - 1)
listed = st.sampled_from(CODES)
days = st.dates(date(1980, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("50", 500000000000),
        ("3717", 371700000000),
        ("500103", 500103000000),
        ("429006001", 429006001000),
        ("429006001002", 429006001002),
    ],
)
def test_short_codes_are_widened(text: str, code: int) -> None:
    assert divisions.widen(text) == code
    assert divisions.text_of(code) == text.ljust(12, "0")


@pytest.mark.parametrize(
    "text",
    ["", "5", "500", "50010", "5001030", "5001030010020", "50010x", "050103", " 500103", "-50103"]
    + ["５００１０３", "٥٠٠١٠٣", "50_103", "5001²3", "\udcff00103"],
)
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="^division code") as refused:
        divisions.widen(text)
    assert not text or text not in str(refused.value)


@given(st.text(max_size=14))
def test_widen_reads_or_refuses_any_text(text: str) -> None:
    try:
        code = divisions.widen(text)
    except ValueError as refused:
        assert str(refused).startswith("division code")
    else:
        assert divisions.text_of(code).startswith(text)


@pytest.mark.parametrize("number", [-1, 0, 500103, 10**11 - 1, 10**12])
def test_a_number_that_is_no_code_is_refused(number: int) -> None:
    for ask in (divisions.text_of, divisions.county_of, divisions.area_of, divisions.ever):
        with pytest.raises(ValueError, match="^division code"):
            ask(number)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("50", 500000000000, 509999999999),
        ("3717", 371700000000, 371799999999),
        ("500103", 500103000000, 500103999999),
        ("500103001", 500103001000, 500103001999),
        ("500103001002", 500103001002, 500103001002),
        ("441900", 441900000000, 441999999999),
    ],
)
def test_an_area_holds_what_lies_in_its_code(text: str, low: int, high: int) -> None:
    assert divisions.area_of(divisions.widen(text)) == (low, high)


@given(codes)
def test_every_code_lies_in_its_own_area_and_in_its_countys(code: int) -> None:
    low, high = divisions.area_of(code)
    outer_low, outer_high = divisions.area_of(divisions.county_of(code))
    assert outer_low <= low == code <= high <= outer_high
    assert divisions.widen(divisions.text_of(code)) == code


@given(codes, codes)
def test_areas_are_nested_or_apart(one: int, other: int) -> None:
    (a, b), (c, d) = divisions.area_of(one), divisions.area_of(other)
    assert b < c or d < a or (a <= c and d <= b) or (c <= a and b <= d)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("150203", "昆都仑区"),
        ("429006", "天门市"),
        ("371702", "牡丹区"),
        ("230102", "道里区"),
        ("330113", "临平区"),
        ("330114", "钱塘区"),
        ("500103", "渝中区"),
        ("500157", "两江新区"),
        ("3717", "菏泽市"),
        ("1502", "包头市"),
        ("23", "黑龙江省"),
        ("710000", "台湾省"),
    ],
)
def test_places_we_serve_are_in_force(code: str, name: str) -> None:
    assert divisions.known(divisions.widen(code), TODAY)
    assert divisions.name_of(divisions.widen(code)) == name


@pytest.mark.parametrize(
    ("area", "counties"),
    [
        # Counties and districts in the ministry's list: headings (市辖区, 县) are not counted.
        ("50", 37),
        ("3717", 9),
        ("1502", 9),
        ("15", 103),
        ("23", 125),
    ],
)
def test_places_we_serve_are_complete(area: str, counties: int) -> None:
    low, high = divisions.area_of(divisions.widen(area))
    inside = [
        divisions.name_of(code)
        for code in CODES
        if low <= code <= high
        and divisions.spells_of(code)[-1].level == "county"
        and divisions.spells_of(code)[-1].name != "市辖区"
        and divisions.known(code, TODAY)
    ]
    assert len(inside) == counties


@pytest.mark.parametrize("ended", ["500105", "500112"])
def test_two_districts_of_chongqing_became_one(ended: str) -> None:
    old, new = divisions.widen(ended), divisions.widen("500157")
    (last,) = divisions.spells_of(old)
    (first,) = divisions.spells_of(new)
    assert last.until == date(2025, 11, 5)
    assert first.since == date(2025, 11, 6)
    assert last.successors == (new,)
    assert divisions.ever(old) and not divisions.known(old, TODAY)
    assert not divisions.known(new, date(2025, 11, 5))
    assert divisions.successors_on(old, date(2025, 11, 5)) == (old,)
    assert divisions.successors_on(old, date(2025, 11, 6)) == (new,)


@pytest.mark.parametrize(
    ("code", "day", "followed"),
    [
        ("510211", date(2020, 1, 1), ["500105"]),  # Sichuan's 江北区 …
        ("510211", TODAY, ["500157"]),  # … and two changes on
        ("372901", TODAY, ["371702"]),  # the county-level 菏泽市
        ("422404", TODAY, ["429006"]),  # 天门市 before it stood under the province
        ("330104", TODAY, ["330102", "330114"]),  # a district divided
        ("500157", date(2024, 1, 1), []),  # not yet begun
        ("990000", TODAY, []),  # never was
    ],
)
def test_succession_is_followed_to_the_day(code: str, day: date, followed: list[str]) -> None:
    found = divisions.successors_on(divisions.widen(code), day)
    assert found == tuple(map(divisions.widen, followed))


def test_a_township_is_answered_for_by_its_county() -> None:
    town = divisions.widen("500112001")
    assert divisions.known(town, date(2024, 1, 1))
    assert not divisions.known(town, TODAY)
    assert divisions.name_of(town) == "渝北区"
    assert divisions.successors_on(town, date(2024, 1, 1)) == (town,)
    assert divisions.successors_on(town, TODAY) == (divisions.widen("500157"),)
    assert divisions.known(divisions.widen("441900003"), TODAY)  # a town of a city without counties


def test_a_year_without_a_day_is_open_to_both_codes() -> None:
    midsummer = date(2019, 7, 1)  # 上饶县 became 广信区 in 2019
    assert divisions.known(divisions.widen("361121"), midsummer)
    assert divisions.known(divisions.widen("361104"), midsummer)
    assert not divisions.known(divisions.widen("361104"), date(2018, 12, 31))
    assert not divisions.known(divisions.widen("361121"), date(2020, 1, 1))


@given(listed, days)
def test_a_day_meets_at_most_one_division_of_a_code(code: int, day: date) -> None:
    meeting = [spell for spell in divisions.spells_of(code) if spell.holds_on(day)]
    assert len(meeting) <= 1
    assert divisions.known(code, day) == bool(meeting)
    assert divisions.ever(code)


@given(listed, days)
def test_successors_hold_on_the_day_asked(code: int, day: date) -> None:
    assert all(divisions.known(found, day) for found in divisions.successors_on(code, day))


@given(codes, days)
def test_any_code_can_be_asked(code: int, day: date) -> None:
    assert divisions.ever(code) or not divisions.known(code, day)
    assert (divisions.name_of(code) is None) == (not divisions.ever(code))


def test_the_table_is_sorted_sound_and_small() -> None:
    assert TABLE.stat().st_size < 800_000
    assert [row[0] for row in WRITTEN] == sorted(row[0] for row in WRITTEN)
    for code in CODES:
        spells = divisions.spells_of(code)
        for spell in spells:
            assert spell.name.strip() == spell.name != ""
            assert all(divisions.ever(found) for found in spell.successors)
            assert spell.until is not None or spell is spells[-1]
            assert spell.until is not None or not spell.successors
        for earlier, later in zip(spells, spells[1:], strict=False):
            assert earlier.until is not None and later.since is not None
            assert earlier.until < later.since


def test_the_counts_are_those_of_the_provenance() -> None:
    current = [s for c in CODES for s in divisions.spells_of(c) if s.until is None]
    assert (len(CODES), len(WRITTEN)) == (7197, 8182)
    assert Counter(s.level for s in current) == {"province": 34, "city": 342, "county": 3139}


def test_since_2005_every_county_that_ended_has_a_successor() -> None:
    orphans = [
        spell.name
        for code in CODES
        for spell in divisions.spells_of(code)
        if spell.until and spell.until >= date(2005, 1, 1) and not spell.successors
    ]
    assert set(orphans) <= {"县", "市", "市辖区"}
