"""What the rules of a place say about a case: the clause behind it, the time for an answer, measures that are commanded.

They are those of the day on which it was opened, as the hub had adopted them by then, for as long as it is there: what
changes later binds later cases alone, whatever day it is dated back to.  A limit that they left open is the first that is set
from then on, and runs from the moment at which it was set (``rulebooks.lasting``).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from services.registry.cases.terms import CaseKind
from services.registry.profiles import Profile, Profiles
from services.registry.profiles.families.care import Guardianship
from services.registry.profiles.families.entitlements import Insurance
from services.registry.profiles.families.protection import (
    CaseMeasure,
    Force,
    Hotline,
    Referral,
    Report,
    Suggestion,
)
from services.registry.profiles.rules import Unset
from services.registry.rulebooks.lasting import Course
from shared.clock import SHANGHAI

#: National law, the same everywhere; it says promptly (及时) and sets no limit.
_CORRECTION = "《中华人民共和国个人信息保护法》第四十六条"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the text asks of whoever reports: how soon, on what condition (any one), and what comes first.

    It refuses no report: what is missing is demanded (``demanding``).
    """

    urgency: str
    only_if: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """``limit`` is None where no text and no administrator set one; ``asked`` where the text does not name the event.

    Of a report: ``measures`` that the text knows, with whether they may or shall be taken; None where it says neither.
    Of a referral: ``force`` says whether eligible children may or shall be taken up, ``senders`` who alone passes them on,
    anybody where the text does not close its list.  ``hotlines`` are the place's own, by name, with their numbers where they
    are known.  ``set_at``: when a limit came that the rules behind it had left open, and ``set_by`` the clause that says it.
    """

    clause: str = ""
    limit: timedelta | None = None
    set_at: datetime | None = None
    set_by: str = ""
    commanded: tuple[str, ...] = ()
    measures: tuple[tuple[str, Force | None], ...] = ()
    asked: Asked | None = None
    force: Force | None = None
    senders: tuple[str, ...] = ()
    hotlines: tuple[tuple[str, str | None], ...] = ()

    def due_at(self, since: datetime) -> datetime | None:
        """When an answer is due that is waited for since an instant."""
        if self.limit is None:
            return None
        return max(since, self.set_at or since) + self.limit


def rules_behind(case: Any, now: datetime) -> Rules:
    """The rules by which a case was opened, with the limit as it stands ``now``.  ValueError for a kind that is none of ours."""
    course, place, kind, topic = case["rules"], case["place"], CaseKind(case["kind"]), case["topic"]
    day = case["opened_at"].astimezone(SHANGHAI).date()
    rules = rules_of(course.then, place, kind, topic, day)
    if rules.limit is not None:
        return rules
    return limited(rules, course, place, kind, topic, day, now)


def limited(
    rules: Rules, course: Course, place: int, kind: CaseKind, topic: str, day: date, now: datetime
) -> Rules:
    """Rules of a day, with the limit that was set for it by an instant."""

    def set_by(profiles: Profiles, on: date) -> Rules | None:
        found = rules_of(profiles, place, kind, topic, on)
        return found if found.limit is not None else None

    lasting = course.lasting(set_by, day, now)
    if lasting is None:
        return rules
    one = lasting.value
    return replace(
        rules,
        clause=rules.clause or one.clause,
        limit=one.limit,
        set_at=lasting.since,
        set_by=one.clause,
    )


def rules_of(profiles: Profiles, place: int, kind: CaseKind, topic: str, day: date) -> Rules:
    """The rules in force at a place on a day; empty where no profile holds."""
    if kind == CaseKind.CORRECTION:
        return Rules(_CORRECTION)
    profile = profiles.for_division(place, day)
    if profile is None:
        return Rules()
    if kind == CaseKind.REPORT:
        return _of_report(profile, topic, day)
    if kind == CaseKind.REFERRAL:
        return _of_referral(profile, topic, day)
    if kind == CaseKind.INTERVENTION:
        intervention = profile.rule(Guardianship, day, "high_risk_intervention")
        return Rules(intervention.clause) if intervention else Rules()
    if kind == CaseKind.ASSISTANCE:
        insurance = profile.rule(Insurance, day)
        return Rules(insurance.clause, _days(insurance.assist_days)) if insurance else Rules()
    suggestion = profile.rule(Suggestion, day, topic)
    if suggestion is None:
        return Rules()
    return Rules(suggestion.clause, _days(suggestion.reply_days))


def _of_report(profile: Profile, topic: str, day: date) -> Rules:
    measures = tuple(
        (one.measure, None if isinstance(one.force, Unset) else one.force)
        for one in profile.rules(CaseMeasure, day)
    )
    any_report = Rules(
        commanded=tuple(measure for measure, force in measures if force == "shall"),
        measures=measures,
        hotlines=_hotlines(profile, day),
    )
    report = profile.rule(Report, day, topic)
    if report is None:  # an event that the text does not name: no clause is behind it
        return any_report
    hours = report.reply_hours
    return replace(
        any_report,
        clause=report.clause,
        limit=timedelta(hours=hours) if isinstance(hours, int) else None,
        asked=Asked(report.urgency, report.only_if, report.before),
    )


def _of_referral(profile: Profile, topic: str, day: date) -> Rules:
    referral = profile.rule(Referral, day, topic)
    if referral is None:
        return Rules(hotlines=_hotlines(profile, day))
    return Rules(
        referral.clause,
        _days(referral.answer_days),
        force=None if isinstance(referral.force, Unset) else referral.force,
        senders=referral.senders if referral.senders_alone else (),
        hotlines=_hotlines(profile, day),
    )


def _hotlines(profile: Profile, day: date) -> tuple[tuple[str, str | None], ...]:
    return tuple(
        (one.name, None if isinstance(one.number, Unset) else one.number)
        for one in profile.rules(Hotline, day)
    )


def _days(days: int | Unset) -> timedelta | None:
    return None if isinstance(days, Unset) else timedelta(days=days)
