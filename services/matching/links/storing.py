"""Storing: what was decided of a batch, written: keys, links, persons and reviews, under the linker's lock."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from prometheus_client import Counter as Metric

from services.matching.entries.sealing import Prepared
from services.matching.linkage.decisions import Doubt, NewEntry, Outcome, Placement
from services.matching.links import open_reviews, touching, writing
from services.matching.links.grades import Grade
from services.matching.links.linker import Linker
from services.matching.links.open_reviews import NewReview, OpenReview
from services.matching.links.queries import (
    Connection,
    StoredLink,
    StoredPerson,
)
from services.matching.links.round_trips import Rows, Statement, write
from services.matching.links.writing import NewLink

LINKED = Metric("hutong_matching_links_total", "Links made, by grade", ["grade"])
#: From here on the work of a batch is worth a thread.
MANY = 8
_REVIEW = UUID("b0a7f1d4-6a0c-5d5e-8a51-3f3c6b1c9e02")


class ReviewChanges(NamedTuple):
    """Reviews that are open, those of them to close, and those to open or to show anew."""

    opened: Mapping[UUID, OpenReview]
    settled: Sequence[UUID]
    news: Mapping[UUID, Doubt]


def review_of(one: UUID, other: UUID) -> UUID:
    """The id of the review of two persons."""
    return uuid5(_REVIEW, f"{min(one, other)}:{max(one, other)}")


class Storing:
    """``before``: the keys under which the persons at hand were found; ``ended``: those that went into others;
    ``crowded``: keys too common to look under.
    """

    def __init__(
        self,
        connection: Connection,
        linker: Linker,
        before: Mapping[UUID, frozenset[int]],
        ended: Collection[UUID],
        crowded: Collection[int],
    ) -> None:
        self._connection = connection
        self._linker = linker
        self._model = linker.model
        self._before = before
        self._ended = ended
        self._crowded = frozenset(crowded)

    async def store(
        self,
        fresh: Sequence[Prepared],
        entries: Sequence[NewEntry],
        stored: dict[UUID, StoredLink],
        outcome: Outcome,
        first: int,
    ) -> dict[UUID, StoredLink]:
        now = self._linker.clock.now()
        parts = self._keys(outcome)
        if len(entries) < MANY:
            sealed = self._sealed(outcome)
        else:
            # The database takes the keys while persons are sealed.
            storing = write(self._connection, parts)
            _, sealed = await asyncio.gather(storing, asyncio.to_thread(self._sealed, outcome))
            parts = []
        made, links = self._links(fresh, entries, stored, outcome, first, now)
        await write(self._connection, [*parts, *links, *self._persons(outcome, sealed)])
        await writing.end(self._connection, self._ends(outcome))
        await self._store_reviews(outcome, now)
        return made

    def _links(
        self,
        fresh: Sequence[Prepared],
        entries: Sequence[NewEntry],
        stored: dict[UUID, StoredLink],
        outcome: Outcome,
        first: int,
        now: datetime,
    ) -> tuple[dict[UUID, StoredLink], list[Rows | Statement]]:
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
        return made, writing.links(new, changed)

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

    def _keys(self, outcome: Outcome) -> list[Rows | Statement]:
        added: list[tuple[int, UUID]] = []
        removed: list[tuple[int, UUID]] = []
        for person, found in outcome.persons.items():
            before = self._before.get(person, frozenset())
            now = found.keys if found.size else set()
            added += [(key, person) for key in now - before]
            removed += [(key, person) for key in before - now]
        touched = {key for key, _ in (*added, *removed)}
        return [
            *writing.keys(sorted(added), removed),
            touching.telling(touched, outcome.persons),
        ]

    def _persons(self, outcome: Outcome, sealed: Sequence[StoredPerson]) -> list[Rows | Statement]:
        new: list[StoredPerson] = []
        changed: list[StoredPerson] = []
        for row in sealed:
            known = row.person in self._before or row.person in self._ended
            (changed if known else new).append(row)
        return writing.persons(new, changed)

    def _ends(self, outcome: Outcome) -> dict[UUID, UUID | None]:
        """Persons of whom nobody speaks any more, and whom each went into."""
        return {
            person: outcome.joined.get(person)
            for person, found in outcome.persons.items()
            if not found.size and person in self._before
        }

    async def _store_reviews(self, outcome: Outcome, now: datetime) -> None:
        """Close the reviews among the reviewed that are no doubts any more, and open the new ones."""
        opened, settled, news = await self.review_changes(outcome)
        if not settled and not news:
            return
        first = await open_reviews.last_seq(self._connection) + 1
        await open_reviews.close(self._connection, sorted(settled), first, now)
        first += len(settled)
        await open_reviews.open_anew(
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
        opened = await open_reviews.among(self._connection, list(outcome.reviewed))
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
