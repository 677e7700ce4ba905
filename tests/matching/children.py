"""Children for linkage tests: terse features, with families and numbers that hold together."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from services.matching.entries.sealing import hashes
from services.matching.linkage import blocking
from services.matching.linkage.deciding import decide
from services.matching.linkage.decisions import Known, NewEntry, Outcome, Placement, Ruling
from services.matching.linkage.facets import packed
from services.matching.linkage.normalization import (
    Features,
    GuardianFeatures,
    Standard,
    standardise,
)
from services.matching.linkage.persons import Person
from services.matching.linkage.weights import Frequency, uncounted
from services.matching.models import shipped
from shared import resident_id

MODEL = shipped.model()

BORN = date(2015, 3, 7)
ID = resident_id.make(500103, BORN, 11)
TWIN_ID = resident_id.make(500103, BORN, 13)
FATHER_ID = resident_id.make(520502, date(1986, 11, 2), 31)
FATHER: GuardianFeatures = {
    "name": "张强",
    "relation": "father",
    "id_number": FATHER_ID,
    "phone": "13908123456",
}
FAMILY: Features = {
    "guardians": [FATHER],
    "phone": "13908123457",
    "hukou_division": "520502",
    "residence_division": "500103",
    "school": "渝中区人和街小学",
}

HOME: Features = {**FAMILY, "residence_address": "重庆市渝中区人民路53号5栋1单元10-5"}


def keys_of(features: Standard) -> list[int]:
    return hashes(b"tests", blocking.keys(features, MODEL.blocking))


class World:
    """A hub's persons without a database: what ``decide`` is given and what becomes of its word."""

    def __init__(self) -> None:
        self.persons: dict[UUID, Person] = {}
        self.ended: dict[UUID, UUID | None] = {}
        self.rivals: dict[UUID, set[UUID]] = {}
        self.rulings: list[Ruling] = []
        self.placements: dict[UUID, Placement] = {}
        self.arrivals: dict[UUID, int] = {}
        self.listed: dict[UUID, tuple[int, ...]] = {}
        self.clock = 0

    def tell(self, *entries: tuple[int, Features]) -> Outcome:
        """One batch of (number, features)."""
        self.listed |= {UUID(int=number): tuple(said.get("listed", ())) for number, said in entries}
        return self.decide([(UUID(int=number), standardise(said)) for number, said in entries])

    def decide(
        self,
        said: Sequence[tuple[UUID, Standard]],
        disturbed: Sequence[Collection[UUID]] = (),
        frequency: Frequency = uncounted,
    ) -> Outcome:
        self.clock += 1
        new = [
            NewEntry(
                entry,
                self.arrivals.setdefault(entry, self.clock * 1000 + at),
                features,
                packed(features),
                keys := keys_of(features),
                keys,
                placed.person if (placed := self.placements.get(entry)) else None,
                placed is not None,
                self.listed.get(entry, ()),
            )
            for at, (entry, features) in enumerate(said)
        ]
        by_key: dict[int, list[UUID]] = {}
        for person in self.persons.values():
            for key in person.keys:
                by_key.setdefault(key, []).append(person.person)
        known = Known(
            self.persons,
            by_key,
            {person: frozenset(rivals) for person, rivals in self.rivals.items()},
            self.rulings,
            frozenset(self.ended),
        )
        outcome = decide(MODEL, new, known, keys_of, frequency, disturbed, self.clock)
        self._take(outcome)
        return outcome

    def rule(self, ruling: Ruling) -> Outcome:
        self.rulings.append(ruling)
        return self.decide((), [{self.placements[e].person for e in ruling.one | ruling.other}])

    def withdraw(self, ruling: Ruling) -> Outcome:
        self.rulings.remove(ruling)
        return self.decide((), [{self.placements[e].person for e in ruling.one | ruling.other}])

    def recall(self, number: int) -> Outcome:
        left = self.placements.pop(UUID(int=number)).person
        self.persons[left].remove(UUID(int=number))
        return self.decide((), [{left}])

    def together(self) -> list[set[int]]:
        """The entries' numbers by person, smallest first."""
        found = [{e.int for e in person.entries} for person in self.persons.values()]
        return sorted(found, key=min)

    def doubts(self) -> set[frozenset[int]]:
        """Pairs of persons, each by its smallest entry, that wait for somebody to decide."""
        smallest = {p.person: min(e.int for e in p.entries) for p in self.persons.values()}
        return {
            frozenset((smallest[one], smallest[other]))
            for one, rivals in self.rivals.items()
            for other in rivals
        }

    def _take(self, outcome: Outcome) -> None:
        self.placements.update(outcome.placements)
        for person, found in outcome.persons.items():
            self.persons.pop(person, None)
            if found.size:
                self.persons[person] = found
                self.ended.pop(person, None)
            else:
                self.ended[person] = outcome.joined.get(person)
        for person in outcome.reviewed:
            for rival in self.rivals.pop(person, set()):
                if rival in outcome.reviewed or rival in self.ended:
                    self.rivals.get(rival, set()).discard(person)
                else:
                    self.rivals.setdefault(person, set()).add(rival)
        for doubt in outcome.doubts:
            self.rivals.setdefault(doubt.one, set()).add(doubt.other)
            self.rivals.setdefault(doubt.other, set()).add(doubt.one)
        for ended in self.ended.keys() & self.rivals.keys():  # reviews of whom close
            for rival in self.rivals.pop(ended):
                self.rivals.get(rival, set()).discard(ended)
        for entry, placement in self.placements.items():
            assert entry in self.persons[placement.person].entries
