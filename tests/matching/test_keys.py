"""Blocking keys are stored, however many come and whatever stands already."""

from random import Random
from uuid import UUID

import pytest

from services.matching.links import writing
from services.matching.links.round_trips import write
from shared.database import SYSTEM, Database, raw
from tests.databases import MakeDatabase


@pytest.mark.parametrize("count", [3, 500])
async def test_keys_that_stand_already_keep_no_others_out(
    database: MakeDatabase, count: int
) -> None:
    _, url = await database("matching")
    linker = Database(url, 1)
    chance = Random(count)
    keys = sorted({(chance.randrange(-(2**63), 2**63), UUID(int=at)) for at in range(count)})
    async with linker.transaction(SYSTEM) as session:
        connection = await raw(session)
        await write(connection, writing.keys(keys[: count // 3], []))
        await write(connection, writing.keys(keys, []))
        await write(connection, writing.keys([], keys[:1]))
        rows = await connection.fetch("SELECT key, person FROM blocking_keys ORDER BY key, person")
    await linker.close()

    assert [tuple(row) for row in rows] == keys[1:]
