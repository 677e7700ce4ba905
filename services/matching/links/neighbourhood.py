"""The neighbourhood of a batch: the persons it may speak of, looked up, decided upon and stored.

Whoever bears an entry's number and name is looked up first; only what such an entry adds, and all of
every other, is looked up under the remaining keys. It may be rehearsed; what counts is looked at under the lock.
"""

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID

from prometheus_client import Counter as Metric

from services.matching.entries.sealing import Prepared
from services.matching.linkage.candidates import most_shared
from services.matching.linkage.deciding import decide
from services.matching.linkage.decisions import (
    Known,
    NewEntry,
    Outcome,
    Ruling,
)
from services.matching.linkage.identities import founded_by
from services.matching.linkage.judging import assess, bears
from services.matching.linkage.persons import Person
from services.matching.links import queries
from services.matching.links.linker import Linker
from services.matching.links.queries import (
    Connection,
    Standing,
    StoredLink,
    StoredPerson,
)
from services.matching.links.reading import Readings
from services.matching.links.storing import MANY, ReviewChanges, Storing

CROWDED = Metric(
    "hutong_matching_crowded_keys_total", "Blocking keys with more persons than the cap"
)

#: Crowded keys are looked under in pairs, this many persons deep.
CROWD_WIDTH = 5_000
#: Persons read at once: while one part is opened, the database reads the next.
_PART = 250


class Neighbourhood:
    """The persons near one batch: looked up, decided upon and stored, under the linker's lock."""

    def __init__(self, connection: Connection, linker: Linker) -> None:
        self._connection = connection
        self._linker = linker
        self._model = linker.model
        self._readings = Readings(connection, linker.strongroom)
        self._persons: dict[UUID, Person] = {}
        self._by_key: dict[int, list[UUID]] = {}
        self._crowded: set[int] = set()
        self._rehearsed: Sequence[Prepared] = ()
        self._nearest: dict[UUID, list[UUID]] = {}
        self._left: set[UUID] = set()
        self._rivals: dict[UUID, frozenset[UUID]] = {}
        self._rulings: list[Ruling] = []

    async def rehearse(self, arriving: Sequence[Prepared]) -> None:
        """Before the lock: find, open and weigh whom the entries may speak of, as things stand now.

        Nothing is decided by it. Under the lock only what was touched meanwhile is looked up anew.
        """
        await queries.keep_to_indexes(self._connection)
        await self._readings.begin()
        await self._look(arriving)
        self._rehearsed = arriving
        await asyncio.to_thread(self._weigh, arriving)

    async def look_around(self, fresh: Sequence[Prepared], standing: Standing) -> None:
        """Fetch whom the entries may speak of."""
        stored = standing.links
        await self._forget_touched(fresh)
        kept = [p for p in fresh if p.entry in self._nearest]
        known = set(self._by_key)
        left = {link.person for p in fresh if (link := stored.get(p.entry)) and link.person}
        await self._look([p for p in fresh if p.entry not in self._nearest], left)
        anew = self._by_key.keys() - known
        self._note_nearest([p for p in kept if not anew.isdisjoint(p.sought)])
        await self.fetch(self._bearers(kept).union(*[self._nearest[p.entry] for p in kept]))
        CROWDED.inc(len(self._crowded))
        if self._crowded:
            await self.fetch({person for p in fresh for person in await self._under_crowded(p)})
            self._nearest = {
                p.entry: self._nearest[p.entry] for p in fresh if self._crowded.isdisjoint(p.sought)
            }
        await self.fetch_bound([p.entry for p in fresh] if standing.ruled else ())
        if homes := [founded_by(p.entry) for p in fresh if p.entry in stored]:
            self._left = await queries.without_entries(self._connection, homes)

    async def _forget_touched(self, fresh: Sequence[Prepared]) -> None:
        """Of what was rehearsed, keep what looking at all the ``fresh`` again would only repeat: what was found under keys
        that nobody came to or left, all of whom are as they were. Entries with any other key are looked at again.
        """
        touched = await self._readings.forget_touched()
        self._persons.clear()
        if touched is None:
            self._by_key, self._crowded, self._nearest = {}, set(), {}
            return
        still = {p.entry for p in fresh}
        gone = {key for p in self._rehearsed if p.entry not in still for key in p.sought}
        # Nobody was looked at under crowded keys, so whether anybody there changed is not known.
        gone |= touched.keys | self._crowded
        others = touched.persons
        gone.update(key for key, found in self._by_key.items() if not others.isdisjoint(found))
        kept = [p for p in fresh if p.entry in self._nearest and gone.isdisjoint(p.sought)]
        for key in gone & self._by_key.keys():
            del self._by_key[key]
        self._crowded -= gone
        self._nearest = {p.entry: self._nearest[p.entry] for p in kept}

    async def _look(self, entries: Sequence[Prepared], besides: Collection[UUID] = ()) -> None:
        """Fetch those found under the entries' keys, and some ``besides``; note the persons nearest to each entry."""
        await self._find({key for p in entries for key in p.numbers})
        await self.fetch(self._bearers(entries).union(besides))
        await self._find({key for p in entries for key in self._unknown_keys(p)})
        self._note_nearest(entries)
        await self.fetch({person for p in entries for person in self._nearest[p.entry]})

    def _note_nearest(self, entries: Sequence[Prepared]) -> None:
        for p in entries:
            self._nearest[p.entry] = most_shared(
                self._by_key, p.sought, self._model.candidates, self._model.alone, p.faint
            )

    def _bearers(self, entries: Sequence[Prepared]) -> set[UUID]:
        """Whoever is found under the papers of the entries."""
        by_key = self._by_key
        return {one for p in entries for key in p.numbers for one in by_key.get(key, ())}

    def _weigh(self, entries: Sequence[Prepared]) -> None:
        for p in entries:
            for person in self._nearest[p.entry]:
                if (known := self._persons.get(person)) is not None:
                    profile = known.profile
                    evidence = assess(self._model, p.features, profile, self._linker.frequency)
                    self._readings.weighed[p.entry, person] = profile, evidence

    def _unknown_keys(self, prepared: Prepared) -> Sequence[int]:
        """What is left to look under: for an entry whose number and name a person bears, only keys
        that this person is not found under.
        """
        for key in prepared.numbers:
            for person in self._by_key.get(key, ()):
                known = self._persons.get(person)
                if known and not known.doubtful and bears(known.profile, prepared.features):
                    return [k for k in prepared.sought if k not in known.keys]
        return [k for k in prepared.sought if k not in self._by_key]

    async def _under_crowded(self, prepared: Prepared) -> list[UUID]:
        """Persons found under several keys each of which alone is too common to tell anything."""
        crowded = [key for key in prepared.sought if key in self._crowded]
        if len(crowded) < 2:
            return []
        found = await queries.persons_under_several(
            self._connection, crowded, CROWD_WIDTH, self._model.candidates
        )
        for key in crowded:
            self._by_key.setdefault(key, []).extend(found)
        return found

    async def _find(self, keys: Collection[int]) -> None:
        # In their order, so that the index is walked and not jumped about in.
        sought = sorted(k for k in keys if k not in self._by_key and k not in self._crowded)
        found, crowded = await self._readings.under(sought, self._model.key_cap)
        self._by_key |= found
        self._crowded.update(crowded)

    async def fetch(self, wanted: Collection[UUID]) -> None:
        """Fetch and open persons that are not at hand; the database reads on while these are opened."""
        unread = self._readings.unread(wanted)
        read: Sequence[StoredPerson] = ()
        for at in range(0, len(unread), _PART):
            part = unread[at : at + _PART]
            reading = asyncio.create_task(self._readings.read(part))
            await asyncio.sleep(0)  # until it is asked for
            self._open(read)
            read = await reading
        self._open(read)
        for person in wanted:
            if (opened := self._readings.persons[person]) is not None:
                self._persons[person] = opened

    def _open(self, rows: Sequence[StoredPerson]) -> None:
        for row in rows:
            self._readings.open(row)

    def missing(self, wanted: Collection[UUID]) -> list[UUID]:
        """Those of the persons that are not at hand: fetched, they did not open."""
        return [person for person in wanted if person not in self._persons]

    async def fetch_bound(self, arriving: Collection[UUID] = ()) -> None:
        """Fetch whom open reviews and rulings tie to the doubtful persons at hand, and to entries
        that arrive: again after they were retracted, or at last after their rulings (relearning/).
        """
        doubtful = [person for person, found in self._persons.items() if found.doubtful]
        if doubtful:
            self._rivals = await queries.rivals_of(self._connection, doubtful)
            await self._fetch_rivals(set(doubtful))
        entries = [e for p in self._persons.values() if p.doubtful for e in p.entries]
        entries += arriving
        self._rulings = await queries.rulings_on(self._connection, entries)
        if self._rulings:
            bound = {e for r in self._rulings if r.same for e in r.one | r.other}
            links = await queries.links_of(self._connection, list(bound))
            await self.fetch({link.person for link in links.values() if link.person})

    async def _fetch_rivals(self, known: set[UUID]) -> None:
        """Fetch the rivals of the doubtful, and theirs: whoever else may own a number that is in doubt. Of those their rivals
        are known, too, but not fetched: to know whom a doubt ties to somebody who is not looked at.
        """
        nearest = {rival for rivals in self._rivals.values() for rival in rivals} - known
        await self.fetch(nearest)
        theirs = await queries.rivals_of(self._connection, sorted(nearest))
        self._rivals |= theirs
        next_to_them = {rival for rivals in theirs.values() for rival in rivals}
        if further := next_to_them - known - nearest:
            await self.fetch(further)
            self._rivals |= await queries.rivals_of(self._connection, sorted(further))

    def keep_to(self, group: Collection[UUID]) -> None:
        """Look at nobody beyond the group, whatever ties there are."""
        self._persons = {p: found for p, found in self._persons.items() if p in group}

    def take_out(self, gone: Sequence[StoredLink]) -> None:
        """Entries that speak of nobody any more leave their persons."""
        for link in gone:
            if link.person in self._persons:
                self._persons[link.person].remove(link.entry)

    def doubt(self, persons: Collection[UUID]) -> None:
        """Look at persons as if they were doubtful, with all that is tied to them."""
        for person in persons:
            if person in self._persons:
                self._persons[person].doubtful = True

    async def place(self, fresh: Sequence[Prepared], standing: Standing) -> dict[UUID, StoredLink]:
        """Find each entry its person, and store all that changed; the links of the entries."""
        stored, first = standing.links, standing.last + 1
        entries = [
            NewEntry(
                p.entry,
                link.arrival if (link := stored.get(p.entry)) else first + at,
                p.features,
                p.said,
                p.keys,
                p.sought,
                link.person if link else None,
                p.entry in stored,
                p.listed,
                p.faint,
            )
            for at, p in enumerate(fresh)
        ]
        if len(entries) < MANY:
            outcome = self._settle(entries, (), first)
        else:
            outcome = await asyncio.to_thread(self._settle, entries, (), first)
        return await self._storing().store(fresh, entries, stored, outcome, first)

    async def cluster(self, disturbed: Sequence[Collection[UUID]]) -> None:
        """Cluster each group of disturbed persons afresh, and store all that changed."""
        first = await queries.last_link_seq(self._connection) + 1
        outcome = self._settle((), disturbed, first)
        await self._storing().store((), (), {}, outcome, first)

    def decide(self, group: Collection[UUID], again: int) -> Outcome:
        """What clustering the group afresh would give; ``again`` as in ``deciding.decide``."""
        return self._settle((), [group], again)

    async def store(self, outcome: Outcome) -> None:
        """Store what ``decide`` gave."""
        first = await queries.last_link_seq(self._connection) + 1
        await self._storing().store((), (), {}, outcome, first)

    async def review_changes(self, outcome: Outcome) -> ReviewChanges:
        """What the outcome makes of the open reviews."""
        return await self._storing().review_changes(outcome)

    def _storing(self) -> Storing:
        return Storing(
            self._connection, self._linker, self._keys_before(), self._ended(), self._crowded
        )

    def _ended(self) -> frozenset[UUID]:
        """Persons of whom nobody speaks, and as whom one of those at hand, or an entry that arrives, may go on."""
        ended = self._readings.ended
        return frozenset(self._left).union(*[ended[person] for person in self._persons])

    def _keys_before(self) -> dict[UUID, frozenset[int]]:
        return {person: self._readings.keys[person] for person in self._persons}

    def _settle(
        self, entries: Sequence[NewEntry], disturbed: Sequence[Collection[UUID]], again: int
    ) -> Outcome:
        known = Known(
            self._persons,
            self._by_key,
            self._rivals,
            self._rulings,
            self._ended(),
            self._readings.weighed,
            self._nearest,
        )
        keys_of = self._linker.strongroom.keys_of
        # Whoever does not open holds up nobody else.
        at_hand = [[person for person in group if person in self._persons] for group in disturbed]
        return decide(self._model, entries, known, keys_of, self._linker.frequency, at_hand, again)
