"""Answering open reviews as a clerk would who never errs, through the real path of rulings.

A clerk sees two persons and the entry that raised the doubt, and says whether that entry's child is
the other person's. The answer is held for the entries that it is true of; new doubts that it raises
are answered too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from services.evaluation.hub import Hub
from services.evaluation.truth import Truth
from services.matching.linkage.decisions import Ruling
from services.matching.rulings.ruling import rule
from shared.database import SYSTEM, raw
from shared.problems import Problem

ROUNDS = 5


@dataclass(slots=True)
class Answered:
    """How many reviews were answered; ``records`` are those of each review's smaller person."""

    same: int = 0
    different: int = 0
    unanswerable: int = 0
    records: int = 0

    @property
    def reviews(self) -> int:
        return self.same + self.different


@dataclass(frozen=True, slots=True)
class _Doubt:
    review: UUID
    entry: UUID
    one: tuple[UUID, ...]
    other: tuple[UUID, ...]


async def answer_reviews(hub: Hub, truth: Truth) -> Answered:
    """Answer what is open, and what that opens, a few rounds deep."""
    answered, seen = Answered(), set[UUID]()
    for _ in range(ROUNDS):
        news = [doubt for doubt in await _open(hub) if doubt.review not in seen]
        if not news:
            break
        for doubt in news:
            seen.add(doubt.review)
            await _answer(hub, truth, doubt, answered)
    return answered


async def _open(hub: Hub) -> list[_Doubt]:
    async with hub.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        reviews = await connection.fetch(
            "SELECT review, entry, one, other FROM reviews WHERE closed_at IS NULL"
            " ORDER BY opened_at, review"
        )
        persons = {person for row in reviews for person in (row["one"], row["other"])}
        held = dict(
            await connection.fetch(
                "SELECT person, array_agg(entry ORDER BY entry) FROM entries"
                " WHERE person = ANY($1::uuid[]) GROUP BY person",
                list(persons),
            )
        )
    return [
        _Doubt(review, entry, tuple(held.get(one, ())), tuple(held.get(other, ())))
        for review, entry, one, other in reviews
    ]


async def _answer(hub: Hub, truth: Truth, doubt: _Doubt, answered: Answered) -> None:
    ruling = _ruling(truth, doubt)
    if ruling is None:
        answered.unanswerable += 1
        return
    try:
        async with hub.database.transaction(SYSTEM) as session:
            await rule(session, hub.linker, [ruling])
    except Problem:
        answered.unanswerable += 1
        return
    answered.records += min(len(doubt.one), len(doubt.other))
    if ruling.same:
        answered.same += 1
    else:
        answered.different += 1


def _ruling(truth: Truth, doubt: _Doubt) -> Ruling | None:
    """The right answer; None where an earlier answer has left nothing to say."""
    child = truth.child_of(doubt.entry)
    theirs = _mostly(truth, doubt.other)
    if child is None or theirs is None or doubt.entry in doubt.other:
        return None
    same = child == theirs
    one = frozenset(entry for entry in doubt.one if truth.child_of(entry) == child)
    other = frozenset(entry for entry in doubt.other if truth.child_of(entry) == theirs)
    return Ruling(uuid4(), same, one | {doubt.entry}, other)


def _mostly(truth: Truth, entries: Sequence[UUID]) -> int | None:
    counted = Counter(child for entry in entries if (child := truth.child_of(entry)) is not None)
    return counted.most_common(1)[0][0] if counted else None
