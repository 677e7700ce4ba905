"""Whoever holds the runtime role's password of notifications, and no key file, gains no peer hub and no answer.

Every statement runs as the runtime role, under the system's reach, which that role can take at will.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.notifications import adopting, proving
from services.notifications.deliveries.authenticity import MESSAGES
from services.notifications.notices.authenticity import ANSWERS
from shared import signatures
from shared.database import SYSTEM
from shared.vocabulary import Department
from tests.guards.story import (
    ELSEWHERE,
    HOME,
    HUKOU,
    PEER,
    World,
    child_of,
    peer_notice,
    send_as_peer,
)
from tests.guards.tampering import columns_of, edited, tampered
from tests.notifications.hubs import settle

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = asyncpg.InsufficientPrivilegeError
TRAP = "http://127.0.9.7:8100"


@asynccontextmanager
async def thief(world: World) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(world.hub.urls["notifications"].app)
    try:
        await connection.execute("SELECT set_config('hutong.department', 'system', false)")
        yield connection
    finally:
        await connection.close()


async def faults(world: World) -> list[str]:
    app = world.hub.apps["notifications"]
    async with app.state.database.transaction(SYSTEM) as session:
        return [fault async for fault in proving.faults_of(session, app.state.audit_keys)]


async def rows(world: World, statement: str, *values: Any) -> list[Any]:
    return await world.rows(statement, *values, service="notifications")


def trap(world: World) -> list[str]:
    """Whoever calls it is noted."""
    called: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["path"])
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    world.hub.network.apps[TRAP] = httpx.ASGITransport(app=app)
    return called


async def test_all_is_as_it_was_written(told: World) -> None:
    assert await faults(told) == []


async def test_an_answer_of_his_own_making_is_not_pushed(told: World) -> None:
    child, forged = await child_of(told, "示小明"), uuid4()
    (real,) = await told.rows("SELECT hukou_code FROM children WHERE id = $1", child)
    async with thief(told) as connection:
        await connection.execute(
            "INSERT INTO notices (id, kind, direction, toward, state, version, child, answered_for,"
            " origin_county, target_county, outcome, hukou_division, unwanted, untold, released,"
            " unfounded, pushed, facts, tries, due_at, created_at, issued_at, ended_at)"
            " VALUES ($1, 'arrived', 'local', 'hukou', 'answered', 1, $2, $2, $3, $4, 'confirmed', $4,"
            " '{}', false, false, false, 'waiting', 'no', 0, $5, $5, $5, $5)",
            forged,
            child,
            int(f"{HOME}000000"),
            int(f"{ELSEWHERE}000000"),
            told.hub.clock.now(),
        )
    await settle(told.hub)
    assert await told.rows("SELECT 1 FROM records WHERE feed = 'hukou-answers'") == []
    assert await told.rows("SELECT hukou_code FROM children WHERE id = $1", child) == [real]
    assert await faults(told) == [f"answer of notice {forged} was forged or changed"]
    await rows(told, "DELETE FROM notices WHERE id = $1", forged)


async def test_a_peer_of_his_own_making_is_none(told: World) -> None:
    called = trap(told)
    key = signatures.new_private_key()
    async with thief(told) as connection:
        await connection.execute(
            "INSERT INTO peers SELECT 'thief', 0, 999999999999, $1, $1, $1, $2, receiver, generation, mac"
            " FROM peers WHERE name = $3",
            TRAP,
            signatures.public_text(key.public_key()),
            PEER,
        )
        await connection.execute("UPDATE receivers SET url = $1 WHERE kind = 'peer'", TRAP)
        await connection.execute("UPDATE notices SET untold = true WHERE peer = $1", PEER)
        await connection.execute(
            "UPDATE notices SET facts = 'waiting', due_at = now() - '1 day'::interval WHERE peer = $1",
            PEER,
        )
    told.peer_key, real = key, told.peer_key
    message = peer_notice(told)
    message["data"] |= {"notice": str(uuid4()), "origin_county": f"{ELSEWHERE}000000"}
    reply = await send_as_peer(told, "/v1/peer/notices", message)
    told.peer_key = real
    assert reply.status_code == 401, reply.text
    async with thief(told) as connection:
        await connection.execute(
            "UPDATE notices SET peer = 'thief', untold = true, facts = 'waiting' WHERE peer = $1",
            PEER,
        )
    await settle(told.hub)
    assert called == []
    assert await faults(told) == ["peers thief was forged or changed"]
    await rows(told, "UPDATE notices SET peer = $1, untold = false WHERE peer = 'thief'", PEER)
    await rows(told, "DELETE FROM peers WHERE name = 'thief'")


async def test_a_message_of_his_own_making_is_not_signed(told: World) -> None:
    called = trap(told)
    forged = uuid4()
    async with thief(told) as connection:
        peer = await connection.fetchval("SELECT receiver FROM peers WHERE name = $1", PEER)
        lane = uuid4()
        await connection.execute("INSERT INTO lanes VALUES ($1, $2, $1, 1)", lane, peer)
        await connection.execute(
            "INSERT INTO deliveries (id, receiver, lane, number, message_id, path, body, state, attempts,"
            " due_at, fence, created_at) VALUES ($1, $2, $3, 1, $1, '/v1/peer/answers', $4, 'pending', 0,"
            " $5, 0, $5)",
            forged,
            peer,
            lane,
            json.dumps({"outcome": "confirmed"}).encode(),
            told.hub.clock.now(),
        )
    told.hub.network.cut.discard("http://127.0.8.1:8100")
    told.hub.network.apps["http://127.0.8.1:8100"] = told.hub.network.apps[TRAP]
    await settle(told.hub)
    assert "/v1/peer/answers" not in called
    assert await faults(told) == [f"delivery {forged} was forged or changed"]
    await rows(told, "DELETE FROM deliveries WHERE id = $1", forged)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM peers",
        "DELETE FROM authorities",
        "UPDATE peers SET public_key = 'whpk_x'",
        "UPDATE peers SET name = 'aside', generation = generation + 1",
        "UPDATE authorities SET client = 'thief'",
        "UPDATE authorities SET low = low - 1, generation = generation + 1",
        "ALTER TABLE peers DISABLE TRIGGER only_forward",
        "DROP TRIGGER only_forward ON authorities",
    ],
)
async def test_he_puts_no_older_row_back(told: World, statement: str) -> None:
    async with thief(told) as connection:
        with pytest.raises(REFUSED):
            await connection.execute(statement)


@pytest.mark.parametrize(
    ("table", "key", "name"),
    [("peers", "name", n) for n in columns_of("peers", "notifications") if n != "receiver"]
    + [("authorities", "id", n) for n in columns_of("authorities", "notifications")],
)
async def test_a_registered_row_that_was_changed(
    told: World, table: str, key: str, name: str
) -> None:
    (row, *_) = await rows(told, f"SELECT {key} AS at FROM {table}")
    async with tampered(told, "notifications", table, name, key, row["at"]):
        found = await faults(told)
    assert found and all(fault.startswith(f"{table} ") for fault in found), found
    assert await faults(told) == []


@pytest.mark.parametrize("table", ["peers", "authorities"])
async def test_a_registered_row_that_was_removed(told: World, table: str) -> None:
    kept = await rows(told, f"DELETE FROM {table} RETURNING *")
    try:
        found = await faults(told)
    finally:
        for row in kept:
            places = ", ".join(f"${i + 1}" for i in range(len(row)))
            names = ", ".join(row.keys())
            await rows(told, f"INSERT INTO {table} ({names}) VALUES ({places})", *row.values())
    assert [fault.endswith("was removed") for fault in found] == [True] * len(kept)


@pytest.mark.parametrize("name", [*ANSWERS.columns, "answer_mac"])
async def test_an_answer_that_was_changed(told: World, name: str) -> None:
    await answered(told)
    (row,) = await rows(told, "SELECT id FROM notices WHERE state = 'answered'")
    async with tampered(told, "notifications", "notices", name, "id", row["id"]) as now:
        assert await faults(told) == [f"answer of notice {now} was forged or changed"]
    assert await faults(told) == []


async def answered(told: World) -> None:
    """The hukou place answers the first notice that it has, once."""
    if await rows(told, "SELECT 1 FROM notices WHERE state = 'answered'"):
        return
    civil = await told(Department.CIVIL_AFFAIRS, HUKOU, "notifications")
    (notice, *_) = await rows(
        told,
        "SELECT id FROM notices WHERE direction = 'local' AND receiver_client IS NOT NULL"
        " AND kind = 'arrived' ORDER BY id",
    )
    said = {"outcome": "confirmed", "hukou_division": HUKOU}
    reply = await civil.post(f"/v1/notices/{notice['id']}/answer", json=said)
    assert reply.status_code == 200, reply.text
    await settle(told.hub)
    assert await told.rows("SELECT 1 FROM records WHERE feed = 'hukou-answers'")


async def test_what_is_from_before_is_adopted_and_what_is_forged_is_not(told: World) -> None:
    await answered(told)
    app = told.hub.apps["notifications"]
    for table in ("peers", "authorities"):
        await rows(told, f"UPDATE {table} SET mac = NULL")
    await rows(
        told, "UPDATE notices SET answer_mac = NULL, answered_for = NULL WHERE outcome IS NOT NULL"
    )
    assert len(await faults(told)) >= 3
    async with app.state.database.transaction(SYSTEM) as session:
        found = await adopting.old(session)
        assert found.peers and found.authorities and found.answers
        await adopting.adopt(session, app.state.audit_keys, found, told.hub.clock.now())
    assert await faults(told) == []
    async with app.state.database.transaction(SYSTEM) as session:
        assert not await adopting.old(session)


@pytest.mark.parametrize("place", range(5))
async def test_a_message_that_was_changed(told: World, place: int) -> None:
    keys = told.hub.apps["notifications"].state.audit_keys
    said = (uuid4(), uuid4(), "/v1/peer/notices", b"{}")
    known: dict[str, Any] = dict(zip(MESSAGES.columns, said, strict=True))
    known["mac"] = MESSAGES.mac(keys, known)
    assert MESSAGES.stands(keys, known)
    name = list(known)[place]
    assert not MESSAGES.stands(keys, {**known, name: edited(known[name])})
