"""Queries for handovers.  Each filters by the caller's area itself; row-level security holds even if one forgot to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.handovers.gathering import ACTS
from services.registry.handovers.terms import HandoverSide, HandoverState
from shared.auth import Caller
from shared.database import raw

_HANDOVER = (
    "h.id, h.child_id, h.state, h.giving, h.taking, h.side, h.begun_on, h.effective_on, h.acts"
)
_TAKING = "h.taking BETWEEN $1 AND $2"
_GIVING = "(h.giving BETWEEN $1 AND $2 AND NOT (h.shielded AND h.state = 'due'))"
_SEEN = f"({_TAKING} OR {_GIVING})"
_SIDES = {None: _SEEN, HandoverSide.TAKING: _TAKING, HandoverSide.GIVING: _GIVING}


async def one(session: AsyncSession, caller: Caller, handover: UUID) -> Any | None:
    """A handover from or to the caller's area."""
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_HANDOVER} FROM handovers h WHERE h.id = $3 AND {_SEEN}",
        caller.grant.low,
        caller.grant.high,
        handover,
    )


async def of_child(session: AsyncSession, caller: Caller, child: UUID) -> list[Any]:
    """The handovers of a child that ``one`` would show the caller, each by itself."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_HANDOVER} FROM handovers h WHERE h.child_id = $3 AND {_SEEN} ORDER BY h.begun_on, h.id",
        caller.grant.low,
        caller.grant.high,
        child,
    )
    return rows


async def page(
    session: AsyncSession,
    caller: Caller,
    states: Sequence[HandoverState],
    side: HandoverSide | None,
    child: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[Any]:
    """Handovers from and to the caller's area, in the order of their ids."""
    # Written out, so that the child's own index is used.
    of_one = "h.child_id = $6" if child is not None else "$6::uuid IS NULL"
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_HANDOVER} FROM handovers h WHERE {_SIDES[side]} AND h.state = ANY($3)"
        f" AND ($4::uuid IS NULL OR h.id > $4) AND {of_one} ORDER BY h.id LIMIT $5",
        caller.grant.low,
        caller.grant.high,
        [str(state) for state in states],
        after,
        limit,
        child,
    )
    return rows


async def acts_of(session: AsyncSession, handover: UUID) -> list[Any]:
    """The acts of a handover in order, the erased left out; for the service itself."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(ACTS, [handover])
    return rows


async def open_of(session: AsyncSession, child: UUID) -> Any | None:
    """The handover of this child that was proposed and has neither passed nor ended; for the service itself."""
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_HANDOVER} FROM handovers h WHERE h.child_id = $1"
        " AND h.state IN ('proposed', 'accepted')",
        child,
    )
