"""Authenticity of former links: each says under a MAC whom an entry was held to speak of, and until when.

What was known on a past day is told from them, and whom an erasure takes along.  The key lies outside the database.
Each is also told to the audit trail, whose entries are numbered and chained: one that was taken away is missed (ADR 0030).
"""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import audit
from shared.authenticity import Attested, Row
from shared.database import raw
from shared.keys import KeySet

FORMER_LINKS = Attested(
    kind="former link",
    table="former_links",
    event="former_link.forged",
    columns=("entry_id", "link_seq", "person", "taken_at", "replaced_at"),
    key=("entry_id", "link_seq"),
)

OPERATION = "links.replace"
#: What the trail tells of, and neither stands nor went with an erasure of the entry, or of whom it was held to speak of.
_MISSED = (
    "SELECT t.entry, t.seq FROM audit_entries a CROSS JOIN LATERAL"
    " jsonb_to_recordset(a.detail -> 'links') AS t(entry uuid, seq bigint, person uuid)"
    f" WHERE a.client = 'hutong' AND a.operation = '{OPERATION}'"
    " AND NOT EXISTS (SELECT 1 FROM former_links f WHERE f.entry_id = t.entry AND f.link_seq = t.seq)"
    " AND NOT EXISTS (SELECT 1 FROM erasures x WHERE x.state = 'erased' AND x.erased_at >= a.at"
    "  AND (x.child_id = t.person OR EXISTS (SELECT 1 FROM erased_entries e"
    "   WHERE e.erasure_id = x.id AND e.entry_id = t.entry))) ORDER BY 1, 2"
)


async def keep(
    connection: "asyncpg.Connection[Any]", keys: KeySet, former: Sequence[Row], now: datetime
) -> None:
    """Keep what links said until now, and tell the audit trail of it."""
    if not former:
        return
    await FORMER_LINKS.insert(connection, keys, former)
    told = [
        {"entry": str(row["entry_id"]), "seq": row["link_seq"], "person": str(row["person"])}
        for row in former
    ]
    act = audit.Act("hutong", "system", "system:links", "", OPERATION, (), {"links": told})
    await audit.append(connection, keys, now, act)


async def forged(
    connection: "asyncpg.Connection[Any]",
    keys: KeySet,
    entries: Collection[UUID],
    persons: Collection[UUID] = (),
) -> set[UUID]:
    """Those of these entries and persons of whom a former link was not written so: whose they were nobody can tell by it."""
    rows = await connection.fetch(
        f"SELECT {FORMER_LINKS.selected} FROM former_links WHERE entry_id = ANY($1)"
        f" UNION SELECT {FORMER_LINKS.selected} FROM former_links WHERE person = ANY($2)",
        list(entries),
        list(persons),
    )
    bad = [row for row in rows if not FORMER_LINKS.authentic(keys, row)]
    return {one for row in bad for one in (row["entry_id"], row["person"])}


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every former link that the service did not write so, and every one that is missing."""
    async for fault in FORMER_LINKS.faults(session, keys):
        yield fault
    connection = await raw(session)
    for row in await connection.fetch(_MISSED):
        yield f"former link {row['entry']} {row['seq']} was taken away"
