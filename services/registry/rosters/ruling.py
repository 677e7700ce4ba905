"""What the rules of a place say about a roster: whether it is asked for, of whom, and how soon it is answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache

from services.registry.children.kit import Kit
from services.registry.profiles import Profiles
from services.registry.profiles.families.surveys import NationalSystem, UpwardRoster
from services.registry.profiles.families.surveys import Roster as RosterRule
from services.registry.rosters.terms import RosterKind
from shared import divisions


@dataclass(frozen=True, slots=True)
class Asked:
    """The rule behind a roster; ``reply_days`` is None where nobody set any."""

    clause: str
    reply_days: int | None = None
    upward: UpwardRoster | None = None


def asked(
    profiles: Profiles, place: int, kind: RosterKind, topic: str, addressee: str, day: date
) -> Asked | None:
    """The rule in force at a place on a day; None where the place's texts ask for no such roster."""
    profile = profiles.for_division(place, day)
    if profile is None:
        return None
    if kind == RosterKind.NATIONAL_SYSTEM:
        national = profile.rule(NationalSystem, day)
        return Asked(national.clause) if national else None
    if kind == RosterKind.UPWARD:
        upward = profile.rule(UpwardRoster, day, topic)
        return Asked(upward.clause, upward=upward) if upward else None
    feedback = profile.rule(RosterRule, day, "feedback")
    if feedback is None or addressee not in feedback.offices:
        return None
    days = feedback.reply_days
    return Asked(feedback.clause, days if isinstance(days, int) else None)


def by_county(
    kit: Kit, kind: RosterKind, topic: str, addressee: str, day: date
) -> Callable[[int], Asked | None]:
    """``asked`` for any place, looked up once a county."""

    @cache
    def of_county(county: int) -> Asked | None:
        return asked(kit.profiles, county, kind, topic, addressee, day)

    return lambda place: of_county(divisions.county_of(place))
