"""Openings as they are found and listed; each query filters by place or client itself, row-level security besides."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.key_care.terms import CURRENT
from shared.auth import Caller
from shared.database import raw

_COLUMNS = (
    "b.id, b.child_id, b.residence_code, b.hukou_code, b.client, b.department, b.actor, b.reason, b.note,"
    " b.opened_at, b.expires_at, b.verdict, b.review_note, b.review_client, b.review_actor, b.reviewed_at,"
    " k.master, k.wrapped"
)
_FROM = "FROM break_glass b LEFT JOIN vault.data_keys k ON k.id = b.id"
_CHILD = (
    "c.id, c.child_seq, c.residence_code, c.hukou_code, c.shielded, EXISTS (SELECT 1 FROM key_care k"
    " WHERE k.child_id = c.id AND k.state = ANY($1)) AS key_care"
)
_IN_PLACE = "(b.residence_code BETWEEN $1 AND $2 OR b.hukou_code BETWEEN $1 AND $2)"
_SHIELDED = (
    f"SELECT c.id FROM (SELECT DISTINCT b.child_id FROM break_glass b WHERE {_IN_PLACE}) o"
    " CROSS JOIN LATERAL (SELECT id, shielded FROM children WHERE id = o.child_id OFFSET 0) c WHERE c.shielded"
)
#: To stand in the list of a township is to live there, or to have; and who asked, and where, could tell a shielded child's hukou
#: place where it lives, whenever it was shielded.
_TOLD = (
    "NOT (b.child_id = ANY({hidden}::uuid[])"
    " AND ({below} OR NOT coalesce(b.residence_code BETWEEN $1 AND $2, false)))"
)

#: How many of the children that fit alike are told of at most: whoever pushes more must not cut off the true one.
MOST_FITTING = 20
#: Known to two departments, or to civil affairs: not one clerk's word alone.
_KNOWN = (
    "(SELECT count(DISTINCT r.department) > 1 OR coalesce(bool_or(r.department = 'civil_affairs'), false)"
    " FROM links l JOIN records r ON r.entry_id = l.entry_id WHERE l.person = c.id)"
)


async def fitting(session: AsyncSession, criteria: Sequence[Sequence[bytes]]) -> list[Any]:
    """Children of the whole hub that bear one of the look-up hashes of each criterion, those that are known first.

    Places, shield and key care: all that break-glass ever reads of a child.  ``criteria`` has one or two members.
    """
    first, last = criteria[0], criteria[-1]
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_CHILD}, {_KNOWN} AS known FROM children c WHERE c.id IN"
        " (SELECT child_id FROM child_lookups WHERE hash = ANY($2)"
        "  INTERSECT SELECT child_id FROM child_lookups WHERE hash = ANY($3))"
        " ORDER BY known DESC, c.id LIMIT $4",
        [str(state) for state in CURRENT],
        list(first),
        list(last),
        MOST_FITTING,
    )
    return rows


async def child_for_opening(session: AsyncSession, child: UUID) -> Any | None:
    """Places, shield and key care of a child: all that break-glass ever reads of it."""
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_CHILD} FROM children c WHERE c.id = $2",
        [str(state) for state in CURRENT],
        child,
    )


async def opened_by(session: AsyncSession, caller: Caller, opening: UUID) -> Any | None:
    """An opening of the caller's own client."""
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_COLUMNS} {_FROM} WHERE b.id = $1 AND b.client = $2",
        opening,
        caller.client,
    )


async def for_review(session: AsyncSession, caller: Caller, opening: UUID) -> Any | None:
    """An opening that ``page`` would show, locked."""
    hidden = await _shielded(session, caller)
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_COLUMNS} {_FROM} WHERE b.id = $3 AND {_IN_PLACE}"
        f" AND {_TOLD.format(hidden='$4', below='$5')} FOR UPDATE OF b",
        caller.grant.low,
        caller.grant.high,
        opening,
        hidden,
        _is_below_the_county(caller),
    )


async def _shielded(session: AsyncSession, caller: Caller) -> list[UUID]:
    """The shielded children of whom there are openings in the caller's place, also those that the caller sees no more."""
    async with as_system(session, caller):
        found = await (await raw(session)).fetch(_SHIELDED, caller.grant.low, caller.grant.high)
    return [row["id"] for row in found]


def _is_below_the_county(caller: Caller) -> bool:
    return caller.grant.high - caller.grant.low < 10**6 - 1


async def page(
    session: AsyncSession, caller: Caller, reviewed: bool | None, after: UUID | None, limit: int
) -> list[Any]:
    """Openings of children of the caller's place, the oldest first."""
    hidden = await _shielded(session, caller)
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_COLUMNS} {_FROM} WHERE {_IN_PLACE}"
        " AND ($3::boolean IS NULL OR (b.reviewed_at IS NOT NULL) = $3) AND ($4::uuid IS NULL OR b.id > $4)"
        f" AND {_TOLD.format(hidden='$6', below='$7')} ORDER BY b.id LIMIT $5",
        caller.grant.low,
        caller.grant.high,
        reviewed,
        after,
        limit,
        hidden,
        _is_below_the_county(caller),
    )
    return rows
