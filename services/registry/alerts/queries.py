"""Queries for alerts.  A list is one index range over (county, day due, id), joined row by row to its children.

Each filters by the caller's area itself; row-level security holds even if one forgot to.  A place below the county, asked
for or the caller's own, shows no shielded child: a list that it stood in would tell its township.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.alerts.gathering import COLUMNS
from services.registry.alerts.terms import AlertKind, AlertState
from services.registry.key_care.queries import IN_INDEX_ORDER
from services.registry.records.vault import SELECTED
from shared.auth import Caller
from shared.database import raw
from shared.vocabulary import Department

#: Where a list stands: county (six digits), rank of the day due, id.
Position = tuple[int, int, UUID]
START: Position = (-1, -(2**31), UUID(int=0))
EVERYWHERE = (0, 10**12 - 1)
SHOWN_ACTS = 200

_ALERT = (
    "a.id AS alert_id, a.child_id, a.kind, a.cause, a.department, a.category, a.state, a.raised_on, a.due_on,"
    " a.due_rank, a.closed_on, a.entry, a.residence_code AS place, a.residence_county AS county, a.detail"
)
_CHILD = (
    "c.id, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by, c.hukou_stated_by,"
    " c.status, c.next_change_on, c.shielded, c.entries, c.sealed"
)
_JOINED = (
    f" LEFT JOIN LATERAL (SELECT {_CHILD} FROM children c WHERE c.id = a.child_id OFFSET 0) c ON true"
    " LEFT JOIN LATERAL (SELECT v.master, v.wrapped FROM vault.data_keys v WHERE v.id = a.child_id"
    " OFFSET 0) v ON true"
)
_WAITING = "a.state IN ('open', 'acknowledged')"


def _page(waiting: bool, narrow: bool, of_one: bool) -> str:
    # Below the county the place's own index narrows best, of one child the child's, and what it finds is sorted: "+ 0" hides
    # the other from the planner.
    county = "(a.residence_county + 0)" if narrow or of_one else "a.residence_county"
    return (
        f"SELECT {_ALERT}, c.*, v.* FROM alerts a{_JOINED}"
        f" WHERE {county} BETWEEN $1 AND $2 AND a.residence_code BETWEEN $3 AND $4"
        " AND a.residence_code BETWEEN $5 AND $6 AND NOT ($7 AND coalesce(c.shielded, false))"
        f" AND ({county}, a.due_rank, a.id) > ($8, $9, $10)"
        " AND ($12::text IS NULL OR a.kind = $12) AND ($13::text IS NULL OR a.department = $13)"
        " AND ($14::text IS NULL OR a.state = $14) AND ($15::date IS NULL OR a.due_on < $15)"
        + (" AND a.child_id = $16" if of_one else " AND $16::uuid IS NULL")
        + (f" AND {_WAITING}" if waiting else "")
        + f" ORDER BY {county}, a.due_rank, a.id LIMIT $11"
    )


PAGES = {
    (waiting, narrow, of_one): _page(waiting, narrow, of_one)
    for waiting in (False, True)
    for narrow in (False, True)
    for of_one in (False, True)
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a list asks for; ``area`` is the place, ``fine`` whether that lies below a county."""

    kind: AlertKind | None = None
    owner: Department | None = None
    state: AlertState | None = None
    waiting: bool = False
    due_before: date | None = None
    child: UUID | None = None
    area: tuple[int, int] = EVERYWHERE
    fine: bool = False

    def text(self) -> str:
        """Equal for equal questions: what a cursor is bound to."""
        asked = (self.kind, self.owner, self.state, self.waiting, self.due_before, self.child)
        return "|".join(map(str, (*asked, self.area)))


async def page(
    session: AsyncSession, caller: Caller, question: Question, after: Position, limit: int
) -> list[Any]:
    """The next alerts after a position, in order."""
    grant = caller.grant
    low, high = max(grant.low, question.area[0]), min(grant.high, question.area[1])
    narrow = high - low < 10**6 - 1
    of_one = question.child is not None
    connection = await raw(session)
    if not (narrow or of_one):
        await connection.execute(IN_INDEX_ORDER)
    rows: list[Any] = await connection.fetch(
        PAGES[question.waiting, narrow, of_one],
        low // 10**6,
        high // 10**6,
        grant.low,
        grant.high,
        *question.area,
        question.fine or narrow,
        *after,
        limit,
        question.kind,
        question.owner,
        question.state,
        question.due_before,
        question.child,
    )
    return rows


async def one(
    session: AsyncSession, caller: Caller, alert: UUID, *, held: bool = False
) -> Any | None:
    """The alert, if the caller may see it; ``held`` until the transaction ends.

    With its child, where that is registered and the caller sees it.
    """
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_ALERT}, c.*, v.* FROM alerts a{_JOINED}"
        " WHERE a.id = $3 AND (a.residence_code BETWEEN $1 AND $2 OR a.hukou_code BETWEEN $1 AND $2)"
        + (" FOR UPDATE OF a" if held else ""),
        caller.grant.low,
        caller.grant.high,
        alert,
    )


async def of_child(session: AsyncSession, caller: Caller, child: UUID) -> list[Any]:
    """The alerts of a child that ``one`` would show the caller, each by itself."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_ALERT}, c.*, v.* FROM alerts a{_JOINED}"
        " WHERE a.child_id = $3 AND (a.residence_code BETWEEN $1 AND $2 OR a.hukou_code BETWEEN $1 AND $2)"
        " ORDER BY a.raised_on, a.id",
        caller.grant.low,
        caller.grant.high,
        child,
    )
    return rows


async def acts_of(session: AsyncSession, alert: Any, known_at: datetime | None = None) -> list[Any]:
    """What people did last about an alert, up to ``known_at`` if that is given, oldest first, the erased left out; for the
    service itself."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {COLUMNS}, k.master, k.wrapped FROM alert_acts a JOIN vault.data_keys k ON k.id = a.id"
        " WHERE a.kind = $2 AND a.cause = $3 AND (a.alert_id = $1 OR a.child_id = $4"
        "  OR a.anchor IN (SELECT entry_id FROM links WHERE person = $4))"
        " AND ($6::timestamptz IS NULL OR a.acted_at <= $6)"
        " ORDER BY a.acted_at DESC, a.id DESC LIMIT $5",
        alert["alert_id"],
        alert["kind"],
        alert["cause"],
        alert["child_id"],
        SHOWN_ACTS,
        known_at,
    )
    return rows[::-1]


async def records_behind(session: AsyncSession, alerts: Sequence[Any]) -> dict[UUID, Any]:
    """The newest records of the entries that alerts of unseen children rest on; for the service itself."""
    connection = await raw(session)
    rows = await connection.fetch(
        f"SELECT {SELECTED} FROM unnest($1::uuid[]) AS e(entry_id) CROSS JOIN LATERAL"
        " (SELECT * FROM records WHERE entry_id = e.entry_id ORDER BY version DESC, kind DESC LIMIT 1) r"
        " LEFT JOIN LATERAL (SELECT * FROM vault.data_keys WHERE id = r.id OFFSET 0) k ON true",
        [alert["entry"] for alert in alerts],
    )
    return {row["entry_id"]: row for row in rows}
