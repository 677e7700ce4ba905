"""Reviews as they are read; each query filters by the places of both children itself, row-level security besides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.key_care.terms import CURRENT
from services.registry.match_reviews.terms import Assigned, Order, WaitingReviews
from shared.auth import Caller
from shared.database import raw

_COLUMNS = (
    "r.id, r.one, r.other, r.entry, r.weight, r.shown_weight, r.rule_version, r.comparisons, r.opened_at, r.closed_at,"
    " r.one_shielded, r.other_shielded, r.state, r.deferred_until, r.ruling, r.returned, r.assigned_client,"
    " r.assigned_actor"
)
_BOTH = (
    "(r.one_residence_code BETWEEN $1 AND $2 OR r.one_hukou_code BETWEEN $1 AND $2)"
    " AND (r.other_residence_code BETWEEN $1 AND $2 OR r.other_hukou_code BETWEEN $1 AND $2)"
)
_SEEN = "(c.residence_code BETWEEN $1 AND $2 OR c.hukou_code BETWEEN $1 AND $2)"
_BOTH_SEEN = " AND ".join(
    f"EXISTS (SELECT 1 FROM children c WHERE c.id = r.{side} AND {_SEEN})"
    for side in ("one", "other")
)
_CARED_FOR = (
    "EXISTS (SELECT 1 FROM key_care k WHERE k.child_id IN (r.one, r.other) AND k.state = ANY($3))"
)
#: ``$5`` is the day, ``$6`` the state that is asked for.
_WAITING = (
    "CASE $6::text WHEN 'open' THEN r.state = 'open' OR (r.state = 'deferred' AND r.deferred_until <= $5)"
    " WHEN 'deferred' THEN r.state = 'deferred' AND (r.deferred_until IS NULL OR r.deferred_until > $5)"
    " ELSE r.state = $6 END"
)
#: ``$7`` says whose; ``$8`` and ``$9`` are who asks.
_ASSIGNED = (
    "CASE $7::text WHEN 'mine' THEN r.assigned_client = $8 AND r.assigned_actor = $9"
    " WHEN 'nobody' THEN r.assigned_actor IS NULL"
    " WHEN 'others' THEN r.assigned_actor IS NOT NULL AND NOT (r.assigned_client = $8 AND r.assigned_actor = $9)"
    " ELSE true END"
)
_ORDERS = {
    Order.OLDEST: (
        "($11::timestamptz IS NULL OR (r.opened_at, r.id) > ($11, $12))",
        "r.opened_at, r.id",
    ),
    Order.HEAVIEST: (
        "($11::float8 IS NULL OR (r.shown_weight, r.id) < ($11, $12))",
        "r.shown_weight DESC, r.id DESC",
    ),
}
_PAGES = {
    order: f"SELECT {_COLUMNS}, {_CARED_FOR} AS cared_for FROM match_reviews r"
    f" WHERE r.closed_at IS NULL AND {_BOTH} AND {_BOTH_SEEN} AND ({_WAITING}) AND ({_ASSIGNED})"
    f" AND ($4::boolean IS NULL OR {_CARED_FOR} = $4) AND {after} ORDER BY {by} LIMIT $10"
    for order, (after, by) in _ORDERS.items()
}

#: Where a list stands: the instant or weight of the last review seen, and its id.
Position = tuple[datetime | float, UUID]


@dataclass(frozen=True, slots=True)
class Question:
    """What a list asks for."""

    state: WaitingReviews
    assigned: Assigned | None
    key_care: bool | None
    order: Order

    def text(self) -> str:
        """Equal for equal questions: what a cursor is bound to."""
        return "|".join(map(str, (self.state, self.assigned, self.key_care, self.order)))


async def page(
    session: AsyncSession,
    caller: Caller,
    question: Question,
    after: Position | None,
    day: date,
    limit: int,
) -> list[Any]:
    """The next reviews both of whose children the caller sees, in the order asked for."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        _PAGES[question.order],
        caller.grant.low,
        caller.grant.high,
        [str(state) for state in CURRENT],
        question.key_care,
        day,
        str(question.state),
        str(question.assigned) if question.assigned else None,
        caller.client,
        caller.actor,
        limit,
        *(after or (None, None)),
    )
    return rows


def position_of(row: Any, order: Order) -> Position:
    """Where the list stands after this row."""
    return (row["opened_at"] if order is Order.OLDEST else row["shown_weight"]), row["id"]


async def one(
    session: AsyncSession, caller: Caller, review: UUID, *, locked: bool = False
) -> Any | None:
    """A review of two children in the caller's area."""
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM match_reviews r WHERE r.id = $3 AND {_BOTH}"
        + (" FOR UPDATE" if locked else ""),
        caller.grant.low,
        caller.grant.high,
        review,
    )


async def existing(session: AsyncSession, children: Sequence[UUID]) -> set[UUID]:
    """Those of the children that are registered, whoever sees them; for the service itself."""
    connection = await raw(session)
    rows = await connection.fetch("SELECT id FROM children WHERE id = ANY($1)", list(children))
    return {row["id"] for row in rows}
