"""Acts: what a duty asks to be done, and which visits do it.

A duty of a profile is discharged by the act that its name ends in or contains (``key_care_home_visit`` by a home visit), so
that another place's duty needs no word here.  A duty that names no known act is discharged by an activity that its own
department reports.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from services.registry.children.claims import VisitClaim
from services.registry.duties.offices import Offices
from services.registry.profiles.cadences import Cadence
from services.registry.profiles.rules import Unset
from services.registry.records.feeds.visits import VisitChannel, VisitKind, VisitOutcome
from services.registry.visits.noting import SCREENING, SURVEY
from shared.vocabulary import Department

_ALL = frozenset(VisitChannel)
_IN_PERSON = frozenset({VisitChannel.IN_PERSON})
#: A family that declares itself online was reached by nobody.
_REACHED = frozenset({VisitChannel.IN_PERSON, VisitChannel.PHONE})


@dataclass(frozen=True, slots=True)
class Act:
    """``done_by`` are kinds of visits with the channels that count; ``reported_by`` whose word counts, the owner first."""

    name: str
    reported_by: tuple[Department, ...]
    done_by: Mapping[str, frozenset[VisitChannel]]

    def by(self, visit: VisitClaim) -> bool:
        """Whether this visit does it, if told by an office that counts (``Offices``)."""
        return (
            visit.outcome == VisitOutcome.MET
            and visit.source.department in self.reported_by
            and visit.channel in self.done_by.get(visit.kind, ())
        )

    def days(self, visits: Iterable[VisitClaim], offices: Offices) -> tuple[date, ...]:
        """The days on which it was done by an office that counts, each once, in order."""
        return tuple(sorted({v.on for v in visits if self.by(v) and offices.count(v)}))


_CIVIL = (Department.CIVIL_AFFAIRS,)
_SCHOOL = (Department.EDUCATION,)
#: A narrower name stands before one that it contains.
ACTS = (
    Act("school_home_visit", _SCHOOL, {VisitKind.SCHOOL_HOME_VISIT: _IN_PERSON}),
    Act("psychological_screening", (*_SCHOOL, Department.HEALTH), {SCREENING: _ALL}),
    Act("family_education_activity", _SCHOOL, {VisitKind.FAMILY_EDUCATION: _ALL}),
    Act("law_lesson", _SCHOOL, {VisitKind.LAW_LESSON: _ALL}),
    Act("safety_lecture", _SCHOOL, {VisitKind.SAFETY_LECTURE: _ALL}),
    Act("home_visit", _CIVIL, {VisitKind.HOME_VISIT: _IN_PERSON, SURVEY: _IN_PERSON}),
    Act(
        "contact",
        _CIVIL,
        {VisitKind.CONTACT: _ALL, VisitKind.HOME_VISIT: _ALL, SURVEY: _REACHED},
    ),
    Act("survey", _CIVIL, {SURVEY: _ALL}),
)


@cache
def act_of(duty: str) -> Act:
    """The act that discharges a duty of this name."""
    known = (act for act in ACTS if act.name in duty)
    return next(known, Act(duty, (*_CIVIL, *_SCHOOL), {VisitKind.ACTIVITY: _ALL}))


_DEPARTMENTS: Mapping[str, Department] = {
    "school": Department.EDUCATION,
    "education": Department.EDUCATION,
    "health": Department.HEALTH,
}


def owner_of(cadence: Cadence) -> Department:
    """The department that owes it: the first that the text names and whose word counts for it, else the first named.

    Where the text names nobody, it is whose word counts first.
    """
    reporting = act_of(cadence.duty).reported_by
    named = _named(cadence)
    return next((one for one in named if one in reporting), (*named, *reporting)[0])


def reporters_of(cadence: Cadence) -> frozenset[Department]:
    """The departments that may report that a whole school or place did it: those that the text names, and civil affairs.

    Where the text names nobody, those whose word counts for the act.
    """
    named = _named(cadence) or act_of(cadence.duty).reported_by
    return frozenset({*named, Department.CIVIL_AFFAIRS})


def _named(cadence: Cadence) -> tuple[Department, ...]:
    """The departments that the text names, each as often as it does."""
    if isinstance(cadence.performers, Unset):
        return ()
    return tuple(_DEPARTMENTS.get(one, Department.CIVIL_AFFAIRS) for one in cadence.performers)
