"""Rulings in the database, under the linker's lock."""

from datetime import datetime
from uuid import UUID

from services.matching.linkage.decisions import Ruling
from services.matching.links.queries import Connection


async def find(connection: Connection, ruling: UUID) -> Ruling | None:
    """The ruling, standing or withdrawn."""
    row = await connection.fetchrow(
        "SELECT ruling, same, one, other FROM rulings WHERE ruling = $1", ruling
    )
    return Ruling(row[0], row[1], frozenset(row[2]), frozenset(row[3])) if row else None


async def store(connection: Connection, ruling: Ruling, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO rulings (ruling, same, one, other, made_at) VALUES ($1, $2, $3, $4, $5)",
        ruling.ruling,
        ruling.same,
        sorted(ruling.one),
        sorted(ruling.other),
        now,
    )
    await connection.execute(
        "INSERT INTO ruling_entries (entry, ruling) SELECT unnest($1::uuid[]), $2",
        sorted(ruling.one | ruling.other),
        ruling.ruling,
    )


async def withdraw(connection: Connection, ruling: UUID, now: datetime) -> bool:
    """Whether it stood until now."""
    found = await connection.fetchval(
        "UPDATE rulings SET withdrawn_at = $2 WHERE ruling = $1 AND withdrawn_at IS NULL"
        " RETURNING true",
        ruling,
        now,
    )
    await connection.execute("DELETE FROM ruling_entries WHERE ruling = $1", ruling)
    return bool(found)
