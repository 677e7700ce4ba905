"""Compartments as they are found and listed; each query names compartment and place itself, row-level security besides.

To be asked inside the compartment (``entering.inside``).  An entry whose key went with an erasure is not there any more.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.children.anchoring import LINKED
from services.registry.compartments.terms import Compartment, CompartmentEntryState
from shared.auth import Caller

_ENTRY = (
    "SELECT e.id, e.compartment, e.place, e.child_id, e.anchor, e.client, e.department, e.actor, e.opened_at,"
    " e.urgent, e.sealed_level, e.sealed, e.state, e.waiting_since, e.version, k.master, k.wrapped, "
    + LINKED.format(word="e")
    + " FROM compartment_entries e JOIN vault.data_keys k ON k.id = e.id"
    " WHERE e.compartment = $1 AND e.place BETWEEN $2 AND $3"
)
_ACTS = (
    "SELECT a.id, a.entry_id, a.number, a.kind, a.client, a.department, a.actor, a.acted_at, a.urgent,"
    " a.sealed_level, a.sealed, k.master, k.wrapped FROM compartment_acts a"
    " JOIN vault.data_keys k ON k.id = a.id WHERE a.entry_id = ANY($1) ORDER BY a.entry_id, a.number"
)


def _where(caller: Caller, compartment: Compartment) -> tuple[str, int, int]:
    return str(compartment), caller.grant.low, caller.grant.high


async def one(
    connection: "asyncpg.Connection[Any]",
    caller: Caller,
    compartment: Compartment,
    entry: UUID,
    *,
    held: bool,
) -> list[Any]:
    """The entry, if it is there for the caller; locked until the transaction ends, if ``held``."""
    rows: list[Any] = await connection.fetch(
        f"{_ENTRY} AND e.id = $4" + (" FOR UPDATE OF e" if held else ""),
        *_where(caller, compartment),
        entry,
    )
    return rows


async def that_may_be_about(
    connection: "asyncpg.Connection[Any]", caller: Caller, compartment: Compartment, child: UUID
) -> list[Any]:
    """Entries said of a child, or anchored to it today."""
    rows: list[Any] = await connection.fetch(
        f"{_ENTRY} AND (e.child_id = $4 OR e.anchor IN (SELECT entry_id FROM links WHERE person = $4))"
        " ORDER BY e.id LIMIT 100",
        *_where(caller, compartment),
        child,
    )
    return rows


async def places(
    connection: "asyncpg.Connection[Any]", caller: Caller, compartment: Compartment
) -> list[int]:
    """The counties of the caller's area that keep any entry."""
    rows = await connection.fetch(
        "SELECT DISTINCT place FROM compartment_entries e"
        " WHERE e.compartment = $1 AND e.place BETWEEN $2 AND $3 ORDER BY place",
        *_where(caller, compartment),
    )
    return [row["place"] for row in rows]


async def page(
    connection: "asyncpg.Connection[Any]",
    caller: Caller,
    compartment: Compartment,
    among: Collection[int],
    state: CompartmentEntryState,
    urgent: bool | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Any]:
    """Entries that some counties keep, the oldest first."""
    rows: list[Any] = await connection.fetch(
        f"{_ENTRY} AND e.place = ANY($4) AND e.state = $5"
        " AND ($6::boolean IS NULL OR (e.waiting_since IS NOT NULL) = $6)"
        " AND ($7::uuid IS NULL OR e.id > $7) ORDER BY e.id LIMIT $8",
        *_where(caller, compartment),
        list(among),
        state,
        urgent,
        after,
        limit,
    )
    return rows


async def acts_of(
    connection: "asyncpg.Connection[Any]", entries: Sequence[UUID]
) -> dict[UUID, list[Any]]:
    """The acts of some entries, in their order."""
    found: dict[UUID, list[Any]] = {entry: [] for entry in entries}
    for row in await connection.fetch(_ACTS, list(entries)):
        found[row["entry_id"]].append(row)
    return found
