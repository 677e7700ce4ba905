"""Queries for calendar duties: what was reported of them, under the codes of their days.

A county that took another over is told what had been reported there: its schools are its own now, and owe nothing twice.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from shared.auth import Caller
from shared.database import raw

Area = tuple[int, int]
COUNTY: Final = 10**6
#: No span of a calendar is longer, by whatever end the day lies.
AROUND: Final = timedelta(days=400)
#: $1 and $2 are disjoint areas; of the first what lies between $3 and $4 is ``inside``, of the others all.
_DONE: Final = (
    "SELECT c.duty, c.occasion, c.done_on, c.school, c.division / 1000000 AS county,"
    " (a.place > 1 OR c.division BETWEEN $3 AND $4) AS inside, count(*) AS times"
    " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS a(low, high, place)"
    " JOIN calendar_acts c ON c.division BETWEEN a.low AND a.high"
    " WHERE c.done_on BETWEEN $5 AND $6 AND ($7::timestamptz IS NULL OR c.told_at <= $7) GROUP BY 1, 2, 3, 4, 5, 6"
)
#: What was reported for places as a whole.
_HELD: Final = (
    "SELECT duty, occasion, done_on, school, division, count(*) AS times FROM calendar_acts"
    " WHERE division = ANY($1) AND done_on BETWEEN $2 AND $3 AND ($4::timestamptz IS NULL OR told_at <= $4)"
    " GROUP BY 1, 2, 3, 4, 5"
)


async def done(
    session: AsyncSession,
    caller: Caller,
    area: Area,
    formers: Sequence[Area],
    around: date,
    known_at: datetime | None,
) -> list[Any]:
    """What had been reported in the counties of an area, as far as they are the caller's, ``inside`` it or not, and in the areas
    that became places of it (``formers``)."""
    low, high = area
    counties = (
        max(caller.grant.low, low // COUNTY * COUNTY),
        min(caller.grant.high, high // COUNTY * COUNTY + COUNTY - 1),
    )
    lows, highs = zip(counties, *formers, strict=True)
    days = around - AROUND, around + AROUND
    # What was reported under a code that has ended is hidden from whoever has another one today.
    async with as_system(session, caller):
        connection = await raw(session)
        rows: list[Any] = await connection.fetch(_DONE, lows, highs, low, high, *days, known_at)
    return rows


async def held(
    session: AsyncSession,
    caller: Caller,
    places: Sequence[int],
    around: date,
    known_at: datetime | None,
) -> list[Any]:
    """What had been reported for places as a whole; the caller answers for what they are today."""
    async with as_system(session, caller):
        connection = await raw(session)
        rows: list[Any] = await connection.fetch(
            _HELD, list(places), around - AROUND, around + AROUND, known_at
        )
    return rows
