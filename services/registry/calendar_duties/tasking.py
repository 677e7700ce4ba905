"""Tasking: which calendar duties a place has around a day, and by when; pure.

A duty that names occasions (寒暑假前, 心理健康宣传教育月 …) has a day only where a school calendar dates them: without one it is
*interval_not_configured*, on the red list, and not in the calendar.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.registry.duties.spans import DAY, Span, span_of
from services.registry.duties.terms import DutyState
from services.registry.profiles import Profile
from services.registry.profiles.cadences import Cadence, Occasion, Tier
from services.registry.profiles.rules import Unset
from shared import divisions

BEFORE = "before_"
_WIDTHS: dict[Tier, int] = {"province": 10**10, "prefecture": 10**8}


@dataclass(frozen=True, slots=True)
class Task:
    """One calendar duty in one span; ``span`` is None where nothing dates it, and its last day is the last on time."""

    rule: Cadence
    occasion: str = ""
    span: Span | None = None

    @property
    def times(self) -> int:
        """How often it is asked for within the span."""
        return 1 if isinstance(self.rule.period, Unset) else self.rule.period.times

    def state(self, done: bool, day: date) -> DutyState | None:
        """None once it was ``done`` within the span as often as asked, by all who owe it."""
        if self.span is None:
            return DutyState.INTERVAL_NOT_CONFIGURED
        if done:
            return None
        return DutyState.OVERDUE if day > self.span.last else DutyState.PENDING


def tasks(profile: Profile, day: date) -> tuple[Task, ...]:
    """The calendar duties of a place around a day, in the order of its texts."""
    return tuple(
        task
        for rule in profile.cadences(day)
        if rule.level != "child"
        for task in _tasks(profile, rule, day)
    )


def owner_of(rule: Cadence, division: int) -> int:
    """The division around ``division`` that owes what the rule asks of a place; a wider one stands for itself."""
    if rule.tier == "county":
        return divisions.county_of(division)
    return division // _WIDTHS[rule.tier] * _WIDTHS[rule.tier]


def concerns(rule: Cadence, division: int) -> bool:
    """Whether a duty is in the calendar of a division: what a province or city owes is not in that of a part of it.

    A township's calendar shows what its county owes.
    """
    return rule.level != "place" or rule.tier == "county" or owner_of(rule, division) == division


def _tasks(profile: Profile, rule: Cadence, day: date) -> Iterator[Task]:
    period = rule.period
    if isinstance(period, Unset) or period.unit == "month":
        yield Task(rule)
    elif period.unit == "occasion":
        for occasion in period.occasions:
            yield Task(rule, occasion, _dated(profile, occasion, day))
    else:
        yield Task(rule, "", span_of(profile, period.unit, day))


def _dated(profile: Profile, occasion: Occasion, day: date) -> Span | None:
    """The days of an occasion in the school year around ``day``; of what is due before it, from its semester's beginning."""
    year = profile.school_year(day)
    if year is None:
        return None
    names = {occasion, occasion.removeprefix(BEFORE)}
    for one in year.occasions:
        if one.occasion not in names:
            continue
        if not occasion.startswith(BEFORE):
            return Span(one.first, one.last)
        last = one.first - DAY
        begun = [semester.first for semester in year.semesters if semester.first <= last]
        return Span(begun[-1] if begun else year.first, last)
    return None
