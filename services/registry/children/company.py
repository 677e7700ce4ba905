"""Company: with whom a record says that its child lives."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.registry.children.claims import CompanyClaim, Source
from services.registry.records.feeds import (
    Enrolment,
    Item,
    PeerFacts,
    ResidencePermit,
    Survey,
    Visit,
)
from services.registry.visits.noting import findings_of

_ACCOMPANIED = {
    "both_parents": True,
    "one_parent": True,
    "other_guardian": True,
    "none": False,
    "alone": False,
}


def company(item: Item, source: Source) -> tuple[CompanyClaim, ...]:
    """Whether the child lives with a parent or guardian, where the record says so."""
    accompanied = _ACCOMPANIED.get(company_of(item, source.observed_on))
    return () if accompanied is None else (CompanyClaim(accompanied, source),)


def company_of(item: Item, observed: date) -> str:
    """The wire's own word; empty where it does not say.  ``observed`` is the day of which the record speaks."""
    if isinstance(item, Visit):
        found = findings_of(item, observed)
        return str((found.lives_with if found else None) or "")
    says = _COMPANY.get(type(item))
    return str((says(item) if says else None) or "")


def _with_holder(item: ResidencePermit) -> str | None:
    accompanies = item.role == "accompanying" and item.event != "cancelled"
    return "other_guardian" if accompanies else None


#: How a feed says it, by the wire's word (``Company``).
_COMPANY: Mapping[type[Item], Callable[[Any], str | None]] = {
    Enrolment: lambda i: i.accompanied_by,
    PeerFacts: lambda i: i.accompanied_by,
    Survey: lambda i: i.guardianship.lives_with if i.guardianship else None,
    ResidencePermit: _with_holder,
}
