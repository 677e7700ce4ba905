"""Which person each cluster of entries is: the one it was, or the one that its oldest entry founds."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID, uuid5

from services.matching.linkage.persons import Card

_FOUNDED = UUID("6b1f4e0a-0a5c-5a7e-9d0c-2f5a3c1b7e44")


def founded_by(entry: UUID, again: int = 0) -> UUID:
    """The id of the person that an entry founds: the same on every replay. ``again`` tells apart
    persons founded by an entry whose first person went on without it.
    """
    return uuid5(_FOUNDED, f"{entry}:{again}" if again else str(entry))


def identities(
    members: Sequence[set[UUID]],
    sights: Card,
    stood: Mapping[UUID, UUID],
    home: Callable[[UUID], UUID],
) -> list[UUID]:
    """Each cluster's person id; ``stood`` says which person an entry was of, ``home`` whom an entry founds.

    A person goes on where its oldest entry is. A cluster that holds several goes on as the oldest of
    them; one that holds none is what its oldest entry founds.
    """
    oldest: dict[UUID, tuple[int, UUID]] = {}
    for entry, person in stood.items():
        arrived = sights[entry].arrival, entry
        oldest[person] = min(oldest.get(person, arrived), arrived)
    owned: list[list[tuple[int, UUID]]] = [[] for _ in members]
    for person, (arrival, entry) in oldest.items():
        at = next(i for i, entries in enumerate(members) if entry in entries)
        owned[at].append((arrival, person))
    return [
        min(found)[1] if found else home(min((sights[e].arrival, e) for e in entries)[1])
        for entries, found in zip(members, owned, strict=True)
    ]
