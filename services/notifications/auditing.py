"""What this service remembers of a caller's act; written in the act's transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import audit
from shared.audit import Act
from shared.auth import Caller
from shared.clock import Clock
from shared.keys import KeySet


async def remember(
    request: Request,
    session: AsyncSession,
    caller: Caller,
    operation: str,
    subjects: Sequence[UUID] = (),
    detail: dict[str, Any] | None = None,
) -> None:
    """Append the audit entry of this act: on which children, and what else is known without a personal value."""
    keys: KeySet = request.app.state.audit_keys
    clock: Clock = request.app.state.clock
    act = Act(
        client=caller.client,
        department=caller.department,
        actor=caller.actor,
        purpose=caller.purpose,
        operation=operation,
        subjects=list(dict.fromkeys(subjects)),
        detail=detail or {},
    )
    await audit.record(session, keys, clock.now(), act)
