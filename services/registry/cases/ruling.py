"""What the rules of a place say about a case: the clause behind it, the time for an answer, measures that are commanded.

They are those of the day on which it was opened, as the hub had adopted them by then, for as long as it is there: what
changes later binds later cases alone, whatever day it is dated back to.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.registry.cases.terms import CaseKind
from services.registry.profiles import Profiles
from services.registry.profiles.families.care import Guardianship
from services.registry.profiles.families.entitlements import Insurance
from services.registry.profiles.families.protection import (
    CaseMeasure,
    Referral,
    Report,
    Suggestion,
)
from shared.clock import SHANGHAI

#: National law, the same everywhere; it says promptly (及时) and sets no limit.
_CORRECTION = "《中华人民共和国个人信息保护法》第四十六条"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the text asks of whoever reports: how soon, on what condition (any one), and what comes first.  Nothing enforces it."""

    urgency: str
    only_if: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """``limit`` is None where no text and no administrator set one; ``asked`` where the text does not name the event."""

    clause: str = ""
    limit: timedelta | None = None
    commanded: tuple[str, ...] = ()
    asked: Asked | None = None


def rules_behind(case: Any) -> Rules:
    """The rules by which a case was opened.  ValueError for a kind that is none of ours."""
    day = case["opened_at"].astimezone(SHANGHAI).date()
    return rules_of(case["profiles"], case["place"], CaseKind(case["kind"]), case["topic"], day)


def rules_of(profiles: Profiles, place: int, kind: CaseKind, topic: str, day: date) -> Rules:
    """The rules in force at a place on a day; empty where no profile holds."""
    if kind == CaseKind.CORRECTION:
        return Rules(_CORRECTION)
    profile = profiles.for_division(place, day)
    if profile is None:
        return Rules()
    if kind == CaseKind.REPORT:
        report = profile.rule(Report, day, topic)
        measures = profile.rules(CaseMeasure, day)
        commanded = tuple(one.measure for one in measures if one.force == "shall")
        if report is None:  # an event that the text does not name: no clause is behind it
            return Rules(commanded=commanded)
        hours = report.reply_hours
        return Rules(
            report.clause,
            timedelta(hours=hours) if isinstance(hours, int) else None,
            commanded,
            Asked(report.urgency, report.only_if, report.before),
        )
    if kind == CaseKind.INTERVENTION:
        intervention = profile.rule(Guardianship, day, "high_risk_intervention")
        return Rules(intervention.clause) if intervention else Rules()
    if kind == CaseKind.ASSISTANCE:
        insurance = profile.rule(Insurance, day)
        within = insurance.assist_days if insurance else None
        return Rules(
            insurance.clause if insurance else "",
            timedelta(days=within) if isinstance(within, int) else None,
        )
    rule = (
        profile.rule(Referral, day, topic)
        if kind == CaseKind.REFERRAL
        else profile.rule(Suggestion, day, topic)
    )
    if rule is None:
        return Rules()
    days = rule.answer_days if isinstance(rule, Referral) else rule.reply_days
    return Rules(rule.clause, timedelta(days=days) if isinstance(days, int) else None)
