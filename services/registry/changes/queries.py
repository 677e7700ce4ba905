"""Reading changes under the caller's reach; each query filters by area itself, row-level security besides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.changes.authenticity import CHANGES, POSITIONS
from services.registry.changes.terms import ChangeKind
from shared.auth import Caller
from shared.database import raw
from shared.divisions import county_of
from shared.keys import KeySet
from shared.vocabulary import Department

#: A child is, belongs, was and belonged: a change concerns no more counties.
MOST_COUNTIES = 4
# The planner takes row security to hide nearly everything and would read and sort all of an area for each page.
_IN_INDEX_ORDER = "SELECT set_config('enable_sort', 'off', true)"
_PAGE = (
    "SELECT * FROM child_changes"
    " WHERE position > $1 AND {within} AND (care IS NULL OR $5) ORDER BY position LIMIT $4"
)
_OF_A_COUNTY = _PAGE.format(within="county = $2 AND county <= $3")
_OF_AN_AREA = _PAGE.format(within="county BETWEEN $2 AND $3")


@dataclass(frozen=True, slots=True)
class Seen:
    """One change, as one caller is told of it."""

    child: UUID
    kind: ChangeKind
    at: datetime


async def page(
    session: AsyncSession, keys: KeySet, caller: Caller, after: int, limit: int, *, care: bool
) -> tuple[list[Seen], int]:
    """Up to ``limit`` changes after a position, in order, and the position up to which they are all there are.

    What the service did not write is told to nobody.  Without ``care`` it is as if nothing had changed where only key care
    did; with it, that is told in the categories open to the caller.
    """
    connection = await raw(session)
    await connection.execute(_IN_INDEX_ORDER)
    low, high = caller.grant.low, caller.grant.high
    most = (limit + 1) * MOST_COUNTIES
    rows = await connection.fetch(
        _OF_A_COUNTY if county_of(high) == low else _OF_AN_AREA, after, low, high, most, care
    )
    changes = [(position, list(of)) for position, of in groupby(rows, lambda row: row["position"])]
    if len(rows) == most:
        changes.pop()  # its other rows may lie beyond
    found: list[Seen] = []
    for position, of in changes[:limit]:
        after = position
        if not all(CHANGES.authentic(keys, row) for row in of):
            continue
        if (kind := told(of, caller.department)) is not None:
            found.append(Seen(of[0]["child_id"], kind, of[0]["at"]))
    return found, after


def told(rows: Sequence[Any], department: Department) -> ChangeKind | None:
    """What a change is to a department that sees these rows of it; None where it sees neither before nor after."""
    before = any(_shows(row["stated_before"], department) for row in rows)
    now = any(_shows(row["stated_now"], department) for row in rows)
    if now:
        return ChangeKind.CHANGED if before else ChangeKind.ENTERED
    return ChangeKind.LEFT if before else None


def _shows(stated_by: Sequence[str] | None, department: Department) -> bool:
    """As the policy of ``children``: civil affairs see it, others where another department says so too."""
    if stated_by is None:
        return False
    return department == Department.CIVIL_AFFAIRS or bool(set(stated_by) - {str(department)})


async def confirmed(session: AsyncSession, keys: KeySet, caller: Caller) -> int:
    """The position kept for this client and its area; 0 at first, and after its area has changed.

    Of one that the service did not write, 0 too: to read from the beginning is harmless, to be led past something is not.
    """
    connection = await raw(session)
    found = await connection.fetchrow(
        "SELECT * FROM change_positions WHERE client = $1 AND low = $2 AND high = $3",
        caller.client,
        caller.grant.low,
        caller.grant.high,
    )
    return int(found["position"]) if found and POSITIONS.authentic(keys, found) else 0


async def confirm(session: AsyncSession, keys: KeySet, caller: Caller, position: int) -> None:
    """Keep the position, unless a further one of the same area is kept."""
    connection = await raw(session)
    await connection.execute(
        "SELECT 1 FROM change_positions WHERE client = $1 FOR UPDATE", caller.client
    )
    reached = max(position, await confirmed(session, keys, caller))
    low, high = caller.grant.low, caller.grant.high
    row = {"client": caller.client, "low": low, "high": high, "position": reached}
    await connection.execute(
        "INSERT INTO change_positions AS p (client, low, high, position, mac)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (client) DO UPDATE SET low = excluded.low,"
        " high = excluded.high, position = excluded.position, mac = excluded.mac",
        *row.values(),
        POSITIONS.mac(keys, row),
    )
