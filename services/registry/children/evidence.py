"""Evidence of hardship: what single records say, and how long it lasts among all that is said of the child.

A *sign* is what one record says of a hardship, from a first day on; an *ending* is a record that ends earlier signs of the
same *strand*: one benefit, the disability certificates, schooling, the insurance of one year.  An ending counts by the
day it took effect, never by when it came in, so that signs and endings may come in any order.  A sign that began on the very
day of an ending stays: in doubt the child is looked at.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.registry.records.feeds import (
    Assistance,
    DisabilityCertificate,
    Enrolment,
    HealthCheck,
    InsuranceEnrolment,
    Item,
    MedicalCostAlert,
    Survey,
    Visit,
)
from services.registry.status.hardship import HardshipEvidence

#: How long an event without a stated end speaks for a hardship.
SPEAKS_FOR = timedelta(days=366)
DAY = timedelta(days=1)

_ASSISTANCE = {
    "minimum_living": "family_hardship",
    "minimum_living_margin": "family_hardship",
    "extreme_poverty": "family_hardship",
    "temporary": "family_hardship",
    "orphan": "missing_guardianship",
    "de_facto_unsupported": "missing_guardianship",
    "vagrancy_rescue": "vagrancy",
}


@dataclass(frozen=True, slots=True)
class Sign:
    """``until`` is the last day on which it speaks, None: until something ends it."""

    strand: str
    category: str
    record: UUID
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Ending:
    """Signs of the strand that began before ``begun_before`` speak until ``last`` at the longest."""

    strand: str
    begun_before: date
    last: date


def evidence_of(item: Item, record: UUID) -> tuple[Sign | Ending, ...]:
    """What one record says of hardships, and of their end."""
    kind = type(item)
    said: list[Sign | Ending] = []
    if signs := _SIGNS.get(kind):
        said += [
            Sign(strand, category, record, since, until)
            for strand, category, since, until in signs(item)
        ]
    if endings := _ENDINGS.get(kind):
        said += endings(item)
    return tuple(said)


def lasting(said: Iterable[Sign | Ending]) -> tuple[HardshipEvidence, ...]:
    """The evidence that all records of a child give together, whatever their order.

    A sign that is left no day to speak on is left out.
    """
    signs: list[Sign] = []
    endings: dict[str, list[Ending]] = {}
    for one in said:
        if isinstance(one, Sign):
            signs.append(one)
        else:
            endings.setdefault(one.strand, []).append(one)
    found = []
    for sign in sorted(signs, key=lambda s: (s.category, s.since, s.record.int, s.strand)):
        ends = [e.last for e in endings.get(sign.strand, ()) if sign.since < e.begun_before]
        until = min([*ends, *([sign.until] if sign.until else [])], default=None)
        if until is None or sign.since <= until:
            found.append(HardshipEvidence(sign.category, sign.record, sign.since, until))
    return tuple(found)


def _benefit_ended(item: Assistance) -> Iterator[Ending]:
    if item.event == "ended":
        yield Ending(f"assistance:{item.kind}", item.on, item.on - DAY)


def _certificate_revoked(item: DisabilityCertificate) -> Iterator[Ending]:
    if item.event == "revoked":
        yield Ending("disability", item.on, item.on - DAY)


def _at_school(item: Enrolment) -> Iterator[Ending]:
    if item.event in ("enrolled", "transferred_in"):
        yield Ending("schooling", item.on, item.on - DAY)


def _insured(item: InsuranceEnrolment) -> Iterator[Ending]:
    if item.enrolled:
        # Another place may know of no insurance: whoever is insured anywhere is not uninsured that year.
        year_after = date(item.year + 1, 1, 1)
        last = (item.enrolled_on or item.observed_on) - DAY
        yield Ending(f"insurance:{item.year}", year_after, last)


#: What ends signs, by the item's exact type.
_ENDINGS: Mapping[type[Item], Callable[[Any], Iterator[Ending]]] = {
    Assistance: _benefit_ended,
    DisabilityCertificate: _certificate_revoked,
    Enrolment: _at_school,
    InsuranceEnrolment: _insured,
}

#: Strand, category, first and last day.
_Said = tuple[str, str, date, date | None]


def _benefit(item: Assistance) -> Iterator[_Said]:
    if item.event == "started":
        open_ended = item.kind != "temporary" and item.kind != "vagrancy_rescue"
        until = None if open_ended else item.on + SPEAKS_FOR
        yield f"assistance:{item.kind}", _ASSISTANCE[item.kind], item.on, until


def _certificate(item: DisabilityCertificate) -> Iterator[_Said]:
    if item.event != "revoked":
        yield "disability", "disability", item.on, item.valid_until


def _finding(item: HealthCheck) -> Iterator[_Said]:
    if item.psychological_finding in ("suspected", "confirmed"):
        until = item.checked_on + SPEAKS_FOR
        yield "health", "psychological_behavioural", item.checked_on, until


def _dropped_out(item: Enrolment) -> Iterator[_Said]:
    if item.event == "dropped_out":
        yield "schooling", "out_of_school", item.on, None


def _uninsured(item: InsuranceEnrolment) -> Iterator[_Said]:
    if not item.enrolled:
        first, last = date(item.year, 1, 1), date(item.year, 12, 31)
        yield f"insurance:{item.year}", "insurance_status", first, last


def _costly(item: MedicalCostAlert) -> Iterator[_Said]:
    until = item.incurred_on + SPEAKS_FOR
    yield "medical_cost", "family_hardship", item.incurred_on, until


def _surveyed(item: Survey) -> Iterator[_Said]:
    until = item.observed_on + SPEAKS_FOR
    for category in _hardships(item):
        yield "survey", category, item.surveyed_on, until


def _hardships(item: Survey) -> Iterator[str]:
    living, guardianship = item.living_security, item.guardianship
    if living:
        if living.hardships:
            yield "family_hardship"
        if living.requests_help:
            yield "self_request"
        if living.behaviour_concern:
            yield "psychological_behavioural"
        if living.vagrant:
            yield "vagrancy"
    if guardianship and (guardianship.lives_with == "none" or guardianship.capacity == "none"):
        yield "missing_guardianship"


def _visited(item: Visit) -> Iterator[_Said]:
    found = item.findings
    if found is None or item.outcome != "met":
        return
    said = {
        "family_hardship": bool(found.hardships),
        "self_request": bool(found.requests_help),
        "psychological_behavioural": bool(found.behaviour_concern),
        "vagrancy": bool(found.vagrant),
        "missing_guardianship": found.lives_with == "none" or found.capacity == "none",
        "out_of_school": found.attending_school is False,
    }
    for category, speaks in said.items():
        if speaks:
            until = item.visited_on + SPEAKS_FOR
            strand = "schooling" if category == "out_of_school" else "visit"
            yield strand, category, item.visited_on, until


#: What speaks for a hardship, by the item's exact type.
_SIGNS: Mapping[type[Item], Callable[[Any], Iterator[_Said]]] = {
    Assistance: _benefit,
    DisabilityCertificate: _certificate,
    HealthCheck: _finding,
    Enrolment: _dropped_out,
    InsuranceEnrolment: _uninsured,
    MedicalCostAlert: _costly,
    Survey: _surveyed,
    Visit: _visited,
}
