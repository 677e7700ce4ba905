"""Sharing: who is on a compartment's list at a place, as the place's rules of that day have it; pure.

Cast: *keepers* open entries, act in them and read everything; *readers* read everything; *level readers* see that a
child is in the compartment, and its level, and not a word more.  A place whose rules have no such compartment has
none, and what its rules leave open shares it with nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from services.registry.compartments.terms import Compartment
from services.registry.profiles import Profile
from services.registry.profiles.families.care import (
    MisconductLedger,
    Protectees,
    RiskScale,
    SchoolFile,
    SensitiveMarker,
)
from services.registry.profiles.rules import Unset
from shared.vocabulary import Department


class Right(IntEnum):
    """How far somebody sees into an entry; each includes those before it."""

    NONE = 0
    LEVEL = 1
    CONTENT = 2
    KEEP = 3


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a scale; ``follow_up_days`` is None where no text and no administrator set an interval."""

    name: str
    urgent: bool = False
    follow_up_days: int | None = None


@dataclass(frozen=True, slots=True)
class Sharing:
    """A compartment at a place on a day.  ``levels`` run from the lowest to the highest, where they have an order.

    ``in_care_alone``: it covers children in need of key care (重点关爱服务对象), as its text says.  ``urgent_within`` is None
    where no text and no administrator set a limit.
    """

    clause: str
    keepers: frozenset[str]
    readers: frozenset[str] = frozenset()
    level_readers: frozenset[str] = frozenset()
    levels: tuple[Level, ...] = ()
    triggers: tuple[str, ...] = ()
    hand_over_to: tuple[str, ...] = ()
    in_care_alone: bool = False
    urgent_within: timedelta | None = None

    def right(self, department: Department) -> Right:
        if department in self.keepers:
            return Right.KEEP
        if department in self.readers:
            return Right.CONTENT
        return Right.LEVEL if department in self.level_readers else Right.NONE

    def level(self, name: str) -> Level | None:
        return next((one for one in self.levels if one.name == name), None)

    def lower(self, one: str, other: str) -> bool:
        """Whether a level is lower than another; False for one that this scale does not have."""
        names = [level.name for level in self.levels]
        return one in names and (other not in names or names.index(one) < names.index(other))


_SCHOOL_FILES = {
    Compartment.SCHOOL_WARNING: "three_level_warning",
    Compartment.GROWTH_FILE: "growth_file",
    Compartment.PSYCHOLOGICAL_ARCHIVE: "psychological_archive",
}


def sharing_of(profile: Profile | None, compartment: Compartment, day: date) -> Sharing | None:
    """The list in force; None where the place's rules have no such compartment."""
    if profile is None:
        return None
    if compartment in _SCHOOL_FILES:
        return _school_file(profile.rule(SchoolFile, day, _SCHOOL_FILES[compartment]))
    if compartment == Compartment.PSYCHOLOGICAL_RISK:
        return _risk(profile.rule(RiskScale, day, "psychological"))
    if compartment == Compartment.MISCONDUCT:
        ledger = profile.rule(MisconductLedger, day)
        if ledger is None:
            return None
        return Sharing(ledger.clause, _set([ledger.lead]), _set(ledger.members))
    if compartment == Compartment.PROTECTEES:
        return _protectees(profile.rules(Protectees, day))
    marker = profile.rule(SensitiveMarker, day, compartment)
    if marker is None:
        return None
    return Sharing(marker.clause, _set(marker.keepers), _set(marker.readers))


def _risk(scale: RiskScale | None) -> Sharing | None:
    if scale is None:
        return None
    highest = scale.levels[-1].name if scale.levels else ""
    levels = tuple(
        Level(
            one.name,
            one.name == highest,
            None if isinstance(one.follow_up_days, Unset) else one.follow_up_days,
        )
        for one in scale.levels
    )
    readers, level_readers = _set(scale.readers), _set(scale.level_readers)
    hours = scale.urgent_hours
    return Sharing(
        scale.clause,
        _set([scale.assessor]),
        readers,
        level_readers,
        levels,
        in_care_alone=scale.population == "key_care",
        urgent_within=None if isinstance(hours, Unset) else timedelta(hours=hours),
    )


def _school_file(file: SchoolFile | None) -> Sharing | None:
    """Which of a school's levels is the graver no text says, so none is urgent, and no order is taken from their numbers."""
    if file is None:
        return None
    levels = tuple(Level(str(n)) for n in range(1, (file.levels or 0) + 1))
    return Sharing(
        file.clause, _set(["school"]), level_readers=_set(file.level_readers), levels=levels
    )


def _protectees(programmes: tuple[Protectees, ...]) -> Sharing | None:
    if not programmes:
        return None
    (one, *_) = programmes
    to = () if isinstance(one.hand_over_to, Unset) else one.hand_over_to
    return Sharing(one.clause, _set(one.keepers), triggers=one.triggers, hand_over_to=to)


def _set(offices: Iterable[str] | Unset) -> frozenset[str]:
    """Departments of these offices; a school speaks through education (教育), and a body without clients not at all."""
    if isinstance(offices, Unset):
        return frozenset()
    names = ("education" if one == "school" else one for one in offices)
    return frozenset(one for one in names if one in set(Department))
