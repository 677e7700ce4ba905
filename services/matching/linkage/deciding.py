"""Each new entry's person.

Entries of one batch see each other. Sure cases (the same valid ID number under an agreeing name)
are settled before anything is weighed; then the best known entries found persons first, so that the
poorly known ones find them. An entry joins one person; where it proves two persons to be one, the
smaller is joined to the larger. A doubtful entry gets a person of its own and reviews.

Guaranteed: equal input, in any order, gives equal decisions.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from services.matching.linkage.comparison import Profile
from services.matching.linkage.decisions import Decision, Doubt, Known, NewEntry, Outcome
from services.matching.linkage.judging import (
    AGREEING_NAMES,
    Verdict,
    assess,
    is_sure,
    judge,
    rests_on_papers,
)
from services.matching.linkage.normalization import Standard
from services.matching.linkage.weights import Evidence, Frequency, Model, uncounted

_FOUNDED = UUID("6b1f4e0a-0a5c-5a7e-9d0c-2f5a3c1b7e44")
_MAX_REVIEWS = 3


def founded_by(entry: UUID, version: int) -> UUID:
    """The id of the person that an entry founds: the same on every replay."""
    return uuid5(_FOUNDED, f"{entry}:{version}")


def decide(
    model: Model, entries: Sequence[NewEntry], known: Known, frequency: Frequency = uncounted
) -> Outcome:
    batch = _Batch(model, frequency, known)
    for new in entries:
        if new.person is not None:
            batch.take_out(new.person, new.entry)
    ordered = sorted(entries, key=_best_known_first)
    waiting = [new for new in ordered if not batch.settle(new)]
    for new in waiting:
        if not batch.settle(new):
            batch.weigh(new)
    return Outcome(
        tuple(batch.final(new.entry) for new in entries),
        tuple(batch.moved[entry] for entry in sorted(batch.moved)),
        {person: batch.standing(person) for person in sorted(batch.joined)},
    )


def search(
    model: Model,
    features: Standard,
    keys: Sequence[Hashable],
    known: Known,
    frequency: Frequency = uncounted,
) -> list[tuple[UUID, Evidence]]:
    """The persons whom the features may describe, likeliest first; nothing is decided."""
    batch = _Batch(model, frequency, known)
    new = NewEntry(UUID(int=0), 0, features, keys)
    found = [(person, batch.assess(features, person)) for person in batch.candidates(new)]
    return sorted(found, key=lambda pair: (-pair[1].weight, pair[0]))


def _best_known_first(new: NewEntry) -> tuple[bool, bool, bool, UUID]:
    features = new.features
    return features.id_number is None, not features.names, not features.births, new.entry


class _Batch:
    """The persons near one batch while its entries find their places."""

    def __init__(self, model: Model, frequency: Frequency, known: Known) -> None:
        self.decided: dict[UUID, Decision] = {}
        self.moved: dict[UUID, Decision] = {}
        self.joined: dict[UUID, UUID] = {}
        self._model = model
        self._frequency = frequency
        self._members = {person: dict(members) for person, members in known.members.items()}
        self._profiles: dict[UUID, Profile] = {}
        self._by_key = {key: list(persons) for key, persons in known.by_key.items()}
        self._by_number: dict[str, set[UUID]] = {}
        for person, members in self._members.items():
            for features in members.values():
                self._remember_number(person, features)

    def final(self, entry: UUID) -> Decision:
        """The entry's decision, its doubts naming persons that still stand apart from its own."""
        decision = self.decided[entry]
        doubts = (replace(doubt, person=self.standing(doubt.person)) for doubt in decision.doubts)
        return replace(decision, doubts=tuple(d for d in doubts if d.person != decision.person))

    def standing(self, person: UUID) -> UUID:
        """The person that this one has become."""
        while person in self.joined:
            person = self.joined[person]
        return person

    def take_out(self, person: UUID, entry: UUID) -> None:
        self._members.setdefault(person, {}).pop(entry, None)
        self._profiles.pop(person, None)

    def settle(self, new: NewEntry) -> bool:
        """Join the one person with the same valid number under an agreeing name, if there is
        one.
        """
        number = new.features.id_number
        sure = []
        for person in sorted(self._by_number.get(number, ()) if number else ()):
            evidence = self.assess(new.features, person)
            if is_sure(evidence, judge(self._model, evidence)):
                sure.append((person, evidence))
        if len(sure) != 1:
            return False
        self._join(new, *sure[0])
        for person in self.candidates(new):
            best = self.decided[new.entry].person
            if person != best and self._proves_one(new.features, best, person):
                self._merge(best, person)
        return True

    def weigh(self, new: NewEntry) -> None:
        """Find the entry's person by weight, or found one."""
        weighed = sorted(
            ((self.assess(new.features, person), person) for person in self.candidates(new)),
            key=lambda pair: (-pair[0].weight, pair[1] != new.person, pair[1]),
        )
        links, doubts = self._judged(weighed)
        if not links:
            self._found(new, doubts, weighed)
            return
        evidence, best = links[0]
        rivals = [
            Doubt(person, other)
            for other, person in links[1:]
            if not self._merges(best, person, new.features)
        ]
        if rivals and evidence.weight - rivals[0].evidence.weight < self._model.margin:
            self._found(new, [Doubt(best, evidence), *rivals], weighed)
            return
        self._join(new, best, evidence, tuple(rivals[:_MAX_REVIEWS]))
        for _, person in links[1:]:
            if all(person != rival.person for rival in rivals):
                self._merge(self.decided[new.entry].person, person)

    def candidates(self, new: NewEntry) -> list[UUID]:
        """Persons sharing the most keys with the entry, as many as the model compares."""
        shared: Counter[UUID] = Counter()
        for key in new.keys:
            shared.update(set(self._by_key.get(key, ())))
        living = [person for person in shared if self._members.get(person)]
        living.sort(key=lambda person: (-shared[person], person))
        return living[: self._model.candidates]

    def assess(self, features: Standard, person: UUID) -> Evidence:
        return assess(self._model, features, self._profile(person), self._frequency)

    def _judged(
        self, weighed: Sequence[tuple[Evidence, UUID]]
    ) -> tuple[list[tuple[Evidence, UUID]], list[Doubt]]:
        """Links and doubts among the weighed; papers without the name yield to another person
        with the name.
        """
        verdicts = [
            (judge(self._model, evidence), evidence, person) for evidence, person in weighed
        ]
        named = any(
            verdict is not Verdict.SEPARATE and evidence.level("name") in AGREEING_NAMES
            for verdict, evidence, _ in verdicts
        )
        on_papers = any(
            verdict is Verdict.CERTAIN and rests_on_papers(evidence)
            for verdict, evidence, _ in verdicts
        )
        links: list[tuple[Evidence, UUID]] = []
        doubts: list[Doubt] = []
        for verdict, evidence, person in verdicts:
            if verdict is Verdict.CERTAIN and not (named and on_papers):
                links.append((evidence, person))
            elif verdict is not Verdict.SEPARATE:
                doubts.append(Doubt(person, evidence))
        return links, doubts

    def _proves_one(self, bridge: Standard, best: UUID, person: UUID) -> bool:
        """Whether an entry of ``best`` belongs to the other person as surely."""
        evidence = self.assess(bridge, person)
        return judge(self._model, evidence) is Verdict.CERTAIN and self._merges(
            best, person, bridge
        )

    def _merges(self, kept: UUID, joined: UUID, bridge: Standard) -> bool:
        """Whether two persons are one in the light of the entry that belongs to both."""
        if self._clash(kept, joined):
            return False
        small, large = self._by_size(kept, joined)
        whole = Profile.of([*self._members[large].values(), bridge])
        return all(
            judge(self._model, assess(self._model, member, whole, self._frequency))
            is Verdict.CERTAIN
            for member in self._members[small].values()
        )

    def _clash(self, one: UUID, other: UUID) -> bool:
        mine, theirs = self._profile(one).firm_numbers, self._profile(other).firm_numbers
        return bool(mine and theirs) and set(mine).isdisjoint(theirs)

    def _by_size(self, one: UUID, other: UUID) -> tuple[UUID, UUID]:
        small, large = sorted(
            (one, other), key=lambda person: (len(self._members[person]), -person.int)
        )
        return small, large

    def _merge(self, one: UUID, other: UUID) -> None:
        """Move the smaller person's entries to the larger."""
        if self._clash(one, other):
            return
        small, large = self._by_size(one, other)
        for entry, features in sorted(self._members[small].items()):
            evidence = self.assess(features, large)
            if entry in self.decided:
                doubts = self.decided[entry].doubts
                self.decided[entry] = Decision(entry, large, True, large, evidence, doubts)
            else:
                self.moved[entry] = Decision(entry, large, True, large, evidence)
        self.joined[small] = large
        for entry, features in self._members.pop(small).items():
            self._members[large][entry] = features
            self._remember_number(large, features)
        self._profiles.pop(small, None)
        self._profiles.pop(large, None)
        for persons in self._by_key.values():
            if small in persons:
                persons.append(large)

    def _found(
        self, new: NewEntry, doubts: Sequence[Doubt], weighed: Sequence[tuple[Evidence, UUID]]
    ) -> None:
        """Give the entry a person of its own: the one it stands in if nobody else does."""
        alone = new.person is not None and not self._members.get(new.person)
        person = new.person if alone and new.person else founded_by(new.entry, new.version)
        evidence, against = weighed[0] if weighed else (None, None)
        if doubts:
            evidence, against = doubts[0].evidence, doubts[0].person
        decision = Decision(
            new.entry, person, not doubts, against, evidence, tuple(doubts[:_MAX_REVIEWS])
        )
        self._place(new, decision)

    def _join(
        self, new: NewEntry, person: UUID, evidence: Evidence, doubts: tuple[Doubt, ...] = ()
    ) -> None:
        self._place(new, Decision(new.entry, person, True, person, evidence, doubts))

    def _place(self, new: NewEntry, decision: Decision) -> None:
        person = decision.person
        self.decided[new.entry] = decision
        self._members.setdefault(person, {})[new.entry] = new.features
        self._profiles.pop(person, None)
        self._remember_number(person, new.features)
        for key in new.keys:
            self._by_key.setdefault(key, []).append(person)

    def _profile(self, person: UUID) -> Profile:
        found = self._profiles.get(person)
        if found is None:
            found = self._profiles[person] = Profile.of(self._members.get(person, {}).values())
        return found

    def _remember_number(self, person: UUID, features: Standard) -> None:
        if features.id_number:
            self._by_number.setdefault(features.id_number, set()).add(person)
