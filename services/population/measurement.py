"""How well a linkage did: pairs and clusters held against the truth.

Nothing lists pairs: everything follows from how many entries each child, each person, and each
child within a person has.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

Entry = TypeVar("Entry", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision and recall, each between 0 and 1; 1 where there was nothing to find."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Contingency:
    """Counted entries: by true child, by person found, and by both."""

    children: Counter[Hashable]
    persons: Counter[Hashable]
    both: Counter[tuple[Hashable, Hashable]]

    @classmethod
    def of(cls, placed: Iterable[tuple[Hashable, Hashable]]) -> "Contingency":
        """Of each entry's (child, person)."""
        both = Counter(placed)
        children, persons = Counter[Hashable](), Counter[Hashable]()
        for (child, person), count in both.items():
            children[child] += count
            persons[person] += count
        return cls(children, persons, both)

    @property
    def pairwise(self) -> Quality:
        """Over all pairs of entries: joined, and rightly joined."""
        rightly = _pairs(self.both.values())
        return Quality(
            _share(rightly, _pairs(self.persons.values())),
            _share(rightly, _pairs(self.children.values())),
        )

    @property
    def b_cubed(self) -> Quality:
        """Averaged over entries: how pure its person is, how much of its child is there (B³)."""
        entries = sum(self.persons.values())
        pure = sum(n * n / self.persons[person] for (_, person), n in self.both.items())
        whole = sum(n * n / self.children[child] for (child, _), n in self.both.items())
        return Quality(_share(pure, entries), _share(whole, entries))


def pairwise(truth: Mapping[Entry, Hashable], found: Mapping[Entry, Hashable]) -> Quality:
    """Over all pairs of entries that both mappings name: joined, and rightly joined."""
    return _of_common(truth, found).pairwise


def b_cubed(truth: Mapping[Entry, Hashable], found: Mapping[Entry, Hashable]) -> Quality:
    """Averaged over the entries that both mappings name (B³)."""
    return _of_common(truth, found).b_cubed


def _of_common(truth: Mapping[Entry, Hashable], found: Mapping[Entry, Hashable]) -> Contingency:
    common = truth.keys() & found.keys()
    return Contingency.of((truth[entry], found[entry]) for entry in common)


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0
