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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from uuid import UUID

from services.matching.linkage.comparison import (
    Profile,
    are_of_two_papers,
    are_of_two_turns,
    has_other_parents,
    shares_a_family,
    shares_a_parents_name,
)
from services.matching.linkage.decisions import Ruling
from services.matching.linkage.foreign_numbers import Ruled, without_foreign_numbers
from services.matching.linkage.judging import (
    WELL_KNOWN,
    Verdict,
    assess,
    contradicts,
    has_a_tie,
    is_in_one_county,
    is_nameless,
    is_namesake,
    is_one_glyph_off,
    is_told_by_nothing_of_its_own,
    judge,
    may_be_a_twins,
)
from services.matching.linkage.listings import listed_apart
from services.matching.linkage.name_comparison import differ_as_twins_do
from services.matching.linkage.names import WILDCARD, Name
from services.matching.linkage.normalization import Standard
from services.matching.linkage.weights import Evidence, Frequency, Model

#: Doubts kept for one cluster: more than a person would look at are no help.
MAX_DOUBTS = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """``listed``: the marks of its entries (``persons.Sight``)."""

    features: Standard
    entries: frozenset[UUID]
    listed: frozenset[int] = frozenset()


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
        self._features, self._contested, self._a_glyph_off = without_foreign_numbers(
            model,
            [unit.features for unit in units],
            [unit.entries for unit in units],
            [unit.listed for unit in units],
            Ruled(self._held_together(rulings, ()), self._apart),
            frequency,
        )
        self._clusters: dict[int, frozenset[int]] = {}
        self._profiles: dict[int, Profile] = {}
        self._assessed: dict[tuple[int, int], Evidence] = {}
        self._edges: dict[tuple[int, int], Edge] = {}
        self._unions: dict[tuple[int, int], bool] = {}
        self._next = 0
        groups = self._held_together(rulings, chain(whole, self._of_one_paper()))
        for together in groups:
            self._open(together)
        self._listed = listed_apart([unit.listed for unit in units], self._features, groups)

    def run(self) -> Partition:
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

    def _of_one_paper(self) -> Iterable[Collection[UUID]]:
        """Entries that state one number, which nothing contradicts, with one name: weighing them could only join them."""
        bearing: dict[tuple[str, str], list[int]] = {}
        parted = {i for pair in self._apart for i in pair}
        for i, said in enumerate(self._features):
            if said.id_number and said.number_is_firm and i not in parted:
                for name in said.names:
                    if WILDCARD not in name.text:
                        bearing.setdefault((said.id_number, name.text), []).append(i)
        for alike in bearing.values():
            if len(alike) > 1:
                yield [self._names[i] for i in alike]

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
            found = self._profiles[cluster] = self._together(self._clusters[cluster])
        return found

    def _together(self, members: Iterable[int]) -> Profile:
        ordered = sorted(members, key=self._names.__getitem__)
        return Profile.of(self._features[i] for i in ordered)

    def _assess(self, unit: int, cluster: int) -> Evidence:
        """What a unit shows beside a cluster: asked again and again, so weighed once."""
        found = self._assessed.get((unit, cluster))
        if found is None:
            profile = self._profile(cluster)
            found = assess(self._model, self._features[unit], profile, self._frequency)
            self._assessed[unit, cluster] = found
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
        found: Edge | None = None
        for i in sorted(self._clusters[small], key=self._names.__getitem__):
            evidence = self._assess(i, large)
            edge = Edge(evidence, self._verdict(evidence, i, small, large), i)
            if found is None or _rank(edge) > _rank(found):
                found = edge
        if found is None:
            return
        # Both who may own a contested number are kept in sight: without the one, the other would have it.
        contested = self._is_contested(one) or self._is_contested(other)
        if found.verdict is not Verdict.SEPARATE or (contested and is_namesake(found.evidence)):
            verdict = Verdict.POSSIBLE if contested else found.verdict
            self._edges[_pair(one, other)] = Edge(found.evidence, verdict, found.unit)

    def _is_contested(self, cluster: int) -> bool:
        return bool(self._contested) and self._clusters[cluster] <= self._contested

    def _verdict(self, evidence: Evidence, unit: int, small: int, large: int) -> Verdict:
        """What the evidence allows, given how well the child is known."""
        verdict = judge(self._model, evidence)
        if verdict is Verdict.CERTAIN and is_one_glyph_off(evidence):
            both = self._clusters[small] | self._clusters[large]
            return Verdict.CERTAIN if both.isdisjoint(self._a_glyph_off) else Verdict.POSSIBLE
        if verdict is Verdict.CERTAIN and may_be_a_twins(evidence):
            known = max(self._entries(small), self._entries(large))
            if known < WELL_KNOWN and self._may_be_twins(small, large):
                return Verdict.POSSIBLE
            if self._is_listed_beside(small, large) or self._is_listed_beside(large, small):
                return Verdict.POSSIBLE
        elif verdict is Verdict.POSSIBLE and is_nameless(evidence):
            features, profile = self._features[unit], self._profile(large)
            named = bool(features.names or profile.names)
            strong = evidence.weight >= self._model.certain
            if named and strong and self._is_of_the_family(evidence, features, profile):
                return Verdict.CERTAIN
        return verdict

    @staticmethod
    def _is_of_the_family(evidence: Evidence, features: Standard, profile: Profile) -> bool:
        """Whether nobody else's newborn could have this family: one tie is enough, or a parent's name in one county, unless
        parents or a number are others'.
        """
        if shares_a_family(features, profile):
            return True
        numbers = profile.id_numbers if features.names else features.id_number
        if numbers or has_other_parents(features, profile):
            return False
        if has_a_tie(evidence) or not features.homes.isdisjoint(profile.homes):
            return True
        return is_in_one_county(evidence) and shares_a_parents_name(features, profile)

    def _may_be_twins(self, one: int, other: int) -> bool:
        mine, theirs = self._profile(one).names, self._profile(other).names
        return any(differ_as_twins_do(a, b) for a in mine for b in theirs)

    def _entries(self, cluster: int) -> int:
        return sum(len(self._units[i].entries) for i in self._clusters[cluster])

    def _best(self) -> tuple[int, int] | None:
        """The best edge that may join: certain, between clusters that can be one, and not rivalled
        by another nearly as good that excludes it. Where the family alone speaks, any other excludes
        it: the family must have one such child. Where the name only resembles, whoever bears the very name does.
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
            near = [rival for other, rival in ranked if weight - other < self._model.margin]
            rivals = self._rivals(pair, near)
            if not any(rival != pair and self._exclude(pair, rival) for rival in rivals):
                return pair
        return None

    def _rivals(
        self, pair: tuple[int, int], near: Iterable[tuple[int, int]]
    ) -> Iterable[tuple[int, int]]:
        """The edges that may speak against one; those ``near`` weigh nearly as much, or more.

        Twins share all but the name, so whoever bears the very name goes before whose name only resembles it, whatever
        their family, homes and schools weigh.
        """
        evidence = self._edges[pair].evidence
        if is_told_by_nothing_of_its_own(evidence):
            return [rival for rival in self._edges if set(pair) & set(rival)]
        if may_be_a_twins(evidence):
            return chain(
                near, (rival for rival in self._edges if self._bears_the_very_name(pair, rival))
            )
        if self._is_of_one_name(pair):
            return (rival for rival in near if not may_be_a_twins(self._edges[rival].evidence))
        return near

    def _is_of_one_name(self, pair: tuple[int, int]) -> bool:
        return self._edges[pair].evidence.level("name") == "exact"

    def _bears_the_very_name(self, pair: tuple[int, int], rival: tuple[int, int]) -> bool:
        """Whether one of a pair, whose names only resemble each other, may be a child of its very name and birth date."""
        if not set(pair) & set(rival) or not self._is_of_one_name(rival):
            return False
        return self._edges[rival].evidence.level("birth") == "exact" and self._can_be_one(*rival)

    def _exclude(self, pair: tuple[int, int], rival: tuple[int, int]) -> bool:
        """Whether only one of two edges that meet in a cluster can hold: their ends cannot be one, and
        the cluster in the middle does not bind them, as a child's number binds its two names.
        """
        if not set(pair) & set(rival):
            return False
        one, other = set(pair) ^ set(rival)
        if self._can_be_one(one, other):
            return False
        (middle,) = set(pair) & set(rival)
        return not (self._is_bound(one, other, middle) or self._is_bound(other, one, middle))

    def _is_bound(self, one: int, other: int, middle: int) -> bool:
        """Whether one belongs to what the other and the middle say together."""
        if self._are_apart(one, other):
            return False
        joined = self._together(self._clusters[one] | self._clusters[middle])
        return not any(
            contradicts(assess(self._model, self._features[i], joined, self._frequency))
            for i in self._clusters[other]
        )

    def _can_be_one(self, one: int, other: int) -> bool:
        pair = _pair(one, other)
        if pair not in self._unions:
            self._unions[pair] = self._is_free_to_join(*pair)
        return self._unions[pair]

    def _is_free_to_join(self, one: int, other: int) -> bool:
        if self._are_apart(one, other):
            return False
        return self._fits(one, other) or self._fits(other, one)

    def _are_listed_apart(self, one: int, other: int) -> bool:
        theirs = self._clusters[other]
        return any(not theirs.isdisjoint(others) for others in self._beside(one))

    def _is_listed_beside(self, one: int, other: int) -> bool:
        """Whether a register listed, beside the one, somebody who bears the other's name: the other, most likely."""
        borne = set(self._profile(other).names)
        told = (names for others in self._beside(one) for names in others.values())
        return any(not borne.isdisjoint(names) for names in told)

    def _beside(self, cluster: int) -> Iterator[Mapping[int, set[Name]]]:
        return (self._listed[i] for i in self._clusters[cluster] if i in self._listed)

    def _are_apart(self, one: int, other: int) -> bool:
        return (
            self._are_ruled_apart(one, other)
            or self._clash(one, other)
            or self._are_two_newborns(one, other)
            or self._are_listed_apart(one, other)
        )

    def _are_ruled_apart(self, one: int, other: int) -> bool:
        mine, theirs = self._clusters[one], self._clusters[other]
        return bool(self._apart) and any((i, j) in self._apart for i in mine for j in theirs)

    def _clash(self, one: int, other: int) -> bool:
        mine, theirs = self._profile(one).firm_numbers, self._profile(other).firm_numbers
        return bool(mine and theirs) and set(mine).isdisjoint(theirs)

    def _are_two_newborns(self, one: int, other: int) -> bool:
        """Whether one of them names nobody, and both have birth certificates, or turns at one birth, none in common."""
        mine, theirs = self._profile(one), self._profile(other)
        if mine.names and theirs.names:
            return False
        if are_of_two_papers(mine.documents, theirs.documents):
            return True
        if not are_of_two_turns(mine.turns, theirs.turns):
            return False
        return not set(mine.births).isdisjoint(theirs.births)

    def _fits(self, one: int, other: int) -> bool:
        """Whether nothing in one says what a record of the other's child would not say."""
        return not any(contradicts(self._assess(i, other)) for i in self._clusters[one])

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
