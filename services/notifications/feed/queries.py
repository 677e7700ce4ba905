"""Reading the feed under the caller's reach; row-level security leaves out what is not its own."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.feed.audience import addressed, condition
from shared.database import Reach, raw
from shared.divisions import county_of


def _page_of(within: str) -> str:
    return f"""
WITH page AS (
  SELECT DISTINCT ON (position) position, county, source, at, lane_subject, child, notice, case_id
  FROM announcements
  WHERE position > $1 AND {within} AND (client IS NULL OR client = $4)
    AND {condition("$6::text")} AND {addressed("$6::text")} AND (case_id IS NULL OR $7)
  ORDER BY position, place LIMIT $5
)
SELECT page.*, (
  SELECT count(DISTINCT a.position) FROM announcements a
  WHERE a.lane_subject = page.lane_subject AND a.position <= page.position
    AND a.county BETWEEN $2 AND $3 AND (a.client IS NULL OR a.client = $4)
    AND {condition("$6::text")} AND {addressed("$6::text")}
) AS number
FROM page ORDER BY position
"""


#: The planner takes row security to hide nearly everything and would read and sort all of an area for each page.  Without
#: sorting it walks an index in the feed's order (of one county: that county's own) and stops at the limit.
_IN_INDEX_ORDER = "SELECT set_config('enable_sort', 'off', true)"
_OF_A_COUNTY = _page_of("county = $2 AND county <= $3")
_OF_AN_AREA = _page_of("county BETWEEN $2 AND $3")


@dataclass(frozen=True, slots=True)
class Announced:
    position: int
    county: int
    source: UUID
    at: datetime
    lane_subject: UUID
    child: UUID | None
    notice: UUID | None
    case_id: UUID | None
    number: int


async def page(
    session: AsyncSession, reach: Reach, after: int, limit: int, *, cases: bool
) -> list[Announced]:
    """The announcements for this reach after a position, each with its number in its lane; those of cases if so asked."""
    connection = await raw(session)
    await connection.execute(_IN_INDEX_ORDER)
    is_county = county_of(reach.high) == reach.low
    rows = await connection.fetch(
        _OF_A_COUNTY if is_county else _OF_AN_AREA,
        after,
        reach.low,
        reach.high,
        reach.client,
        limit,
        reach.department,
        cases,
    )
    return [Announced(**dict(row)) for row in rows]


async def confirmed(session: AsyncSession, client: str) -> int:
    """The position kept for this client; 0 at first."""
    connection = await raw(session)
    found = await connection.fetchval(
        "SELECT position FROM feed_positions WHERE client = $1", client
    )
    return int(found or 0)


async def confirm(session: AsyncSession, client: str, position: int) -> None:
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO feed_positions AS f (client, position) VALUES ($1, $2)"
        " ON CONFLICT (client) DO UPDATE SET position = greatest(f.position, excluded.position)",
        client,
        position,
    )
