"""The fold queue: which children are to be folded (again), and who folds or decides on each just now.

A child in the queue carries a number that grows each time somebody asks; a fold takes the child out only if the number
is still the one it found.  Whoever folds a child or decides on it holds its *lock*, an advisory lock of the transaction:
a worker that dies gives it back, nothing is half done, and nobody who only asks for a fold waits for one under way.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

#: So many entries waiting to be linked are a bulk load, during which a child is folded this many seconds late at most.
BULK_BACKLOG = 500
BULK_PATIENCE = 4.0

LOCK = "hashtextextended(({child})::text, 0)"


@dataclass(frozen=True, slots=True)
class Queued:
    """A child to fold, and the number that its place in the queue had then."""

    child: UUID
    wanted: int


async def queue(connection: "asyncpg.Connection[Any]", children: Collection[UUID]) -> None:
    """Ask for children, each named once, to be folded (again)."""
    await connection.execute(
        "INSERT INTO fold_queue AS q (child_id, wanted) SELECT unnest($1::uuid[]), 1 ORDER BY 1"
        " ON CONFLICT (child_id) DO UPDATE SET wanted = q.wanted + 1, not_before = NULL",
        list(children),
    )


async def queue_anchored(connection: "asyncpg.Connection[Any]", children: Collection[UUID]) -> None:
    """Ask for the other children to be folded that the anchors of decisions on these, or of their
    handovers, are linked to."""
    rows = await connection.fetch(
        "SELECT DISTINCT l.person FROM (SELECT anchor, child_id FROM decisions WHERE child_id = ANY($1)"
        " UNION SELECT anchor, child_id FROM handover_acts WHERE child_id = ANY($1)) d"
        " JOIN links l ON l.entry_id = d.anchor WHERE l.person <> d.child_id",
        list(children),
    )
    if rows:
        await queue(connection, [row["person"] for row in rows])


async def hold(connection: "asyncpg.Connection[Any]", child: UUID) -> None:
    """Wait until nobody folds this child or decides on it; nobody does until this transaction ends."""
    await connection.execute(
        f"SELECT pg_advisory_xact_lock({LOCK.format(child='$1::uuid')})", child
    )
    await queue(connection, [child])


async def claim(connection: "asyncpg.Connection[Any]", limit: int) -> list[Queued]:
    """Up to ``limit`` children whose turn it is, locked until this transaction ends.

    While many entries still wait to be linked, a child waits up to ``BULK_PATIENCE`` for the rest of its records: under a
    bulk load it is then folded, and announced, once for them all.
    """
    rows = await connection.fetch(
        "SELECT child_id, wanted FROM (SELECT child_id, wanted FROM fold_queue"
        "  WHERE (not_before IS NULL OR not_before < clock_timestamp())"
        "  AND queued_at <= clock_timestamp() - make_interval(secs => CASE WHEN $2::bigint >"
        "   (SELECT count(*) FROM (SELECT 1 FROM resolution_queue LIMIT $2) AS w)"
        "   THEN 0 ELSE $3::float8 END)"
        # Locks are tried one by one up to the limit: four workers find children of their own.
        "  ORDER BY queued_at LIMIT 4 * $1::bigint) AS next"
        f" WHERE pg_try_advisory_xact_lock({LOCK.format(child='child_id')}) LIMIT $1",
        limit,
        BULK_BACKLOG,
        BULK_PATIENCE,
    )
    return [Queued(row["child_id"], row["wanted"]) for row in rows]


async def finish(connection: "asyncpg.Connection[Any]", folded: Sequence[Queued]) -> None:
    """Take folded children out of the queue; those for whom somebody asked meanwhile go to its end."""
    same, changed = await _as_found(connection, folded)
    await connection.execute("DELETE FROM fold_queue WHERE child_id = ANY($1)", same)
    if changed:
        await connection.execute(
            "UPDATE fold_queue SET queued_at = clock_timestamp() WHERE child_id = ANY($1)", changed
        )


async def park(connection: "asyncpg.Connection[Any]", stuck: Sequence[Queued]) -> None:
    """Put off children that cannot be folded, longer each time, so that they hold up no other."""
    same, _ = await _as_found(connection, stuck)
    await connection.execute(
        "UPDATE fold_queue SET failures = failures + 1,"
        " not_before = clock_timestamp() + make_interval(secs => least(3600, 2 ^ least(failures, 12)))"
        " WHERE child_id = ANY($1)",
        same,
    )


async def _as_found(
    connection: "asyncpg.Connection[Any]", claimed: Sequence[Queued]
) -> tuple[list[UUID], list[UUID]]:
    """Children whose places in the queue nobody is touching now, held from here on: those as they were found, the others.

    The queue is not joined to the list: the planner knows it as nearly empty and would read it once for every child.
    """
    wanted = {one.child: one.wanted for one in claimed}
    rows = await connection.fetch(
        "SELECT child_id, wanted FROM fold_queue WHERE child_id = ANY($1) FOR UPDATE SKIP LOCKED",
        list(wanted),
    )
    same = [row["child_id"] for row in rows if row["wanted"] == wanted[row["child_id"]]]
    changed = [row["child_id"] for row in rows if row["wanted"] != wanted[row["child_id"]]]
    return same, changed
