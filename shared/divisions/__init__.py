"""Administrative divisions (行政区划) of GB/T 2260, with the days between which each code held.

Cast: a *code* is a whole number of twelve digits (province 2, city 2, county 2, township 3,
village 3); an *area* is the inclusive range of codes inside a code; a *division* is one spell of a
code under one name; its *successors* are the codes that took over when the spell ended.

The table knows counties and everything above them from 1980 to September 2026. Townships and
villages are accepted by their shape and answered for by their county. Where only the year of a
change is known, old and new code both hold through that year. PROVENANCE.md states the sources and
the doubts.
"""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

Level = Literal["province", "city", "county"]

_LEVELS: dict[str, Level] = {"province": "province", "city": "city", "county": "county"}
_LOWEST, _HIGHEST = 10**11, 10**12 - 1
_COUNTY = 10**6
# Codes inside one code, from the narrowest: village, township, county, city, province.
_WIDTHS = (1, 10**3, 10**6, 10**8, 10**10)


@dataclass(frozen=True, slots=True)
class Division:
    """One spell of a code under one name.

    `since` and `until` are the first and last day (both included); None is before 1980 and still
    so. `successors` is empty while the spell lasts, and also where the sources name none; a code
    that was only renamed succeeds itself.
    """

    code: int
    name: str
    level: Level
    since: date | None
    until: date | None
    successors: tuple[int, ...]

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


@lru_cache(maxsize=1 << 14)
def widen(text: str) -> int:
    """Read a code of 2, 4, 6, 9 or 12 digits, filling up with zeros; else ValueError."""
    if len(text) in (2, 4, 6, 9, 12) and text.isascii() and text.isdigit() and text[0] != "0":
        return int(text.ljust(12, "0"))
    raise ValueError("division code must have 2, 4, 6, 9 or 12 digits and not begin with 0")


def text_of(code: int) -> str:
    """Write a code as its twelve digits."""
    return str(_checked(code))


def county_of(code: int) -> int:
    """Drop township and village. In a city without counties (441900 东莞) this is the city."""
    return _checked(code) // _COUNTY * _COUNTY


def area_of(code: int) -> tuple[int, int]:
    """The first and the last code inside a code, both included."""
    _checked(code)
    width = max(width for width in _WIDTHS if code % width == 0)
    return code, code + width - 1


def spells_of(code: int) -> tuple[Division, ...]:
    """Every division that bore this code, or its county's, oldest first."""
    return _table().get(county_of(code), ())


@lru_cache(maxsize=1 << 12)
def known(code: int, on: date) -> bool:
    """Whether the code, or the county it lies in, was in force on that day."""
    return any(division.holds_on(on) for division in spells_of(code))


@lru_cache(maxsize=1 << 13)
def ever(code: int) -> bool:
    """Whether the code, or the county it lies in, was in force on any day since 1980."""
    return bool(spells_of(code))


def name_of(code: int) -> str | None:
    """The latest name of the place, or of its county where the code is a township or village."""
    spells = spells_of(code)
    return spells[-1].name if spells else None


def successors_on(code: int, day: date) -> tuple[int, ...]:
    """The codes in force on a day for what a code stood for: itself, or where succession leads.

    Below county the answer is a county's code unless the code's own county still holds, since no
    source says which successor took which township. Empty: no successor is known, or the code
    begins after that day.
    """
    if known(code, day):
        return (code,)
    ended = [spell for spell in spells_of(code) if spell.until is not None and spell.until < day]
    return tuple(sorted(_followed(ended[-1], day))) if ended else ()


def _followed(ended: Division, day: date) -> set[int]:
    found: set[int] = set()
    waiting, seen = [ended], {ended}
    while waiting:
        spell = waiting.pop()
        for code in spell.successors:
            after = next((s for s in spells_of(code) if _outlasts(s, spell)), None)
            if after is None or after in seen:
                continue
            seen.add(after)
            if after.holds_on(day):
                found.add(code)
            else:
                waiting.append(after)
    return found


def _outlasts(later: Division, earlier: Division) -> bool:
    if later == earlier:
        return False
    return later.until is None or (earlier.until is not None and later.until >= earlier.until)


def _checked(code: int) -> int:
    if not _LOWEST <= code <= _HIGHEST:
        raise ValueError("division code must have 12 digits and not begin with 0")
    return code


@cache
def _table() -> dict[int, tuple[Division, ...]]:
    table: dict[int, tuple[Division, ...]] = {}
    path = Path(__file__).with_name("divisions.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        for code, name, level, since, until, successors in list(csv.reader(lines))[1:]:
            division = Division(
                code=widen(code),
                name=name,
                level=_LEVELS[level],
                since=date.fromisoformat(since) if since else None,
                until=date.fromisoformat(until) if until else None,
                successors=tuple(map(widen, successors.split())),
            )
            table[division.code] = (*table.get(division.code, ()), division)
    return table
