"""Schooling gaps: children of school age whom no school knows, who left one for no other, or whom a visit found at none; pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from services.registry.alerts.rules import Stretch
from services.registry.alerts.watching import Watched, counting, number
from services.registry.duties.spans import span_after, span_of
from services.registry.profiles import Profile
from services.registry.profiles.families.entitlements import SchoolAges, Schooling
from services.registry.signals import reading as signals
from services.registry.signals.reading import Signal
from services.registry.signals.spells import Spell, first, until
from services.registry.status.counting import age_reached_on


def _ages(stretch: Stretch, day: date) -> SchoolAges | None:
    rule = stretch.profile.rule(Schooling, day) if stretch.profile else None
    return rule.ages if rule and isinstance(rule.ages, SchoolAges) else None


def not_enrolled(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    ages, born, profile = _ages(stretch, day), watched.folded.birth_on, stretch.profile
    if ages is None or born is None or profile is None:
        return
    days = timedelta(days=number(stretch.rule.days))
    too_old = age_reached_on(born, ages.below_age, counting(profile, day))
    if watched.homes and watched.homes[0].since >= too_old:
        return  # it came when no school had to take it any more
    term = _first_term(profile, ages, born)
    told = [
        s
        for s in watched.told(signals.ENTERED, signals.LEFT)
        if not s.word.endswith(":kindergarten")
    ]
    yield until(Spell(f"{term}", term + days), first(told))
    for left in told:
        if left.word != "graduated:primary":
            continue
        term = span_after(profile, "school_year", span_of(profile, "school_year", left.on)).first
        if term + days < too_old:
            entered = [s for s in told if s.kind == signals.ENTERED and s.on >= left.on]
            yield until(Spell(f"{term}", term + days), first(entered))


def _term_of(profile: Profile, year: int) -> date:
    """The first day of the school year that begins in a calendar year."""
    return span_of(profile, "school_year", date(year, 12, 1)).first


def dropped_out(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    entered = watched.told(signals.ENTERED)
    for left in watched.told(signals.LEFT):
        again = first([s for s in entered if s.on >= left.on])
        detail = {"left_on": left.on.isoformat()}
        if left.word.startswith("dropped_out:"):
            yield until(Spell(f"{left.on}", left.known, record=left.record, detail=detail), again)
        elif left.word.startswith("transferred_out:") and stretch.profile is not None:
            profile = stretch.profile
            term = span_after(profile, "semester", span_of(profile, "semester", left.on)).first
            begins = term + timedelta(days=number(stretch.rule.days))
            yield until(Spell(f"{left.on}", begins, record=left.record, detail=detail), again)
    yield from _found_out_of_school(watched, stretch, day)


def _found_out_of_school(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    """A visit that found the child not at school, until one finds it there, or a school says that it entered.

    It ends nothing that a school reported: only a school says that its own pupil is back.
    """
    told = watched.told(signals.NOT_ATTENDING, signals.ATTENDING, signals.ENTERED)
    out: Signal | None = None
    for one in told:
        if one.kind == signals.NOT_ATTENDING:
            out = out or (one if _may_be_of_school_age(watched, stretch, one.on, day) else None)
        elif out is not None:
            yield until(_out(out), one)
            out = None
    if out is not None:
        yield _out(out)


def _out(found: Signal) -> Spell:
    detail = {"found_on": f"{found.on}"}
    return Spell(f"found:{found.on}", found.known, record=found.record, detail=detail)


def _may_be_of_school_age(watched: Watched, stretch: Stretch, on: date, day: date) -> bool:
    """Unless the place says between which ages, and its age is known."""
    ages, born, profile = _ages(stretch, day), watched.folded.birth_on, stretch.profile
    if ages is None or born is None or profile is None:
        return True
    too_old = age_reached_on(born, ages.below_age, counting(profile, day))
    return _first_term(profile, ages, born) <= on < too_old


def _first_term(profile: Profile, ages: SchoolAges, born: date) -> date:
    late = (born.month, born.day) > (ages.by_month, ages.by_day)
    return _term_of(profile, born.year + ages.from_age + late)
