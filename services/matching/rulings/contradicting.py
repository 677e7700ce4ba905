"""Whether rulings can hold all at once; pure.

What rulings hold together, directly or through others, may not be held apart by another, whether or not the entries
between are linked to anybody today.
"""

from collections.abc import Sequence
from uuid import UUID

from services.matching.linkage.decisions import Ruling


def contradict(rulings: Sequence[Ruling]) -> bool:
    group: dict[UUID, set[UUID]] = {}
    for ruling in rulings:
        if ruling.same:
            whole = set().union(*(group.get(e, {e}) for e in ruling.one | ruling.other))
            group |= dict.fromkeys(whole, whole)
    return any(
        not group.get(entry, {entry}).isdisjoint(ruling.other)
        for ruling in rulings
        if not ruling.same
        for entry in ruling.one
    )
