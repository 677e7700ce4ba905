"""Spans: the fixed stretches of time within which something is to be done once (每学期, 每学年, 每年).

A school calendar that an administrator dated is followed.  Where none covers the day, the terms begin on the days that the
place's settings assume, and nothing lies between them: the last day of a term is the day before the next begins.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from services.registry.profiles import Profile
from services.registry.profiles.cadences import Unit

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day to the last."""

    first: date
    last: date


@lru_cache(maxsize=2**13)
def span_of(profile: Profile, unit: Unit, on: date) -> Span:
    """The span around a day; holidays between two terms belong to the term before."""
    if unit == "calendar_year":
        return Span(date(on.year, 1, 1), date(on.year, 12, 31))
    if (dated := _dated(profile, unit, on)) is not None:
        return dated
    counting = profile.day_counting(on)
    begins = [counting.autumn_term_begins]
    if unit == "semester":
        begins.append(counting.spring_term_begins)
    firsts = sorted(
        date(year, int(text[:2]), int(text[3:]))
        for year in (on.year - 1, on.year, on.year + 1)
        for text in begins
    )
    first = max(day for day in firsts if day <= on)
    after = min(day for day in firsts if day > on)
    return Span(first, after - DAY)


def _dated(profile: Profile, unit: Unit, on: date) -> Span | None:
    year = profile.school_year(on)
    if year is None:
        return None
    if unit == "school_year":
        return Span(year.first, year.last)
    before = [one for one in year.semesters if one.first <= on]
    return Span(before[-1].first, before[-1].last) if before else None


@lru_cache(maxsize=2**10)
def span_after(profile: Profile, unit: Unit, span: Span) -> Span:
    """The next span; it begins after the holidays, if any."""
    day = span.last + DAY
    following = span_of(profile, unit, day)
    while following.first == span.first:  # still its holidays
        day += DAY
        following = span_of(profile, unit, day)
    return following
