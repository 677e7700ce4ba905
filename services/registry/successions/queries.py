"""Queries for successions: what still stands under the codes of divisions that have ended.  Row-level security holds as well."""

from collections.abc import Sequence
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.auth import Caller
from shared.database import raw

#: So many children of one ended division are named; all of them are counted.
NAMED = 100

_LEFT = (
    "SELECT e.low, l.living, l.children, h.registered, p.posts"
    " FROM unnest($1::bigint[], $2::bigint[]) AS e(low, high)"
    " CROSS JOIN LATERAL (SELECT count(*) AS living, (array_agg(c.id ORDER BY c.id))[1:$5] AS children"
    "  FROM children c WHERE c.residence_code BETWEEN greatest(e.low, $3) AND least(e.high, $4)) l"
    " CROSS JOIN LATERAL (SELECT count(*) AS registered FROM children c"
    "  WHERE c.hukou_code BETWEEN greatest(e.low, $3) AND least(e.high, $4)) h"
    " CROSS JOIN LATERAL (SELECT count(*) AS posts FROM posts p"
    "  WHERE p.division BETWEEN greatest(e.low, $3) AND least(e.high, $4)) p"
    " WHERE l.living + h.registered + p.posts > 0 ORDER BY e.low"
)


async def left(
    session: AsyncSession, caller: Caller, areas: Sequence[tuple[int, int]]
) -> Sequence[Any]:
    """Of these ended areas those under which children or posts of the caller's area still stand."""
    grant = caller.grant
    here = [area for area in areas if grant.low <= area[1] and area[0] <= grant.high]
    connection = await raw(session)
    rows: Sequence[Any] = await connection.fetch(
        _LEFT,
        [low for low, _ in here],
        [high for _, high in here],
        grant.low,
        grant.high,
        NAMED,
    )
    return rows
