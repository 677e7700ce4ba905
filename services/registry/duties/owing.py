"""Owing: which duties are owed to a child on a day, by when, and how late they are.  Pure.

Cast: a *home* is a place where the child lives from a day on, with its rules; a *belonging* says that the child belongs to a
population from a day on; an *act* is what discharges a duty; a *run* is the unbroken time through which an act has been
owed to the child, by whatever duty and in whatever place.

Guaranteed:
- A clock runs from the last time the act was done within the run, else from the run's first day.  Neither a move between
  places that both ask for the act, nor a change of rules, nor going from one category of key care to another begins a run.
- A new rule, or the rule of a new place, takes effect from its first day on: what was due before that day stays due on it,
  and nothing falls due sooner than the new interval after it.
- A due date is never postponed by weekends or holidays.
- Another visit never makes anything due sooner.
- A duty without an interval is due on no day: it is *interval_not_configured*.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from typing import Literal

from services.registry.duties.acts import act_of
from services.registry.duties.spans import DAY, span_after, span_of
from services.registry.duties.standing import Pupil, Standing, rules
from services.registry.profiles import DayCounting, Profile
from services.registry.profiles.cadences import Cadence
from services.registry.profiles.rules import Unset
from services.registry.status.counting import months_on

State = Literal["pending", "overdue", "interval_not_configured"]
Step = Literal["village", "township", "county"]


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty owed to one child, as of a day.

    ``missing`` names what no text and no administrator has said; ``step`` is where it has come to by days overdue;
    ``turns_on`` the next day on which any of this changes by itself.
    """

    cadence: Cadence
    state: State
    begun_on: date
    due_on: date | None
    done_on: tuple[date, ...]
    step: Step
    missing: tuple[str, ...]
    turns_on: date | None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time during which the same duties of one act were owed."""

    since: date
    profile: Profile
    cadences: tuple[Cadence, ...]


def owed(standing: Standing, done: Mapping[str, Sequence[date]], day: date) -> tuple[Duty, ...]:
    """The duties owed on ``day``, in the order of the texts; ``done`` are the days of each act, in order."""
    profile = rules(standing, day)
    if profile is None or not standing.belongings:
        return ()
    found = []
    for cadence in _applying(standing, day):
        act = act_of(cadence.duty).name
        run = _run(standing, act, day)
        days = tuple(d for d in done.get(act, ()) if d <= day)
        found.append(_duty(standing, profile, cadence, run, days, day))
    return tuple(found)


def next_turn(standing: Standing, day: date) -> date | None:
    """The next day on which other duties may be owed: the rules change, the child moves, or belongs elsewhere."""
    if not standing.belongings:
        return None
    turns = [home.since for home in standing.homes if home.since > day]
    turns += [one.since for one in standing.belongings if one.since > day]
    profile = rules(standing, day)
    if profile is not None:
        turns += _changes(profile, standing.pupil, day)
    return min(turns, default=None)


def _changes(profile: Profile, pupil: Pupil, day: date) -> list[date]:
    now = _cadences(profile, day)
    turns = list(_next_other(profile, bisect_right(profile.turning_days, day)))
    if pupil.grade is not None and any(isinstance(c.from_grade, int) for c in now):
        turns.append(span_after(profile, "school_year", span_of(profile, "school_year", day)).first)
    return turns


@lru_cache(maxsize=512)
def _next_other(profile: Profile, turn: int) -> tuple[date, ...]:
    """The first day after a stretch between two turning days on which other duties are owed, if ever."""
    now, later = _in_force(profile, turn), range(turn + 1, len(profile.turning_days) + 1)
    found = (at for at in later if _in_force(profile, at) != now)
    return tuple(profile.turning_days[at - 1] for at in islice(found, 1))


def _duty(
    standing: Standing,
    profile: Profile,
    cadence: Cadence,
    run: Sequence[_Stretch],
    days: tuple[date, ...],
    day: date,
) -> Duty:
    counting = profile.day_counting(day)
    missing = _missing(cadence, standing.pupil, counting, day)
    due = None if missing else _due(run, cadence, days)
    state: State = "interval_not_configured"
    step: Step = "village"
    turns = None
    if due is not None:
        state = "overdue" if day > due else "pending"
        step, turns = _step(due, day, counting)
    return Duty(cadence, state, run[0].since, due, days, step, missing, turns)


def _step(due: date, day: date, counting: DayCounting) -> tuple[Step, date | None]:
    """How high an overdue duty has come, and when it goes on."""
    to_township = due + timedelta(days=counting.township_after_days)
    to_county = max(to_township, due + timedelta(days=counting.county_after_days))
    if day > to_county:
        return "county", None
    if day > to_township:
        return "township", to_county + DAY
    return "village", (due if day <= due else to_township) + DAY


def _missing(cadence: Cadence, pupil: Pupil, counting: DayCounting, day: date) -> tuple[str, ...]:
    if isinstance(cadence.period, Unset):
        return ("period",)
    if cadence.period.unit == "occasion":
        return ("occasions",)
    if pupil.stage == "primary" and "primary" in cadence.stages:
        if isinstance(cadence.from_grade, Unset):
            return ("from_grade",)
        if cadence.from_grade is not None and grade_on(pupil, counting, day) is None:
            return ("grade",)
    return ()


def grade_on(pupil: Pupil, counting: DayCounting, day: date) -> int | None:
    """The grade on a day: one more with each autumn term since it was known."""
    if pupil.grade is None:
        return None
    first = counting.autumn_term_begins

    def year(on: date) -> int:
        return on.year if f"{on:%m-%d}" >= first else on.year - 1

    return pupil.grade + max(0, year(day) - year(pupil.on))


def _due(run: Sequence[_Stretch], own: Cadence, days: Sequence[date]) -> date | None:
    begun, last = run[0].since, days[-1] if days else date.min
    due: date | None = None
    for place, stretch in enumerate(run):
        final = place == len(run) - 1
        soonest: date | None = None
        for one in (own,) if final else stretch.cadences:
            deadline = _deadline(stretch.profile, one, begun, days)
            if deadline is None:
                continue
            if place and last < stretch.since:
                deadline = _carried(due, deadline, stretch, one)
            soonest = deadline if soonest is None else min(soonest, deadline)
        due = soonest if soonest is not None or final else due
    return due


def _carried(before: date | None, fresh: date, stretch: _Stretch, rule: Cadence) -> date:
    """The deadline under a rule that came into force while the clock was running."""
    if before is not None and before < stretch.since:
        return before
    restarted = _deadline(stretch.profile, rule, stretch.since, ())
    assert restarted is not None  # the same rule had a deadline just now
    return max(fresh, restarted if before is None else min(before, restarted))


def _deadline(profile: Profile, rule: Cadence, begun: date, days: Sequence[date]) -> date | None:
    """When a rule that had held all along would ask for the act next; None where it names no interval."""
    period = rule.period
    if isinstance(period, Unset) or period.unit == "occasion":
        return None
    if period.unit == "month":
        within = [d for d in days if d >= begun]
        start = within[-period.times] if len(within) >= period.times else begun
        return months_on(start, period.count, profile.day_counting(start))
    span = span_of(profile, period.unit, begun)
    if days and days[-1] >= span.first:
        span = span_of(profile, period.unit, days[-1])
        if sum(span.first <= d <= span.last for d in days) >= period.times:
            span = span_after(profile, period.unit, span)
    for _ in range(period.count - 1):
        span = span_after(profile, period.unit, span)
    return span.last


def _run(standing: Standing, act: str, day: date) -> list[_Stretch]:
    """The unbroken time up to ``day`` through which this act was owed, in stretches of the same rules."""
    days = {home.since for home in standing.homes}
    for home in standing.homes:
        days |= set(home.profile.turning_days) if home.profile else set()
    for one in standing.belongings:
        days |= {one.since} if one.until is None else {one.since, one.until}
    run: list[_Stretch] = []
    for since in sorted((d for d in days if d <= day), reverse=True):
        profile = rules(standing, since)
        applying = tuple(c for c in _applying(standing, since) if act_of(c.duty).name == act)
        if profile is None or not applying:
            break
        run.append(_Stretch(since, profile, applying))
    run.reverse()
    merged = run[:1]
    for stretch in run[1:]:
        if _periods(stretch) != _periods(merged[-1]) or stretch.profile is not merged[-1].profile:
            merged.append(stretch)
    return merged


def _periods(stretch: _Stretch) -> set[object]:
    return {c.period for c in stretch.cadences}


def _applying(standing: Standing, on: date) -> tuple[Cadence, ...]:
    profile = rules(standing, on)
    if profile is None:
        return ()
    here = [one for one in standing.belongings if one.holds(on)]
    if not here:
        return ()
    counting = profile.day_counting(on)
    return tuple(
        c
        for c in _cadences(profile, on)
        if any(
            one.population == c.population
            and (not c.categories or one.category in c.categories)
            and _is_pupil(c, standing.pupil, counting, on)
            for one in here
        )
    )


def _is_pupil(rule: Cadence, pupil: Pupil, counting: DayCounting, on: date) -> bool:
    if not rule.stages:
        return True
    if pupil.stage not in rule.stages:
        return False
    if pupil.stage != "primary" or rule.from_grade is None or isinstance(rule.from_grade, Unset):
        return True
    grade = grade_on(pupil, counting, on)
    return grade is None or grade >= rule.from_grade


def _cadences(profile: Profile, on: date) -> tuple[Cadence, ...]:
    return _in_force(profile, bisect_right(profile.turning_days, on))


@lru_cache(maxsize=512)
def _in_force(profile: Profile, turn: int) -> tuple[Cadence, ...]:
    """What is owed to single children between two turning days of a profile."""
    turns = profile.turning_days
    on = turns[turn - 1] if turn else turns[0] - DAY if turns else date.min
    return tuple(c for c in profile.cadences(on) if c.level == "child")
