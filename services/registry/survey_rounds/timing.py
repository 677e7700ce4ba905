"""Timing: how long a round may last by the survey cycle (R7) of its place, and when the next one is due.  Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.registry.duties.spans import DAY, span_of
from services.registry.profiles import Profile
from services.registry.profiles.cadences import Cadence
from services.registry.profiles.rules import Unset
from services.registry.status.counting import months_on
from services.registry.survey_rounds.terms import RoundState

DUTY = "survey"


@dataclass(frozen=True, slots=True)
class Cycle:
    """The rule that holds on a round's opening day, and the last day by which the next round opens; None: not configured."""

    rule: Cadence | None
    next_by: date | None

    @property
    def latest_end(self) -> date | None:
        return self.next_by - DAY if self.next_by else None


def cycle(profile: Profile | None, opens_on: date) -> Cycle:
    """By the rules of the place as they stand on the opening day: later changes move no round."""
    rule = profile.cadence(DUTY, opens_on) if profile is not None else None
    if profile is None or rule is None or isinstance(rule.period, Unset):
        return Cycle(rule, None)
    period = rule.period
    if period.unit == "occasion":
        return Cycle(rule, None)
    if period.unit == "month":
        return Cycle(rule, months_on(opens_on, period.count, profile.day_counting(opens_on)))
    return Cycle(rule, span_of(profile, period.unit, opens_on).last + timedelta(days=1))


def state_of(opens_on: date, closes_on: date, withdrawn: bool, day: date) -> RoundState:
    if withdrawn:
        return RoundState.WITHDRAWN
    if day < opens_on:
        return RoundState.PLANNED
    return RoundState.OPEN if day <= closes_on else RoundState.CLOSED
