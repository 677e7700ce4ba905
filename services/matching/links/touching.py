"""Touching: what the newest changes of persons touched, one numbered row each, in a ring.

Whoever read before it was its turn asks under the lock what was touched since, and reads only that anew. A number that is
missing, because the ring went round or somebody touched more than can be told, says that anything may have changed.
"""

from array import array
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from asyncpg.pgproto import pgproto

from services.matching.links.queries import Connection
from services.matching.links.round_trips import Statement, write

#: Changes that are told of: a batch that waits for the lock sees a few others pass.
RING = 32


class Touched(NamedTuple):
    """Keys under which somebody is found, or is not any more, as before; and persons who are not as they were."""

    keys: frozenset[int]
    persons: frozenset[UUID]


async def last(connection: Connection) -> int:
    """The number of the last change; what is read from now on is at least as new."""
    return int(await connection.fetchval("SELECT coalesce(max(number), 0) FROM touches"))


async def since(connection: Connection, number: int) -> Touched | None:
    """What was touched after the change of this number, or None where that may be anything; right only under the
    linker's lock.
    """
    rows = await connection.fetch(
        "SELECT number, keys, persons FROM touches WHERE number > $1 ORDER BY number", number
    )
    if [row[0] for row in rows] != list(range(number + 1, number + 1 + len(rows))):
        return None
    keys, persons = array("q"), b"".join(row[2] for row in rows)
    for row in rows:
        keys.frombytes(row[1])
    ids = [pgproto.UUID(persons[at : at + 16]) for at in range(0, len(persons), 16)]
    return Touched(frozenset(keys), frozenset(ids))


def telling(keys: Iterable[int], persons: Iterable[UUID]) -> Statement:
    """To tell what this transaction, which holds the linker's lock, touches."""
    return _next(1, array("q", keys).tobytes(), b"".join([p.bytes for p in persons]))


async def tell_all(connection: Connection) -> None:
    """Tell that this transaction, which holds the linker's lock, may touch anything, and forget what was told before."""
    await write(connection, [_next(2, b"", b"")])
    await connection.execute("DELETE FROM touches WHERE number < (SELECT max(number) FROM touches)")


def _next(step: int, keys: bytes, persons: bytes) -> Statement:
    return Statement(
        "INSERT INTO touches SELECT number % $2, number, $3, $4"
        " FROM (SELECT coalesce(max(number), 0) + $1 AS number FROM touches) AS last"
        " ON CONFLICT (place) DO UPDATE"
        " SET number = excluded.number, keys = excluded.keys, persons = excluded.persons",
        (step, RING, keys, persons),
    )
