"""Candidates: the persons worth comparing with what an entry or a search says, told by the keys they share with it."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.matching.linkage.decisions import Known
from services.matching.linkage.judging import assess
from services.matching.linkage.normalization import Standard
from services.matching.linkage.weights import Evidence, Frequency, Model, uncounted

_NOBODY_HERE: Mapping[int, Sequence[UUID]] = {}
_NO_KEYS = frozenset[int]()


def search(
    model: Model,
    features: Standard,
    sought: Sequence[int],
    known: Known,
    frequency: Frequency = uncounted,
) -> list[tuple[UUID, Evidence]]:
    """The persons whom the features may describe, likeliest first; nothing is decided."""
    found = [
        (person, assess(model, features, known.persons[person].profile, frequency))
        for person in most_shared(known.by_key, sought, model.candidates)
        if person in known.persons
    ]
    return sorted(found, key=lambda pair: (-pair[1].weight, pair[0]))


def most_shared(
    by_key: Mapping[int, Sequence[UUID]],
    sought: Iterable[int],
    limit: int,
    alone: int | None = None,
    faint: frozenset[int] = _NO_KEYS,
) -> list[UUID]:
    """The persons found under most of the keys, most first."""
    shared = worth_comparing(by_key, _NOBODY_HERE, sought, alone, faint)
    return sorted(shared, key=lambda person: (-shared[person], person))[:limit]


def worth_comparing(
    by_key: Mapping[int, Sequence[UUID]],
    here: Mapping[int, Sequence[UUID]],
    sought: Iterable[int],
    alone: int | None,
    faint: frozenset[int],
) -> dict[UUID, int]:
    """The persons found in either place under the keys, with what they share: two for a key, one for a ``faint`` key or one
    under which there are more than ``alone`` persons.  Whoever shares nothing but one such key is left out: there are more
    of them with each child that comes to the hub, and a name that so many bear tells none of them.
    """
    shared: dict[UUID, int] = {}
    common = False
    for key in sought:
        found = by_key.get(key, ())
        if key in here:
            found = [*found, *here[key]]
        worth = 2
        if key in faint or (alone is not None and len(found) > alone):
            worth, common = 1, True
        for person in found:
            shared[person] = shared.get(person, 0) + worth
    return {person: all_ for person, all_ in shared.items() if all_ > 1} if common else shared
