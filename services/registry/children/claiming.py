"""Claiming: from one record to what it claims about its child.

What is peculiar to a feed stands in tables by the item's exact type.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from services.registry.children.claims import (
    Claims,
    GuardianClaim,
    HukouClaim,
    Observation,
    Source,
    Stay,
)
from services.registry.children.company import company
from services.registry.children.evidence import evidence_of
from services.registry.children.schooling import schooling_of
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
from services.registry.records.feeds.item import IdKind
from services.registry.records.vault import Opened
from services.registry.signals.reading import signals_of
from services.registry.survey_rounds.asking import surveys_of
from services.registry.visits.noting import visits_of
from shared import divisions, resident_id
from shared.clock import SHANGHAI
from shared.vocabulary import Department


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
        min(plain.observed_on, _day(plain.received_at)),
        divisions.county_of(plain.division),
        plain.received_at,
    )
    if type(item) is HukouAnswer:
        # Its identity was filled in from the fold to link it: restating it would keep alive what was recalled.
        return Claims((), (), _hukou(item, source), (), (), ())
    return Claims(
        tuple(_observations(item, source)),
        _stays(item, source),
        _hukou(item, source),
        company(item, source),
        _guardians(item, source),
        evidence_of(item, source.record),
        visits_of(item, source),
        schooling_of(item, source.entry, source.office),
        surveys_of(item, source),
        signals_of(item, source, _day(plain.received_at)),
    )


@lru_cache(maxsize=1024)
def _day(instant: datetime) -> date:
    """Remembered, because all records of a batch came at one instant."""
    return instant.astimezone(SHANGHAI).date()


def _observations(item: Item, source: Source) -> Iterator[Observation]:
    child = item.child
    stated: dict[str, object] = {
        "name": child.name,
        "former_name": child.former_name,
        "ethnicity": child.ethnicity,
        "phone": child.phone,
        "sex": quality.sex(item),
    }
    if (born := quality.birth_on(item)) and born <= item.observed_on:
        stated["birth_on"] = born.isoformat()
    if child.id_number:
        if child.id_kind is None or child.id_kind == IdKind.RESIDENT_ID:
            read = resident_id.read(child.id_number)
            stated["id_number" if read.valid else "id_number_doubtful"] = (
                read.number or child.id_number
            )
        else:
            stated["other_number"] = child.id_number
    if more := _PARTICULARS.get(type(item)):
        stated |= more(item)
    for field, value in stated.items():
        if value:
            yield Observation(field, str(value), source)


def _of_enrolment(item: Enrolment) -> Mapping[str, object]:
    return {
        "school": item.school_name,
        "grade": item.grade,
        "stage": item.stage,
        "schooling": item.event,
    }


def _of_health_check(item: HealthCheck) -> Mapping[str, object]:
    return {"health_managed": None if item.managed is None else "yes" if item.managed else "no"}


def _of_survey(item: Survey) -> Mapping[str, object]:
    capacity = item.guardianship.capacity if item.guardianship else None
    return {"surveyed": item.surveyed_on.isoformat(), "guardian_capacity": capacity}


#: What a feed states beyond the common block.
_PARTICULARS: Mapping[type[Item], Callable[[Any], Mapping[str, object]]] = {
    Enrolment: _of_enrolment,
    InsuranceEnrolment: lambda i: {"insured": f"{i.year}:{'yes' if i.enrolled else 'no'}"},
    DisabilityCertificate: lambda i: {"disability": i.event + ":" + "+".join(i.kinds)},
    Rehabilitation: lambda i: {"rehabilitation": i.program},
    Assistance: lambda i: {f"assistance_{i.kind}": i.event},
    HealthCheck: _of_health_check,
    MedicalCostAlert: lambda i: {"medical_cost": i.threshold},
    Survey: _of_survey,
}


class _Home(NamedTuple):
    """Where a record says that the child lives, before it is a claim; without a code it says nothing."""

    code: int | None
    since: date | None
    until: date | None


def _stays(item: Item, source: Source) -> tuple[Stay, ...]:
    stated = item.residence
    home = _Home(None, None, None)
    if stated is not None:
        code = divisions.widen(stated.division) if stated.division else None
        home = _Home(code, stated.since, stated.until)
    if understood := _HOMES.get(type(item)):
        home = understood(item, home, source.observed_on)
    if home.code is None:
        return ()
    address = (stated.address if stated else None) or ""
    return (Stay(home.code, home.since or source.observed_on, home.until, address, source),)


def _by_permit(item: ResidencePermit, home: _Home, observed: date) -> _Home:
    until = home.until
    if item.event == "cancelled":
        until = until or item.cancelled_on or observed
    code = home.code or divisions.widen(item.division)
    return _Home(code, home.since or item.registered_on, until)


def _by_enrolment(item: Enrolment, home: _Home, observed: date) -> _Home:
    since = home.since
    if since is None and item.event in ("transferred_out", "graduated", "dropped_out"):
        return _Home(None, None, None)
    if since is None and item.event in ("enrolled", "transferred_in"):
        since = item.on
    return _Home(home.code or divisions.widen(item.division), since, home.until)


def _by_survey(item: Survey, home: _Home, observed: date) -> _Home:
    return home._replace(code=home.code or divisions.widen(item.division))


def _by_peer(item: PeerFacts, home: _Home, observed: date) -> _Home:
    return _Home(home.code, home.since or item.since, home.until or item.until)


#: Feeds that tell a home also by other words than the common block's.
_HOMES: Mapping[type[Item], Callable[[Any, _Home, date], _Home]] = {
    ResidencePermit: _by_permit,
    Enrolment: _by_enrolment,
    Survey: _by_survey,
    PeerFacts: _by_peer,
}


def _hukou(item: Item, source: Source) -> tuple[HukouClaim, ...]:
    if known := _HUKOU.get(type(item)):
        return known(item, source)
    stated = item.hukou
    if stated is None or not stated.division:
        return ()
    return (HukouClaim(divisions.widen(stated.division), None, stated.address or "", source),)


def _by_answer(item: HukouAnswer, source: Source) -> tuple[HukouClaim, ...]:
    """The word of the county that answered: of another hub, or of civil affairs here, who are no second voice beside
    themselves."""
    if item.outcome not in ("confirmed", "mismatch") or not item.hukou_division:
        return ()
    office = divisions.county_of(divisions.widen(item.answered_by)) if item.answered_by else 0
    department = Department.HUB if item.peer else Department.CIVIL_AFFAIRS
    voice = source._replace(department=str(department), office=office)
    return (HukouClaim(divisions.widen(item.hukou_division), None, "", voice),)


def _by_peer_facts(item: PeerFacts, source: Source) -> tuple[HukouClaim, ...]:
    """The word of the hukou county itself, where that is the hub's; else of an office elsewhere."""
    if item.hukou is None or not item.hukou.division:
        return ()
    code = divisions.widen(item.hukou.division)
    voice = source._replace(office=divisions.county_of(code) if item.own_hukou else 0)
    return (HukouClaim(code, None, item.hukou.address or "", voice),)


def _by_register(item: HouseholdRegistration, source: Source) -> tuple[HukouClaim, ...]:
    if item.event in ("registered", "moved_in"):
        code = item.hukou.division if item.hukou and item.hukou.division else item.division
        address = (item.hukou.address if item.hukou else None) or ""
        return (HukouClaim(divisions.widen(code), item.on, address, source),)
    if item.event == "moved_out" and item.other_division:
        return (HukouClaim(divisions.widen(item.other_division), item.on, "", source),)
    return ()


#: Feeds that know of a hukou by themselves: what their common block says of it is not heard.
_HUKOU: Mapping[type[Item], Callable[[Any, Source], tuple[HukouClaim, ...]]] = {
    HukouAnswer: _by_answer,
    PeerFacts: _by_peer_facts,
    HouseholdRegistration: _by_register,
}


def _guardians(item: Item, source: Source) -> tuple[GuardianClaim, ...]:
    named = [
        GuardianClaim(g.name or "", g.relation or "", g.id_number or "", g.phone or "", source)
        for g in item.guardians
    ]
    if also := _GUARDIANS.get(type(item)):
        named += also(item, source)
    return tuple(named)


def _holder(item: ResidencePermit, source: Source) -> Iterator[GuardianClaim]:
    if h := item.holder:
        yield GuardianClaim(
            h.name or "", h.relation or "", h.id_number or "", h.phone or "", source
        )


def _parents(item: Survey, source: Source) -> Iterator[GuardianClaim]:
    if item.parents:
        for relation, p in (("father", item.parents.father), ("mother", item.parents.mother)):
            if p and p.state not in ("deceased", "missing"):
                yield GuardianClaim(
                    p.name or "", relation, p.id_number or "", p.phone or "", source
                )


#: Feeds that name guardians outside the common block.
_GUARDIANS: Mapping[type[Item], Callable[[Any, Source], Iterator[GuardianClaim]]] = {
    ResidencePermit: _holder,
    Survey: _parents,
}
