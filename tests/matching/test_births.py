"""Birth dates: every spelling, two calendars, and the slips between them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.linkage import births
from services.matching.linkage.births import BIRTH_LEVELS, Birth, compare_births
from services.matching.linkage.lunar import solar_days


@pytest.mark.parametrize(
    "written",
    [
        "2015-03-07", "20150307", "2015/3/7", "２０１５年３月７日", "2015-03-07T00:00:00", "150307",
        "2015-03-07 00:00:00", "二〇一五年三月七日", "42070", "3/7/2015", "农历2015年正月十七",
    ],
)  # fmt: skip
def test_a_birth_date_is_read_in_any_spelling(written: str) -> None:
    assert births.read(written) == (2015, 3, 7)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2015-25-03", (2015, 3, 25)),
        ("2015-02-30", (2015, 2, 30)),
        ("2015-03", (2015, 3, 1)),
        ("2015年", (2015, 1, 1)),
        ("2015年腊月廿三", (2016, 2, 1)),
        ("2015-13-32", None),
        ("1900-01-01", None),
        ("99999999", None),
        ("不详", None),
        ("", None),
        (None, None),
    ],
)
def test_a_birth_date_is_kept_as_far_as_it_tells_something(
    written: str | None, read: Birth | None
) -> None:
    assert births.read(written) == read


@pytest.mark.parametrize(
    ("other", "level"),
    [
        ((2015, 3, 7), "exact"),
        ((2015, 7, 3), "swapped"),
        ((2015, 1, 17), "lunar"),
        ((2015, 3, 8), "near_day"),
        ((2015, 3, 17), "day_differs"),
        ((2015, 3, 1), "vague"),
        ((2015, 1, 1), "vague"),
        ((2015, 5, 7), "month_differs"),
        ((2016, 3, 7), "year_differs"),
        ((2005, 3, 7), "year_differs"),
        ((2006, 3, 7), "different"),
        ((2015, 11, 20), "same_year"),
        ((2016, 4, 7), "different"),
        ((2014, 1, 1), "different"),
    ],
)
def test_births_compare(other: Birth, level: str) -> None:
    assert compare_births((2015, 3, 7), other) == level
    assert compare_births(other, (2015, 3, 7)) == level


def test_a_day_apart_may_turn_the_month_or_the_year() -> None:
    assert compare_births((2016, 2, 29), (2016, 3, 1)) == "near_day"
    assert compare_births((2015, 12, 31), (2016, 1, 1)) == "different"
    assert compare_births((2015, 4, 30), (2015, 5, 1)) == "near_day"
    assert compare_births((2015, 4, 29), (2015, 5, 1)) == "same_year"
    assert compare_births((2015, 1, 1), (2015, 1, 1)) == "vague"


BIRTHS = st.tuples(st.integers(1901, 2100), st.integers(1, 12), st.integers(1, 31))


@given(BIRTHS, BIRTHS)
def test_births_compare_alike_from_both_sides(one: Birth, other: Birth) -> None:
    assert compare_births(one, other) == compare_births(other, one)
    assert compare_births(one, other) in BIRTH_LEVELS


@given(st.text(max_size=20))
def test_no_text_breaks_the_reading(text: str) -> None:
    births.read(text)


@pytest.mark.parametrize(
    ("lunar", "common"),
    [
        # New years and mid-autumns as calendars print them; months came twice in 1984 and 2020.
        ((1900, 1, 1), ((1900, 1, 31),)),
        ((1949, 8, 10), ((1949, 10, 1),)),
        ((1984, 10, 1), ((1984, 10, 24), (1984, 11, 23))),
        ((2000, 1, 1), ((2000, 2, 5),)),
        ((2008, 7, 8), ((2008, 8, 8),)),
        ((2015, 1, 1), ((2015, 2, 19),)),
        ((2020, 4, 1), ((2020, 4, 23), (2020, 5, 23))),
        ((2023, 12, 30), ((2024, 2, 9),)),
        ((2024, 8, 15), ((2024, 9, 17),)),
        ((2100, 1, 1), ((2100, 2, 9),)),
        ((2024, 12, 30), ()),
        ((1899, 1, 1), ()),
    ],
)
def test_a_lunar_day_has_its_common_days(lunar: Birth, common: tuple[Birth, ...]) -> None:
    assert solar_days(*lunar) == common


def test_lunar_years_follow_one_another_without_a_gap() -> None:
    begins = [date(*solar_days(year, 1, 1)[0]) for year in range(1900, 2101)]
    lengths = {(later - earlier).days for earlier, later in zip(begins, begins[1:], strict=False)}

    assert lengths <= {353, 354, 355, 383, 384, 385}
    assert all((1, 20) <= (day.month, day.day) <= (2, 21) for day in begins)
