"""Rulings in the database, under the linker's lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.matching.linkage.decisions import Ruling
from services.matching.links.queries import Connection


@dataclass(frozen=True, slots=True)
class Known:
    """A ruling that was told once, and whether it stands still."""

    ruling: Ruling
    stands: bool


async def find(connection: Connection, rulings: Sequence[UUID]) -> dict[UUID, Known]:
    """Those of the rulings that are known, standing or withdrawn, in the order asked for."""
    rows = await connection.fetch(
        "SELECT ruling, same, one, other, withdrawn_at IS NULL FROM rulings"
        " WHERE ruling = ANY($1::uuid[]) ORDER BY array_position($1::uuid[], ruling)",
        list(rulings),
    )
    return {
        row[0]: Known(Ruling(row[0], row[1], frozenset(row[2]), frozenset(row[3])), row[4])
        for row in rows
    }


async def store(connection: Connection, ruling: Ruling, now: datetime) -> None:
    """Hold a new ruling; one that was withdrawn stands again."""
    await connection.execute(
        "INSERT INTO rulings (ruling, same, one, other, made_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (ruling) DO UPDATE SET withdrawn_at = NULL",
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


async def withdraw(connection: Connection, rulings: Sequence[UUID], now: datetime) -> None:
    """Let the rulings stand no more."""
    await connection.execute(
        "UPDATE rulings SET withdrawn_at = $2 WHERE ruling = ANY($1::uuid[])", rulings, now
    )
    await connection.execute(
        "DELETE FROM ruling_entries WHERE ruling = ANY($1::uuid[])", list(rulings)
    )
