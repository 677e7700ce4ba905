"""Authenticity of rosters: each row carries a MAC over all of it, under the audit key, which lies outside the database.

So whoever can write to the database alone can neither put a child on a roster, nor mark one as sent or accepted, nor
invent a receipt.  Each change of a row counts its generation on, and the database lets none go back: what was true of it
once, with the MAC of then, cannot be put in its place again.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import authenticity
from shared.database import raw
from shared.hashes import keyed
from shared.keys import KeySet
from shared.sealing import seal, unseal

log = structlog.get_logger()

KIND = "roster"
COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "rosters": (
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
    ),
    "roster_rows": (
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
    ),
    "roster_readings": (
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
    ),
}


def _values(table: str, row: Mapping[str, Any]) -> list[Any]:
    # A row of before generations were counted has none, and its MAC was made without.
    return [table, *(row[name] for name in COLUMNS[table] if name != "generation" or row[name])]


def mac(keys: KeySet, table: str, row: Mapping[str, Any]) -> bytes:
    return authenticity.mac(keys, KIND, _values(table, row))


def authentic(keys: KeySet, table: str, row: Mapping[str, Any]) -> bool:
    """Whether the service wrote this row, whole; what is not is named in the log."""
    if authenticity.authentic(keys, KIND, _values(table, row), row["mac"]):
        return True
    log.error("roster.forged", table=table, id=str(row["id"]))
    return False


def seal_digest(keys: KeySet, reading: UUID, digest: bytes) -> bytes:
    """A file's digest as it is kept: plain, it would prove a guess at a short file to whoever reads the table."""
    key = keyed(keys.key, "roster digest")
    return keys.current.to_bytes(2, "big") + seal(key, digest, reading.bytes)


def digest_of(keys: KeySet, row: Mapping[str, Any]) -> bytes:
    """The digest of an authentic ``roster_readings`` row."""
    key = keys.keys[int.from_bytes(row["digest"][:2], "big")]
    return unseal(keyed(key, "roster digest"), row["digest"][2:], row["id"].bytes)


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every row that the service did not write so."""
    connection = await raw(session)
    for table, columns in COLUMNS.items():
        after = UUID(int=0)
        while rows := await connection.fetch(
            f"SELECT {', '.join(columns)}, mac FROM {table} WHERE id > $1 ORDER BY id LIMIT 1000",
            after,
        ):
            for row in rows:
                if not authentic(keys, table, row):
                    yield f"{table} {row['id']} was forged or changed"
            after = rows[-1]["id"]
    for row in await connection.fetch(_GAPS):
        yield f"rosters {row['id']} lacks rows, and nobody on it was erased"


#: Rows are numbered from 1 on, and go with the erasure of a child alone.
_GAPS: Final = (
    "SELECT o.id FROM rosters o JOIN roster_rows r ON r.roster_id = o.id WHERE NOT EXISTS"
    " (SELECT 1 FROM erasures x WHERE x.state = 'erased' AND x.erased_at >= o.made_at)"
    " GROUP BY o.id HAVING count(*) <> max(r.number) ORDER BY o.id"
)


async def insert(session: AsyncSession, keys: KeySet, table: str, *rows: Mapping[str, Any]) -> None:
    """Write these rows, each with its MAC."""
    columns = COLUMNS[table]
    made = [{**row, "generation": 1} for row in rows]
    connection = await raw(session)
    await connection.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}, mac)"
        f" VALUES ({', '.join(f'${at}' for at in range(1, len(columns) + 2))})",
        [(*(row[name] for name in columns), mac(keys, table, row)) for row in made],
    )


async def update(
    session: AsyncSession,
    keys: KeySet,
    table: str,
    rows: Sequence[Mapping[str, Any]],
    changed: Sequence[str],
) -> None:
    """Write the changed columns of these rows, and their MACs anew."""
    columns = (*changed, "generation")
    assignments = ", ".join(f"{name} = ${at}" for at, name in enumerate(columns, 3))
    next_ = [{**row, "generation": row["generation"] + 1} for row in rows]
    connection = await raw(session)
    await connection.executemany(
        f"UPDATE {table} SET mac = $2, {assignments} WHERE id = $1",
        [(row["id"], mac(keys, table, row), *(row[name] for name in columns)) for row in next_],
    )
