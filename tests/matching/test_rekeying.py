"""A new key for blocking hashes, and a new master key, while processes link and search without a restart."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.matching import proving
from services.matching.keyings.following import Following
from services.matching.keyings.rekeying import Act, Rekeying
from services.matching.keyings.resealing import reseal, sealed_under
from services.matching.linkage.normalization import Features
from services.matching.links import linking
from services.matching.links.linking import Item
from services.matching.models import shipped
from services.matching.persons import agreeing
from services.matching.searches import searching
from shared import keys as key_files
from shared.database import SYSTEM
from shared.problems import Unavailable
from tests.databases import MakeDatabase
from tests.matching.children import FAMILY, ID, MODEL
from tests.matching.linkers import CLOCK, LinkedHub

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "id_number": ID, **FAMILY}
WITHOUT_NUMBER: Features = {"name": "张志明", "birth_date": "2015-03-07", **FAMILY}


@pytest.fixture
async def hub(database: MakeDatabase, tmp_path: Path) -> AsyncIterator[LinkedHub]:
    made = LinkedHub.make(tmp_path, await database("matching"))
    yield made
    await made.close()


def child(number: int) -> Features:
    """Children whom nothing connects, each known by a name, a birth date and a phone of its own."""
    glyphs = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
    name = glyphs[number % 16] + glyphs[number // 16 % 16] + glyphs[number // 256 % 16]
    day, month = number % 28 + 1, number // 28 % 12 + 1
    return {
        "name": name,
        "birth_date": f"{2010 + number % 7}-{month:02}-{day:02}",
        "phone": f"139{number:08}",
    }


async def faults(hub: LinkedHub) -> list[str]:
    async with hub.owner.snapshot(SYSTEM) as session:
        linker = await hub.another_process().current(session)
        found = [fault async for fault in proving.faults_of(session, linker.strongroom)]
        return found + [f async for f in agreeing.faults_of(session, hub.keys, MODEL)]


async def postings(hub: LinkedHub) -> set[int]:
    return {row["key"] for row in await hub.rows("SELECT key FROM blocking_keys")}


async def test_a_rekeying_leaves_nothing_of_the_old_key(hub: LinkedHub) -> None:
    (first,) = await hub.push((1, 1, CHILD))
    before = await postings(hub)

    acts = await hub.rekey()

    assert acts == [Act.CURRENT, Act.REWRITTEN, Act.RETIRED, Act.DROPPED]
    assert before.isdisjoint(await postings(hub))
    assert hub.keys.index.keys.keys() == {2}
    assert hub.keys.index.current == 2
    assert await faults(hub) == []
    assert [link.person for link in await hub.push((2, 1, WITHOUT_NUMBER))] == [first.person]
    assert await hub.search(WITHOUT_NUMBER) == [first.person]


async def test_a_second_rekeying_follows_the_first(hub: LinkedHub) -> None:
    await hub.push((1, 1, CHILD))

    await hub.rekey()
    await hub.rekey()

    assert hub.keys.index.keys.keys() == {3}
    assert await faults(hub) == []


@pytest.mark.parametrize("stopped_after", range(6))
async def test_stopped_after_any_step_everybody_is_found_and_it_can_go_on(
    hub: LinkedHub, stopped_after: int
) -> None:
    persons = {n: (await hub.push((n, 1, child(n))))[0].person for n in range(1, 301)}
    assert len(set(persons.values())) == 300
    rekeying = hub.rekeying()
    number = await rekeying.add_key()
    if stopped_after:
        await rekeying.begin(number)
    async with contextlib.aclosing(rekeying.steps()) as steps:
        for _ in range(stopped_after - 1):
            await anext(steps, None)

    other = hub.another_process()
    for n in range(1, 301, 23):
        again = 1000 + n
        known: Features = {**child(n), "sex": "male"}
        (link,) = await hub.push((again, 1, known))
        assert link.person == persons[n]
        async with hub.served.transaction(SYSTEM) as session:
            found = await searching.find(session, other.linker, child(n), 5)
        assert persons[n] in {person for person, _ in found.persons}
    assert await faults(hub) == []

    if stopped_after:
        assert await rekeying.is_begun() or stopped_after == 5
        acts = [step.act async for step in hub.rekeying().steps()]
        assert len(acts) >= 5 - stopped_after
        assert hub.keys.index.keys.keys() == {2}
    assert await faults(hub) == []


async def test_processes_that_link_meanwhile_miss_nobody(hub: LinkedHub) -> None:
    numbers = range(1, 601)
    persons: dict[int, UUID | None] = {}
    for start in range(0, 600, 200):
        batch = [(n, 1, child(n)) for n in numbers[start : start + 200]]
        persons |= {link.entry.int: link.person for link in await hub.push(*batch)}
    processes = [Following(lambda: hub.keys, CLOCK, shipped.MADE_FOR) for _ in range(2)]
    done = asyncio.Event()
    pushed: list[tuple[int, UUID | None]] = []

    async def serve(following: Following, first: int) -> None:
        at = first
        while not done.is_set():
            n = numbers[at * 7 % 600]
            item = Item(UUID(int=10_000 * (first + 1) + at), 1, {**child(n), "sex": "female"})
            async with hub.served.transaction(SYSTEM) as session:
                (link,) = await linking.resolve(session, following.linker, [item])
            pushed.append((n, link.person))
            at += 1

    serving = [asyncio.create_task(serve(each, at)) for at, each in enumerate(processes)]
    while len(pushed) < 5:
        await asyncio.sleep(0.01)
    before = len(pushed)
    await hub.rekey()
    during = len(pushed) - before
    done.set()
    await asyncio.gather(*serving)

    assert during > 0
    assert [person for _, person in pushed] == [persons[n] for n, _ in pushed]
    assert await faults(hub) == []


async def test_a_process_that_cannot_read_the_new_key_links_nothing(hub: LinkedHub) -> None:
    await hub.push((1, 1, CHILD))
    before = hub.keys
    apart = Following(lambda: before, CLOCK, shipped.MADE_FOR)
    rekeying = hub.rekeying()
    await rekeying.begin(await rekeying.add_key())

    with pytest.raises(Unavailable):
        async with hub.served.transaction(SYSTEM) as session:
            await linking.resolve(session, apart.linker, [Item(UUID(int=2), 1, CHILD)])

    assert len(await hub.rows("SELECT 1 FROM entries")) == 1


async def test_persons_are_rekeyed_without_the_old_key(hub: LinkedHub) -> None:
    """A dump from before a rotation, whose key is gone, is brought under the new one."""
    (first,) = await hub.push((1, 1, CHILD))
    file = hub.home / "index.json"
    new = key_files.without(key_files.promoted(key_files.added(hub.keys.index), CLOCK.now()), 1)
    key_files.save(new, file)

    rekeying = Rekeying(hub.owner, file, hub.keys.master, shipped.model(), CLOCK)
    await rekeying.begin(await rekeying.add_key())
    acts = [step.act async for step in rekeying.steps()]

    assert Act.RETIRED in acts
    assert await hub.search(WITHOUT_NUMBER) == [first.person]


async def test_everything_comes_under_a_new_master_key(hub: LinkedHub) -> None:
    await hub.push((1, 1, CHILD), (2, 1, child(2)))
    await hub.retract(2)
    file = hub.home / "master.json"
    key_files.save(key_files.promoted(key_files.added(hub.keys.master), CLOCK.now()), file)
    assert await sealed_under(hub.owner) == {1: 2}

    assert await reseal(hub.owner, hub.keys, MODEL) == (2, 0)

    assert await sealed_under(hub.owner) == {2: 2}
    key_files.save(key_files.without(hub.keys.master, 1), file)
    assert await faults(hub) == []
    assert await reseal(hub.owner, hub.keys, MODEL) == (0, 0)


async def test_what_does_not_open_is_named_and_left(hub: LinkedHub) -> None:
    await hub.push((1, 1, CHILD), (2, 1, child(2)))
    await hub.rows(
        "UPDATE persons SET sealed = set_byte(sealed, 19, get_byte(sealed, 19) # 1) WHERE person ="
        " (SELECT person FROM entries WHERE entry = $1)",
        UUID(int=2),
    )
    file = hub.home / "master.json"
    key_files.save(key_files.promoted(key_files.added(hub.keys.master), CLOCK.now()), file)

    assert await reseal(hub.owner, hub.keys, MODEL) == (3, 1)

    assert len(await faults(hub)) == 1
