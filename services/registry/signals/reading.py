"""Signals: the dated facts in records on which alerts rest, in one form for every feed.

``on`` is the day of the fact, ``known`` the day on which its record came in: what was on time but came late is told from
what was late.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.children.claims import Source
from services.registry.records.feeds import (
    Enrolment,
    HealthCheck,
    InsuranceEnrolment,
    Item,
    MedicalCostAlert,
    PeerFacts,
    ResidencePermit,
    Survey,
    Vaccination,
    Visit,
)
from services.registry.records.feeds.health_checks import CheckKind
from services.registry.records.feeds.surveys import Parents, ParentState
from services.registry.visits.noting import findings_of

SCREENED, CHECKED = "screened", "checked"
DOSE, BILL, INSURED, UNINSURED = "dose", "bill", "insured", "uninsured"
PERMIT, PERMIT_ENDED, ENTERED, LEFT = "permit", "permit_ended", "entered", "left"
ALONE, ACCOMPANIED = "alone", "accompanied"
#: What a visit found of a child's schooling; schools themselves tell `entered` and `left`.
ATTENDING, NOT_ATTENDING = "attending", "not_attending"
#: Of the first, ``word`` says whose absence is told: `both`, or `one`.
PARENTS_AWAY, PARENTS_HERE = "parents_away", "parents_here"


class Signal(NamedTuple):
    """``word`` and ``number`` say which: a vaccine and its dose, a year, a kind of leaving; ``until`` is a permit's end."""

    kind: str
    on: date
    known: date
    entry: UUID
    record: UUID
    office: int
    word: str = ""
    number: int = 0
    until: date | None = None


class Dispute(NamedTuple):
    """Sources that contradict each other about one ``matter`` since the day the later of them came in."""

    matter: str
    known: date


def signals_of(item: Item, source: Source, known: date) -> tuple[Signal, ...]:
    """What one record tells; nothing for most feeds."""
    told = _TELLING.get(type(item))
    if told is None:
        return ()
    return tuple(
        Signal(kind, on, known, source.entry, source.record, source.office, word, number, until)
        for kind, on, word, number, until in told(item, source.observed_on)
    )


#: Kind, day, word, number, end.
_Told = tuple[str, date, str, int, date | None]


def _dose(item: Vaccination, observed: date) -> Iterator[_Told]:
    yield DOSE, item.given_on, str(item.vaccine).upper(), item.dose, None


def _check(item: HealthCheck, observed: date) -> Iterator[_Told]:
    """What was screened; of a check that included no screening, that a clinic knows the child."""
    for screening in item.screenings:
        yield SCREENED, item.checked_on, str(screening), 0, None
    if not item.screenings and item.kind in (CheckKind.NEWBORN, CheckKind.ROUTINE):
        yield CHECKED, item.checked_on, "", 0, None


def _bill(item: MedicalCostAlert, observed: date) -> Iterator[_Told]:
    yield BILL, item.incurred_on, "", 0, None


def _insurance(item: InsuranceEnrolment, observed: date) -> Iterator[_Told]:
    kind = INSURED if item.enrolled else UNINSURED
    yield kind, item.enrolled_on or observed, "", item.year, None


def _permit(item: ResidencePermit, observed: date) -> Iterator[_Told]:
    if item.event == "cancelled":
        yield PERMIT_ENDED, item.cancelled_on or observed, "", 0, None
    else:
        yield PERMIT, item.registered_on or observed, "", 0, item.valid_until
        if item.role == "accompanying":
            yield ACCOMPANIED, observed, "", 0, None


def _school(item: Enrolment, observed: date) -> Iterator[_Told]:
    kind = ENTERED if item.event in ("enrolled", "transferred_in") else LEFT
    yield kind, item.on, f"{item.event}:{item.stage}", 0, None
    yield from _company(item.accompanied_by, observed)
    yield from _parents(item.accompanied_by, None, observed)


def _survey(item: Survey, observed: date) -> Iterator[_Told]:
    lives_with = item.guardianship.lives_with if item.guardianship else None
    yield from _company(lives_with, observed)
    yield from _parents(lives_with, item.parents, observed)


def _peer(item: PeerFacts, observed: date) -> Iterator[_Told]:
    yield from _company(item.accompanied_by, observed)
    yield from _parents(item.accompanied_by, None, observed)


def _visit(item: Visit, observed: date) -> Iterator[_Told]:
    found = findings_of(item, observed)
    if found is None:
        return
    yield from _company(found.lives_with, observed)
    yield from _parents(found.lives_with, None, observed)
    if found.attending_school is not None:
        kind = ATTENDING if found.attending_school else NOT_ATTENDING
        yield kind, observed, "", 0, None


def _parents(lives_with: object, parents: Parents | None, observed: date) -> Iterator[_Told]:
    """Whether parents are away from the child, by with whom it lives and what is said of each of them.

    Of a child both of whose parents are dead, missing or in prison nothing is told: it is in want of a guardian.
    """
    said = [p.state for p in (parents.father, parents.mother) if p and p.state] if parents else []
    working = said.count(ParentState.WORKING_AWAY)
    if lives_with in ("none", "alone", "other_guardian"):
        if len(said) < 2 or not {*said} <= _GONE:
            yield PARENTS_AWAY, observed, "both", 0, None
    elif working == 2:
        yield PARENTS_AWAY, observed, "both", 0, None
    elif working:
        yield PARENTS_AWAY, observed, "one", 0, None
    elif lives_with in ("both_parents", "one_parent"):
        yield PARENTS_HERE, observed, "", 0, None


_GONE = {ParentState.DECEASED, ParentState.MISSING, ParentState.SERVING_SENTENCE}


def _company(said: object, observed: date) -> Iterator[_Told]:
    if said in ("none", "alone"):
        yield ALONE, observed, "", 0, None
    elif said in ("both_parents", "one_parent", "other_guardian"):
        yield ACCOMPANIED, observed, "", 0, None


_TELLING: Mapping[type[Item], Callable[[Any, date], Iterator[_Told]]] = {
    Vaccination: _dose,
    HealthCheck: _check,
    MedicalCostAlert: _bill,
    InsuranceEnrolment: _insurance,
    ResidencePermit: _permit,
    Enrolment: _school,
    Survey: _survey,
    PeerFacts: _peer,
    Visit: _visit,
}
