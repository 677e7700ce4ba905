"""One command, one transaction on a service's database, with the reach of the system."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import SYSTEM, Database

Result = TypeVar("Result")


def transact(url: str, act: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """Run ``act``; committed when it returns, nothing done when it raises."""

    async def inside() -> Result:
        database = Database(url, 1)
        try:
            async with database.transaction(SYSTEM) as session:
                return await act(session)
        finally:
            await database.close()

    return asyncio.run(inside())
