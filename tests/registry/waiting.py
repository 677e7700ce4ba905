"""Two transactions at once: holding on until one of them waits for the other."""

import asyncio

from shared.database import SYSTEM, Database, raw

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock'"
)


async def waits(database: Database) -> None:
    """Return once a connection to this database waits for a lock."""
    for _ in range(200):
        async with database.transaction(SYSTEM) as session:
            if await (await raw(session)).fetchval(_WAITING):
                return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")
