"""Moves: noting which children exchange entries, so that the next fold of each can say what became of it.

A child all of whose entries went to another was *merged* into it; one that lost some and stays, and one that came out of
another, were *parted*.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg


@dataclass(frozen=True, slots=True)
class Moved:
    """To which children a child lost entries since it was folded last, and from which it gained some; the most first."""

    lost: Sequence[UUID] = ()
    gained: Sequence[UUID] = ()


NOTHING = Moved()


@dataclass(frozen=True, slots=True)
class Moves:
    """What some children exchanged, and the rows that say so."""

    rows: Sequence[Any] = ()
    of: Mapping[UUID, Moved] = field(default_factory=dict)


async def note(connection: "asyncpg.Connection[Any]", moves: Iterable[tuple[UUID, UUID]]) -> None:
    """Remember, for each pair in ``moves``, that an entry went from the one child to the other."""
    counted = Counter(moves)
    rows = [
        row
        for (left, joined), entries in counted.items()
        for row in ((left, joined, False, entries), (joined, left, True, entries))
    ]
    if rows:
        await connection.executemany(
            "INSERT INTO link_moves AS m (person, other, gained, entries) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (person, other, gained) DO UPDATE SET entries = m.entries + excluded.entries",
            sorted(rows),
        )


async def of(connection: "asyncpg.Connection[Any]", children: Collection[UUID]) -> Moves:
    """What these children, who are being folded, exchanged since their last fold."""
    rows = await connection.fetch(
        "SELECT person, other, gained, entries FROM link_moves WHERE person = ANY($1)",
        list(children),
    )
    if not rows:
        return Moves()
    net: dict[UUID, Counter[UUID]] = {}
    for row in rows:
        sign = 1 if row["gained"] else -1
        net.setdefault(row["person"], Counter())[row["other"]] += sign * row["entries"]
    standing = {
        row["person"]
        for row in await connection.fetch(
            "SELECT DISTINCT person FROM links WHERE person = ANY($1)",
            list({other for balance in net.values() for other in balance}),
        )
    }
    return Moves(rows, {child: moved(balance, standing) for child, balance in net.items()})


def moved(balance: Mapping[UUID, int], standing: Collection[UUID]) -> Moved:
    """The balance with each other child, those left out that hold nothing any more: leaving them was no parting; pure."""
    ranked = sorted(balance.items(), key=lambda one: (-abs(one[1]), one[0]))
    known = [(other, count) for other, count in ranked if other in standing]
    return Moved(
        tuple(other for other, count in known if count < 0),
        tuple(other for other, count in known if count > 0),
    )


async def forget(
    connection: "asyncpg.Connection[Any]", moves: Moves, children: Collection[UUID]
) -> None:
    """These children's fold has told of it; what was added meanwhile stays for the next."""
    told = [row for row in moves.rows if row["person"] in children]
    if told:
        await connection.execute(
            "DELETE FROM link_moves m USING unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::int[])"
            " AS t(person, other, gained, entries) WHERE (m.person, m.other, m.gained, m.entries) ="
            " (t.person, t.other, t.gained, t.entries)",
            *map(list, zip(*told, strict=True)),
        )
