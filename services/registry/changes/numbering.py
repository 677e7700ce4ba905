"""Numbering: changes get their positions after commit, as events do (ADR 0005), so that a reader who has seen one has
seen everything before it.

The position is bound to the rest anew; what the service did not write gets one all the same, and stays what it was: forged.
"""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.changes.authenticity import CHANGES
from shared.database import raw
from shared.keys import KeySet
from shared.sequencing import BATCH, SEQUENCER_LOCK

_WAITING = (
    "SELECT c.* FROM child_changes c JOIN (SELECT DISTINCT id FROM child_changes WHERE position IS NULL"
    " ORDER BY id LIMIT $1) AS waiting ON waiting.id = c.id WHERE c.position IS NULL ORDER BY c.id"
)
_NUMBER = (
    "UPDATE child_changes c SET position = n.position, mac = n.mac"
    " FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[]) AS n(id, county, position, mac)"
    " WHERE c.id = n.id AND c.county = n.county AND c.position IS NULL"
)


async def number_changes(session: AsyncSession, keys: KeySet) -> int:
    """Give the next positions to committed changes; how many rows got one.  As the system alone."""
    connection = await raw(session)
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SEQUENCER_LOCK):
        return 0
    rows = await connection.fetch(_WAITING, BATCH)
    if not rows:
        return 0
    position = await connection.fetchval("SELECT coalesce(max(position), 0) FROM child_changes")
    numbered = []
    last = None
    for row in rows:
        position += row["id"] != last
        last = row["id"]
        told = (
            CHANGES.mac(keys, {**row, "position": position})
            if CHANGES.authentic(keys, row)
            else row["mac"]
        )
        numbered.append((row["id"], row["county"], position, told))
    done = await connection.execute(_NUMBER, *zip(*numbered, strict=True))
    return int(done.split()[-1])
