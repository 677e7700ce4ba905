"""What a preview reads of all persons, page by page, and how previews are kept."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.matching.links.queries import Connection, StoredPerson

PAGE = 1_000
FIRST = UUID(int=0)
#: What persons would be found under if the new model blocks by other rules; gone with the transaction.
TEMPORARY_KEYS = "preview_keys"


@dataclass(frozen=True, slots=True)
class StoredPreview:
    preview: UUID
    rule_version: str
    made_at: datetime
    link_seq: int
    digest: bytes
    counts: dict[str, int]
    applied_at: datetime | None


async def pages(connection: Connection) -> AsyncIterator[list[StoredPerson]]:
    """All persons that have entries."""
    after = FIRST
    while True:
        rows = await connection.fetch(
            "SELECT person, sealed, doubtful, keying FROM persons"
            " WHERE sealed IS NOT NULL AND person > $1 ORDER BY person LIMIT $2",
            after,
            PAGE,
        )
        if rows:
            yield [StoredPerson(*row) for row in rows]
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


async def make_temporary_keys(connection: Connection) -> None:
    await connection.execute(
        f"CREATE TEMPORARY TABLE {TEMPORARY_KEYS} (key bigint, person uuid) ON COMMIT DROP"
    )


async def add_temporary_keys(connection: Connection, keys: Iterable[tuple[int, UUID]]) -> None:
    await connection.copy_records_to_table(
        TEMPORARY_KEYS, columns=("key", "person"), records=list(keys)
    )


async def pairs(
    connection: Connection, table: str, cap: int
) -> AsyncIterator[list[tuple[UUID, UUID]]]:
    """Pairs of persons that share a key which no more than ``cap`` persons share, each once."""
    cursor = await connection.cursor(
        f"SELECT DISTINCT a.person, b.person FROM"
        f" (SELECT key FROM {table} GROUP BY key HAVING count(*) BETWEEN 2 AND $1) AS shared"
        f" JOIN {table} a USING (key) JOIN {table} b USING (key)"
        " WHERE a.person < b.person ORDER BY 1, 2",
        cap,
    )
    while rows := await cursor.fetch(PAGE):
        yield [(row[0], row[1]) for row in rows]


async def open_reviews(connection: Connection) -> list[tuple[UUID, UUID, float]]:
    rows = await connection.fetch("SELECT one, other, weight FROM reviews WHERE closed_at IS NULL")
    return [(row[0], row[1], row[2]) for row in rows]


async def persons_ruled_together(connection: Connection) -> list[list[UUID]]:
    """For each standing ruling that holds entries together, the persons they are with."""
    rows = await connection.fetch(
        "SELECT array_agg(DISTINCT e.person ORDER BY e.person) FROM rulings r"
        " JOIN ruling_entries x ON x.ruling = r.ruling JOIN entries e ON e.entry = x.entry"
        " WHERE r.same AND r.withdrawn_at IS NULL AND e.person IS NOT NULL GROUP BY r.ruling"
    )
    return [row[0] for row in rows]


async def store(
    connection: Connection, preview: StoredPreview, groups: Sequence[Iterable[UUID]]
) -> None:
    await connection.execute(
        "INSERT INTO previews (preview, rule_version, made_at, link_seq, digest, counts)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        preview.preview,
        preview.rule_version,
        preview.made_at,
        preview.link_seq,
        preview.digest,
        orjson.dumps(preview.counts).decode(),
    )
    await connection.copy_records_to_table(
        "preview_groups",
        columns=("preview", "place", "persons"),
        records=[(preview.preview, at, sorted(group)) for at, group in enumerate(groups)],
    )


async def find(connection: Connection, preview: UUID) -> StoredPreview | None:
    row = await connection.fetchrow(
        "SELECT preview, rule_version, made_at, link_seq, digest, counts, applied_at"
        " FROM previews WHERE preview = $1 FOR UPDATE",
        preview,
    )
    return StoredPreview(*row) if row else None


async def groups_of(connection: Connection, preview: UUID) -> list[frozenset[UUID]]:
    rows: list[Any] = await connection.fetch(
        "SELECT persons FROM preview_groups WHERE preview = $1 ORDER BY place", preview
    )
    return [frozenset(row[0]) for row in rows]


async def mark_applied(connection: Connection, preview: UUID, now: datetime) -> None:
    await connection.execute("UPDATE previews SET applied_at = $2 WHERE preview = $1", preview, now)
