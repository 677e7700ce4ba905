"""Numbering: changes get their positions after commit, as events do (ADR 0005), so that a reader who has seen one has
seen everything before it.
"""

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import raw
from shared.sequencing import BATCH, SEQUENCER_LOCK

_NUMBER = (
    "WITH last AS (SELECT coalesce(max(position), 0) AS position FROM child_changes),"
    " next AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM"
    "  (SELECT DISTINCT id FROM child_changes WHERE position IS NULL ORDER BY id LIMIT $1) AS waiting)"
    " UPDATE child_changes c SET position = last.position + next.n FROM next, last WHERE c.id = next.id"
)


async def number_changes(session: AsyncSession) -> int:
    """Give the next positions to committed changes; how many rows got one.  As the system alone."""
    connection = await raw(session)
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SEQUENCER_LOCK):
        return 0
    done = await connection.execute(_NUMBER, BATCH)
    return int(done.split()[-1])
