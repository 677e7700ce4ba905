"""How many openings wait for their second person: a figure to raise an alarm on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from prometheus_client import Gauge

from shared import application, work
from shared.database import SYSTEM, Database, raw

UNREVIEWED = Gauge(
    "hutong_break_glass_unreviewed", "Break-glass openings that nobody has reviewed yet"
)
EVERY_SECONDS = 15.0


async def count(database: Database) -> int:
    """Set the gauge to what the database holds now, and say so."""
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        found: int = await connection.fetchval(
            "SELECT count(*) FROM break_glass WHERE reviewed_at IS NULL"
        )
    UNREVIEWED.set(found)
    return found


def watch() -> APIRouter:
    """What an application includes to keep the gauge true while it lives, whoever opened or reviewed.  It has no routes."""

    @asynccontextmanager
    async def counted(app: FastAPI) -> AsyncIterator[None]:
        async def step() -> int:
            await count(app.state.database)
            return 0

        task = asyncio.create_task(
            work.repeat("registry", "break-glass-count", step, EVERY_SECONDS, asyncio.Event())
        )
        yield
        await application.stop(task)

    return APIRouter(lifespan=counted)
