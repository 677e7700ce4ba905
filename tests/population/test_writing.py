"""How names, addresses and dates are miswritten."""

import re
from collections import Counter
from datetime import date, timedelta
from random import Random
from unicodedata import numeric

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.population import addresses, glyphs, minorities, names
from services.population.lunar import lunar
from services.population.places import BEYOND

seeds = st.integers(0, 2**32).map(Random)


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2009, 1, 26), (2009, 1, 1)),
        (date(2012, 1, 23), (2012, 1, 1)),
        (date(2017, 1, 28), (2017, 1, 1)),
        (date(2017, 10, 4), (2017, 8, 15)),
        (date(2020, 6, 21), (2020, 5, 1)),
        (date(2024, 2, 9), (2023, 12, 30)),
        (date(2029, 2, 13), (2029, 1, 1)),
        (date(2008, 2, 6), None),
    ],
)
def test_new_years_and_festivals_fall_on_their_days(
    day: date, told: tuple[int, int, int] | None
) -> None:
    assert lunar(day) == told


@given(st.dates(date(2008, 2, 8), date(2030, 12, 31)))
def test_lunar_days_follow_each_other(day: date) -> None:
    today, yesterday = lunar(day), lunar(day - timedelta(days=1))

    assert today is not None
    assert yesterday is not None
    assert today[2] == 1 or today == (yesterday[0], yesterday[1], yesterday[2] + 1)


@pytest.mark.parametrize(
    ("glyph", "same", "near", "shape"),
    [
        ("涵", "晗", "", "函"),
        ("晨", "宸", "成", "辰"),
        ("宁", "", "琳", "宇"),
        ("李", "黎", "", "季"),
    ],
)
def test_glyphs_have_neighbours_in_sound_and_shape(
    glyph: str, same: str, near: str, shape: str
) -> None:
    assert set(same) <= set(glyphs.homophones(glyph))
    assert set(near) <= set(glyphs.nearly_homophones(glyph))
    assert set(shape) <= set(glyphs.look_alikes(glyph))
    assert set(glyphs.homophones(glyph)).isdisjoint(glyphs.nearly_homophones(glyph))
    assert glyph not in glyphs.homophones(glyph) + glyphs.nearly_homophones(glyph)


@given(seeds)
def test_a_restyled_address_keeps_its_numbers(random: Random) -> None:
    address = addresses.flat(random, BEYOND[0])

    assert numbers(addresses.restyled(random, address)) == numbers(address)


def numbers(text: str) -> list[float]:
    return [read(found) for found in re.findall("[0-9０-９]+|[一二三四五六七八九十]+", text)]


def read(numeral: str) -> float:
    if numeral[0].isdigit():
        return int(numeral)
    tens, ten, ones = numeral.rpartition("十")
    return (numeric(tens or "一") * 10 if ten else 0) + (numeric(ones) if ones else 0)


@given(seeds)
def test_a_shortened_address_is_its_beginning(random: Random) -> None:
    address = addresses.village(random, BEYOND[0])

    assert address.startswith(addresses.shortened(random, address))


@given(seeds, st.sampled_from(("male", "female")))
def test_a_twin_bears_the_family_name(random: Random, sex: str) -> None:
    family = names.surname(random)
    one = family + names.given_name(random, sex)
    other = names.beside_a_sibling(random, family, one, sex, twin=True)

    assert other.startswith(family)
    assert 2 <= len(other) <= 4


@pytest.mark.parametrize(
    ("ethnicity", "dots"), [("维吾尔族", {1}), ("藏族", {0}), ("彝族", {0, 1}), ("蒙古族", {0})]
)
def test_minorities_write_their_names_in_their_own_way(ethnicity: str, dots: set[int]) -> None:
    random = Random(1)
    found = [minorities.full_name(random, ethnicity, sex) for sex in ("male", "female") * 50]

    assert {name.count("·") for name in found if name} == dots
    assert minorities.full_name(random, "汉族", "male") is None


def test_another_office_spells_a_known_sound_otherwise() -> None:
    assert minorities.respelled(Random(1), "麦麦提·依明") in ("买买提·依明", "麦麦提·伊明")
    assert minorities.respelled(Random(1), "王小明") == "王小明"


def test_strangers_share_names_as_often_as_in_a_large_county() -> None:
    random = Random(1)
    born = Counter(
        names.surname(random) + names.given_name(random, "female") for _ in range(20_000)
    )
    alike = sum(n * (n - 1) for n in born.values())

    assert 0.5e-4 < alike / (20_000 * 19_999) < 3e-4
