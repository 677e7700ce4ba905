"""Authenticity of rosters: each row carries a MAC over all of it, under the audit key, which lies outside the database.

So whoever can write to the database alone can neither put a child on a roster, nor mark one as sent or accepted, nor
invent a receipt.  Each change of a row counts its generation on, and the database lets none go back: what was true of it
once, with the MAC of then, cannot be put in its place again.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.records.authenticity import OPERATION as REPLACED
from shared.authenticity import Attested, Row
from shared.database import raw
from shared.hashes import keyed
from shared.ids import uuid7
from shared.keys import KeySet
from shared.sealing import seal, unseal


def _attested(table: str, *columns: str) -> Attested:
    def says(row: Row) -> Sequence[object]:
        # A row of before generations were counted has none, and its MAC was made without.
        return [table, *(row[name] for name in columns if name != "generation" or row[name])]

    return Attested(
        kind="roster",
        table=table,
        columns=columns,
        says=says,
        event="roster.forged",
        name=f"{table} {{id}}",
    )


ROSTERS: Final = _attested(
    "rosters",
    "id",
    "kind",
    "topic",
    "addressee",
    "low",
    "high",
    "clause",
    "client",
    "actor",
    "made_at",
)
ROWS: Final = _attested(
    "roster_rows",
    "id",
    "roster_id",
    "kind",
    "number",
    "child_id",
    "anchor",
    "child_seq",
    "told",
    "taken_at",
    "verdict",
    "reason",
    "differing",
    "answered_by",
    "answered_at",
    "generation",
)
READINGS: Final = _attested(
    "roster_readings",
    "id",
    "roster_id",
    "client",
    "department",
    "actor",
    "at",
    "rows",
    "digest",
    "received_by",
    "received_at",
    "generation",
)
ACTS: Final = Attested(
    kind="roster act",
    table="roster_acts",
    event="roster_act.forged",
    columns=("id", "roster_id", "row_id", "act", "at"),
)
#: The trail tells who was named on which roster: of them, only whoever was erased since, or joined to another, may be missing,
#: and whoever's row went along with an entry that was found to be another child's, and erased with that one.
_GAPS: Final = (
    "WITH named AS (SELECT (a.detail ->> 'roster')::uuid AS roster, s.child, a.at"
    "  FROM audit_entries a CROSS JOIN LATERAL unnest(a.subjects) AS s(child)"
    "  WHERE a.operation = 'rosters.name'),"
    " lost AS (SELECT t.person, x.erased_at FROM audit_entries a CROSS JOIN LATERAL"
    "  jsonb_to_recordset(a.detail -> 'links') AS t(entry uuid, person uuid)"
    "  JOIN erased_entries e ON e.entry_id = t.entry JOIN erasures x ON x.id = e.erasure_id AND x.state = 'erased'"
    f"  WHERE a.client = 'hutong' AND a.operation = '{REPLACED}'),"
    " owed AS (SELECT m.roster, count(n.child) AS rows, count(n.child) FILTER (WHERE"
    "   EXISTS (SELECT 1 FROM erasures x WHERE x.state = 'erased' AND x.erased_at >= n.at AND x.child_id = n.child)"
    "   OR EXISTS (SELECT 1 FROM lost WHERE lost.person = n.child AND lost.erased_at >= n.at)"
    "   OR NOT EXISTS (SELECT 1 FROM children c WHERE c.id = n.child)) AS gone"
    "  FROM (SELECT (detail ->> 'roster')::uuid AS roster FROM audit_entries"
    "   WHERE operation = 'rosters.make') m LEFT JOIN named n USING (roster) GROUP BY m.roster)"
    " SELECT o.roster AS id, r.id IS NULL AS removed FROM owed o LEFT JOIN rosters r ON r.id = o.roster"
    " WHERE r.id IS NULL OR (SELECT count(*) FROM roster_rows w WHERE w.roster_id = o.roster)"
    "  NOT BETWEEN o.rows - o.gone AND o.rows ORDER BY 1"
)


def seal_digest(keys: KeySet, reading: UUID, digest: bytes) -> bytes:
    """A file's digest as it is kept: plain, it would prove a guess at a short file to whoever reads the table."""
    key = keyed(keys.key, "roster digest")
    return keys.current.to_bytes(2, "big") + seal(key, digest, reading.bytes)


def digest_of(keys: KeySet, row: Row) -> bytes:
    """The digest of an authentic ``roster_readings`` row."""
    key = keys.keys[int.from_bytes(row["digest"][:2], "big")]
    return unseal(keyed(key, "roster digest"), row["digest"][2:], row["id"].bytes)


async def gaps(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every roster that was made and is gone, or that lacks rows which no erasure took along."""
    connection = await raw(session)
    for row in await connection.fetch(_GAPS):
        what = "was removed" if row["removed"] else "lacks rows, and nobody on it was erased"
        yield f"rosters {row['id']} {what}"


async def insert(session: AsyncSession, keys: KeySet, table: Attested, *rows: Row) -> None:
    """Write these rows, of the first generation."""
    await table.insert(await raw(session), keys, [{**row, "generation": 1} for row in rows])


async def note(
    session: AsyncSession, keys: KeySet, rows: Sequence[Row], act: str, now: datetime
) -> None:
    """Note what became of these rows: ``taken`` for the first time, or a verdict on each."""
    acts = [
        {"id": uuid7(), "roster_id": row["roster_id"], "row_id": row["id"], "act": act, "at": now}
        for row in rows
    ]
    await ACTS.insert(await raw(session), keys, acts)


async def update(
    session: AsyncSession,
    keys: KeySet,
    table: Attested,
    rows: Sequence[Row],
    changed: Sequence[str],
) -> None:
    """Write the changed columns of these rows, and their MACs anew."""
    columns = (*changed, "generation")
    assignments = ", ".join(f"{name} = ${at}" for at, name in enumerate(columns, 3))
    next_ = [{**row, "generation": row["generation"] + 1} for row in rows]
    connection = await raw(session)
    await connection.executemany(
        f"UPDATE {table.table} SET mac = $2, {assignments} WHERE id = $1",
        [(row["id"], table.mac(keys, row), *(row[name] for name in columns)) for row in next_],
    )
