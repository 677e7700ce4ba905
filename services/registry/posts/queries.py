"""Queries for posts.  Each filters by the caller's area itself; row-level security holds even if one forgot to."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.auth import Caller
from shared.database import raw

#: Where a list stands: the division and id of the last post seen.
Position = tuple[int, UUID]
START: Position = (-1, UUID(int=0))
MOST_PLACES = 20_000

_POST = (
    "p.id, p.kind, p.division, p.seat, p.staff, p.since, p.version,"
    " (SELECT max(t.held_on) FROM trainings t WHERE t.staff = p.staff) AS trained_on"
)


async def page(
    session: AsyncSession,
    caller: Caller,
    area: tuple[int, int],
    kind: str | None,
    vacant: bool | None,
    trained: bool | None,
    after: Position,
    limit: int,
) -> list[Any]:
    """The next posts of an area after a position, in order of division."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT * FROM (SELECT {_POST} FROM posts p WHERE p.division BETWEEN $1 AND $2"
        " AND p.division BETWEEN $3 AND $4 AND (p.division, p.id) > ($5, $6)"
        " AND ($7::text IS NULL OR p.kind = $7)"
        " AND ($8::boolean IS NULL OR (p.staff IS NULL) = $8)) AS p"
        " WHERE $9::boolean IS NULL OR (p.staff IS NOT NULL AND (p.trained_on IS NOT NULL) = $9)"
        " ORDER BY p.division, p.id LIMIT $10",
        caller.grant.low,
        caller.grant.high,
        *area,
        *after,
        kind,
        vacant,
        trained,
        limit,
    )
    return rows


async def one(
    session: AsyncSession, caller: Caller, post: UUID, *, held: bool = False
) -> Any | None:
    """One post of the caller's area; ``held`` until the transaction ends."""
    connection = await raw(session)
    if held:
        await connection.execute("SELECT 1 FROM posts WHERE id = $1 FOR UPDATE", post)
    return await connection.fetchrow(
        f"SELECT {_POST} FROM posts p WHERE p.id = $1 AND p.division BETWEEN $2 AND $3",
        post,
        caller.grant.low,
        caller.grant.high,
    )


async def trainings(session: AsyncSession, staff: str | None) -> list[Any]:
    """Of one member of staff, the newest first."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        "SELECT held_on, topic, hours FROM trainings WHERE staff = $1 ORDER BY held_on DESC, id LIMIT 100",
        staff,
    )
    return rows


async def coverage(
    session: AsyncSession, caller: Caller, area: tuple[int, int], unit: int, since: date
) -> list[Any]:
    """Posts by place and kind; trained counts from ``since`` on."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        "SELECT p.division / $5 * $5 AS place, p.kind, count(*) AS posts,"
        " count(*) FILTER (WHERE p.staff IS NULL) AS vacant,"
        " count(*) FILTER (WHERE EXISTS (SELECT 1 FROM trainings t WHERE t.staff = p.staff"
        "  AND t.held_on >= $6)) AS trained"
        " FROM posts p WHERE p.division BETWEEN $1 AND $2 AND p.division BETWEEN $3 AND $4"
        f" GROUP BY 1, 2 ORDER BY 1, 2 LIMIT {MOST_PLACES}",
        caller.grant.low,
        caller.grant.high,
        *area,
        unit,
        since,
    )
    return rows


async def filled(session: AsyncSession, places: Collection[int]) -> dict[tuple[str, int], UUID]:
    """The filled posts of these divisions, by kind and division."""
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT id, kind, division FROM posts WHERE division = ANY($1) AND staff IS NOT NULL"
        " ORDER BY seat DESC",
        list(places),
    )
    return {(row["kind"], row["division"]): row["id"] for row in rows}
