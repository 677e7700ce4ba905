"""Tracing: the audit of compartments, which tells an auditor of a child nothing that he may not know.

An entry of the trail names neither the compartment nor the child: its subjects are the compartment's own entries, opaque to
whoever reads no compartment, and ``about`` is a keyed hash of compartment and child.  Whoever audits a compartment makes the
hash for a child, or asks for the uses of an entry; whoever audits a child finds nothing under its id.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from services.registry.compartments.terms import Compartment
from shared import audit
from shared.auth import Caller
from shared.database import raw
from shared.hashes import keyed

PREFIX = "compartments."
MOST = 500


def about(kit: Kit, compartment: Compartment, child: UUID) -> str:
    """What stands for a child in the trail of a compartment."""
    return keyed(kit.entries.key, "compartment", str(compartment), child).hex()[:32]


def operation_of(kit: Kit, operation: str, compartment: Compartment) -> str:
    """What stands for an operation in one compartment where idempotency keys are kept."""
    hashed = keyed(kit.entries.key, "compartment", str(compartment)).hex()[:16]
    return f"{PREFIX}{operation}:{hashed}"


async def record(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    operation: str,
    compartment: Compartment,
    entries: Sequence[UUID],
    children: Sequence[UUID],
    now: datetime,
) -> None:
    """Append one use of a compartment to this transaction."""
    hashed = sorted(about(kit, compartment, child) for child in set(children))
    act = audit.Act.of(caller, PREFIX + operation, entries, about=hashed)
    await audit.record(session, kit.audit, now, act)


async def uses_of(session: AsyncSession, entry: UUID) -> list[Any]:
    """Who used an entry, the latest first."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        "SELECT at, client, department, actor, purpose, operation FROM audit_entries"
        " WHERE subjects @> ARRAY[$1::uuid] ORDER BY at DESC, id DESC LIMIT $2",
        entry,
        MOST,
    )
    return rows
