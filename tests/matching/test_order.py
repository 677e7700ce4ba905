"""The order in which records arrive hardly matters: the same corpus, shuffled and cut otherwise, gives the same children.

Nor does what a batch saw before its turn: it is linked as if it had looked only when its turn came.
"""

import asyncio
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from services.evaluation.corpus import Corpus
from services.evaluation.resolving import item_of
from services.evaluation.truth import Truth
from services.matching.links import linking, queries, touching
from services.matching.links.linking import Item
from services.matching.links.neighbourhood import Neighbourhood
from services.matching.links.round_trips import write
from services.matching.models import shipped
from services.population import corpus as writing
from services.population.measurement import Contingency
from shared.database import SYSTEM, raw
from tests.databases import MakeDatabase
from tests.matching.linkers import LinkedHub

CHILDREN = 1_500
MOVES_F1 = 0.001
"""What a shuffled arrival may move the pairwise F1 by."""


async def test_shuffled_arrival_gives_the_same_children(
    database: MakeDatabase, tmp_path: Path
) -> None:
    writing.write(tmp_path / "corpus", CHILDREN, seed=11)
    corpus = Corpus.open(tmp_path / "corpus")
    truth = Truth.read(tmp_path / "corpus")
    items = [item_of(record) for record in corpus.read(corpus.lines())]
    assert len(items) > 2 * CHILDREN
    found = []
    for seed in (None, 1, 2):
        hub = LinkedHub.make(tmp_path, await database("matching"))
        persons = await _resolved(hub, _shuffled(items, seed), batch=700 if seed == 1 else 250)
        await hub.close()
        assert persons.keys() == {item.entry for item in items}
        counted = Contingency.of((truth.child_of(e), person) for e, person in persons.items())
        found.append(counted.pairwise.f1)

    assert min(found) > 0.9
    assert max(found) - min(found) < MOVES_F1


def _shuffled(items: list[Item], seed: int | None) -> list[Item]:
    """Newest versions last, as a source sends them."""
    if seed is None:
        return items
    order = list(items)
    Random(seed).shuffle(order)
    return order


async def test_what_is_linked_while_a_batch_waits_counts_as_if_it_had_been_there_before(
    database: MakeDatabase, tmp_path: Path
) -> None:
    """Every second batch looks around, then waits while another, often about the same children, is linked."""
    writing.write(tmp_path / "corpus", 500, seed=5)
    corpus = Corpus.open(tmp_path / "corpus")
    items = _shuffled([item_of(record) for record in corpus.read(corpus.lines())], 3)
    batches = [items[at : at + 120] for at in range(0, len(items), 120)]
    assert len(batches) > 8

    one_by_one = LinkedHub.make(tmp_path, await database("matching"))
    for batch in batches:
        await one_by_one.resolve(batch)
    overtaken = LinkedHub.make(tmp_path, await database("matching"))
    for at in range(0, len(batches), 2):
        await _overtake(overtaken, *batches[at : at + 2])

    assert await _state(overtaken) == await _state(one_by_one)
    await one_by_one.close()
    await overtaken.close()


@pytest.mark.parametrize("key_cap", [shipped.model().key_cap, 1])
async def test_a_rehearsed_look_finds_what_a_first_look_finds(
    database: MakeDatabase, tmp_path: Path, key_cap: int
) -> None:
    """What one batch links, of children of whom the hub knows something or nothing, touches what the next has looked up;
    and persons come into doubt and out of it.
    """
    writing.write(tmp_path / "corpus", 400, seed=6)
    corpus, truth = Corpus.open(tmp_path / "corpus"), Truth.read(tmp_path / "corpus")
    items = _shuffled([item_of(record) for record in corpus.read(corpus.lines())], 4)
    hub = LinkedHub.make(tmp_path, await database("matching"))
    await hub.resolve(items[: len(items) // 2])
    rest = sorted(items[len(items) // 2 :], key=lambda item: truth.child_of(item.entry) or 0)
    linker = hub.following.linker
    looking = replace(linker, model=replace(linker.model, key_cap=key_cap))
    chance = Random(7)
    for at in range(0, len(rest) - 40, 40):
        overtaking, waiting = rest[at : at + 40 : 2], rest[at + 1 : at + 40 : 2]
        prepared = [linker.strongroom.prepare(i.entry, i.version, i.features) for i in waiting]
        async with hub.served.transaction(SYSTEM) as session:
            connection = await raw(session)
            rehearsed = Neighbourhood(connection, looking)
            await rehearsed.rehearse(prepared)
            await linking.resolve(session, linker, overtaking)
            near = sorted(vars(rehearsed)["_persons"])
            await _doubt_others(connection, chance.sample(near, len(near) // 3))
            # Some were sent twice and stand already, so that nobody looks around for them.
            fresh = prepared[at // 40 % 3 :]
            first = Neighbourhood(connection, looking)
            for near in (rehearsed, first):
                await near.look_around(fresh, queries.Standing({}, 0, False))

        assert _seen(rehearsed) == _seen(first)
    await hub.close()


async def _doubt_others(connection: queries.Connection, persons: list[UUID]) -> None:
    """Whoever was in doubt is in none, and whoever was in none is."""
    await connection.execute(
        "UPDATE persons SET doubtful = NOT doubtful WHERE person = ANY($1::uuid[])", persons
    )
    await write(connection, [touching.telling([], persons)])


def _seen(near: Neighbourhood) -> dict[str, object]:
    told = vars(near)
    return {
        "by_key": {key: sorted(found) for key, found in told["_by_key"].items()},
        "persons": {
            id_: (person.document, person.doubtful, person.keys)
            for id_, person in told["_persons"].items()
        },
        "ended": {id_: sorted(told["_readings"].ended[id_]) for id_ in told["_persons"]},
        **{name: told[name] for name in ("_crowded", "_left", "_nearest", "_rivals", "_rulings")},
    }


async def _overtake(hub: LinkedHub, first: list[Item], second: list[Item] | None = None) -> None:
    """Link the first while the second, which has looked around already, waits for its turn."""
    async with hub.served.transaction(SYSTEM) as session:
        await queries.lock_linker(await raw(session))
        waiting = asyncio.create_task(hub.resolve(second or []))
        while second and not await hub.rows("SELECT FROM pg_locks WHERE NOT granted"):
            assert not waiting.done(), waiting
            await asyncio.sleep(0.01)
        await linking.resolve(session, hub.following.linker, first)
    await waiting


async def _state(hub: LinkedHub) -> list[list[tuple[object, ...]]]:
    """All that is stored but the seals, which are never twice the same, and the time."""
    return [
        [tuple(row) for row in await hub.rows(f"SELECT {what} ORDER BY {what.split(' FROM ')[0]}")]
        for what in (
            "entry, person, grade, weight, link_seq, arrival, against, levels, crowded FROM entries",
            "person, doubtful, joined_to FROM persons",
            "key, person FROM blocking_keys",
            "one, other, entry, levels, closed_at IS NULL FROM reviews",
        )
    ]


async def _resolved(hub: LinkedHub, items: list[Item], batch: int) -> dict[UUID, UUID]:
    for at in range(0, len(items), batch):
        await hub.resolve(items[at : at + batch])
    rows = await hub.rows("SELECT entry, person FROM entries WHERE person IS NOT NULL")
    return {row["entry"]: row["person"] for row in rows}
