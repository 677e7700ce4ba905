"""Constraints: what of a ruling binds matching, and which older ones it overrides; pure.

A *constraint* says that all its entries are of one child, or that none of ``one`` is of the same child as any of
``other``.  A newer ruling about an entry outranks an older one: where they contradict each other, the older constraint
ends, and what it says of the other entries is said anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID, uuid5

Group = frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Constraint:
    id: UUID
    same: bool
    one: Group
    other: Group

    @property
    def entries(self) -> Group:
        return self.one | self.other


@dataclass(frozen=True, slots=True)
class Kept:
    """What goes on of the constraint ``of``, said anew."""

    of: UUID
    said: Constraint


@dataclass(frozen=True, slots=True)
class Override:
    """The constraints that end, and what is said in their place."""

    ended: tuple[UUID, ...] = ()
    kept: tuple[Kept, ...] = ()


def joined(ruling: UUID, one: Iterable[UUID], other: Iterable[UUID]) -> Constraint:
    """All of them are of one child."""
    return Constraint(ruling, True, frozenset(one), frozenset(other))


def apart(ruling: UUID, groups: Sequence[Iterable[UUID]]) -> tuple[Constraint, ...]:
    """No two of the groups speak of one child."""
    sets = [frozenset(group) for group in groups]
    pairs = list(combinations(range(len(sets)), 2))
    return tuple(
        Constraint(
            ruling if len(pairs) == 1 else uuid5(ruling, f"{i}:{j}"), False, sets[i], sets[j]
        )
        for i, j in pairs
    )


def moved(ruling: UUID, entry: UUID, rest: Iterable[UUID], home: UUID) -> tuple[Constraint, ...]:
    """The entry is of the child of ``home``, and not of that of the ``rest`` it stood with."""
    made = [joined(ruling, [entry], [home])]
    if left := frozenset(rest):
        made.append(Constraint(uuid5(ruling, "left"), False, frozenset([entry]), left))
    return tuple(made)


def parting(groups: Sequence[Group], standing: Iterable[Constraint]) -> Override:
    """What ends when the groups are parted: whatever holds entries of two of them together, be it through others."""
    held = [one for one in standing if one.same]
    ended: set[UUID] = set()
    for component in _components(held):
        whole = frozenset().union(*(one.entries for one in component))
        if sum(not whole.isdisjoint(group) for group in groups) > 1:
            ended |= {one.id for one in component}
    return Override(tuple(sorted(ended)))


def moving(ruling: UUID, entry: UUID, home: Group, standing: Iterable[Constraint]) -> Override:
    """What ends when the entry goes over to the child of the entries at ``home``: whatever held it where it was, or
    kept it away.  The rest of each such constraint holds on."""
    ended: list[UUID] = []
    kept: list[Kept] = []
    for one in sorted(standing, key=lambda c: c.id):
        if entry not in one.entries:
            continue
        opposite = one.other if entry in one.one else one.one
        holds_back = one.same and not one.entries - {entry} <= home
        keeps_away = not one.same and not opposite.isdisjoint(home)
        if holds_back or keeps_away:
            ended.append(one.id)
            rest = without(uuid5(ruling, str(one.id)), one, entry)
            kept += [Kept(one.id, rest)] if rest else []
    return Override(tuple(ended), tuple(kept))


def restoring(
    ruling: UUID, ended: Sequence[Constraint], standing: Iterable[Constraint], known: Group
) -> tuple[Kept, ...]:
    """What stands again of the constraints that a ruling had ended, once it is taken back by ``ruling``: what they say of
    the entries that are ``known`` still, unless a standing one says the opposite."""
    held, kept = list(standing), list[Kept]()
    for one in ended:
        said = only(uuid5(ruling, str(one.id)), one, known)
        if said is not None and agree([*held, said]):
            held.append(said)
            kept.append(Kept(one.id, said))
    return tuple(kept)


def agree(said: Sequence[Constraint]) -> bool:
    """Whether all of it can be true at once."""
    wholes = [
        frozenset().union(*(one.entries for one in component))
        for component in _components([one for one in said if one.same])
    ]
    return not any(
        whole & one.one and whole & one.other for one in said if not one.same for whole in wholes
    )


def without(new: UUID, one: Constraint, entry: UUID) -> Constraint | None:
    """The constraint under a new id as far as it says something without the entry."""
    return only(new, one, one.entries - {entry})


def only(new: UUID, one: Constraint, entries: Group) -> Constraint | None:
    """The constraint under a new id as far as it says something of these entries alone."""
    mine, theirs = one.one & entries, one.other & entries
    if one.same and (left := sorted(mine | theirs)) and len(left) > 1:
        return Constraint(new, True, frozenset(left[:1]), frozenset(left[1:]))
    if not one.same and mine and theirs:
        return Constraint(new, False, mine, theirs)
    return None


def _components(held: Sequence[Constraint]) -> list[list[Constraint]]:
    """Constraints that hang together by an entry."""
    components: list[tuple[set[UUID], list[Constraint]]] = []
    for one in held:
        touching = [c for c in components if not c[0].isdisjoint(one.entries)]
        components = [c for c in components if c[0].isdisjoint(one.entries)]
        entries = set(one.entries).union(*(c[0] for c in touching))
        components.append((entries, [one, *(m for c in touching for m in c[1])]))
    return [members for _, members in components]
