"""Queries for figures.  A figure is shown to whoever's area covers the whole of its own; row-level security says so too."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.figures.authenticity import FIGURES
from shared.auth import Caller
from shared.database import raw
from shared.keys import KeySet

SELECT = f"SELECT {FIGURES.selected} FROM figures"
_MINE = "low >= $1 AND high <= $2"


async def one(session: AsyncSession, keys: KeySet, caller: Caller, figure: UUID) -> Any | None:
    """A publication of the caller's area, as it was written here."""
    connection = await raw(session)
    row = await connection.fetchrow(
        f"{SELECT} WHERE id = $3 AND revises IS NULL AND {_MINE}",
        caller.grant.low,
        caller.grant.high,
        figure,
    )
    return row if row and FIGURES.authentic(keys, row) else None


async def revisions(
    session: AsyncSession, keys: KeySet, caller: Caller, figure: UUID, limit: int
) -> Sequence[Any]:
    """What a publication came to when it was counted again, the newest first."""
    connection = await raw(session)
    rows = await connection.fetch(
        f"{SELECT} WHERE revises = $3 AND {_MINE} ORDER BY known_at DESC, id DESC LIMIT $4",
        caller.grant.low,
        caller.grant.high,
        figure,
        limit,
    )
    return [row for row in rows if FIGURES.authentic(keys, row)]


async def page(
    session: AsyncSession, keys: KeySet, caller: Caller, after: UUID | None, limit: int
) -> Sequence[Any]:
    """Publications of the caller's area, the newest first."""
    connection = await raw(session)
    rows: Sequence[Any] = await connection.fetch(
        f"{SELECT} WHERE revises IS NULL AND {_MINE} AND ($3::uuid IS NULL OR id < $3)"
        " ORDER BY id DESC LIMIT $4",
        caller.grant.low,
        caller.grant.high,
        after,
        limit,
    )
    return rows


async def erased_since(session: AsyncSession, area: tuple[int, int], instant: datetime) -> int:
    """Children of the area who were erased since: the past has them no more.  As the service itself.

    Those of no known home count where they belong: of how many others were erased elsewhere nobody is told.
    """
    connection = await raw(session)
    found: int = await connection.fetchval(
        "SELECT count(*) FROM erasures WHERE erased_at > $1"
        " AND (residence_code BETWEEN $2 AND $3 OR residence_code IS NULL AND hukou_code BETWEEN $2 AND $3)",
        instant,
        *area,
    )
    return found
