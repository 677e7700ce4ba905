"""Who is whom among a handful of entries that may speak of the same children.

Cast: a *unit* is one or more entries that say the same and are surely of one child; a *cluster* is a
set of units held to speak of one child; an *edge* is what the best unit of one cluster shows beside
another; a *doubt* is an edge that only a person may decide.

The best edge joins first, then all edges of the joined cluster are weighed anew: evidence is always
about everything a child's records say together. A unit that fits two children who cannot be one
waits until all else is settled, and then stands alone. Nothing depends on the order of arrival, so
clustering a component again with more evidence may part what was joined before.

Guaranteed: two clusters with different firm ID numbers never join, except by a person's ruling; what
a ruling says holds.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

from services.matching.linkage.comparison import Profile
from services.matching.linkage.decisions import Ruling
from services.matching.linkage.judging import (
    Verdict,
    assess,
    contradicts,
    is_sibling,
    judge,
)
from services.matching.linkage.normalization import Standard
from services.matching.linkage.weights import Evidence, Frequency, Model

#: Doubts kept for one cluster: more than a person would look at are no help.
MAX_DOUBTS = 3


@dataclass(frozen=True, slots=True)
class Unit:
    features: Standard
    entries: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Edge:
    """``unit`` is the one, of either cluster, whose evidence this is."""

    evidence: Evidence
    verdict: Verdict
    unit: int


@dataclass(frozen=True, slots=True)
class Partition:
    """Clusters as sets of unit numbers; doubts between two clusters, by number, strongest first."""

    clusters: Sequence[frozenset[int]]
    doubts: Sequence[tuple[int, int, Edge]]


def partition(
    model: Model,
    units: Sequence[Unit],
    rulings: Sequence[Ruling],
    frequency: Frequency,
    whole: Iterable[Collection[UUID]] = (),
) -> Partition:
    """The units' clusters, in an order and of a kind that depend on their content alone.

    The entries of each set in ``whole`` stay together.
    """
    return _Clustering(model, units, rulings, frequency, whole).run()


class _Clustering:
    def __init__(
        self,
        model: Model,
        units: Sequence[Unit],
        rulings: Sequence[Ruling],
        frequency: Frequency,
        whole: Iterable[Collection[UUID]],
    ) -> None:
        self._model = model
        self._units = units
        self._frequency = frequency
        self._names = [min(unit.entries) for unit in units]
        self._numbered: dict[UUID, int] = {e: i for i, u in enumerate(units) for e in u.entries}
        self._apart = self._ruled_apart(rulings)
        self._features = [unit.features for unit in units]
        self._clusters: dict[int, frozenset[int]] = {}
        self._profiles: dict[int, Profile] = {}
        self._edges: dict[tuple[int, int], Edge] = {}
        self._unions: dict[tuple[int, int], bool] = {}
        self._next = 0
        for together in self._held_together(rulings, whole):
            self._open(together)

    def run(self) -> Partition:
        self._features = self._without_foreign_numbers()
        self._profiles.clear()
        for one, other in combinations(sorted(self._clusters), 2):
            self._weigh(one, other)
        while best := self._best():
            self._join(*best)
        numbers = sorted(self._clusters, key=self._name)
        place = {cluster: at for at, cluster in enumerate(numbers)}
        return Partition(
            [self._clusters[cluster] for cluster in numbers],
            [(place[one], place[other], edge) for one, other, edge in self._doubts()],
        )

    # What stays together, and what people ruled

    def _held_together(
        self, rulings: Iterable[Ruling], whole: Iterable[Collection[UUID]]
    ) -> list[frozenset[int]]:
        group = {i: {i} for i in range(len(self._units))}
        same = (ruling.one | ruling.other for ruling in rulings if ruling.same)
        for together in (*whole, *same):
            bound = {self._numbered[e] for e in together if e in self._numbered}
            joined = set().union(*(group[i] for i in bound)) if bound else set()
            for i in joined:
                group[i] = joined
        return sorted({frozenset(g) for g in group.values()}, key=min)

    def _ruled_apart(self, rulings: Iterable[Ruling]) -> frozenset[tuple[int, int]]:
        apart: set[tuple[int, int]] = set()
        for ruling in rulings:
            if not ruling.same:
                ones = {self._numbered[e] for e in ruling.one if e in self._numbered}
                others = {self._numbered[e] for e in ruling.other if e in self._numbered}
                apart.update((i, j) for i in ones for j in others if i != j)
                apart.update((j, i) for i in ones for j in others if i != j)
        return frozenset(apart)

    # Numbers entered for the wrong child

    def _without_foreign_numbers(self) -> list[Standard]:
        """A sibling's number entered for a child says nothing of the child.

        It is foreign where most entries that bear it name somebody else, and the unit, read without
        it, is certainly of a child who bears the unit's very name and cannot be the number's owner.
        """
        read = [unit.features for unit in self._units]
        bearers: dict[str, list[int]] = {}
        for i, features in enumerate(read):
            if features.id_number and features.names:
                bearers.setdefault(features.id_number, []).append(i)
        for number, bearing in sorted(bearers.items()):
            owners, *others = self._by_name(bearing)
            for i in (i for group in others for i in group):
                bare = _without_number(read[i])
                if self._is_of_another(number, owners, bare, bearing):
                    read[i] = bare
        return read

    def _by_name(self, bearing: Sequence[int]) -> list[list[int]]:
        """The units by the name they bear; the group of most entries, the number's owner, first."""
        groups: list[list[int]] = []
        for i in sorted(bearing, key=self._names.__getitem__):
            for group in groups:
                if any(_share_a_name(self._features[i], self._features[j]) for j in group):
                    group.append(i)
                    break
            else:
                groups.append([i])
        return sorted(
            groups,
            key=lambda group: (
                -sum(self._features[i].number_is_firm for i in group),
                -sum(len(self._units[i].entries) for i in group),
                min(self._names[i] for i in group),
            ),
        )

    def _is_of_another(
        self, number: str, owners: Sequence[int], bare: Standard, bearing: Sequence[int]
    ) -> bool:
        owner = Profile.of(self._features[j] for j in owners)
        for j, features in enumerate(self._features):
            if j in bearing or not _share_a_name(bare, features):
                continue
            evidence = assess(self._model, bare, Profile.of((features,)), self._frequency)
            if judge(self._model, evidence) is not Verdict.CERTAIN:
                continue
            if features.number_is_firm and features.id_number != number:
                return True
            if is_sibling(assess(self._model, features, owner, self._frequency)):
                return True
        return False

    # Clusters and edges

    def _open(self, members: frozenset[int]) -> int:
        cluster, self._next = self._next, self._next + 1
        self._clusters[cluster] = members
        return cluster

    def _name(self, cluster: int) -> UUID:
        return min(self._names[i] for i in self._clusters[cluster])

    def _profile(self, cluster: int) -> Profile:
        found = self._profiles.get(cluster)
        if found is None:
            members = sorted(self._clusters[cluster], key=self._names.__getitem__)
            found = self._profiles[cluster] = Profile.of(self._features[i] for i in members)
        return found

    def _how_well_known(self, cluster: int) -> tuple[int, bool, bool, UUID]:
        profile = self._profile(cluster)
        return (
            len(self._clusters[cluster]),
            bool(profile.id_numbers),
            bool(profile.names),
            self._name(cluster),
        )

    def _weigh(self, one: int, other: int) -> None:
        """The edge between two clusters: the best that any unit of the lesser known shows."""
        small, large = sorted((one, other), key=self._how_well_known)
        profile = self._profile(large)
        found: Edge | None = None
        for i in sorted(self._clusters[small], key=self._names.__getitem__):
            evidence = assess(self._model, self._features[i], profile, self._frequency)
            edge = Edge(evidence, judge(self._model, evidence), i)
            if found is None or _rank(edge) > _rank(found):
                found = edge
        if found is not None and found.verdict is not Verdict.SEPARATE:
            self._edges[_pair(one, other)] = found

    def _best(self) -> tuple[int, int] | None:
        """The best edge that may join: certain, between clusters that can be one, and not rivalled
        by another nearly as good that excludes it.
        """
        ranked = sorted(
            (
                (edge.evidence.weight, pair)
                for pair, edge in self._edges.items()
                if edge.verdict is Verdict.CERTAIN and self._can_be_one(*pair)
            ),
            key=lambda found: (-found[0], self._name(found[1][0]), self._name(found[1][1])),
        )
        for weight, pair in ranked:
            if not any(
                set(pair) & set(rival)
                and pair != rival
                and weight - other < self._model.margin
                and not self._can_be_one(*(set(pair) ^ set(rival)))
                for other, rival in ranked
            ):
                return pair
        return None

    def _can_be_one(self, one: int, other: int) -> bool:
        pair = _pair(one, other)
        if pair not in self._unions:
            self._unions[pair] = self._is_free_to_join(*pair)
        return self._unions[pair]

    def _is_free_to_join(self, one: int, other: int) -> bool:
        mine, theirs = self._clusters[one], self._clusters[other]
        if any((i, j) in self._apart for i in mine for j in theirs):
            return False
        a, b = self._profile(one), self._profile(other)
        if a.firm_numbers and b.firm_numbers and set(a.firm_numbers).isdisjoint(b.firm_numbers):
            return False
        return self._fits(mine, b) or self._fits(theirs, a)

    def _fits(self, members: Iterable[int], profile: Profile) -> bool:
        """Whether no member says what a record of the profile's child would not say."""
        return not any(
            contradicts(assess(self._model, self._features[i], profile, self._frequency))
            for i in members
        )

    def _join(self, one: int, other: int) -> None:
        joined = self._open(self._clusters.pop(one) | self._clusters.pop(other))
        self._edges = {
            pair: edge for pair, edge in self._edges.items() if not {one, other} & set(pair)
        }
        for cluster in sorted(self._clusters):
            if cluster != joined:
                self._weigh(cluster, joined)

    def _doubts(self) -> list[tuple[int, int, Edge]]:
        """Edges left, strongest first, none where a ruling has answered, few for any cluster."""
        found: list[tuple[int, int, Edge]] = []
        kept: Counter[int] = Counter()
        ranked = sorted(
            self._edges.items(),
            key=lambda item: (-item[1].evidence.weight, *sorted(map(self._name, item[0]))),
        )
        for (one, other), edge in ranked:
            mine, theirs = self._clusters[one], self._clusters[other]
            ruled = any((i, j) in self._apart for i in mine for j in theirs)
            if not ruled and max(kept[one], kept[other]) < MAX_DOUBTS:
                kept[one] += 1
                kept[other] += 1
                found.append((one, other, edge))
        return found


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _rank(edge: Edge) -> tuple[bool, float]:
    return edge.verdict is Verdict.CERTAIN, edge.evidence.weight


def _share_a_name(one: Standard, other: Standard) -> bool:
    return any(a.text == b.text for a in one.names for b in other.names)


def _without_number(features: Standard) -> Standard:
    stated = features.stated_birth
    return features._replace(
        id_number=None, number_is_firm=False, births=(stated,) if stated else ()
    )
