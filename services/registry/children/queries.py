"""Queries for children.  Each filters by the caller's area itself; row-level security holds even if one forgot to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.auth import Caller
from shared.database import raw

_COLUMNS = (
    "c.id, c.child_seq, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by,"
    " c.hukou_stated_by, c.status, c.decision, c.next_change_on, c.shielded, c.entries, c.digest, c.sealed,"
    " c.registered_at, c.changed_at, k.master, k.wrapped"
)
_SEEN = "(c.residence_code BETWEEN $1 AND $2 OR c.hukou_code BETWEEN $1 AND $2)"


async def visible(session: AsyncSession, caller: Caller, ids: Sequence[UUID]) -> list[Any]:
    """The children among ``ids`` that the caller may see."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_COLUMNS} FROM children c JOIN vault.data_keys k ON k.id = c.id"
        f" WHERE c.id = ANY($3) AND {_SEEN}",
        caller.grant.low,
        caller.grant.high,
        list(ids),
    )
    return rows


async def offered(session: AsyncSession, caller: Caller, ids: Sequence[UUID]) -> list[Any]:
    """The children among ``ids`` that one of our counties asks the caller's area to take over; for the service itself."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_COLUMNS} FROM children c JOIN vault.data_keys k ON k.id = c.id"
        " WHERE c.id = ANY($3) AND EXISTS (SELECT 1 FROM handovers h WHERE h.child_id = c.id"
        "  AND h.state IN ('proposed', 'accepted') AND h.taking BETWEEN $1 AND $2)",
        caller.grant.low,
        caller.grant.high,
        list(ids),
    )
    return rows


async def of_entry(session: AsyncSession, caller: Caller, entry: UUID) -> list[Any]:
    """The child that an entry is linked to, if the caller may see it."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_COLUMNS} FROM links l JOIN children c ON c.id = l.person"
        f" JOIN vault.data_keys k ON k.id = c.id WHERE l.entry_id = $3 AND {_SEEN}",
        caller.grant.low,
        caller.grant.high,
        entry,
    )
    return rows


async def found_by(
    session: AsyncSession, caller: Caller, hashes: Sequence[bytes], limit: int
) -> list[Any]:
    """The visible children that bear one of these look-up hashes."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT DISTINCT ON (c.id) {_COLUMNS} FROM child_lookups h"
        " JOIN children c ON c.id = h.child_id JOIN vault.data_keys k ON k.id = c.id"
        f" WHERE h.hash = ANY($3) AND {_SEEN} ORDER BY c.id LIMIT $4",
        caller.grant.low,
        caller.grant.high,
        list(hashes),
        limit,
    )
    return rows


async def siblings(session: AsyncSession, caller: Caller, child: UUID) -> list[UUID]:
    """Visible children that share a guardian's ID number with this one."""
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT DISTINCT c.id FROM child_lookups mine"
        " JOIN child_lookups theirs ON theirs.hash = mine.hash AND theirs.child_id <> mine.child_id"
        f" JOIN children c ON c.id = theirs.child_id WHERE mine.child_id = $3 AND {_SEEN}"
        " ORDER BY c.id LIMIT 50",
        caller.grant.low,
        caller.grant.high,
        child,
    )
    return [row["id"] for row in rows]


async def key_care_of(session: AsyncSession, children: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """Key-care rows of these children in the categories open to this transaction."""
    connection = await raw(session)
    found: dict[UUID, list[Any]] = {}
    for row in await connection.fetch(
        "SELECT id, child_id, category, state, since FROM key_care WHERE child_id = ANY($1)"
        " ORDER BY category",
        list(children),
    ):
        found.setdefault(row["child_id"], []).append(row)
    return found
