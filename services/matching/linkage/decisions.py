"""What deciding takes and gives."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.matching.linkage.normalization import Standard
from services.matching.linkage.weights import Evidence


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to place; ``person`` is where an earlier version of it stands."""

    entry: UUID
    version: int
    features: Standard
    keys: Sequence[Hashable]
    person: UUID | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds near the batch: whole persons, and which of them share which key."""

    members: Mapping[UUID, Mapping[UUID, Standard]] = field(default_factory=dict)
    by_key: Mapping[Any, Iterable[UUID]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A person that the entry may belong to, for a human to decide."""

    person: UUID
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Decision:
    """``against`` and ``evidence`` say which person was weighed: the one joined, or the best
    rival.
    """

    entry: UUID
    person: UUID
    certain: bool
    against: UUID | None = None
    evidence: Evidence | None = None
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Decisions in the order the entries were given; earlier entries whose person was joined to
    another.

    ``joined`` maps each person that ended to the one its entries went to.
    """

    decisions: tuple[Decision, ...]
    moves: tuple[Decision, ...]
    joined: Mapping[UUID, UUID]
