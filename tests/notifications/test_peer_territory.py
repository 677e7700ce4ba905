"""A peer hub speaks of its own territory, to the hub that it means, and cannot hold us up."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from services.notifications import peers
from services.notifications.deliveries import payloads
from services.notifications.peers.fetching import Source, Wanted
from services.notifications.peers.schemas import NOTICE_EXAMPLE
from shared import signatures
from shared.ids import uuid7
from shared.limits import WEBHOOK_MAX_BYTES
from tests.notifications.conftest import MakeHub
from tests.notifications.hubs import Hub

CAOXIAN, YUZHONG, SHENZHEN = "371721000000", "500103000000", "440305000000"


def notice(**data: Any) -> dict[str, Any]:
    """A notice by Heze about a child registered in Yuzhong."""
    said = {"notice": str(uuid4()), "county": YUZHONG, "origin_county": CAOXIAN, **data}
    return {**NOTICE_EXAMPLE, "audience": "chongqing", "data": {**NOTICE_EXAMPLE["data"], **said}}


async def send(sender: Hub, receiver: Hub, message: dict[str, Any], path: str = "notices") -> int:
    body = orjson.dumps(message)
    key = peers.read_key(sender.home / "keys" / "notifications" / "hub.key")
    headers = signatures.sign([key], str(uuid4()), receiver.clock.now(), body)
    async with httpx.AsyncClient(
        transport=receiver.network, base_url=receiver.url("notifications")
    ) as wire:
        return (await wire.post(f"/v1/peer/{path}", content=body, headers=headers)).status_code


async def test_a_peer_in_a_network_that_no_operator_allowed_is_not_called(
    chongqing: Hub, heze: Hub
) -> None:
    """Neither its registry nor its notifications: peers are called by the rules of webhooks."""
    await heze.know(chongqing)
    assert await send(heze, chongqing, notice()) == 202
    await chongqing.serve(whole=False, notifications_allowed_networks="10.0.0.0/8")
    chongqing.network.seen.clear()
    assert await chongqing.worker.fetcher.step() == 1
    assert [url for url, _ in chongqing.network.seen if url.startswith(heze.url("registry"))] == []
    assert [r["facts"] for r in await chongqing.rows("SELECT facts FROM notices")] == ["waiting"]
    await chongqing.serve(whole=False)
    chongqing.clock.pass_by(hours=1)
    assert await chongqing.worker.fetcher.step() == 1
    assert [url for url, _ in chongqing.network.seen if url.startswith(heze.url("registry"))]


@pytest.fixture
async def heze(make_hub: MakeHub, chongqing: Hub) -> Hub:
    """The hub of Heze (菏泽), known to Chongqing."""
    made = await make_hub("heze", "3717", whole=False)
    await chongqing.know(made)
    return made


async def test_a_notice_is_for_the_receiving_hub_and_its_territory(
    chongqing: Hub, heze: Hub
) -> None:
    assert await send(heze, chongqing, notice(county=SHENZHEN)) == 403
    assert await send(heze, chongqing, notice(origin_county=SHENZHEN)) == 403
    assert await send(heze, chongqing, {**notice(), "audience": "shenzhen"}) == 403
    silent = notice()
    del silent["audience"]
    assert await send(heze, chongqing, silent) == 422
    assert await chongqing.rows("SELECT 1 FROM notices") == []
    assert await send(heze, chongqing, notice()) == 202


async def test_what_we_send_names_the_hub_that_it_is_for(chongqing: Hub, heze: Hub) -> None:
    chongqing.network.cut.add(heze.url("notifications"))
    await chongqing.tell(chongqing.event("child.registered", uuid4(), hukou=CAOXIAN))
    (delivery,) = await chongqing.rows("SELECT body FROM deliveries")
    assert orjson.loads(delivery["body"])["audience"] == "heze"


@pytest.mark.parametrize(
    ("named", "followed"), [(SHENZHEN, False), ("371702000000", True), (None, True)]
)
async def test_a_peer_sends_nobody_on_to_a_third_place(
    chongqing: Hub, heze: Hub, named: str | None, followed: bool
) -> None:
    chongqing.network.cut.add(heze.url("notifications"))
    await chongqing.tell(chongqing.event("child.registered", UUID(int=5), hukou=CAOXIAN))
    (sent,) = await chongqing.rows("SELECT id FROM notices")
    said = {"notice": str(sent["id"]), "outcome": "not_ours"}
    said |= {"hukou_county": named} if named else {}
    now = chongqing.clock.now()
    answer = payloads.envelope(
        "heze", payloads.PEER_ANSWER, uuid7(), now, None, said, audience="chongqing"
    )
    assert await send(heze, chongqing, answer, "answers") == 202
    chongqing.network.seen.clear()
    await chongqing.worker.settle()
    notices = await chongqing.rows("SELECT * FROM notices ORDER BY id")
    assert len(notices) == 1 + followed
    home = await chongqing.official("civil-500103", "500103")
    shown = (await home.get(f"/v1/notices/{sent['id']}")).json()
    assert shown["outcome"] == "not_ours"
    assert shown.get("hukou_division") == named
    pushed = [body for url, body in chongqing.network.seen if url.endswith("/hukou-answers")]
    assert pushed
    assert all((SHENZHEN.encode() in body) is False for body in pushed)


async def test_a_residence_outside_the_peers_territory_is_left_out(chongqing: Hub) -> None:
    source = Source("heze", "http://r", "http://r", 371700000000, 371799999999)
    wanted = Wanted(uuid4(), "r", uuid4(), int(YUZHONG), 1)
    for division in (SHENZHEN, YUZHONG, "", None, "x", 7, CAOXIAN):
        child = {
            "name": "示小明",
            "hukou": {"division": YUZHONG},
            "residence": {"division": division, "since": "2026-01-01"},
        }
        item = chongqing.worker.fetcher._item(source, wanted, child)
        assert item["hukou"] == {"division": YUZHONG}
        assert ("residence" in item) == ("since" in item) == (division == CAOXIAN)


async def test_slow_bodies_hold_no_connection(chongqing: Hub, heze: Hub) -> None:
    app = chongqing.apps["notifications"]
    limit = app.state.settings.pool_size
    go_on = asyncio.Event()
    begun = asyncio.Semaphore(0)

    async def slowly() -> Any:
        yield b"{"
        begun.release()
        await go_on.wait()
        yield b"}"

    # Straight to the application: the tests' network would read the whole body first.
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url=chongqing.url("notifications")
    ) as wire:
        slow = [
            asyncio.create_task(wire.post("/v1/peer/notices", content=slowly()))
            for _ in range(limit)
        ]
        for _ in slow:
            await begun.acquire()
        pool: Any = app.state.database.engine.pool
        assert pool.checkedout() == 0
        assert (await wire.get("/readyz")).status_code == 200
        go_on.set()
        assert {reply.status_code for reply in await asyncio.gather(*slow)} == {401}


async def test_a_body_that_grows_is_cut_off(chongqing: Hub) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        for _ in range(1000):
            sent += 1024
            yield b" " * 1024

    transport = httpx.ASGITransport(app=chongqing.apps["notifications"])
    async with httpx.AsyncClient(
        transport=transport, base_url=chongqing.url("notifications")
    ) as wire:
        reply = await wire.post("/v1/peer/receipts", content=endless())
    assert reply.status_code == 413
    assert sent <= WEBHOOK_MAX_BYTES + 2 * 1024


async def answers_nonsense(scope: Any, receive: Any, send: Any) -> None:
    found = [{"reference": NOTICE_EXAMPLE["subject"], "found": True, "child": "nobody"}]
    body = orjson.dumps({"results": found, "access_token": "t", "expires_in": 300})
    header = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": header})
    await send({"type": "http.response.body", "body": body})


async def test_one_peers_nonsense_is_no_other_peers_harm(chongqing: Hub, heze: Hub) -> None:
    """The first answers with what is no child; the second, which knows no such child, is asked all the same."""
    await heze.know(chongqing)
    chongqing.network.apps["http://127.0.9.8:8100"] = httpx.ASGITransport(app=answers_nonsense)
    for _ in range(2):
        assert await send(heze, chongqing, notice()) == 202
    public = signatures.new_private_key().public_key()
    await chongqing.peer("anyang", "4105", "http://127.0.9.8:8100", "http://127.0.9.8:8100", public)
    first, second = [r["id"] for r in await chongqing.rows("SELECT id FROM notices ORDER BY id")]
    await chongqing.rows("UPDATE notices SET peer = 'anyang' WHERE id = $1", first)
    await chongqing.rows("UPDATE notices SET tries = 5 WHERE id = $1", second)
    assert await chongqing.worker.fetcher.step() == 2
    facts = await chongqing.rows("SELECT facts, due_at FROM notices ORDER BY id")
    assert [row["facts"] for row in facts] == ["waiting", "absent"]
    waits = (facts[0]["due_at"] - chongqing.clock.now()).total_seconds()
    assert 0 < waits <= 4, "asked again soon, not when a lease has run out"
