"""Erasures as they are read; each query filters by place itself, row-level security besides."""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.erasures.authenticity import ERASURES
from shared.auth import Caller
from shared.database import raw

_IN_PLACE = "(residence_code BETWEEN $1 AND $2 OR hukou_code BETWEEN $1 AND $2)"


async def one(
    session: AsyncSession, caller: Caller, erasure: UUID, *, locked: bool = False
) -> Any | None:
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {ERASURES.selected} FROM erasures WHERE id = $3 AND {_IN_PLACE}"
        + (" FOR UPDATE" if locked else ""),
        caller.grant.low,
        caller.grant.high,
        erasure,
    )


async def page(
    session: AsyncSession, caller: Caller, state: str | None, after: UUID | None, limit: int
) -> list[Any]:
    """Erasures of the caller's place, the oldest first."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {ERASURES.selected} FROM erasures WHERE {_IN_PLACE}"
        " AND ($3::text IS NULL OR state = $3) AND ($4::uuid IS NULL OR id > $4) ORDER BY id LIMIT $5",
        caller.grant.low,
        caller.grant.high,
        state,
        after,
        limit,
    )
    return rows
