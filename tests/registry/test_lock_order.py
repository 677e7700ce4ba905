"""Whoever changes a ruling and its review waits for the review first, as folds do: nobody is turned away by a deadlock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.match_reviews.mirroring import take
from shared import auth
from shared.database import SYSTEM, raw
from tests.guards.story import World
from tests.guards.tampering import owner
from tests.notifications.hubs import settle
from tests.registry.doubles import Pair, decide, doubted, open_review, reviewer, second, undo
from tests.registry.waiting import waits

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    auth._buckets.clear()


async def proposed(world: World) -> tuple[Pair, str]:
    """A pair in key care whom one person wants to join; and his ruling."""
    pair = await doubted(world)
    for elder in (True, False):
        await pair.tell(elder, feed="assistance", kind="orphan")
    await settle(world.hub)
    reply = await decide(await reviewer(world), pair.review, "same")
    assert reply.json()["state"] == "proposed"
    (ruling,) = reply.json()["rulings"]
    return pair, ruling["id"]


async def seconding(world: World) -> tuple[Pair, str, Callable[[], Awaitable[Any]]]:
    pair, ruling = await proposed(world)
    colleague = await reviewer(world, actor="staff-8")
    return pair, ruling, lambda: second(colleague, ruling)


async def withdrawing(world: World) -> tuple[Pair, str, Callable[[], Awaitable[Any]]]:
    pair, ruling = await proposed(world)
    civil = await reviewer(world)
    return pair, ruling, lambda: undo(civil, f"rulings/{ruling}/withdrawal", "mistaken")


async def returning(world: World) -> tuple[Pair, str, Callable[[], Awaitable[Any]]]:
    """Matching refuses what contradicts somebody else's word."""
    pair = await doubted(world)
    reply = await decide(await reviewer(world), pair.review, "same")
    entries = [
        pair.entry(elder, source) for elder, source in zip((True, False), pair.told, strict=True)
    ]
    apart = {"ruling": str(uuid4()), "same": False, "one": entries[:1], "other": entries[1:]}
    worker = world.hub.registry_worker
    held = await worker.matching.post("/v1/rulings", json={"holds": [apart]})
    assert held.status_code == 200, held.text
    return pair, reply.json()["rulings"][0]["id"], worker.rule


@asynccontextmanager
async def holding(world: World, review: str) -> AsyncIterator[Any]:
    async with owner(world, "registry") as connection, connection.transaction():
        await connection.execute(
            "SELECT 1 FROM match_reviews WHERE id = $1 FOR UPDATE", UUID(review)
        )
        yield connection


@pytest.mark.parametrize("act", [seconding, withdrawing, returning])
async def test_the_review_is_waited_for_before_the_ruling_is_taken(
    world: World,
    act: Callable[[World], Awaitable[tuple[Pair, str, Callable[[], Awaitable[Any]]]]],
) -> None:
    pair, ruling, go = await act(world)
    async with holding(world, pair.review) as connection:
        acting = asyncio.ensure_future(go())
        await waits(world.hub.apps["registry"].state.database)
        # A fold takes the ruling next: nobody may hold it who waits for the review.
        await connection.execute(
            "SELECT 1 FROM rulings WHERE id = $1 FOR UPDATE NOWAIT", UUID(ruling)
        )
    reply = await acting
    assert reply == 1 or reply.status_code in (200, 202), reply.text
    await settle(world.hub)


async def test_new_evidence_that_waits_for_a_second_person_does_not_undo_his_word(
    world: World,
) -> None:
    pair, ruling = await proposed(world)
    (row,) = await world.rows("SELECT * FROM match_reviews WHERE id = $1", UUID(pair.review))
    change = {
        "review": pair.review,
        "review_seq": row["review_seq"] + 1,
        **{side: str(row[side]) for side in ("one", "other", "entry")},
        "weight": row["weight"],
        "rule_version": row["rule_version"],
        "comparisons": [],
        "opened_at": row["opened_at"].isoformat(),
        "closed_at": None,
    }
    database = world.hub.apps["registry"].state.database

    async def evidence() -> None:
        async with database.transaction(SYSTEM) as session:
            await take(await raw(session), [change])

    async with holding(world, pair.review) as connection:
        told = asyncio.ensure_future(evidence())
        await waits(database)
        for statement in (
            "UPDATE rulings SET state = 'pending' WHERE id = $1",
            "UPDATE match_reviews SET state = 'decided' WHERE ruling = $1",
        ):
            await connection.execute(statement, UUID(ruling))
    await told

    assert (await open_review(world, pair))["state"] == "decided"
    await world.rows("UPDATE rulings SET state = 'lapsed' WHERE id = $1 RETURNING id", UUID(ruling))
