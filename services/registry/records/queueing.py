"""The resolution queue: which entries are to be linked (again).

An entry in the queue carries a number that grows with each new version of it.  A worker *claims* entries under a lease,
since matching is asked over HTTP and no transaction stays open meanwhile, and takes an entry out only if number and lease are
still those that it claimed.  No statement joins the queue to a list: the planner, who knows the queue as nearly empty,
would read all of it once for every row of the list.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.limits import LEASE_SECONDS

#: How long an entry rests that matching refuses, or cannot place in time.
PAUSE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """An entry, the number that its place in the queue had, and the end of the lease."""

    entry: UUID
    wanted: int
    leased_until: datetime


async def enqueue(
    connection: "asyncpg.Connection[Any]", entries: Collection[UUID], bulk: bool = False
) -> None:
    """Ask for entries, each named once, to be linked (again)."""
    await connection.execute(
        "INSERT INTO resolution_queue AS q (entry_id, wanted, bulk)"
        " SELECT unnest($1::uuid[]), 1, $2 ORDER BY 1"
        " ON CONFLICT (entry_id) DO UPDATE SET wanted = q.wanted + 1, bulk = q.bulk AND excluded.bulk",
        list(entries),
        bulk,
    )


async def claim(connection: "asyncpg.Connection[Any]", limit: int) -> list[Claimed]:
    """Up to ``limit`` entries that nobody holds, leased for ``LEASE_SECONDS``; bulk loads wait behind all else."""
    rows = await connection.fetch(
        "UPDATE resolution_queue SET leased_until = now() + make_interval(secs => $2)"
        " WHERE entry_id = ANY(ARRAY(SELECT entry_id FROM resolution_queue"
        "  WHERE leased_until IS NULL OR leased_until < clock_timestamp()"
        "  ORDER BY bulk, queued_at LIMIT $1 FOR UPDATE SKIP LOCKED))"
        " RETURNING entry_id, wanted, leased_until",
        limit,
        float(LEASE_SECONDS),
    )
    return [Claimed(r["entry_id"], r["wanted"], r["leased_until"]) for r in rows]


async def put_off(connection: "asyncpg.Connection[Any]", left: Sequence[Claimed]) -> None:
    """Leave entries of one claim that got no answer for a while, so that they do not come first each time."""
    if left:
        await connection.execute(
            "UPDATE resolution_queue SET leased_until = clock_timestamp() + make_interval(secs => $3)"
            " WHERE entry_id = ANY($1) AND leased_until = $2",
            [one.entry for one in left],
            left[0].leased_until,
            PAUSE_SECONDS,
        )


async def finish(connection: "asyncpg.Connection[Any]", done: Sequence[Claimed]) -> None:
    """Take entries of one claim out of the queue; those of which newer versions came meanwhile are free at once."""
    if not done:
        return
    wanted = {one.entry: one.wanted for one in done}
    held = await connection.fetch(
        "SELECT entry_id, wanted FROM resolution_queue WHERE entry_id = ANY($1) AND leased_until = $2"
        " ORDER BY entry_id FOR UPDATE",
        list(wanted),
        done[0].leased_until,
    )
    gone = [row["entry_id"] for row in held if row["wanted"] == wanted[row["entry_id"]]]
    again = [row["entry_id"] for row in held if row["wanted"] != wanted[row["entry_id"]]]
    await connection.execute("DELETE FROM resolution_queue WHERE entry_id = ANY($1)", gone)
    if again:
        await connection.execute(
            "UPDATE resolution_queue SET leased_until = NULL WHERE entry_id = ANY($1)", again
        )
