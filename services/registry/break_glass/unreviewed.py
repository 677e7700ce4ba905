"""How many openings wait for their second person: a figure to raise an alarm on."""

from fastapi import APIRouter
from prometheus_client import Gauge

from shared import application
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
    """What an application includes to keep the gauge true while it lives, whoever opened or reviewed."""
    return application.beside("registry", "break-glass-count", count, EVERY_SECONDS)
