"""Taking matching's word on links: two workers at once, and no child is left unfolded."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from services.registry.records.resolving import take
from shared.database import SYSTEM, Database, raw
from shared.keys import new_key_set
from tests.databases import MakeDatabase
from tests.registry.waiting import waits

KEYS = new_key_set()
ENTRY, OLD, NEW = UUID(int=1), UUID(int=101), UUID(int=102)


@pytest.fixture
async def registry(database: MakeDatabase) -> AsyncIterator[Database]:
    made = Database((await database("registry")).app, 3)
    yield made
    await made.close()


def link(person: UUID | None, seq: int, entry: UUID = ENTRY) -> dict[str, Any]:
    said = {"entry": str(entry), "grade": "certain", "weight": 9.0, "rule_version": "v"}
    return {**said, "person": str(person) if person else None, "link_seq": seq}


async def rows(registry: Database, statement: str) -> list[tuple[Any, ...]]:
    async with registry.transaction(SYSTEM) as session:
        return [tuple(row) for row in await (await raw(session)).fetch(statement)]


@pytest.mark.parametrize("known", [False, True])
async def test_a_child_that_loses_an_entry_another_worker_just_gave_it_is_folded_again(
    registry: Database, known: bool
) -> None:
    if known:
        async with registry.transaction(SYSTEM) as session:
            await take(await raw(session), [link(None, 1)], KEYS)

    async def second() -> None:
        async with registry.transaction(SYSTEM) as session:
            await take(await raw(session), [link(NEW, 3)], KEYS)

    async with registry.transaction(SYSTEM) as session:
        await take(await raw(session), [link(OLD, 2)], KEYS)
        later = asyncio.create_task(second())
        await waits(registry)
    await later

    assert await rows(registry, "SELECT person, link_seq FROM links") == [(NEW, 3)]
    queued = await rows(registry, "SELECT child_id, wanted FROM fold_queue ORDER BY 1")
    assert queued == [(OLD, 2), (NEW, 1)]
    moved = await rows(registry, "SELECT person, other, gained FROM link_moves ORDER BY 1")
    assert moved == [(OLD, NEW, False), (NEW, OLD, True)]


async def test_an_older_word_changes_nothing_but_asks_for_a_fold(registry: Database) -> None:
    other = UUID(int=2)
    async with registry.transaction(SYSTEM) as session:
        connection = await raw(session)
        assert await take(connection, [link(NEW, 3), link(None, 5, other)], KEYS) == 2
        assert await take(connection, [link(OLD, 2), link(OLD, 6, other)], KEYS) == 1

    found = await rows(registry, "SELECT entry_id, person FROM links ORDER BY 1")
    assert found == [(ENTRY, NEW), (other, OLD)]
    assert await rows(registry, "SELECT 1 FROM link_moves") == []
    queued = await rows(registry, "SELECT child_id FROM fold_queue ORDER BY 1")
    assert queued == [(OLD,), (NEW,)]
