"""Groups: which persons are looked at together, from what ties them. Pure.

The strongest ties bind first, so that a group that would be too large to look at is cut where it hangs together
least. What a human ruling ties is never cut.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.matching.linkage.deciding import MAX_UNITS


@dataclass(frozen=True, slots=True)
class Tie:
    """Two persons that resemble each other by ``weight`` bits, or are held to be related: ``ruled``."""

    one: UUID
    other: UUID
    weight: float
    ruled: bool = False


def groups(ties: Iterable[Tie], sizes: Mapping[UUID, int]) -> list[frozenset[UUID]]:
    """Persons that hang together, in an order that their ids alone decide; ``sizes`` are in units."""
    members: dict[UUID, set[UUID]] = {}
    size: dict[UUID, int] = {}
    home: dict[UUID, UUID] = {}
    for tie in sorted(ties, key=lambda t: (not t.ruled, -t.weight, t.one, t.other)):
        for person in (tie.one, tie.other):
            if person not in home:
                home[person], members[person] = person, {person}
                size[person] = sizes.get(person, 1)
        one, other = home[tie.one], home[tie.other]
        if one == other or not (tie.ruled or size[one] + size[other] <= MAX_UNITS):
            continue
        if len(members[one]) < len(members[other]):
            one, other = other, one
        for person in members[other]:
            home[person] = one
        members[one] |= members.pop(other)
        size[one] += size.pop(other)
    return in_order(members.values())


def in_order(found: Iterable[Iterable[UUID]]) -> list[frozenset[UUID]]:
    groups_: Sequence[frozenset[UUID]] = [frozenset(group) for group in found]
    return sorted((group for group in groups_ if group), key=min)
