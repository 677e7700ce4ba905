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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

Level = Literal["province", "city", "county"]

_LEVELS: dict[str, Level] = {"province": "province", "city": "city", "county": "county"}
_LOWEST, _HIGHEST = 10**11, 10**12 - 1
_COUNTY = 10**6
_CITY = 10**8
# Older codes were renumbered several times over: nobody who is a child today ever had one.
_MODERN = 2000
_NONE: Mapping[int, int] = {}
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


@lru_cache(maxsize=1 << 12)
def above_county(code: int, on: date) -> bool:
    """Whether the code is a province's, or that of a city which has counties on that day; 441900 东莞, which has none, is not."""
    low, high = area_of(code)
    if high - low < _CITY - 1:
        return False
    return high - low >= _CITY or any(
        low < one <= high and any(spell.holds_on(on) for spell in spells)
        for one, spells in _table().items()
    )


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


def code_on(code: int, day: date, superseded: Mapping[int, int] = _NONE) -> int:
    """The code that a place bears on a day: that of its one successor, once its own has ended.

    Where several took over, or none is known, it goes on under its own; so does a code that begins after that day.
    ``superseded`` are national codes by the local ones that they took over from.
    """
    national = superseded.get(county_of(code))
    if national is not None and known(national, day):
        code = national
    ended = _ended(county_of(code))
    if ended is None or day <= ended:
        return code
    heirs = successors_on(code, day)
    return heirs[0] if len(heirs) == 1 else code


def area_on(
    area: tuple[int, int], day: date, code_of: Callable[[int, date], int] = code_on
) -> tuple[int, int]:
    """An office's area on a day: that of the one place that took over the whole of it, at its own level, else itself."""
    low, high = area
    if low < _LOWEST or area_of(low) != area:
        return area
    found = area_of(code_of(low, day))
    return found if found[1] - found[0] == high - low else area


def ends_after(code: int, day: date) -> date | None:
    """The first later day on which `code_on` answers otherwise than on this one; None if there is none."""
    now = code_on(code, day)
    ended = _ended(county_of(now))
    if ended is None or ended < day:
        return None
    after = ended + timedelta(days=1)
    return after if code_on(now, after) != now else None


def ended_by(day: date, superseded: Mapping[int, int] = _NONE) -> dict[int, tuple[int, ...]]:
    """Every county and city whose code has ended in this century, with the codes that stand for it on a day."""
    found = {
        code: successors_on(code, day)
        for code in _table()
        if (ended := _ended(code)) is not None and ended.year >= _MODERN and ended < day
    }
    for code in superseded:
        if (now := code_on(code, day, superseded)) != code:
            found[code] = (now,)
    return found


def in_line(one: int, other: int) -> bool:
    """Whether two codes are of one county, or the county of one took over, near or far, from that of the other."""
    a, b = county_of(one), county_of(other)
    return a == b or b in heirs_of(a) or a in heirs_of(b)


def precede(code: int) -> tuple[int, ...]:
    """The codes that this one took over from, directly."""
    return _predecessors().get(county_of(code), ())


@cache
def heirs_of(county: int) -> frozenset[int]:
    """The codes that took over from an ended one, near and far.  A code in force stands for itself."""
    found: set[int] = set()
    waiting = [county]
    while waiting:
        spells = spells_of(waiting.pop())
        if spells and (until := spells[-1].until) is not None and until.year >= _MODERN:
            new = set(spells[-1].successors) - found
            found |= new
            waiting += new
    return frozenset(found - {county})


@cache
def _predecessors() -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for code, spells in _table().items():
        until = spells[-1].until
        if until is not None and until.year >= _MODERN:
            for heir in spells[-1].successors:
                found[heir] = (*found.get(heir, ()), code)
    return found


@lru_cache(maxsize=1 << 13)
def _ended(county: int) -> date | None:
    """The last day of a code that is in force no more."""
    spells = spells_of(county)
    return spells[-1].until if spells else None


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
