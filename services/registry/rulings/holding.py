"""Holding rulings: whoever changes one holds its review first, then the rulings, each in the order of their ids.

So do folds and matching's changes, which touch both: nobody waits for somebody who waits for him.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.rulings import queries
from shared.auth import Caller
from shared.database import raw


async def hold(connection: "asyncpg.Connection[Any]", rulings: Collection[UUID]) -> None:
    """Wait until nobody else changes these rulings or the reviews they answer; nobody does until this transaction ends.

    As the service itself.
    """
    await connection.execute(
        "SELECT 1 FROM match_reviews WHERE id IN (SELECT review FROM rulings WHERE id = ANY($1))"
        " ORDER BY id FOR UPDATE",
        list(rulings),
    )
    await connection.execute(
        "SELECT 1 FROM rulings WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(rulings)
    )


async def held(session: AsyncSession, caller: Caller, ruling: UUID) -> Any | None:
    """A ruling that the caller may see, held; as others left it."""
    if await queries.one(session, caller, ruling) is None:
        return None
    async with as_system(session, caller):
        await hold(await raw(session), [ruling])
    return await queries.one(session, caller, ruling)
