"""How well a linkage did: pairs and clusters held against the truth."""

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


def pairwise(truth: Mapping[Entry, Hashable], found: Mapping[Entry, Hashable]) -> Quality:
    """Over all pairs of entries that both mappings name: joined, and rightly joined."""
    joined, real, right = _counts(truth, found)
    rightly = _pairs(right.values())
    return Quality(_share(rightly, _pairs(joined.values())), _share(rightly, _pairs(real.values())))


def b_cubed(truth: Mapping[Entry, Hashable], found: Mapping[Entry, Hashable]) -> Quality:
    """Averaged over entries: how pure is an entry's cluster, how much of its child is in it (B³)."""
    joined, real, right = _counts(truth, found)
    entries = sum(joined.values())
    pure = sum(count * count / joined[cluster] for (_, cluster), count in right.items())
    whole = sum(count * count / real[child] for (child, _), count in right.items())
    return Quality(_share(pure, entries), _share(whole, entries))


def _counts(
    truth: Mapping[Entry, Hashable], found: Mapping[Entry, Hashable]
) -> tuple[Counter[Hashable], Counter[Hashable], Counter[tuple[Hashable, Hashable]]]:
    common = truth.keys() & found.keys()
    return (
        Counter(found[entry] for entry in common),
        Counter(truth[entry] for entry in common),
        Counter((truth[entry], found[entry]) for entry in common),
    )


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0
