"""Telling matching what was ruled: in order, again after any failure, and what becomes of a refusal."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
import pytest_asyncio

from services.registry.application import matching_client
from services.registry.rulings.delivering import deliver
from shared import auth
from tests.guards.story import World
from tests.notifications.hubs import settle
from tests.registry.doubles import (
    Pair,
    alive,
    decide,
    doubted,
    entries_of,
    listed,
    open_review,
    reviewer,
    undo,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    auth._buckets.clear()


class Failing(httpx.AsyncBaseTransport):
    """Passes requests on, but fails on the way there or back as it is told."""

    def __init__(self, through: httpx.AsyncBaseTransport) -> None:
        self.through = through
        self.lost = {"asking": 0, "answering": 0}
        self.told: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith("/v1/rulings"):
            return await self.through.handle_async_request(request)
        self.told.append(orjson.loads(request.content))
        if self.lost["asking"]:
            self.lost["asking"] -= 1
            raise httpx.ConnectError("no way there")
        reply = await self.through.handle_async_request(request)
        if self.lost["answering"]:
            self.lost["answering"] -= 1
            raise httpx.ReadError("no way back")
        return reply


@pytest_asyncio.fixture(loop_scope="module")
async def failing(world: World) -> AsyncIterator[Failing]:
    """The worker's way to matching."""
    worker = world.hub.registry_worker
    before, way = worker.matching, Failing(world.hub.network)
    worker.matching = matching_client(worker.settings, way)
    yield way
    await worker.matching.aclose()
    worker.matching = before


async def rule_until_told(world: World) -> int:
    """The worker's step, as often as it fails; how often it did."""
    failures = 0
    while True:
        try:
            if not await world.hub.registry_worker.rule():
                return failures
        except httpx.HTTPError:
            failures += 1


@pytest.mark.parametrize("where", ["asking", "answering"])
async def test_a_ruling_is_told_again_until_matching_has_it(
    world: World, failing: Failing, where: str
) -> None:
    pair = await doubted(world)
    await decide(await reviewer(world), pair.review, "same")
    failing.lost[where] = 3
    assert await rule_until_told(world) == 3
    await settle(world.hub)

    assert await alive(world, pair.elder, pair.younger) == [True, False]
    rows = await world.rows(
        "SELECT 1 FROM rulings WHERE withdrawn_at IS NULL AND $1 = ANY(one || other)",
        UUID(pair.entry(True, next(iter(pair.told)))),
        service="matching",
    )
    assert len(rows) == 1


async def test_rulings_are_told_in_the_order_in_which_they_were_made(
    world: World, failing: Failing
) -> None:
    pairs = [await doubted(world) for _ in range(3)]
    civil = await reviewer(world)
    for pair in pairs:
        await decide(civil, pair.review, "same")
    made = [(await open_review(world, pair))["rulings"][0] for pair in pairs]
    for ruling in made[:2]:
        taken = await undo(civil, f"rulings/{ruling['id']}/withdrawal", "mistaken")
        assert taken.status_code == 202, taken.text
    failing.lost["answering"] = 2
    await rule_until_told(world)
    await settle(world.hub)

    told = [(*body["ends"], *(one["ruling"] for one in body["holds"])) for body in failing.told]
    in_order = [(ruling["id"],) for ruling in made]
    assert told == [in_order[0], in_order[0], *in_order, *in_order[:2]], "then the two withdrawals"
    assert [await alive(world, p.elder, p.younger) for p in pairs] == [
        [True, True],
        [True, True],
        [True, False],
    ]


async def test_a_worker_whose_lease_ran_out_changes_nothing(world: World, failing: Failing) -> None:
    """Another has taken the ruling over, and has told it."""
    pair = await doubted(world)
    await decide(await reviewer(world), pair.review, "same")
    worker = world.hub.registry_worker

    class Slow(Failing):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            reply = await super().handle_async_request(request)
            if request.url.path == "/v1/rulings" and len(self.told) == 1:
                await world.rows("UPDATE rulings SET leased_until = now() WHERE state = 'pending'")
                assert await worker.rule() == 1
            return reply

    slow = matching_client(worker.settings, Slow(world.hub.network))
    done = await deliver(worker.database, worker.kit, slow, worker.clock)
    await slow.aclose()
    assert done == 0
    await settle(world.hub)
    assert await alive(world, pair.elder, pair.younger) == [True, False]


async def held_apart(world: World, pair: Pair) -> None:
    """Somebody else's word reaches matching first."""
    body = {
        "ruling": str(uuid4()),
        "same": False,
        "one": [pair.entry(True, next(iter(pair.told)))],
        "other": [pair.entry(False, list(pair.told)[1])],
    }
    reply = await hold(world, body)
    assert reply.status_code == 200, reply.text


async def hold(world: World, said: dict[str, Any]) -> httpx.Response:
    """Somebody else tells matching, past the registry."""
    return await world.hub.registry_worker.matching.post("/v1/rulings", json={"holds": [said]})


async def test_a_contradiction_opens_the_review_again(world: World, failing: Failing) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    await decide(civil, pair.review, "same")
    await held_apart(world, pair)
    await world.hub.registry_worker.rule()

    seen = await open_review(world, pair)
    assert (seen["state"], seen["returned"]) == ("open", "contradicted")
    assert [one["state"] for one in seen["rulings"]] == ["returned"]
    assert pair.review in await listed(civil)
    await settle(world.hub)
    assert (await open_review(world, pair))["state"] == "closed", "the other ruling answered it"
    assert await alive(world, pair.elder, pair.younger) == [True, True]


async def test_a_ruling_on_what_was_recalled_meanwhile_comes_back(
    world: World, failing: Failing
) -> None:
    pair = await doubted(world)
    await decide(await reviewer(world), pair.review, "different", "twins")
    gone = {"items": [{"entry": pair.entry(False, list(pair.told)[1])}]}
    reply = await world.hub.registry_worker.matching.post("/v1/retractions", json=gone)
    assert reply.status_code == 200
    await world.hub.registry_worker.rule()
    (row,) = await world.rows("SELECT * FROM rulings WHERE review = $1", UUID(pair.review))
    assert (row["state"], row["problem"]) == ("returned", "evidence_gone")


async def test_what_cannot_be_held_whole_is_not_held_at_all(world: World, failing: Failing) -> None:
    """Three groups, two of which somebody has just bound together."""
    pair = await doubted(world)
    civil = await reviewer(world)
    await decide(civil, pair.review, "same")
    more = [pair.entry(True, await pair.tell(elder=True)) for _ in range(2)]
    await settle(world.hub)
    first = pair.entry(True, next(iter(pair.told)))
    groups = [[first], [more[0]], [more[1]]]
    before = await entries_of(world, pair.elder)
    reply = await undo(civil, f"children/{pair.elder}/unmerge", groups=groups)
    assert reply.json()["state"] == "pending", reply.text
    bound = {"ruling": str(uuid4()), "same": True, "one": [more[0]], "other": [more[1]]}
    assert (await hold(world, bound)).status_code == 200
    await settle(world.hub)

    rulings: list[dict[str, Any]] = (
        await civil.get("/v1/rulings", params={"child": str(pair.elder)})
    ).json()["rulings"]
    assert rulings[-1]["kind"] == "part"
    assert (rulings[-1]["state"], rulings[-1]["problem"]) == ("returned", "contradicted")
    standing = await world.rows(
        "SELECT ruling FROM rulings WHERE withdrawn_at IS NULL AND NOT same AND $1 = ANY(one || other)",
        UUID(more[1]),
        service="matching",
    )
    assert standing == []
    assert {first, *more} <= set(before)


async def test_what_is_refused_ends_no_older_ruling(world: World, failing: Failing) -> None:
    """Somebody has bound together what a person wants to part; what another had joined stays joined."""
    pair = await doubted(world)
    civil = await reviewer(world)
    await decide(civil, pair.review, "same")
    more = pair.entry(True, await pair.tell(elder=True))
    await settle(world.hub)
    mine, theirs = (
        pair.entry(elder, source) for elder, source in zip((True, False), pair.told, strict=False)
    )
    before = await entries_of(world, pair.elder)
    assert set(before) == {mine, theirs, more}
    bound = {"ruling": str(uuid4()), "same": True, "one": [mine], "other": [more]}
    assert (await hold(world, bound)).status_code == 200
    groups = [[mine], [theirs], [more]]
    await undo(civil, f"children/{pair.elder}/unmerge", groups=groups)
    await settle(world.hub)

    rulings = (await civil.get("/v1/rulings", params={"child": str(pair.elder)})).json()["rulings"]
    assert [(one["kind"], one["state"]) for one in rulings] == [
        ("same", "standing"),
        ("part", "returned"),
    ]
    assert await entries_of(world, pair.elder) == before
    rows = await world.rows(
        "SELECT ruling FROM rulings WHERE withdrawn_at IS NULL AND $1 = ANY(one || other)",
        UUID(theirs),
        service="matching",
    )
    assert [str(row["ruling"]) for row in rows] == [rulings[0]["id"]]


class Poisoned(Failing):
    """Matching fails on one ruling, whenever it is told."""

    ruling = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/rulings" and self.ruling in request.content.decode():
            return httpx.Response(500, request=request)
        return await super().handle_async_request(request)


async def test_one_that_always_fails_holds_up_only_what_hangs_on_it(
    world: World, failing: Failing
) -> None:
    bad, good = [await doubted(world) for _ in range(2)]
    civil = await reviewer(world)
    for pair in (bad, good):
        await decide(civil, pair.review, "same")
    (ruling,) = (await open_review(world, bad))["rulings"]
    taken = await undo(civil, f"rulings/{ruling['id']}/withdrawal", "mistaken")
    assert taken.status_code == 202, taken.text
    way = Poisoned(world.hub.network)
    way.ruling = ruling["id"]
    worker = world.hub.registry_worker
    before, worker.matching = worker.matching, matching_client(worker.settings, way)
    with pytest.raises(httpx.HTTPStatusError):
        await worker.rule()
    assert await worker.rule() == 1
    assert await worker.rule() == 0, "the withdrawal waits for what it takes back"
    rows = await world.rows(
        "SELECT id, failures FROM rulings WHERE state = 'pending' ORDER BY turn"
    )
    assert [(str(row["id"]), row["failures"]) for row in rows] == [
        (ruling["id"], 1),
        (taken.json()["id"], 0),
    ]
    await worker.matching.aclose()
    worker.matching = before

    await world.rows("UPDATE rulings SET not_before = now() WHERE not_before IS NOT NULL")
    await settle(world.hub)
    assert await alive(world, good.elder, good.younger) == [True, False]
    assert await alive(world, bad.elder, bad.younger) == [True, True]
    assert (await civil.get(f"/v1/rulings/{ruling['id']}")).json()["state"] == "withdrawn"
