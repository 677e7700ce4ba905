"""Claims: what one record says about a child, in one form for every feed.

A *stay* claims that the child lives somewhere; a *hukou* claim where it is registered; an *observation* is any other
field's value.  Claims judge nothing: folding.py decides which of them hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from services.registry.children.evidence import Ending, Sign, evidence_of
from services.registry.records import quality
from services.registry.records.feeds import (
    Assistance,
    DisabilityCertificate,
    Enrolment,
    HealthCheck,
    HouseholdRegistration,
    HukouAnswer,
    InsuranceEnrolment,
    Item,
    MedicalCostAlert,
    PeerFacts,
    Rehabilitation,
    ResidencePermit,
    Survey,
)
from services.registry.records.vault import Opened
from shared import divisions, resident_id
from shared.clock import SHANGHAI

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from."""

    record: UUID
    entry: UUID
    feed: str
    department: str
    observed_on: date
    """Never later than the day of receipt: a date in the future must not win over every later word."""
    office: int = 0
    """County of the pushing office."""
    received_at: datetime = NEVER


@dataclass(frozen=True, slots=True)
class Observation:
    field: str
    value: str
    source: Source


@dataclass(frozen=True, slots=True)
class Stay:
    """``since`` is the stated first day, else the day of observation."""

    code: int
    since: date
    until: date | None
    address: str
    source: Source


@dataclass(frozen=True, slots=True)
class HukouClaim:
    code: int
    since: date | None
    address: str
    source: Source


@dataclass(frozen=True, slots=True)
class CompanyClaim:
    """Whether the child lives with a parent or guardian."""

    accompanied: bool
    source: Source


@dataclass(frozen=True, slots=True)
class GuardianClaim:
    name: str
    relation: str
    id_number: str
    phone: str
    source: Source


@dataclass(frozen=True, slots=True)
class Claims:
    observations: tuple[Observation, ...]
    stays: tuple[Stay, ...]
    hukou: tuple[HukouClaim, ...]
    company: tuple[CompanyClaim, ...]
    guardians: tuple[GuardianClaim, ...]
    evidence: tuple[Sign | Ending, ...]


def claims_of(opened: Opened) -> Claims:
    """Everything one record says; nothing for a recall."""
    item, plain = opened.item, opened.plain
    if item is None:
        return Claims((), (), (), (), (), ())
    source = Source(
        plain.id,
        plain.entry_id,
        plain.feed,
        plain.department,
        min(plain.observed_on, plain.received_at.astimezone(SHANGHAI).date()),
        divisions.county_of(plain.division),
        plain.received_at,
    )
    if isinstance(item, HukouAnswer):
        # Its identity was filled in from the fold to link it: restating it would keep alive what was recalled.
        return Claims((), (), tuple(_hukou(item, source)), (), (), ())
    return Claims(
        tuple(_observations(item, source)),
        tuple(_stays(item, source)),
        tuple(_hukou(item, source)),
        tuple(_company(item, source)),
        tuple(_guardians(item, source)),
        evidence_of(item, source.record),
    )


def _observations(item: Item, source: Source) -> Iterator[Observation]:
    child = item.child
    stated = {
        "name": child.name,
        "former_name": child.former_name,
        "ethnicity": child.ethnicity,
        "phone": child.phone,
        "sex": child.sex if quality.sex(item) else None,
    }
    if (born := quality.birth_on(item)) and born <= item.observed_on:
        stated["birth_on"] = born.isoformat()
    if child.id_number:
        if child.id_kind in (None, "resident_id"):
            read = resident_id.read(child.id_number)
            stated["id_number" if read.valid else "id_number_doubtful"] = (
                read.number or child.id_number
            )
        else:
            stated["other_number"] = child.id_number
    if isinstance(item, Enrolment):
        stated |= {
            "school": item.school_name,
            "grade": item.grade,
            "stage": item.stage,
            "schooling": item.event,
        }
    elif isinstance(item, InsuranceEnrolment):
        stated["insured"] = f"{item.year}:{'yes' if item.enrolled else 'no'}"
    elif isinstance(item, DisabilityCertificate):
        stated["disability"] = item.event + ":" + "+".join(item.kinds)
    elif isinstance(item, Rehabilitation):
        stated["rehabilitation"] = item.program
    elif isinstance(item, Assistance):
        stated[f"assistance_{item.kind}"] = item.event
    elif isinstance(item, HealthCheck):
        stated["health_managed"] = None if item.managed is None else "yes" if item.managed else "no"
    elif isinstance(item, MedicalCostAlert):
        stated["medical_cost"] = item.threshold
    elif isinstance(item, Survey):
        stated["surveyed"] = item.surveyed_on.isoformat()
        if item.guardianship and item.guardianship.capacity:
            stated["guardian_capacity"] = item.guardianship.capacity
    for field, value in stated.items():
        if value:
            yield Observation(field, str(value), source)


def _stays(item: Item, source: Source) -> Iterator[Stay]:
    home = item.residence
    code = divisions.widen(home.division) if home and home.division else None
    address = (home.address if home else None) or ""
    since = home.since if home else None
    until = home.until if home else None
    observed = source.observed_on
    if isinstance(item, ResidencePermit):
        code = code or divisions.widen(item.division)
        since = since or item.registered_on
        if item.event == "cancelled":
            until = until or item.cancelled_on or observed
    elif isinstance(item, Enrolment):
        code = code or divisions.widen(item.division)
        if since is None and item.event in ("enrolled", "transferred_in"):
            yield Stay(code, item.on, until, address, source)
            return
        if item.event in ("transferred_out", "graduated", "dropped_out") and since is None:
            return
    elif isinstance(item, Survey):
        code = code or divisions.widen(item.division)
    elif isinstance(item, PeerFacts):
        since, until = since or item.since, until or item.until
    if code is not None:
        yield Stay(code, since or observed, until, address, source)


def _hukou(item: Item, source: Source) -> Iterator[HukouClaim]:
    if isinstance(item, HukouAnswer):
        if item.outcome in ("confirmed", "mismatch") and item.hukou_division:
            yield HukouClaim(divisions.widen(item.hukou_division), None, "", source)
        return
    if isinstance(item, HouseholdRegistration):
        if item.event in ("registered", "moved_in"):
            code = item.hukou.division if item.hukou and item.hukou.division else item.division
            address = (item.hukou.address if item.hukou else None) or ""
            yield HukouClaim(divisions.widen(code), item.on, address, source)
        elif item.event == "moved_out" and item.other_division:
            yield HukouClaim(divisions.widen(item.other_division), item.on, "", source)
        return
    if item.hukou and item.hukou.division:
        yield HukouClaim(
            divisions.widen(item.hukou.division), None, item.hukou.address or "", source
        )


_ACCOMPANIED = {
    "both_parents": True,
    "one_parent": True,
    "other_guardian": True,
    "none": False,
    "alone": False,
}


def _company(item: Item, source: Source) -> Iterator[CompanyClaim]:
    said: str | None = None
    if isinstance(item, Enrolment | PeerFacts):
        said = item.accompanied_by
    elif isinstance(item, Survey) and item.guardianship:
        said = item.guardianship.lives_with
    elif (
        isinstance(item, ResidencePermit)
        and item.role == "accompanying"
        and item.event != "cancelled"
    ):
        said = "other_guardian"
    if said is not None and said in _ACCOMPANIED:
        yield CompanyClaim(_ACCOMPANIED[said], source)


def _guardians(item: Item, source: Source) -> Iterator[GuardianClaim]:
    for g in item.guardians:
        yield GuardianClaim(
            g.name or "", g.relation or "", g.id_number or "", g.phone or "", source
        )
    if isinstance(item, ResidencePermit) and item.holder:
        h = item.holder
        yield GuardianClaim(
            h.name or "", h.relation or "", h.id_number or "", h.phone or "", source
        )
    if isinstance(item, Survey) and item.parents:
        for relation, p in (("father", item.parents.father), ("mother", item.parents.mother)):
            if p and p.state not in ("deceased", "missing"):
                yield GuardianClaim(
                    p.name or "", relation, p.id_number or "", p.phone or "", source
                )
