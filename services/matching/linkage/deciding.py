"""Each new entry's person.

Entries of one batch see each other. An entry whose number and name a person bears joins it; one that
resembles nobody founds a person; one that certainly belongs to a single, undisputed person joins
that. All others are decided together with every person they resemble: their entries are clustered
afresh (clustering.py), which may move entries that were placed long ago.

Guaranteed: equal input gives equal decisions, whatever the order of the entries in a batch.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import combinations
from uuid import UUID

from services.matching.linkage.candidates import worth_comparing
from services.matching.linkage.clustering import Edge, Partition, Unit, partition
from services.matching.linkage.comparison import Profile, are_of_two_papers, are_of_two_turns
from services.matching.linkage.components import Component, combine, combine_alike, combine_ruled
from services.matching.linkage.decisions import (
    Doubt,
    Known,
    NewEntry,
    Outcome,
    Placement,
)
from services.matching.linkage.facets import packed
from services.matching.linkage.identities import founded_by, identities
from services.matching.linkage.judging import (
    Verdict,
    assess,
    is_far_in_age,
    is_related,
    is_twin,
    judge,
    may_be_a_twins,
)
from services.matching.linkage.name_comparison import are_two_names, compare_names
from services.matching.linkage.normalization import Standard
from services.matching.linkage.persons import Card, Person, Sight
from services.matching.linkage.weights import Evidence, Frequency, Model, uncounted

#: Units clustered at once at most: beyond, the persons least like the entry are left out.
MAX_UNITS = 80

#: A person of more cards than this is looked at as one: what so many records say together, no further record parts.
MOST_PARTED = 24

KeysOf = Callable[[Standard], Sequence[int]]
"""The hashed blocking texts of an entry's features."""


def decide(
    model: Model,
    entries: Sequence[NewEntry],
    known: Known,
    keys_of: KeysOf,
    frequency: Frequency = uncounted,
    disturbed: Sequence[Collection[UUID]] = (),
    again: int = 1,
) -> Outcome:
    """Place the entries; cluster each group of ``disturbed`` persons afresh whatever they show.

    ``again`` is a number never used before, for the id of a person parted from another.
    """
    batch = _Batch(model, known, keys_of, frequency, again)
    for new in entries:
        batch.take_out(new)
    for person in sorted({person for group in disturbed for person in group}):
        batch.count_keys(person)
    waiting = [new for new in sorted(entries, key=_best_known_first) if not batch.place(new)]
    batch.cluster(waiting, disturbed)
    return batch.outcome()


def _best_known_first(new: NewEntry) -> tuple[bool, bool, bool, UUID]:
    features = new.features
    return features.id_number is None, not features.names, not features.births, new.entry


def _unsettles(evidence: Evidence, person: Person) -> bool:
    """Whether a twin turns up beside a person that took in entries which name nobody."""
    return is_twin(evidence) and person.has_nameless


def _may_hold_two(new: NewEntry, person: Person, evidence: Evidence) -> bool:
    """Whether what bound the person's records, while nobody told of a twin or a brother, is to be looked at one by one: two names
    here are one glyph apart, as twins' are; the birth date is far off, and one of several names agrees; or two birth
    certificates, or turns, are of newborns.
    """
    profile = person.profile
    names = {*new.features.names, *profile.names}
    if any(compare_names(a, b) == "one_glyph" for a, b in combinations(names, 2)):
        return True
    if len(names) > 1 and is_far_in_age(evidence):
        return True
    if new.features.turn and are_of_two_turns((new.features.turn,), profile.turns):
        return True
    papers = (new.features.document,) if new.features.document else ()
    return are_of_two_papers(papers, profile.documents) and person.has_nameless


def _may_be_listed_apart(new: NewEntry, person: Person) -> bool:
    """Whether the person bears another name, as a twin's would be, and a register listed both in one season: to be looked at
    record by record."""
    others = person.profile.names
    if not new.listed or (len(others) == 1 and others == new.features.names):
        return False
    differ = any(are_two_names(a, b) for a in new.features.names for b in others)
    return differ and not person.listed.isdisjoint(new.listed)


class _Batch:
    """The persons near one batch while its entries find their places."""

    def __init__(
        self, model: Model, known: Known, keys_of: KeysOf, frequency: Frequency, again: int
    ) -> None:
        self._model = model
        self._keys_of = keys_of
        self._frequency = frequency
        self._rivals = {person: set(rivals) for person, rivals in known.rivals.items()}
        self._rulings = known.rulings
        self._bound = {e for ruling in known.rulings for e in ruling.one | ruling.other}
        self._parted = {e for r in known.rulings if not r.same for e in r.one | r.other}
        self._ended = set(known.ended)
        self._again = again
        self._persons = dict(known.persons)
        self._by_key = known.by_key
        self._weighed = dict(known.weighed)
        self._nearest = known.nearest
        self._found_here: dict[int, list[UUID]] = {}
        self._stood: dict[UUID, UUID] = {}
        """Where entries stood before this batch, as far as it had to know."""
        self._placements: dict[UUID, Placement] = {}
        self._changed: set[UUID] = set()
        self._joined: dict[UUID, UUID] = {}
        self._reviewed: set[UUID] = set()
        self._doubts: list[Doubt] = []

    def outcome(self) -> Outcome:
        return Outcome(
            self._placements,
            {person: self._persons[person] for person in sorted(self._changed)},
            self._joined,
            frozenset(self._reviewed),
            self._doubts,
        )

    def take_out(self, new: NewEntry) -> None:
        """An entry that is told anew leaves its person until it is placed again."""
        if new.person is not None and (person := self._persons.get(new.person)):
            self._stood[new.entry] = new.person
            person.remove(new.entry)
            self.count_keys(new.person)

    def count_keys(self, person: UUID) -> None:
        """Keep only the keys of what a person's entries still say."""
        found = self._persons[person]
        found.keys = {key for features in found.cards for key in self._keys_of(features)}
        self._changed.add(person)

    # One entry at a time

    def place(self, new: NewEntry) -> bool:
        """Place the entry if that needs no second look at any other; whether it was placed."""
        if new.person is not None or new.entry in self._bound:
            return False
        related: list[tuple[Person, Evidence, Verdict]] = []
        best: tuple[Person, Evidence] | None = None
        for person in self._candidates(new):
            evidence = self._weigh(new, person)
            verdict = judge(self._model, evidence)
            if is_related(evidence, verdict) or _unsettles(evidence, person):
                related.append((person, evidence, verdict))
            elif best is None or evidence.weight > best[1].weight:
                best = (person, evidence)
        if not related:
            self._found(new, best)
            return True
        if len(related) > 1:
            return False
        person, evidence, verdict = related[0]
        if verdict is not Verdict.CERTAIN or person.doubtful or may_be_a_twins(evidence):
            return False
        if _may_hold_two(new, person, evidence) or _may_be_listed_apart(new, person):
            return False
        self._join(new, person, evidence)
        return True

    def _weigh(self, new: NewEntry, person: Person) -> Evidence:
        profile = person.profile
        before = self._weighed.get((new.entry, person.person))
        if before is not None and before[0] is profile:
            return before[1]
        evidence = assess(self._model, new.features, profile, self._frequency)
        self._weighed[new.entry, person.person] = profile, evidence
        return evidence

    def _candidates(self, new: NewEntry) -> list[Person]:
        """Persons sharing the most keys with the entry, as many as the model compares."""
        if (nearest := self._nearest_still(new)) is not None:
            return nearest
        shared = worth_comparing(
            self._by_key, self._found_here, new.sought, self._model.alone, new.faint
        )
        persons = self._persons
        living = [person for person in shared if person in persons and persons[person].size]
        if len(living) > 1:
            living.sort(key=lambda person: (-shared[person], person))
        return [persons[person] for person in living[: self._model.candidates]]

    def _nearest_still(self, new: NewEntry) -> list[Person] | None:
        """What was found before the batch, if nothing in it makes a difference."""
        nearest = self._nearest.get(new.entry)
        if nearest is None or not self._found_here.keys().isdisjoint(new.sought):
            return None
        living = [one for id_ in nearest if (one := self._persons.get(id_)) and one.size]
        return living if len(living) == len(nearest) else None

    def _found(self, new: NewEntry, best: tuple[Person, Evidence] | None) -> None:
        person = Person(self._home(new.entry, known=new.is_known))
        self._persons[person.person] = person
        self._add(new, person)
        against, evidence = (best[0].person, best[1]) if best else (None, None)
        self._placements[new.entry] = Placement(
            new.entry, person.person, certain=True, against=against, evidence=evidence
        )

    def _home(self, entry: UUID, *, known: bool) -> UUID:
        """The person that an entry founds: the one it once founded if nobody else went on as that."""
        home = founded_by(entry)
        free = home in self._ended or not known
        return home if free and home not in self._persons else founded_by(entry, self._again)

    def _join(self, new: NewEntry, person: Person, evidence: Evidence) -> None:
        self._add(new, person)
        self._placements[new.entry] = Placement(
            new.entry, person.person, certain=True, against=person.person, evidence=evidence
        )

    def _add(self, new: NewEntry, person: Person) -> None:
        known = person.keys
        for key in new.keys:
            if key not in known:
                self._found_here.setdefault(key, []).append(person.person)
        person.put(new.said, {new.entry: Sight(new.arrival, new.listed)})
        person.keys.update(new.keys)
        self._changed.add(person.person)

    # Many entries together

    def cluster(self, waiting: Sequence[NewEntry], disturbed: Sequence[Collection[UUID]]) -> None:
        """Cluster what waits with all it resembles, one component after the other."""
        found: list[Component] = []
        for group in disturbed:
            combine(found, Component(self._with_rivals(group), []), self._size, MAX_UNITS)
        for new in waiting:
            combine(found, Component(self._resembled(new), [new]), self._size, MAX_UNITS)
        combine_ruled(found, self._rulings)
        combine_alike(found, waiting, self._are_alike, self._size, MAX_UNITS)
        for component in found:
            self._cluster(component.persons, component.entries)

    def _resembled(self, new: NewEntry) -> set[UUID]:
        found = [new.person] if new.person else []
        room = MAX_UNITS
        for person in self._candidates(new):
            evidence = self._weigh(new, person)
            related = is_related(evidence, judge(self._model, evidence))
            if room > 0 and (related or _unsettles(evidence, person)):
                found.append(person.person)
                room -= self._units_of(person)
        return self._with_rivals(found, {new.entry})

    def _are_alike(self, one: NewEntry, other: NewEntry) -> bool:
        evidence = assess(self._model, one.features, Profile.of((other.features,)), self._frequency)
        return is_related(evidence, judge(self._model, evidence))

    def _size(self, component: Component) -> int:
        known = sum(self._units_of(self._persons[p]) for p in component.persons)
        return known + len(component.entries)

    def _units_of(self, person: Person) -> int:
        """How many units a person adds to what is clustered."""
        return 1 if self._is_whole(person) else person.size

    def _is_whole(self, person: Person) -> bool:
        """Whether the person's entries stay together: they are many, and nobody ruled that some are of another child."""
        return person.size > MOST_PARTED and self._parted.isdisjoint(person.entries)

    def _with_rivals(self, persons: Collection[UUID], entries: Collection[UUID] = ()) -> set[UUID]:
        """The persons, and those whom open reviews or rulings tie to them or to the entries."""
        found = set(persons)
        found |= self._rivals_of(found)
        # Theirs, too: who else may own a number that is in doubt must be seen, or the one at hand has it.
        room = MAX_UNITS - sum(
            self._units_of(self._persons[p]) for p in found & self._persons.keys()
        )
        for rival in sorted((self._rivals_of(found) - found) & self._persons.keys()):
            if (room := room - self._units_of(self._persons[rival])) < 0:
                break
            found.add(rival)
        if self._bound:
            mine = {e for p in persons if p in self._persons for e in self._persons[p].entries}
            found |= self._ruled_same_as(mine | set(entries))
        return {person for person in found if person in self._persons}

    def _rivals_of(self, persons: Collection[UUID]) -> set[UUID]:
        return {rival for person in persons for rival in self._rivals.get(person, ())}

    def _ruled_same_as(self, entries: set[UUID]) -> set[UUID]:
        """Persons with an entry that a ruling says is of the same child as one of the entries."""
        same = {
            e
            for ruling in self._rulings
            if ruling.same and not entries.isdisjoint(ruling.one | ruling.other)
            for e in ruling.one | ruling.other
        }
        return {p.person for p in self._persons.values() if not same.isdisjoint(p.entries)}

    def _cluster(self, persons: set[UUID], entries: Sequence[NewEntry]) -> None:
        sights: Card = {}
        stood: dict[UUID, UUID] = {}
        said: dict[Standard, list[UUID]] = {}
        whole: list[set[UUID]] = []
        for person in sorted(persons):
            if self._is_whole(self._persons[person]):
                whole.append(set(self._persons[person].entries))
            for features, card in self._persons[person].cards.items():
                said.setdefault(features, []).extend(card)
                sights |= card
                stood |= dict.fromkeys(card, person)
        for new in entries:
            said.setdefault(new.features, []).append(new.entry)
            sights[new.entry] = Sight(new.arrival, new.listed)
            if new.entry in self._stood:
                stood[new.entry] = self._stood[new.entry]
        units = list(self._units(said, sights))
        found = partition(self._model, units, self._rulings, self._frequency, whole)
        fresh = {new.entry for new in entries if not new.is_known}
        keys = {new.entry: new.keys for new in entries}
        self._apply(units, found, sights, stood, keys, persons, fresh)

    def _units(self, said: dict[Standard, list[UUID]], sights: Card) -> Iterable[Unit]:
        """What says the same is one unit where that is enough to know the child by, and nobody ruled
        otherwise.
        """
        for features, entries in said.items():
            whole = len(entries) == 1
            if not whole and self._parted.isdisjoint(entries):
                alike = assess(self._model, features, Profile.of((features,)), self._frequency)
                whole = judge(self._model, alike) is Verdict.CERTAIN
            if whole:
                listed = [mark for entry in entries for mark in sights[entry].listed]
                yield Unit(features, frozenset(entries), frozenset(listed))
            else:
                for entry in entries:
                    yield Unit(features, frozenset((entry,)), frozenset(sights[entry].listed))

    def _apply(
        self,
        units: Sequence[Unit],
        found: Partition,
        sights: Card,
        stood: dict[UUID, UUID],
        new: Mapping[UUID, Sequence[int]],
        persons: set[UUID],
        fresh: set[UUID],
    ) -> None:
        """Give the clusters their persons, and note who moved; ``new`` are the keys of each new entry."""
        clusters = [[units[i] for i in sorted(c)] for c in found.clusters]
        members = [{e for unit in cluster for e in unit.entries} for cluster in clusters]
        ids = identities(
            members, sights, stood, lambda oldest: self._home(oldest, known=oldest not in fresh)
        )
        here = persons | set(ids)
        for person_id in here & self._rivals.keys():
            self._rivals[person_id] -= here
        doubtful = {at for one, other, _ in found.doubts for at in (one, other)}
        waiting = {e for *_, edge in found.doubts for e in units[edge.unit].entries}
        before = {p: (self._persons[p], self._persons[p].entries.keys()) for p in persons}
        for at, cluster in enumerate(clusters):
            person = Person(ids[at])
            for unit in cluster:
                person.put(packed(unit.features), {e: sights[e] for e in sorted(unit.entries)})
            elsewhere = bool(self._rivals.get(person.person))
            bound = not self._bound.isdisjoint(members[at])
            person.doubtful = at in doubtful or elsewhere or bound
            self._renew(person, cluster, before, members[at], new)
            for unit in cluster:
                for entry in unit.entries:
                    if entry in new or stood.get(entry) != person.person:
                        self._placements[entry] = self._placement(
                            entry, person, unit, cluster, entry not in waiting
                        )
                    elif (was := self._placements.get(entry)) is not None:
                        self._placements[entry] = Placement(
                            entry, person.person, entry not in waiting, was.against, was.evidence
                        )
        for person_id in persons - set(ids):
            ended = Person(person_id)
            self._persons[person_id] = ended
            self._changed.add(person_id)
            moved = [(sights[e].arrival, at) for at, m in enumerate(members) for e in m
                     if stood.get(e) == person_id]  # fmt: skip
            if moved:
                self._joined[person_id] = ids[min(moved)[1]]
        self._reviewed |= here
        self._doubts = [d for d in self._doubts if not {d.one, d.other} <= here]
        for one, other, edge in found.doubts:
            self._rivals.setdefault(ids[one], set()).add(ids[other])
            self._rivals.setdefault(ids[other], set()).add(ids[one])
            sides = self._sides(ids, units, found, one, other, edge)
            self._doubts.append(Doubt(*sides, edge.evidence))

    @staticmethod
    def _sides(
        ids: Sequence[UUID],
        units: Sequence[Unit],
        found: Partition,
        one: int,
        other: int,
        edge: Edge,
    ) -> tuple[UUID, UUID, UUID]:
        if edge.unit in found.clusters[other]:
            one, other = other, one
        return ids[one], ids[other], min(units[edge.unit].entries)

    def _renew(
        self,
        person: Person,
        cluster: Sequence[Unit],
        before: Mapping[UUID, tuple[Person, Collection[UUID]]],
        members: set[UUID],
        new: Mapping[UUID, Sequence[int]],
    ) -> None:
        """Put a person's new state in place of what it was, unless it is the same; ``before`` are the persons that were
        clustered, and their entries.
        """
        was, entries = before.get(person.person, (None, ()))
        if (
            was is not None
            and was.doubtful == person.doubtful
            and members.isdisjoint(new)
            and entries == members
        ):
            return
        # Whoever is here whole brings the keys along.
        whole = [(one, theirs) for one, theirs in before.values() if members.issuperset(theirs)]
        person.keys = {key for one, _ in whole for key in one.keys}
        brought = {entry for _, theirs in whole for entry in theirs}
        for unit in cluster:
            for entry in unit.entries - brought:
                person.keys.update(new.get(entry) or self._keys_of(unit.features))
        for key in person.keys - (was.keys if was else set()):
            self._found_here.setdefault(key, []).append(person.person)
        self._persons[person.person] = person
        self._changed.add(person.person)

    def _placement(
        self, entry: UUID, person: Person, unit: Unit, cluster: Sequence[Unit], certain: bool
    ) -> Placement:
        rest = [u.features for u in cluster if u is not unit]
        if not rest:
            return Placement(entry, person.person, certain)
        evidence = assess(self._model, unit.features, Profile.of(rest), self._frequency)
        return Placement(entry, person.person, certain, person.person, evidence)
