"""Claims: what a record may say about a child, in one form for every feed.

A *stay* claims that the child lives somewhere; a *hukou* claim where it is registered; an *observation* is any other
field's value.  Claims judge nothing: folding.py decides which of them hold.
"""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from services.registry.children.evidence import Ending, Sign
from services.registry.children.schooling import SchoolClaim

if TYPE_CHECKING:
    from services.registry.signals.reading import Signal

#: Feeds whose particulars were copied from the hub's own lists to say whom they are about: no voice of their own.
RESTATING = frozenset({"visits"})
NEVER = datetime.min.replace(tzinfo=UTC)


class Source(NamedTuple):
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


class Observation(NamedTuple):
    field: str
    value: str
    source: Source


class Stay(NamedTuple):
    """``since`` is the stated first day, else the day of observation."""

    code: int
    since: date
    until: date | None
    address: str
    source: Source


class HukouClaim(NamedTuple):
    code: int
    since: date | None
    address: str
    source: Source


class CompanyClaim(NamedTuple):
    """Whether the child lives with a parent or guardian."""

    accompanied: bool
    source: Source


class GuardianClaim(NamedTuple):
    name: str
    relation: str
    id_number: str
    phone: str
    source: Source


class VisitClaim(NamedTuple):
    """Something done with or for the child on a day; ``on`` is never later than the day of receipt."""

    kind: str
    on: date
    channel: str
    outcome: str
    visitor: str
    staff: str
    helps: tuple[str, ...]
    source: Source


class SurveyClaim(NamedTuple):
    """One survey of the child and the blocks that it asked; ``by`` is the surveyor's post, if told."""

    on: date
    channel: str
    by: str
    blocks: tuple[str, ...]
    source: Source


class Claims(NamedTuple):
    observations: tuple[Observation, ...]
    stays: tuple[Stay, ...]
    hukou: tuple[HukouClaim, ...]
    company: tuple[CompanyClaim, ...]
    guardians: tuple[GuardianClaim, ...]
    evidence: tuple[Sign | Ending, ...]
    visits: tuple[VisitClaim, ...] = ()
    schooling: tuple[SchoolClaim, ...] = ()
    surveys: tuple[SurveyClaim, ...] = ()
    signals: tuple["Signal", ...] = ()
