"""Where a division code lies on a day: in one county, or somewhere inside a wider area.

A code that has ended stands for the one that took over; where several did, or the county is
unknown, only the city or province is certain. Two places whose areas do not meet are surely in
different counties, even when neither county is known.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from services.registry.profiles.profile import Profile, inside
from services.registry.profiles.rules import Unset
from services.registry.status.counting import day_after
from shared import divisions

_COUNTY, _CITY, _PROVINCE = 10**6, 10**8, 10**10


@dataclass(frozen=True, slots=True)
class Place:
    """`area` is an inclusive range of codes; `county` the one county it is, None if not certain."""

    county: int | None
    area: tuple[int, int]


def place_of(code: int, on: date, profile: Profile) -> Place | None:
    """Where `code` lies `on` that day; None for a code of no known province.

    A code not in force yet is taken as it stands: a source may tell an old stay by today's code.
    """
    days = turning_days(code, profile)
    at = bisect_right(days, on)
    return _place_since(code, days[at - 1] if at else date.min, profile)


@lru_cache(maxsize=2**13)
def _place_since(code: int, on: date, profile: Profile) -> Place | None:
    """Remembered from one turning day to the next: every fold asks for the same few places on many days."""
    try:
        county = divisions.county_of(profile.transferred(code, on))
    except ValueError:
        return None
    local = profile.local_division(county)
    if local is not None:
        if local.superseded_by is None or not divisions.known(local.superseded_by, on):
            return Place(county, (county, county + _COUNTY - 1))
        county = local.superseded_by
    heirs = divisions.successors_on(county, on)
    if not heirs and divisions.spells_of(county) and not _ended(county, on):
        heirs = (county,)
    if len(heirs) == 1:
        return _exact(heirs[0])
    return _around(heirs or (county,))


def crossing(a: Place, b: Place) -> bool | None:
    """Whether the two places lie in different counties; None if that is not certain."""
    if a.county is not None and b.county is not None:
        return a.county != b.county and _told_early(a.county, b.county)
    return True if a.area[1] < b.area[0] or b.area[1] < a.area[0] else None


def _told_early(a: int, b: int) -> bool | None:
    """As `crossing`, of different counties: an old stay may be told by the code that its county has had since only.

    Both are then one county, if that code stands for this county alone, and cannot be told apart if for several.
    """
    if not divisions.in_line(a, b):
        return True
    heir, old = (a, b) if a in divisions.heirs_of(b) else (b, a)
    alone = divisions.precede(heir) == (old,) and divisions.heirs_of(old) == {heir}
    return False if alone else None


def inside_one_centre(a: Place, b: Place, profile: Profile, on: date) -> bool | None:
    """Whether both places are central districts of one city, by the exclusion in force `on` that
    day.
    """
    if a.county is not None and b.county is not None:
        return profile.excluded_together(a.county, b.county, on)
    pairs = ((x, y) for x in _candidates(a, profile, on) for y in _candidates(b, profile, on))
    possible = any(profile.excluded_together(x, y, on) is not False for x, y in pairs)
    return None if possible else False


@lru_cache(maxsize=2**14)
def turning_days(code: int, profile: Profile) -> tuple[date, ...]:
    """Every day on which `place_of` may begin to answer differently, in order."""
    return tuple(sorted(set(_turning_days(code, profile))))


def _turning_days(code: int, profile: Profile) -> Iterator[date]:
    try:
        waiting, seen = [divisions.county_of(code)], set[int]()
    except ValueError:
        return
    for transfer in profile.transfers:
        if inside(code, transfer.code):
            yield transfer.on
            waiting.append(divisions.county_of(transfer.becomes))
    while waiting:
        county = waiting.pop()
        if county in seen:
            continue
        seen.add(county)
        local = profile.local_division(county)
        if local is not None and local.superseded_by is not None:
            waiting.append(local.superseded_by)
        for spell in divisions.spells_of(county):
            if spell.since is not None:
                yield spell.since
            if spell.until is not None:
                yield day_after(spell.until)
            waiting.extend(spell.successors)


def _ended(county: int, on: date) -> bool:
    return any(s.until is not None and s.until < on for s in divisions.spells_of(county))


def _exact(code: int) -> Place:
    area = divisions.area_of(code)
    whole = code % _CITY != 0 or (code % _PROVINCE != 0 and _has_no_counties(code))
    return Place(code if whole else None, area)


@cache
def _has_no_counties(city: int) -> bool:
    """Whether a city has townships right below it, as 东莞 has: then it is its own county."""
    return not any(divisions.ever(city + n * _COUNTY) for n in range(1, 100))


def _around(codes: tuple[int, ...]) -> Place | None:
    """The narrowest known city or province around all of these codes."""
    for width in (_CITY, _PROVINCE):
        around = {code // width * width for code in codes}
        if len(around) == 1 and divisions.ever(low := around.pop()):
            return Place(None, (low, low + width - 1))
    return None


def _candidates(place: Place, profile: Profile, on: date) -> tuple[int, ...]:
    """Counties that the place may be, as far as an exclusion could care."""
    if place.county is not None:
        return (place.county,)
    low, high = place.area
    rule = profile.central_districts(on)
    cities = rule.cities if rule is not None else ()
    named = {code for c in cities if not isinstance(c.members, Unset) for code in c.members}
    return (low, *sorted(code for code in named if low <= code <= high))
