"""Whoever holds the runtime role's password, and no key file, cannot decide who is whom: what no person decided so is
not told to matching, and the verifier names it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from services.registry.children import rebuilding
from services.registry.records import resending
from shared import auth
from shared.database import SYSTEM
from tests.guards.story import World
from tests.guards.tampering import tampered
from tests.notifications.hubs import settle
from tests.registry.doubles import Pair, alive, decide, doubted, open_review, reviewer, second

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    auth._buckets.clear()


@asynccontextmanager
async def thief(world: World) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(world.hub.urls["registry"].app)
    try:
        await connection.execute("SELECT set_config('hutong.department', 'system', false)")
        yield connection
    finally:
        await connection.close()


async def faults(world: World) -> list[tuple[str, UUID]]:
    app = world.hub.apps["registry"]
    found = [d async for d in rebuilding.verify(app.state.database, app.state.kit)]
    return [(d.table, d.id) for d in found]


async def refused(world: World, pair: Pair, ruling: UUID) -> None:
    """It is named and taken out of the queue, and both children stay."""
    assert ("rulings", ruling) in await faults(world)
    with capture_logs() as logs:
        await settle(world.hub)
    assert {line["ruling"] for line in logs if line["event"] == "ruling.forged"} == {str(ruling)}
    assert await alive(world, pair.elder, pair.younger) == [True, True]
    (row,) = await world.rows("SELECT state, problem FROM rulings WHERE id = $1", ruling)
    assert (row["state"], row["problem"]) == ("returned", "unproven")


async def cared_for(world: World) -> tuple[Pair, UUID]:
    """A pair in key care, and the proposal to join them."""
    pair = await doubted(world)
    for elder in (True, False):
        await pair.tell(elder, feed="assistance", kind="orphan")
    await settle(world.hub)
    reply = await decide(await reviewer(world), pair.review, "same")
    return pair, UUID(reply.json()["rulings"][0]["id"])


@pytest.mark.parametrize("how", ["alone", "with another's word", "with a refusal"])
async def test_a_proposal_takes_no_effect_without_the_second_person(world: World, how: str) -> None:
    pair, ruling = await cared_for(world)
    word: UUID | None = None
    if how == "with another's word":
        _, agreed = await cared_for(world)
        await second(await reviewer(world, actor="staff-8"), str(agreed))
        (row,) = await world.rows("SELECT second FROM rulings WHERE id = $1", agreed)
        word = row["second"]
        await settle(world.hub)
    elif how == "with a refusal":
        await second(await reviewer(world, actor="staff-8"), str(ruling), "refuse")
        (row,) = await world.rows("SELECT second FROM rulings WHERE id = $1", ruling)
        word = row["second"]
    async with thief(world) as connection:
        done = await connection.execute(
            "UPDATE rulings SET state = 'pending', turn = nextval('ruling_turns'), second = $2 WHERE id = $1",
            ruling,
            word,
        )
        assert done == "UPDATE 1"
    await refused(world, pair, ruling)
    async with thief(world) as connection:
        await connection.execute("UPDATE rulings SET second = NULL WHERE id = $1", ruling)
    assert await faults(world) == []


@pytest_asyncio.fixture(loop_scope="module")
async def slipped_in(world: World) -> tuple[Pair, UUID]:
    """A ruling that nobody made, beside a pair whose places it bears."""
    pair, ruling = await doubted(world), uuid4()
    entries = [
        UUID(pair.entry(elder, source))
        for elder, source in zip((True, False), pair.told, strict=True)
    ]
    async with thief(world) as connection:
        await connection.execute(
            "INSERT INTO rulings (id, kind, state, one, other, entries, made_at, problem, turn,"
            " one_residence_code, one_hukou_code, other_residence_code, other_hukou_code)"
            " SELECT $1, 'same', 'pending', a.id, b.id, $4, now(), '', nextval('ruling_turns'),"
            " a.residence_code, a.hukou_code, b.residence_code, b.hukou_code"
            " FROM children a, children b WHERE a.id = $2 AND b.id = $3",
            ruling,
            pair.elder,
            pair.younger,
            sorted(entries),
        )
        await connection.execute(
            "INSERT INTO ruling_constraints (id, ruling, place, same, one, other, held, ended)"
            " VALUES ($1, $1, 0, true, $2, $3, false, false)",
            ruling,
            entries[:1],
            entries[1:],
        )
    return pair, ruling


async def test_a_ruling_that_nobody_made_joins_nobody_and_is_shown_as_such(
    world: World, slipped_in: tuple[Pair, UUID]
) -> None:
    pair, ruling = slipped_in
    await refused(world, pair, ruling)
    civil = await reviewer(world)
    listed = await civil.get("/v1/rulings", params={"child": str(pair.elder)})
    assert listed.status_code == 200, listed.text
    (shown,) = listed.json()["rulings"]
    assert (shown["id"], shown["problem"]) == (str(ruling), "unproven")
    assert "by" not in shown and "reason" not in shown
    assert (await civil.get(f"/v1/rulings/{ruling}")).status_code == 200
    assert (await second(civil, str(ruling))).status_code == 409
    async with thief(world) as connection:
        await connection.execute("UPDATE rulings SET state = 'standing' WHERE id = $1", ruling)
        await connection.execute(
            "UPDATE ruling_constraints SET held = true WHERE ruling = $1", ruling
        )
    app = world.hub.apps["registry"]
    async with app.state.database.transaction(SYSTEM) as session:
        told = await resending.told(session, app.state.kit.sealer)
    assert ruling not in {one.id for one in told.constraints}
    async with thief(world) as connection:
        for table, key in (("rulings", "id"), ("ruling_constraints", "ruling")):
            await connection.execute(f"DELETE FROM {table} WHERE {key} = $1", ruling)
    assert await faults(world) == []


async def test_who_was_told_apart_is_not_joined_by_a_changed_constraint(world: World) -> None:
    pair = await doubted(world)
    await decide(await reviewer(world), pair.review, "different", "twins")
    (ruling,) = (await open_review(world, pair))["rulings"]
    async with thief(world) as connection:
        await connection.execute(
            "UPDATE ruling_constraints SET same = true WHERE ruling = $1", UUID(ruling["id"])
        )
    await refused(world, pair, UUID(ruling["id"]))
    seen = await open_review(world, pair)
    assert (seen["state"], seen["returned"]) == ("open", "unproven")
    async with thief(world) as connection:
        await connection.execute(
            "UPDATE ruling_constraints SET same = false WHERE ruling = $1", UUID(ruling["id"])
        )
    assert await faults(world) == []


RULING = ("id", "kind", "one", "entries", "made_at", "second")
CONSTRAINT = ("same", "one", "other", "ruling")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing(world: World) -> UUID:
    """A ruling in force on which two people agreed."""
    auth._buckets.clear()
    _, ruling = await cared_for(world)
    await second(await reviewer(world, actor="staff-8"), str(ruling))
    await settle(world.hub)
    return ruling


@pytest.mark.parametrize(
    ("table", "name"),
    [*(("rulings", n) for n in RULING), *(("ruling_constraints", n) for n in CONSTRAINT)],
)
async def test_whatever_is_changed_of_one_in_force_is_named(
    world: World, standing: UUID, table: str, name: str
) -> None:
    assert await faults(world) == []
    key = "id" if table == "rulings" else "place"
    at: Any = standing
    if table == "ruling_constraints":
        await world.rows("UPDATE ruling_constraints SET place = 77 WHERE ruling = $1", standing)
        at = 77
    async with tampered(world, "registry", table, name, key, at) as now:
        found = await faults(world)
    assert found
    if table == "rulings":
        assert ("rulings", now) in found
