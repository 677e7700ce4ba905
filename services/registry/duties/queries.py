"""Queries for duties.  A list is one index range over (county, day due, id), joined row by row to its children.

Each filters by the caller's area itself; row-level security holds even if one forgot to.  A place below the county, asked
for or the caller's own, shows no shielded child: a list that it stood in would tell its township.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.duties.terms import DutyState
from services.registry.key_care.queries import IN_INDEX_ORDER
from shared.auth import Caller
from shared.database import raw

#: Where a list stands: county (six digits), rank of the day due, id.
Position = tuple[int, int, UUID]
START: Position = (-1, -(2**31), UUID(int=0))
EVERYWHERE = (0, 10**12 - 1)
MOST_PLACES = 20_000

_DUTY = (
    "d.id AS duty_id, d.child_id, d.duty, d.department, d.population, d.state, d.step, d.begun_on, d.due_on,"
    " d.due_rank, d.done_on, d.residence_county AS county, d.detail"
)
_CHILD = (
    "c.id, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by, c.hukou_stated_by,"
    " c.status, c.next_change_on, c.shielded, c.entries, c.sealed"
)


def _page(state: DutyState | None, narrow: bool, of_one: bool) -> str:
    # Below the county the place's own index narrows best, of one child the child's, and what it finds is sorted: "+ 0" hides
    # the other from the planner.
    county = "(d.residence_county + 0)" if narrow or of_one else "d.residence_county"
    return (
        f"SELECT {_DUTY}, c.*, v.* FROM duties d"
        f" CROSS JOIN LATERAL (SELECT {_CHILD} FROM children c WHERE c.id = d.child_id OFFSET 0) c"
        " CROSS JOIN LATERAL (SELECT v.master, v.wrapped FROM vault.data_keys v WHERE v.id = d.child_id"
        " OFFSET 0) v"
        f" WHERE {county} BETWEEN $1 AND $2 AND d.residence_code BETWEEN $3 AND $4"
        " AND d.residence_code BETWEEN $5 AND $6 AND NOT ($7 AND c.shielded)"
        f" AND ({county}, d.due_rank, d.id) > ($8, $9, $10)"
        " AND ($12::text IS NULL OR d.duty = $12) AND ($13::date IS NULL OR d.due_on < $13)"
        + (" AND d.child_id = $14" if of_one else " AND $14::uuid IS NULL")
        + (f" AND d.state = '{state}'" if state else "")
        + f" ORDER BY {county}, d.due_rank, d.id LIMIT $11"
    )


#: By state, and whether it is of one child: a condition that is written out can use the index of its own.
PAGES = {
    (state, narrow, of_one): _page(state, narrow, of_one)
    for state in (None, *DutyState)
    for narrow in (False, True)
    for of_one in (False, True)
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a list asks for; ``area`` is the place, ``fine`` whether that lies below a county."""

    state: DutyState | None = None
    duty: str | None = None
    due_before: date | None = None
    child: UUID | None = None
    area: tuple[int, int] = EVERYWHERE
    fine: bool = False

    def text(self) -> str:
        """Equal for equal questions: what a cursor is bound to."""
        return "|".join(map(str, (self.state, self.duty, self.due_before, self.child, self.area)))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all that its statement takes; ``in_order`` where it walks an index in the order of the list."""

    in_order: bool
    statement: str
    values: tuple[Any, ...]

    @classmethod
    def of(cls, caller: Caller, question: Question, after: Position, limit: int) -> "Asked":
        grant = caller.grant
        low, high = max(grant.low, question.area[0]), min(grant.high, question.area[1])
        narrow = high - low < 10**6 - 1
        counties = (low // 10**6, high // 10**6)
        filters = (question.duty, question.due_before, question.child)
        values = (
            grant.low,
            grant.high,
            *question.area,
            question.fine or narrow,
            *after,
            limit,
            *filters,
        )
        of_one = question.child is not None
        statement = PAGES[question.state, narrow, of_one]
        return cls(not (narrow or of_one), statement, (*counties, *values))


async def page(
    session: AsyncSession, caller: Caller, question: Question, after: Position, limit: int
) -> list[Any]:
    """The next duties after a position, in order."""
    asked = Asked.of(caller, question, after, limit)
    connection = await raw(session)
    if asked.in_order:
        await connection.execute(IN_INDEX_ORDER)
    rows: list[Any] = await connection.fetch(asked.statement, *asked.values)
    return rows


async def of_children(session: AsyncSession, children: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """The duties toward these children that are open to this transaction."""
    connection = await raw(session)
    found: dict[UUID, list[Any]] = {}
    for row in await connection.fetch(
        f"SELECT {_DUTY} FROM duties d WHERE d.child_id = ANY($1) ORDER BY d.due_rank, d.duty",
        list(children),
    ):
        found.setdefault(row["child_id"], []).append(row)
    return found


async def completion(
    session: AsyncSession,
    caller: Caller,
    area: tuple[int, int],
    unit: int,
    since: date,
    until: date,
) -> list[Any]:
    """Duties by place and name, and for how many children each was done in the period.

    A duty counts as owed in a period if it began before the period's end.
    """
    connection = await raw(session)
    grant = caller.grant
    low, high = max(grant.low, area[0]), min(grant.high, area[1])
    rows: list[Any] = await connection.fetch(
        "SELECT d.residence_code / $5 * $5 AS place, d.duty, count(*) AS owed,"
        " count(*) FILTER (WHERE EXISTS (SELECT 1 FROM unnest(d.done_on) AS one"
        "  WHERE one BETWEEN $6 AND $7)) AS done,"
        " count(*) FILTER (WHERE d.state = 'overdue') AS overdue,"
        " count(*) FILTER (WHERE d.state = 'interval_not_configured') AS interval_not_configured"
        " FROM duties d WHERE d.residence_county BETWEEN $1 AND $2"
        " AND d.residence_code BETWEEN $3 AND $4 AND d.begun_on <= $7"
        " AND NOT ($8 AND EXISTS (SELECT 1 FROM children c WHERE c.id = d.child_id AND c.shielded))"
        f" GROUP BY 1, 2 ORDER BY 1, 2 LIMIT {MOST_PLACES}",
        low // 10**6,
        high // 10**6,
        low,
        high,
        unit,
        since,
        until,
        unit < 10**6 or high - low < 10**6 - 1,
    )
    return rows
