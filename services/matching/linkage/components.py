"""Components: persons and waiting entries that must be looked at together, as far as so many can be.

The caller says how large a component is, in units, and how large one may become.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.matching.linkage.decisions import NewEntry, Ruling


@dataclass(frozen=True, slots=True)
class Component:
    persons: set[UUID]
    entries: list[NewEntry]


Size = Callable[[Component], int]


def combine(components: list[Component], added: Component, size: Size, most: int) -> None:
    """Add to the components, making one of all that the addition connects."""
    room = most - size(added)
    for other in [c for c in components if not c.persons.isdisjoint(added.persons)]:
        if (room := room - size(other)) >= 0:
            components.remove(other)
            added = _together(other, added)
    components.append(added)


def combine_ruled(components: list[Component], rulings: Iterable[Ruling]) -> None:
    """Waiting entries that a ruling holds together are looked at together, whatever the size."""
    for ruling in (r for r in rulings if r.same):
        named = ruling.one | ruling.other
        bound = [c for c in components if any(new.entry in named for new in c.entries)]
        for other in bound[1:]:
            components.remove(other)
            bound[0].persons.update(other.persons)
            bound[0].entries.extend(other.entries)


def combine_alike(
    components: list[Component],
    waiting: Sequence[NewEntry],
    are_alike: Callable[[NewEntry, NewEntry], bool],
    size: Size,
    most: int,
) -> None:
    """Entries of the batch that wait with different persons may still resemble each other."""
    sharing: dict[int, list[NewEntry]] = {}
    for new in waiting:
        for key in new.keys:
            sharing.setdefault(key, []).append(new)
    pairs = {
        (a.entry, b.entry): (a, b)
        for alike in sharing.values()
        for a, b in zip(alike, alike[1:], strict=False)
    }
    for _, (a, b) in sorted(pairs.items()):
        one = next(c for c in components if a in c.entries)
        other = next(c for c in components if b in c.entries)
        if one is not other and size(one) + size(other) <= most and are_alike(a, b):
            components.remove(one)
            components.remove(other)
            components.append(_together(one, other))


def _together(one: Component, other: Component) -> Component:
    return Component(one.persons | other.persons, one.entries + other.entries)
