"""The migrated database is what the models say."""

from services.matching.tables import METADATA
from shared.migrations import differences
from tests.databases import MakeDatabase


async def test_models_equal_migrations(database: MakeDatabase) -> None:
    owner_url, _ = await database("matching")

    assert await differences("matching", owner_url, METADATA) == []
