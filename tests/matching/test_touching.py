"""What newer changes touched is told while it is known, and never guessed at."""

from pathlib import Path
from uuid import UUID

from services.matching.links import touching
from services.matching.links.round_trips import write
from services.matching.links.touching import RING, Touched
from shared.database import SYSTEM, Database, raw
from tests.databases import MakeDatabase
from tests.matching.linkers import LinkedHub

ONE, OTHER = UUID(int=1), UUID(int=2)


async def test_what_was_touched_since_is_told_until_the_ring_came_round(
    database: MakeDatabase,
) -> None:
    _, url = await database("matching")
    linker = Database(url, 1)
    async with linker.transaction(SYSTEM) as session:
        connection = await raw(session)
        begun = await touching.last(connection)
        assert await touching.since(connection, begun) == Touched(frozenset(), frozenset())

        await write(connection, [touching.telling([7, -(2**63)], [ONE])])
        later = await touching.last(connection)
        await write(connection, [touching.telling([2**63 - 1], [OTHER, ONE])])

        told = Touched(frozenset((7, -(2**63), 2**63 - 1)), frozenset((ONE, OTHER)))
        assert await touching.since(connection, begun) == told
        told = Touched(frozenset((2**63 - 1,)), frozenset((ONE, OTHER)))
        assert await touching.since(connection, later) == told

        for _ in range(RING - 1):
            await write(connection, [touching.telling([], [])])
        assert await touching.since(connection, later) == told
        await write(connection, [touching.telling([], [])])
        assert await touching.since(connection, later) is None
        assert await connection.fetchval("SELECT count(*) FROM touches") == RING
    await linker.close()


async def test_after_a_retraction_anything_may_be_touched_and_nothing_older_is_kept(
    database: MakeDatabase, tmp_path: Path
) -> None:
    hub = LinkedHub.make(tmp_path, await database("matching"))
    await hub.push((1, 1, {"name": "张志明", "birth_date": "2015-03-07"}))
    async with hub.served.transaction(SYSTEM) as session:
        begun = await touching.last(await raw(session))
    await hub.retract(1, erased=True)

    async with hub.served.transaction(SYSTEM) as session:
        assert await touching.since(await raw(session), begun) is None
    (left,) = await hub.rows("SELECT keys, persons FROM touches")
    assert tuple(left) == (b"", b"")
    await hub.close()
