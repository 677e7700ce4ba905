"""Condensing: of changes that were told long enough, the newest of each child in each county stays.

Guaranteed:
- Whoever reads from the beginning still finds every child that it sees, and whoever comes late with an old position how each
  came to stand: a change that stays takes over who saw the child before those that went, so that no ``left`` is lost.
- What only those were told who see key care takes the place of nothing that everybody was told.
- Only whole changes go, and never the newest: positions go on growing.

So the table holds at most what a child did last in each county, and the changes of ``CHANGES_KEPT_DAYS``.
"""

from datetime import timedelta
from typing import Any

import asyncpg

from services.registry.changes.authenticity import CHANGES
from services.registry.planning import by_index
from shared.clock import Clock
from shared.database import SYSTEM, Database, raw
from shared.keys import KeySet
from shared.limits import CHANGES_KEPT_DAYS

KEPT = timedelta(days=CHANGES_KEPT_DAYS)
BATCH = 1000

_PAGE = (
    "SELECT DISTINCT position FROM child_changes WHERE position > $1 AND at < $2"
    " ORDER BY position LIMIT $3"
)
#: Every county of the change has heard of the child again.
_OUTDATED = (
    "SELECT c.position FROM child_changes c WHERE c.position = ANY($1) GROUP BY c.position"
    " HAVING bool_and(EXISTS (SELECT 1 FROM child_changes n WHERE n.child_id = c.child_id"
    "  AND n.county = c.county AND n.position > c.position AND (n.care IS NULL OR c.care <@ n.care)))"
)
#: The changes that take over, each with whoever saw the child in those that go.
_HEIRS = (
    "SELECT h.*, f.stated FROM child_changes h JOIN"
    " (SELECT n.id, n.county, array_agg(DISTINCT s.by) AS stated FROM child_changes c"
    "  CROSS JOIN LATERAL (SELECT id, county FROM child_changes WHERE child_id = c.child_id"
    "   AND county = c.county AND position > c.position AND position <> ALL($1)"
    "   AND (care IS NULL OR c.care <@ care) ORDER BY position LIMIT 1) n"
    "  CROSS JOIN LATERAL unnest(c.stated_before || c.stated_now) AS s(by)"
    "  WHERE c.position = ANY($1) GROUP BY n.id, n.county) f ON h.id = f.id AND h.county = f.county"
)
_TAKE_OVER = "UPDATE child_changes SET stated_before = $3, mac = $4 WHERE id = $1 AND county = $2"


async def condense(database: Database, keys: KeySet, clock: Clock) -> int:
    """Go once through all changes that are old enough; how many rows went."""
    before = clock.now() - KEPT
    done = at = 0
    while True:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            await by_index(connection)
            page = [row["position"] for row in await connection.fetch(_PAGE, at, before, BATCH)]
            done += await _page(connection, keys, page)
        if len(page) < BATCH:
            return done
        at = page[-1]


async def _page(connection: "asyncpg.Connection[Any]", keys: KeySet, page: list[int]) -> int:
    outdated = [row["position"] for row in await connection.fetch(_OUTDATED, page)]
    if not outdated:
        return 0
    heirs = []
    for row in await connection.fetch(_HEIRS, outdated):
        stated = sorted({*(row["stated_before"] or ()), *row["stated"]})
        # What was forged keeps its MAC: without any, an operator might vouch for it (adopting.py).
        told = (
            CHANGES.mac(keys, {**row, "stated_before": stated})
            if CHANGES.authentic(keys, row)
            else row["mac"]
        )
        heirs.append((row["id"], row["county"], stated, told))
    await connection.executemany(_TAKE_OVER, heirs)
    gone = await connection.execute("DELETE FROM child_changes WHERE position = ANY($1)", outdated)
    return int(gone.split()[-1])
