"""A sample of the hub's own entries, opened in memory and nowhere else."""

from collections.abc import AsyncIterator

from services.matching.entries.sealing import Strongroom
from services.matching.linkage.normalization import Standard, standardise
from shared.database import SYSTEM, Database, raw

AT_MOST = 500_000
_PAGE = 5_000


async def sampled_features(
    database: Database, strongroom: Strongroom, limit: int = AT_MOST
) -> AsyncIterator[Standard]:
    """Standard features of all entries, or of about ``limit`` drawn at random where there are more."""
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        held = await connection.fetchval("SELECT count(*) FROM entries WHERE sealed IS NOT NULL")
        share = min(1.0, limit / held) if held else 1.0
        drawn = "" if share == 1 else f" TABLESAMPLE BERNOULLI ({100 * share})"
        cursor = await connection.cursor(
            f"SELECT entry, version, sealed FROM entries{drawn} WHERE sealed IS NOT NULL"
        )
        given = 0
        while rows := await cursor.fetch(_PAGE):
            for entry, version, sealed in rows:
                if given == limit:
                    return
                given += 1
                yield standardise(strongroom.open_entry(entry, version, sealed))
