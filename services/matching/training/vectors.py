"""Pairs of entries as level vectors: what Splink learns from.

Levels are found by our own functions, not in SQL: DuckDB's edit distances count bytes, and no engine
knows hanzi. A vector holds, for each comparison, the rank of its level (0 is the best), or -1 where
nothing can be compared.
"""

import random
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from services.matching.linkage import blocking
from services.matching.linkage.comparison import (
    COMPARISONS,
    LEVELS,
    MISSING,
    Levels,
    Profile,
    compare,
)
from services.matching.linkage.normalization import Standard

#: Blocking rules whose pairs EM learns from, each with the comparisons that the rule itself decides
#: and that therefore cannot be learnt from its pairs. Every comparison is left to one rule at least.
#: No rule that finds households will do: EM would take brothers and sisters for one child.
TRAINING_RULES: Mapping[str, tuple[str, ...]] = {
    "identifier": ("identifier",),
    "sound_and_birth": ("name", "birth"),
    "birth_and_guardian": ("birth", "family"),
}
_RANKS = tuple(
    {level: rank for rank, level in enumerate(LEVELS[name])} | {MISSING: -1} for name in COMPARISONS
)


@dataclass(slots=True)
class Vectors:
    """Level ranks of many pairs, one column a comparison; ``rules`` says by which of TRAINING_RULES
    a pair was found.
    """

    columns: "tuple[array[int], ...]" = field(
        default_factory=lambda: tuple(array("b") for _ in COMPARISONS)
    )
    rules: "array[int]" = field(default_factory=lambda: array("b"))

    def __len__(self) -> int:
        return len(self.rules)

    def add(self, levels: Levels, rule: int = -1) -> None:
        self.rules.append(rule)
        for column, ranks, level in zip(self.columns, _RANKS, levels, strict=True):
            column.append(ranks[level])

    def levels(self, at: int) -> Levels:
        """One pair's levels again."""
        return tuple(
            MISSING if column[at] < 0 else LEVELS[name][column[at]]
            for name, column in zip(COMPARISONS, self.columns, strict=True)
        )

    def only(self, chosen: Iterable[int]) -> "Vectors":
        """The vectors of some of the pairs."""
        found = Vectors()
        for at in chosen:
            found.add(self.levels(at), self.rules[at])
        return found

    def counts(self, comparison: str) -> tuple[int, ...]:
        """How many pairs show each level of a comparison, in the order of LEVELS."""
        counted = Counter(self.columns[COMPARISONS.index(comparison)])
        return tuple(counted[rank] for rank in range(len(LEVELS[comparison])))


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What one blocking rule finds in a sample: keys that entries share, and the pairs they make."""

    rule: str
    keys: int
    pairs: int
    largest: int
    over_cap: int


def chance_pairs(
    sample: Sequence[Standard],
    pairs: int,
    is_match: Callable[[Levels], bool],
    draw: random.Random,
) -> Vectors:
    """Vectors of pairs drawn at random: as many entries as make ``pairs`` among themselves, each
    beside as many others from anywhere in the sample. A pair that ``is_match`` knows to be one child
    is a match that chance drew, and is left out.
    """
    found = Vectors()
    size = len(sample)
    if size < 2:
        return found
    pairs = min(pairs, size * (size - 1) // 2)
    anchors = min(size, max(1, round((2 * pairs) ** 0.5)))
    others = max(1, pairs // anchors)
    for anchor in draw.sample(range(size), anchors):
        profile = Profile.of((sample[anchor],))
        for _ in range(others):
            other = draw.randrange(size)
            if other == anchor:
                continue
            levels = compare(sample[other], profile)
            if not is_match(levels):
                found.add(levels)
    return found


def blocked_pairs(sample: Sequence[Standard], pairs: int, cap: int, draw: random.Random) -> Vectors:
    """Vectors of pairs that share a key under a training rule, ``pairs`` of each rule at most."""
    found = Vectors()
    for number, rule in enumerate(TRAINING_RULES):
        blocks = [block for block in _blocks(sample, rule) if len(block) <= cap]
        draw.shuffle(blocks)
        left = pairs
        for block in blocks:
            if left <= 0:
                break
            for one, other in combinations(block, 2):
                found.add(compare(sample[one], Profile.of((sample[other],))), number)
                left -= 1
    return found


def rule_counts(sample: Sequence[Standard], rules: Iterable[str], cap: int) -> list[RuleCount]:
    """Every blocking rule's yield, for the report."""
    counted = []
    for rule in rules:
        sizes = [len(block) for block in _blocks(sample, rule)]
        counted.append(
            RuleCount(
                rule,
                len(sizes),
                sum(size * (size - 1) // 2 for size in sizes),
                max(sizes, default=0),
                sum(size > cap for size in sizes),
            )
        )
    return counted


def _blocks(sample: Sequence[Standard], rule: str) -> Iterator[list[int]]:
    """Entries by shared key, in the order of the sample; keys of one entry alone are left out."""
    by_key: dict[str, list[int]] = {}
    for at, entry in enumerate(sample):
        for key in blocking.keys(entry, (rule,)):
            by_key.setdefault(key, []).append(at)
    return (block for block in by_key.values() if len(block) > 1)
