"""Queries for calendar duties: what was reported of them, under the codes of their days.

A county that took another over is told what had been reported there: its schools are its own now, and owe nothing twice.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from shared.auth import Caller
from shared.database import raw
from shared.vocabulary import Department

Area = tuple[int, int]
COUNTY: Final = 10**6
#: No span of a calendar is longer, by whatever end the day lies.
AROUND: Final = timedelta(days=400)
#: Each report once: a township that got a code of its own lies within the county that it was in.
_DONE: Final = (
    "SELECT c.duty, c.occasion, c.done_on, c.school, c.division, count(*) AS times FROM ("
    " SELECT DISTINCT i.id FROM unnest($1::bigint[], $2::bigint[]) AS a(low, high)"
    " JOIN calendar_acts i ON i.division BETWEEN a.low AND a.high AND i.done_on BETWEEN $3 AND $4"
    "  AND ($5::timestamptz IS NULL OR i.told_at <= $5)"
    f"  AND ($6::text = '{Department.CIVIL_AFFAIRS}' OR i.department = $6)) one"
    " JOIN calendar_acts c ON c.id = one.id GROUP BY 1, 2, 3, 4, 5"
)
#: What was reported for places as a whole.
_HELD: Final = (
    "SELECT duty, occasion, done_on, school, division, count(*) AS times FROM calendar_acts"
    " WHERE division = ANY($1) AND done_on BETWEEN $2 AND $3 AND ($4::timestamptz IS NULL OR told_at <= $4)"
    f" AND ($5::text = '{Department.CIVIL_AFFAIRS}' OR department = $5) GROUP BY 1, 2, 3, 4, 5"
)


def counties_of(caller: Caller, area: Area) -> Area:
    """The counties of an area, as far as they are the caller's."""
    low, high = area
    return (
        max(caller.grant.low, low // COUNTY * COUNTY),
        min(caller.grant.high, high // COUNTY * COUNTY + COUNTY - 1),
    )


async def done(
    session: AsyncSession,
    caller: Caller,
    counties: Area,
    formers: Sequence[Area],
    now_called: Callable[[int], int],
    around: date,
    known_at: datetime | None,
) -> list[dict[str, Any]]:
    """What had been reported in ``counties``, and in the areas of which anything became a place there (``formers``): each with
    its ``place`` of today.  Civil affairs is told of every report, another department of its own."""
    lows, highs = zip(counties, *formers, strict=True)
    # What was reported under a code that has ended is hidden from whoever has another one today: what row-level security
    # would have told of departments besides is said in the statement.
    async with as_system(session, caller):
        connection = await raw(session)
        days = around - AROUND, around + AROUND
        rows = await connection.fetch(_DONE, lows, highs, *days, known_at, caller.department)
    told = [{**row, "place": now_called(row["division"])} for row in rows]
    return [one for one in told if counties[0] <= one["place"] <= counties[1]]


async def held(
    session: AsyncSession,
    caller: Caller,
    places: Sequence[int],
    around: date,
    known_at: datetime | None,
) -> list[Any]:
    """What had been reported for places as a whole; the caller answers for what they are today.  Of other departments' reports
    civil affairs alone is told."""
    async with as_system(session, caller):
        connection = await raw(session)
        days = around - AROUND, around + AROUND
        rows: list[Any] = await connection.fetch(
            _HELD, list(places), *days, known_at, caller.department
        )
    return rows
