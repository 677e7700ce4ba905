"""The neighbourhood of a batch: the persons it may speak of, looked up, decided upon and stored.

Whoever bears an entry's number and name is looked up first; only what such an entry adds, and all of
every other, is looked up under the remaining keys. All of it under the linker's lock.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from prometheus_client import Counter as Metric
from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.sealing import Prepared, Strongroom
from services.matching.linkage.deciding import decide, founded_by, most_shared
from services.matching.linkage.decisions import (
    Doubt,
    Known,
    NewEntry,
    Outcome,
    Placement,
    Ruling,
)
from services.matching.linkage.judging import bears
from services.matching.linkage.persons import Person
from services.matching.linkage.weights import Frequency, Model, uncounted
from services.matching.links import queries
from services.matching.links.grades import Grade
from services.matching.links.opening import Openings
from services.matching.links.queries import (
    Connection,
    NewLink,
    NewReview,
    OpenReview,
    StoredLink,
    StoredPerson,
)
from shared.clock import Clock

CROWDED = Metric(
    "hutong_matching_crowded_keys_total", "Blocking keys with more persons than the cap"
)
LINKED = Metric("hutong_matching_links_total", "Links made, by grade", ["grade"])

#: Crowded keys are looked under in pairs, this many persons deep.
CROWD_WIDTH = 5_000
#: From here on the work of a batch is worth a thread.
MANY = 8
#: Persons read at once: while one part is opened, the database reads the next.
_PART = 250
_REVIEW = UUID("b0a7f1d4-6a0c-5d5e-8a51-3f3c6b1c9e02")


@dataclass(frozen=True, slots=True)
class Linker:
    """What linking needs beside the database, by one ``regime``. ``renew`` gives the linker by the
    regime in force; without it, a linker goes by what it was made with.
    """

    model: Model
    strongroom: Strongroom
    clock: Clock
    frequency: Frequency = uncounted
    regime: object = None
    renew: "Callable[[AsyncSession], Awaitable[Linker]] | None" = None

    async def current(self, session: AsyncSession) -> "Linker":
        """The linker to go by until this transaction ends, which holds the linker's lock or shares the
        regime.
        """
        return await self.renew(session) if self.renew else self


class ReviewChanges(NamedTuple):
    """Reviews that are open, those of them to close, and those to open or to show anew."""

    opened: Mapping[UUID, OpenReview]
    settled: Sequence[UUID]
    news: Mapping[UUID, Doubt]


def review_of(one: UUID, other: UUID) -> UUID:
    """The id of the review of two persons."""
    return uuid5(_REVIEW, f"{min(one, other)}:{max(one, other)}")


class Neighbourhood:
    """The persons near one batch: looked up, decided upon and stored, under the linker's lock."""

    def __init__(self, connection: Connection, linker: Linker) -> None:
        self._connection = connection
        self._linker = linker
        self._model = linker.model
        self._openings = Openings(connection, linker.strongroom)
        self._persons: dict[UUID, Person] = {}
        self._by_key: dict[int, list[UUID]] = {}
        self._keys_before: dict[UUID, frozenset[int]] = {}
        self._crowded: set[int] = set()
        self._ended: set[UUID] = set()
        self._rivals: dict[UUID, frozenset[UUID]] = {}
        self._rulings: list[Ruling] = []

    async def look_ahead(self, arriving: Sequence[Prepared]) -> None:
        """Before the lock: open those whom the entries' numbers name."""
        await self._openings.look_ahead(arriving, self._model.key_cap)

    async def look_around(self, fresh: Sequence[Prepared], stored: dict[UUID, StoredLink]) -> None:
        """Fetch whom the entries may speak of."""
        standing = {link.person for p in fresh if (link := stored.get(p.entry)) and link.person}
        await self._find({key for p in fresh for key in p.numbers})
        bearers = {person for persons in self._by_key.values() for person in persons}
        await self.fetch(bearers | standing)
        await self._find({key for p in fresh for key in self._unknown_keys(p)})
        wanted: set[UUID] = set()
        for p in fresh:
            wanted.update(
                most_shared(self._by_key, p.sought, self._model.candidates, self._model.alone)
            )
            if not self._crowded.isdisjoint(p.sought):
                wanted.update(await self._under_crowded(p))
        await self.fetch(wanted)
        await self.fetch_bound([p.entry for p in fresh])
        homes = [founded_by(p.entry) for p in fresh if p.entry in stored]
        await self.fetch_ended(homes)

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
        found, crowded = await queries.persons_under(self._connection, sought, self._model.key_cap)
        self._by_key |= found
        self._crowded.update(crowded)
        CROWDED.inc(len(crowded))

    async def fetch(self, wanted: Collection[UUID]) -> None:
        """Fetch and open persons that are not at hand; the database reads on while these are opened."""
        wanted = sorted(person for person in wanted if person not in self._persons)
        read: Sequence[StoredPerson] = ()
        for at in range(0, len(wanted), _PART):
            part = wanted[at : at + _PART]
            reading = asyncio.create_task(self._openings.read(part))
            await asyncio.sleep(0)  # until it is asked for
            self._open(read)
            read = await reading
        self._open(read)

    def _open(self, rows: Sequence[StoredPerson]) -> None:
        for row in rows:
            if (person := self._openings.open(row)) is None:
                continue
            self._persons[row.person] = person
            self._keys_before[row.person] = frozenset(person.keys)
            if row.keying != self._linker.strongroom.keying:
                person.keys = self._linker.strongroom.keys_of_person(person)

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
            tied = {rival for rivals in self._rivals.values() for rival in rivals}
            await self.fetch(tied)
            # Of those again, to know whom a doubt ties to somebody who is not looked at.
            further = await queries.rivals_of(self._connection, sorted(tied - set(doubtful)))
            self._rivals |= further
        entries = [e for p in self._persons.values() if p.doubtful for e in p.entries]
        entries += arriving
        self._rulings = await queries.rulings_on(self._connection, entries)
        if self._rulings:
            bound = {e for r in self._rulings if r.same for e in r.one | r.other}
            links = await queries.links_of(self._connection, list(bound))
            await self.fetch({link.person for link in links.values() if link.person})

    async def fetch_ended(self, homes: Sequence[UUID] = ()) -> None:
        """Find the persons that ended in those at hand, and those of ``homes`` that ended."""
        found = await queries.ended(self._connection, list(self._persons), homes)
        self._ended.update(found)

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

    async def decide_and_store(
        self,
        fresh: Sequence[Prepared],
        stored: dict[UUID, StoredLink],
        disturbed: Sequence[Collection[UUID]] = (),
    ) -> dict[UUID, StoredLink]:
        """Place the entries, cluster each group of disturbed persons afresh, and store all that changed; the
        links of the entries given.
        """
        first = await queries.last_link_seq(self._connection) + 1
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
            )
            for at, p in enumerate(fresh)
        ]
        if len(entries) < MANY:
            outcome = self._settle(entries, disturbed, first)
        else:
            outcome = await asyncio.to_thread(self._settle, entries, disturbed, first)
        return await self._store(fresh, entries, stored, outcome, first)

    def decide(self, group: Collection[UUID], again: int) -> Outcome:
        """What clustering the group afresh would give; ``again`` as in ``deciding.decide``."""
        return self._settle((), [group], again)

    async def store(self, outcome: Outcome) -> None:
        """Store what ``decide`` gave."""
        await self._store((), (), {}, outcome, await queries.last_link_seq(self._connection) + 1)

    def _settle(
        self, entries: Sequence[NewEntry], disturbed: Sequence[Collection[UUID]], again: int
    ) -> Outcome:
        known = Known(
            self._persons, self._by_key, self._rivals, self._rulings, frozenset(self._ended)
        )
        keys_of = self._linker.strongroom.keys_of
        # Whoever does not open holds up nobody else.
        at_hand = [[person for person in group if person in self._persons] for group in disturbed]
        return decide(self._model, entries, known, keys_of, self._linker.frequency, at_hand, again)

    async def _store(
        self,
        fresh: Sequence[Prepared],
        entries: Sequence[NewEntry],
        stored: dict[UUID, StoredLink],
        outcome: Outcome,
        first: int,
    ) -> dict[UUID, StoredLink]:
        now = self._linker.clock.now()
        storing = self._store_keys(outcome)
        if len(entries) < MANY:
            await storing
            sealed = self._sealed(outcome)
        else:
            # The database takes the keys while persons are sealed.
            _, sealed = await asyncio.gather(storing, asyncio.to_thread(self._sealed, outcome))
        made = await self._store_links(fresh, entries, stored, outcome, first, now)
        await self._store_persons(outcome, sealed)
        await self._store_reviews(outcome, now)
        return made

    async def _store_links(
        self,
        fresh: Sequence[Prepared],
        entries: Sequence[NewEntry],
        stored: dict[UUID, StoredLink],
        outcome: Outcome,
        first: int,
        now: datetime,
    ) -> dict[UUID, StoredLink]:
        by_entry = {p.entry: (p, new) for p, new in zip(fresh, entries, strict=True)}
        new: list[NewLink] = []
        changed: list[NewLink] = []
        made: dict[UUID, StoredLink] = {}
        ordered = [p.entry for p in fresh] + sorted(outcome.placements.keys() - by_entry.keys())
        for seq, entry in enumerate(ordered, first):
            placement = outcome.placements[entry]
            p, placed = by_entry.get(entry, (None, None))
            link = self._link(placement, p, placed.arrival if placed else 0, seq, now)
            (changed if p is None or entry in stored else new).append(link)
            if p is not None:
                made[entry] = StoredLink(
                    entry, link.person, link.grade, link.weight, link.rule_version, seq, p.version,
                    link.arrival,
                )  # fmt: skip
        grades = Counter(link.grade for link in (*new, *changed))
        for grade, count in grades.items():
            LINKED.labels(grade).inc(count)
        await queries.store_links(self._connection, new, changed)
        return made

    def _link(
        self,
        placement: Placement,
        prepared: Prepared | None,
        arrival: int,
        seq: int,
        now: datetime,
    ) -> NewLink:
        evidence = placement.evidence
        return NewLink(
            placement.entry,
            prepared.version if prepared else None,
            prepared.sealed if prepared else None,
            placement.person,
            Grade.CERTAIN if placement.certain else Grade.POSSIBLE,
            evidence.weight if evidence else 0.0,
            self._model.rule_version,
            seq,
            arrival,
            now,
            placement.against,
            " ".join(evidence.levels) if evidence else "",
            evidence.weights if evidence else (),
            len(self._crowded.intersection(prepared.sought)) if prepared else 0,
        )

    def _sealed(self, outcome: Outcome) -> list[StoredPerson]:
        strongroom = self._linker.strongroom
        return [
            StoredPerson(person, strongroom.seal_person(found), found.doubtful, strongroom.keying)
            for person, found in outcome.persons.items()
            if found.size
        ]

    async def _store_keys(self, outcome: Outcome) -> None:
        added: list[tuple[int, UUID]] = []
        removed: list[tuple[int, UUID]] = []
        for person, found in outcome.persons.items():
            before = self._keys_before.get(person, frozenset())
            now = found.keys if found.size else set()
            added += [(key, person) for key in now - before]
            removed += [(key, person) for key in before - now]
        await queries.store_keys(self._connection, sorted(added), removed)

    async def _store_persons(self, outcome: Outcome, sealed: Sequence[StoredPerson]) -> None:
        new: list[StoredPerson] = []
        changed: list[StoredPerson] = []
        for row in sealed:
            known = row.person in self._keys_before or row.person in self._ended
            (changed if known else new).append(row)
        ended = [
            person
            for person, found in outcome.persons.items()
            if not found.size and person in self._keys_before
        ]
        await queries.store_persons(self._connection, new, changed, ended, outcome.joined)

    async def _store_reviews(self, outcome: Outcome, now: datetime) -> None:
        """Close the reviews among the reviewed that are no doubts any more, and open the new ones."""
        opened, settled, news = await self.review_changes(outcome)
        if not settled and not news:
            return
        first = await queries.last_review_seq(self._connection) + 1
        await queries.close_reviews(self._connection, sorted(settled), first, now)
        first += len(settled)
        await queries.open_reviews(
            self._connection,
            [
                self._review(
                    review, news[review], seq,
                    opened[review].opened_at if review in opened else now,
                )
                for seq, review in enumerate(sorted(news), first)
            ],
        )  # fmt: skip

    async def review_changes(self, outcome: Outcome) -> ReviewChanges:
        """What the outcome makes of the open reviews."""
        if not outcome.reviewed:
            return ReviewChanges({}, [], {})
        opened = await queries.open_reviews_among(self._connection, list(outcome.reviewed))
        ended = {person for person, found in outcome.persons.items() if not found.size}
        doubts = {review_of(d.one, d.other): d for d in outcome.doubts}
        settled = [
            review.review
            for review in opened.values()
            if review.review not in doubts
            and (
                {review.one, review.other} <= outcome.reviewed or {review.one, review.other} & ended
            )
        ]
        news = {
            review: doubt
            for review, doubt in doubts.items()
            if (was := opened.get(review)) is None
            or (was.one, was.other, was.entry, was.levels)
            != (doubt.one, doubt.other, doubt.entry, " ".join(doubt.evidence.levels))
        }
        return ReviewChanges(opened, settled, news)

    def _review(self, review: UUID, doubt: Doubt, seq: int, opened_at: datetime) -> NewReview:
        return NewReview(
            review,
            doubt.one,
            doubt.other,
            doubt.entry,
            doubt.evidence.weight,
            self._model.rule_version,
            " ".join(doubt.evidence.levels),
            doubt.evidence.weights,
            seq,
            opened_at,
        )
