"""Sight: what a caller sees of a child, and the service's own reach for what it must see itself."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import open_groups
from shared.auth import Caller
from shared.database import SYSTEM, enter
from shared.problems import Forbidden


def groups_for(caller: Caller) -> Mapping[str, str]:
    """The field groups open to this caller for its purpose; Forbidden when there are none."""
    groups = open_groups(caller.department, caller.purpose)
    if not groups:
        raise Forbidden("Your department reads no child for this purpose.")
    return groups


@asynccontextmanager
async def as_system(session: AsyncSession, caller: Caller) -> AsyncIterator[None]:
    """The service's own reach for a while, then the caller's again."""
    await enter(session, SYSTEM)
    yield
    await enter(session, caller.reach)
