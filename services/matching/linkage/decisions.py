"""What deciding takes and gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias
from uuid import UUID

from services.matching.linkage.facets import Packed
from services.matching.linkage.normalization import Standard
from services.matching.linkage.persons import Person
from services.matching.linkage.profile import Profile
from services.matching.linkage.weights import Evidence


class NewEntry(NamedTuple):
    """An entry to place. ``person`` is where an earlier version of it stands; ``keys`` are stored
    with it and ``sought`` looked for (the same unless index keys are being rotated); one that
    ``is_known`` was placed before, and may have been retracted since. ``said``: the features, packed;
    ``listed``: as in a ``Sight``; ``faint``: those of ``sought`` of which one alone tells too little.
    """

    entry: UUID
    arrival: int
    features: Standard
    said: Packed
    keys: Sequence[int]
    sought: Sequence[int]
    person: UUID | None = None
    is_known: bool = False
    listed: tuple[int, ...] = ()
    faint: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Ruling:
    """A person's decision (人工判定): the entries of ``one`` and of ``other`` are of the same child, or
    none of ``one`` is of the same child as any of ``other``. The model never overturns it.
    """

    ruling: UUID
    same: bool
    one: frozenset[UUID]
    other: frozenset[UUID]


Weighed: TypeAlias = tuple[Profile, Evidence]
"""What an entry shows beside a person of this profile; it holds as long as the person's is the very same object."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds near a batch.

    ``rivals`` says which persons have open reviews with which; ``rulings`` are those that bind any
    entry of the ``persons``; ``ended`` are persons without entries that may live again; ``weighed``: what is
    known already of entries beside persons; ``nearest``: what ``candidates.most_shared`` says already of entries,
    but for those that crowded keys led to others.
    """

    persons: Mapping[UUID, Person] = field(default_factory=dict)
    by_key: Mapping[int, Sequence[UUID]] = field(default_factory=dict)
    rivals: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    rulings: Sequence[Ruling] = ()
    ended: frozenset[UUID] = frozenset()
    weighed: Mapping[tuple[UUID, UUID], Weighed] = field(default_factory=dict)
    nearest: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)


class Placement(NamedTuple):
    """Where an entry stands now, and the evidence about ``against``: the person joined, or the best
    rival of one that stands alone. ``certain`` is False while a review of this entry waits.
    """

    entry: UUID
    person: UUID
    certain: bool
    against: UUID | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two persons who may be one child, by what ``entry`` of ``one`` shows beside ``other``."""

    one: UUID
    other: UUID
    entry: UUID
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Outcome:
    """``placements`` of all entries that are new or stand elsewhere than before; ``persons`` that
    changed, as they are now (without cards: ended); ``joined``: where an ended person's entries went;
    ``doubts`` among the ``reviewed`` persons, in place of all doubts there were among them.
    """

    placements: Mapping[UUID, Placement]
    persons: Mapping[UUID, Person]
    joined: Mapping[UUID, UUID]
    reviewed: frozenset[UUID]
    doubts: Sequence[Doubt]
