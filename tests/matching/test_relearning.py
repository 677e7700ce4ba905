"""Matching's database was lost: the registry tells everything again, and nothing new looks old to it."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.matching import proving
from services.matching.linkage.decisions import Ruling
from services.matching.linkage.normalization import Features
from services.matching.links import open_reviews
from services.matching.links import queries as links
from services.matching.relearning.preparing import Held, prepare
from services.registry.records import queueing, resending
from shared import keys
from shared.database import SYSTEM, Database, raw
from shared.sealing import Sealer
from tests.databases import MakeDatabase
from tests.matching.children import FAMILY, ID
from tests.matching.linkers import LinkedHub

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "id_number": ID, **FAMILY}
OTHER: Features = {"name": "李雷", "birth_date": "2010-01-02"}


@pytest.fixture
async def hub(database: MakeDatabase, tmp_path: Path) -> AsyncIterator[LinkedHub]:
    made = LinkedHub.make(tmp_path, await database("matching"))
    yield made
    await made.close()


async def prepared(hub: LinkedHub, held: Held) -> int:
    async with hub.owner.transaction(SYSTEM) as session:
        return await prepare(session, hub.following.linker, held)


async def faults(hub: LinkedHub) -> list[str]:
    async with hub.owner.snapshot(SYSTEM) as session:
        linker = await hub.following.current(session)
        return [fault async for fault in proving.faults_of(session, linker.strongroom)]


async def test_numbers_go_on_above_what_the_registry_saw(hub: LinkedHub) -> None:
    await hub.push((1, 1, OTHER))
    await prepared(hub, Held(1_000, 70, ()))
    await prepared(hub, Held(1_000, 70, ()))

    (link,) = await hub.push((2, 1, CHILD))
    (doubtful,) = await hub.push((3, 1, {"birth_date": "2015-03-07", **FAMILY}))

    assert (link.link_seq, doubtful.link_seq) == (1_001, 1_002)
    async with hub.owner.transaction(SYSTEM) as session:
        connection = await raw(session)
        assert await links.last_link_seq(connection) == 1_002
        assert await open_reviews.last_seq(connection) >= 70
    assert await faults(hub) == []


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
async def test_rulings_that_came_first_bind_the_entries_as_they_arrive(
    hub: LinkedHub, same: bool, at_once: bool
) -> None:
    said = OTHER if same else CHILD
    ruling = Ruling(UUID(int=100), same, frozenset({UUID(int=1)}), frozenset({UUID(int=2)}))

    assert await prepared(hub, Held(10, 0, [ruling])) == 1
    assert await prepared(hub, Held(10, 0, [ruling])) == 0
    batches = [[(1, 1, CHILD), (2, 1, said)]] if at_once else [[(1, 1, CHILD)], [(2, 1, said)]]
    for batch in batches:
        await hub.push(*batch)

    rows = await hub.rows("SELECT entry, person FROM entries")
    assert (len({row["person"] for row in rows}) == 1) is same
    assert await faults(hub) == []


@pytest.mark.parametrize("same", [True, False])
async def test_rulings_bind_the_entries_that_came_before_them(hub: LinkedHub, same: bool) -> None:
    """The processes ran before the registry told its rulings; the entries are no news any more."""
    said = OTHER if same else CHILD
    await hub.push((1, 1, CHILD), (2, 1, said))
    ruling = Ruling(UUID(int=100), same, frozenset({UUID(int=1)}), frozenset({UUID(int=2)}))

    assert await prepared(hub, Held(10, 0, [ruling])) == 1
    await hub.push((1, 1, CHILD), (2, 1, said))

    rows = await hub.rows("SELECT entry, person FROM entries")
    assert (len({row["person"] for row in rows}) == 1) is same
    assert await faults(hub) == []


async def test_a_ruling_that_the_registry_still_holds_stands_again(hub: LinkedHub) -> None:
    ruling = Ruling(UUID(int=100), True, frozenset({UUID(int=1)}), frozenset({UUID(int=2)}))
    await hub.push((1, 1, CHILD), (2, 1, OTHER))
    await hub.rule(ruling)
    await hub.withdraw(ruling.ruling)

    assert await prepared(hub, Held(10, 0, [ruling])) == 1

    rows = await hub.rows("SELECT DISTINCT person FROM entries")
    assert len(rows) == 1


async def test_every_entry_is_queued_once(database: MakeDatabase) -> None:
    urls = await database("registry")
    registry = Database(urls.app, 2)
    entries = [UUID(int=number) for number in range(1, 8)]
    async with registry.transaction(SYSTEM) as session:
        connection = await raw(session)
        for at, entry in enumerate([*entries, *entries]):
            await connection.execute(
                "INSERT INTO records (id, entry_id, version, kind, feed, source, department, client,"
                " division, observed_on, received_at, findings, content_mac, sealed) VALUES"
                " ($1, $2, $3, 0, 'surveys', 's', 'civil_affairs', 'c', 1, now(), now(), '{}', '', '')",
                UUID(int=100 + at),
                entry,
                1 + at // len(entries),
            )
        await queueing.enqueue(connection, entries[:1])

    assert await resending.queue_all(registry) == 6
    assert await resending.queue_all(registry) == 0

    async with registry.transaction(SYSTEM) as session:
        rows = await (await raw(session)).fetch(
            "SELECT entry_id, bulk FROM resolution_queue ORDER BY entry_id"
        )
        told = await resending.told(session, Sealer(keys.new_key_set()))
    assert [(row["entry_id"], row["bulk"]) for row in rows] == [
        (entry, entry != entries[0]) for entry in entries
    ]
    assert (told.link_seq, told.review_seq, told.constraints) == (0, 0, [])
    await registry.close()
