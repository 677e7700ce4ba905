"""Cases as they are found and listed; each query filters by place and department itself, row-level security besides.

A case follows its child by ``anchor``: the child is whom that entry is linked to now.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.cases.terms import CaseKind, CaseState
from shared.auth import Caller
from shared.database import raw

_CASE = (
    "c.id, c.kind, c.topic, c.place, c.addressee, c.child_id, c.anchor, c.client, c.department, c.actor,"
    " c.opened_at, c.sealed, c.state, c.waiting_since, c.version"
)
_MINE = (
    "c.place BETWEEN $1 AND $2 AND ($3 = 'civil_affairs' OR c.addressee = $3 OR c.department = $3)"
)


def _who(caller: Caller) -> tuple[int, int, str]:
    return caller.grant.low, caller.grant.high, str(caller.department)


async def one(
    session: AsyncSession, caller: Caller, case: UUID, *, held: bool = False
) -> Any | None:
    """The case, with its data key and its child of today; locked until the transaction ends, if ``held``."""
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_CASE}, k.master, k.wrapped, coalesce(l.person, c.child_id) AS child FROM cases c"
        " LEFT JOIN vault.data_keys k ON k.id = c.id LEFT JOIN links l ON l.entry_id = c.anchor"
        f" WHERE c.id = $4 AND {_MINE}" + (" FOR UPDATE OF c" if held else ""),
        *_who(caller),
        case,
    )


async def acts_of(session: AsyncSession, case: UUID) -> list[Any]:
    """The acts of a case that the caller sees, in order."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        "SELECT a.id, a.case_id, a.number, a.kind, a.outcome, a.issuer, a.client, a.department, a.actor,"
        " a.acted_at, a.sealed, k.master, k.wrapped FROM case_acts a"
        " LEFT JOIN vault.data_keys k ON k.id = a.id WHERE a.case_id = $1 ORDER BY a.number",
        case,
    )
    return rows


async def page(
    session: AsyncSession,
    caller: Caller,
    kind: CaseKind | None,
    state: CaseState | None,
    waiting: bool | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Any]:
    """Cases of the caller's place, the oldest first."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_CASE} FROM cases c WHERE {_MINE}"
        " AND ($4::text IS NULL OR c.kind = $4) AND ($5::text IS NULL OR c.state = $5)"
        " AND ($6::boolean IS NULL OR (c.waiting_since IS NOT NULL) = $6)"
        " AND ($7::uuid IS NULL OR c.id > $7) ORDER BY c.id LIMIT $8",
        *_who(caller),
        kind,
        state,
        waiting,
        after,
        limit,
    )
    return rows
