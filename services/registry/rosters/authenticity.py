"""Authenticity of rosters: each row carries a MAC over all of it, under the audit key, which lies outside the database.

So whoever can write to the database alone can neither put a child on a roster, nor mark one as sent or accepted, nor
invent a receipt.  Each change of a row counts its generation on, and the database lets none go back: what was true of it
once, with the MAC of then, cannot be put in its place again.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.authenticity import Attested, Row
from shared.database import raw
from shared.hashes import keyed
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
#: Rows are numbered from 1 on, and go with the erasure of a child alone.
_GAPS: Final = (
    "SELECT o.id FROM rosters o JOIN roster_rows r ON r.roster_id = o.id WHERE NOT EXISTS"
    " (SELECT 1 FROM erasures x WHERE x.state = 'erased' AND x.erased_at >= o.made_at)"
    " GROUP BY o.id HAVING count(*) <> max(r.number) ORDER BY o.id"
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
    """Every roster that lacks rows which no erasure took along."""
    connection = await raw(session)
    for row in await connection.fetch(_GAPS):
        yield f"rosters {row['id']} lacks rows, and nobody on it was erased"


async def insert(session: AsyncSession, keys: KeySet, table: Attested, *rows: Row) -> None:
    """Write these rows, of the first generation."""
    await table.insert(await raw(session), keys, [{**row, "generation": 1} for row in rows])


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
