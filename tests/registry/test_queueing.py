"""The two queues: asking never waits for work under way, and nothing asked for meanwhile is lost."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from services.registry.children import queueing as folds
from services.registry.records import queueing as resolutions
from services.registry.records.resolving import resolve_batch
from shared.database import SYSTEM, raw
from shared.limits import LEASE_SECONDS
from tests.registry.conftest import Registry
from tests.registry.key_care import push, survey


async def test_asking_for_a_fold_does_not_wait_for_the_one_under_way(registry: Registry) -> None:
    child, other = uuid4(), uuid4()
    async with registry.database.transaction(SYSTEM) as session:
        await folds.queue(await raw(session), [child, other])

    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        claimed = await folds.claim(connection, 10)
        async with asyncio.timeout(5), registry.database.transaction(SYSTEM) as asking:
            await folds.queue(await raw(asking), [child])
        await folds.finish(connection, claimed)

    assert {one.child for one in claimed} == {child, other}
    assert await registry.system("SELECT child_id, wanted FROM fold_queue") == [(child, 2)]


async def test_two_workers_take_children_of_their_own(registry: Registry) -> None:
    children = {uuid4() for _ in range(20)}
    async with registry.database.transaction(SYSTEM) as session:
        await folds.queue(await raw(session), children)

    async with (
        registry.database.transaction(SYSTEM) as one,
        registry.database.transaction(SYSTEM) as other,
    ):
        mine = await folds.claim(await raw(one), 8)
        theirs = await folds.claim(await raw(other), 8)

    taken = {c.child for c in mine} | {c.child for c in theirs}
    assert (len(mine), len(theirs), len(taken)) == (8, 8, 16)
    assert taken <= children


async def test_a_child_held_for_a_decision_is_not_folded(registry: Registry) -> None:
    child = uuid4()
    async with (
        registry.database.transaction(SYSTEM) as deciding,
        registry.database.transaction(SYSTEM) as folding,
    ):
        await folds.hold(await raw(deciding), child)
        while_held = await folds.claim(await raw(folding), 10)
    async with registry.database.transaction(SYSTEM) as folding:
        afterwards = await folds.claim(await raw(folding), 10)

    assert while_held == []
    assert [one.child for one in afterwards] == [child]


async def test_a_child_that_cannot_be_folded_is_put_off(registry: Registry) -> None:
    child = uuid4()
    async with registry.database.transaction(SYSTEM) as session:
        await folds.queue(await raw(session), [child])
    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await folds.park(connection, await folds.claim(connection, 10))
    async with registry.database.transaction(SYSTEM) as session:
        assert await folds.claim(await raw(session), 10) == []
    async with registry.database.transaction(SYSTEM) as session:
        await folds.queue(await raw(session), [child])
        assert [one.child for one in await folds.claim(await raw(session), 10)] == [child]


async def test_under_a_bulk_load_a_child_waits_for_the_rest_of_its_records(
    registry: Registry,
) -> None:
    child = uuid4()
    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await folds.queue(connection, [child])
        await resolutions.enqueue(connection, [uuid4() for _ in range(folds.BULK_BACKLOG)])
    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        young = await folds.claim(connection, 10)
        await connection.execute(
            "UPDATE fold_queue SET queued_at = queued_at - make_interval(secs => $1)",
            folds.BULK_PATIENCE,
        )
        patient = await folds.claim(connection, 10)

    assert young == []
    assert [one.child for one in patient] == [child]


async def test_an_entry_sent_anew_while_it_is_linked_is_linked_again_at_once(
    registry: Registry,
) -> None:
    entry, other = uuid4(), uuid4()

    async def claim() -> list[resolutions.Claimed]:
        async with registry.database.transaction(SYSTEM) as session:
            return await resolutions.claim(await raw(session), 10)

    async with registry.database.transaction(SYSTEM) as session:
        await resolutions.enqueue(await raw(session), [entry, other])
    claimed = await claim()
    assert await claim() == []
    async with registry.database.transaction(SYSTEM) as session:
        await resolutions.enqueue(await raw(session), [entry])
    async with registry.database.transaction(SYSTEM) as session:
        await resolutions.finish(await raw(session), claimed)
    again = await claim()

    assert {one.entry for one in claimed} == {entry, other}
    assert [(one.entry, one.wanted) for one in again] == [(entry, 2)]


async def test_whoever_lost_its_lease_takes_nothing_out(registry: Registry) -> None:
    entry: UUID = uuid4()
    async with registry.database.transaction(SYSTEM) as session:
        await resolutions.enqueue(await raw(session), [entry])
    async with registry.database.transaction(SYSTEM) as session:
        slow = await resolutions.claim(await raw(session), 10)
    await registry.system("UPDATE resolution_queue SET leased_until = now() - interval '1 s'")
    async with registry.database.transaction(SYSTEM) as session:
        quick = await resolutions.claim(await raw(session), 10)
    async with registry.database.transaction(SYSTEM) as session:
        await resolutions.finish(await raw(session), slow)

    assert [one.entry for one in quick] == [entry]
    assert len(await registry.system("SELECT 1 FROM resolution_queue")) == 1


async def test_matching_is_told_which_stood_in_one_register_and_not_in_which(
    registry: Registry,
) -> None:
    named: list[dict[str, Any]] = [{"name": "示小一"}, {"name": "示小二"}, {"name": "示小三"}]
    for child in named:
        child["birth_date"] = "2017-05-03"
    items = [survey("500103001001", child=child) for child in named]
    await push(registry, "civil_affairs:500103", "surveys", *items[:2])
    await push(registry, "civil_affairs:500101", "surveys", {**items[2], "division": "500101"})
    told: dict[str, dict[str, Any]] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        asked = orjson.loads(request.content)["items"]
        told.update({one["features"]["name"]: one["features"] for one in asked})
        link = {"grade": "certain", "weight": 1.0, "rule_version": "test", "link_seq": 1}
        placed = [{"entry": one["entry"], "person": str(uuid4()), **link} for one in asked]
        return httpx.Response(200, content=orjson.dumps({"items": placed}))

    kit = registry.app.state.kit
    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://matching.test") as matching:
        hub = registry.database, kit.sealer, kit.audit, kit.entries, matching
        assert await resolve_batch(*hub, 100) == 3
    one, two, elsewhere = (set(told[child["name"]]["listed"]) for child in named)
    assert one == two
    assert one and elsewhere and not one & elsewhere


@pytest.mark.parametrize("how", ["slow", "refused"])
async def test_an_entry_that_matching_cannot_place_holds_up_no_other(
    registry: Registry, how: str
) -> None:
    """The network between the two services is slow, or matching refuses, wherever one entry is among those asked for."""
    items = [survey("500103001001") for _ in range(5)]
    await push(registry, "civil_affairs:500103", "surveys", *items)
    rows = await registry.system("SELECT entry_id FROM resolution_queue ORDER BY 1")
    entries = [str(row["entry_id"]) for row in rows]
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = [one["entry"] for one in orjson.loads(request.content)["items"]]
        asked.append(len(body))
        if entries[2] in body:
            if how == "slow":
                raise httpx.ReadTimeout("no answer in time", request=request)
            return httpx.Response(422)
        link = {"grade": "certain", "weight": 1.0, "rule_version": "test", "link_seq": 1}
        placed = [{"entry": one, "person": str(uuid4()), **link} for one in body]
        return httpx.Response(200, content=orjson.dumps({"items": placed}))

    transport = httpx.MockTransport(answer)
    kit = registry.app.state.kit
    async with httpx.AsyncClient(transport=transport, base_url="http://matching.test") as matching:
        hub = registry.database, kit.sealer, kit.audit, kit.entries, matching
        assert await resolve_batch(*hub, 100) == 4
        assert await resolve_batch(*hub, 100) == 0
    assert asked.count(1) >= 1 and sum(asked) < 5 * 5
    (left,) = await registry.system(
        "SELECT entry_id, leased_until - now() AS rests FROM resolution_queue"
    )
    assert str(left["entry_id"]) == entries[2]
    assert left["rests"].total_seconds() > 2 * LEASE_SECONDS
