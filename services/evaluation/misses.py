"""What went wrong, by cause: the errors that the truth names, and the comparison levels that decided.

Cast: a *fault* is one entry standing apart from most of its child (``missed``), or within a person
that is mostly another child (``twin``, ``sibling``, ``other``); its *levels* are those of the entry
beside the person it should, or should not, have joined, as the linker would weigh them now.

Only levels, weights and names of errors are told; values are, where the corpus is invented and the
caller asks.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.evaluation.corpus import Corpus
from services.evaluation.merges import Kind, Kinship
from services.evaluation.outcome import Outcome
from services.evaluation.truth import Truth
from services.matching.linkage.comparison import COMPARISONS, Profile
from services.matching.linkage.judging import assess, judge
from services.matching.linkage.normalization import Features, standardise
from services.matching.links.linker import Linker

SAMPLED = 3000
_EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """An entry, the entries it was to be held against, and what kind of fault it is."""

    kind: str
    entry: UUID
    others: tuple[UUID, ...]


@dataclass(slots=True)
class Group:
    """Faults of one kind whose comparisons came out alike."""

    kind: str
    levels: tuple[str, ...]
    verdict: str
    count: int = 0
    weights: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[Features, list[Features]]] = field(default_factory=list)

    def differing(self) -> str:
        """The levels that say something, as ``comparison=level``."""
        named = zip(COMPARISONS, self.levels, strict=True)
        return " ".join(f"{name}={level}" for name, level in named if level != "missing")


@dataclass(frozen=True, slots=True)
class Rate:
    """Of the pairs that records with one error are part of: how many were missed, and how many
    wrong pairs such records are part of.
    """

    error: str
    records: int
    pairs: int
    missed: int
    wrong: int

    @property
    def missed_share(self) -> float:
        return self.missed / self.pairs if self.pairs else 0.0


@dataclass(frozen=True, slots=True)
class Misses:
    """``rates`` by error, most missed pairs first; ``groups`` of a sample, kind by kind, largest
    first."""

    rates: tuple[Rate, ...]
    groups: tuple[Group, ...]
    faults: int
    sampled: int


def examine(
    corpus: Corpus, truth: Truth, kin: Kinship, outcome: Outcome, linker: Linker, shown: int
) -> Misses:
    """The causes of all faults, and of a sample of them the ``shown`` largest groups of each kind."""
    faults = list(_faults(outcome, kin))
    sample = faults
    if len(faults) > SAMPLED:
        sample = random.Random(0).sample(faults, SAMPLED)  # noqa: S311  (no secret)
    groups = sorted(_groups(corpus, truth, linker, sample), key=lambda group: -group.count)
    kinds = ("missed", *map(str, Kind))
    shown_groups = [g for kind in kinds for g in [g for g in groups if g.kind == kind][:shown]]
    return Misses(tuple(_rates(truth, outcome)), tuple(shown_groups), len(faults), len(sample))


def _rates(truth: Truth, outcome: Outcome) -> list[Rate]:
    children, persons = Counter(outcome.children), Counter(outcome.persons)
    placed = list(zip(outcome.children, outcome.persons, strict=True))
    both = Counter(placed)
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for entry, (child, person) in zip(outcome.entries, placed, strict=True):
        together = both[child, person]
        told = (1, children[child] - 1, children[child] - together, persons[person] - together)
        for error in truth.errors_of(entry) or ("(none)",):
            sums[error] = [a + b for a, b in zip(sums[error], told, strict=True)]
    rates = [Rate(error, *counts) for error, counts in sums.items()]
    return sorted(rates, key=lambda rate: (-rate.missed, rate.error))


def _faults(outcome: Outcome, kin: Kinship) -> Iterator[Fault]:
    by_child: dict[int, dict[int, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    by_person: dict[int, dict[int, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    placed = zip(outcome.entries, outcome.children, outcome.persons, strict=True)
    for entry, child, person in placed:
        by_child[child][person].append(entry)
        by_person[person][child].append(entry)
    for parts in by_child.values():
        yield from _apart("missed", sorted(parts.values(), key=len, reverse=True))
    for parts in by_person.values():
        if len(parts) > 1:
            kinds = kin.kinds(parts)
            largest, *others = sorted(parts, key=lambda child: len(parts[child]), reverse=True)
            for child in others:
                yield from _apart(kinds[child], [parts[largest], parts[child]])


def _apart(kind: str, parts: Sequence[list[UUID]]) -> Iterator[Fault]:
    """Every entry outside the largest part, held against that part."""
    for part in parts[1:]:
        for entry in part:
            yield Fault(kind, entry, tuple(parts[0]))


def _groups(corpus: Corpus, truth: Truth, linker: Linker, faults: Sequence[Fault]) -> list[Group]:
    wanted = {entry for fault in faults for entry in (fault.entry, *fault.others)}
    features = {entry: record.features for entry, record in corpus.newest(wanted).items()}
    groups: dict[tuple[str, tuple[str, ...]], Group] = {}
    for fault in faults:
        one = standardise(features[fault.entry])
        others = [features[entry] for entry in fault.others]
        profile = Profile.of(standardise(other) for other in others)
        evidence = assess(linker.model, one, profile, linker.frequency)
        verdict = judge(linker.model, evidence).value
        key = fault.kind, evidence.levels
        group = groups.setdefault(key, Group(fault.kind, evidence.levels, verdict))
        group.count += 1
        group.weights.append(evidence.weight)
        group.errors.update(truth.errors_of(fault.entry) or ("(none)",))
        if len(group.examples) < _EXAMPLES:
            group.examples.append((features[fault.entry], others))
    return list(groups.values())
