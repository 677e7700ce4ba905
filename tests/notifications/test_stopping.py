"""A worker that meets the unexpected goes on; one that is stopped gives back what it had taken."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from services.notifications.deliveries import delivering
from services.notifications.working import Worker
from shared import signatures
from tests.notifications.hubs import HUKOU, Hub, MovingClock
from tests.notifications.receivers import listening


async def subscribe(hub: Hub, url: str) -> None:
    official = await hub.official("civil-500103", "500103")
    made = await official.post(
        "/v1/subscriptions", json={"url": url}, headers={"Idempotency-Key": str(uuid4())}
    )
    assert made.status_code == 201, made.text


async def test_an_attempt_that_cannot_be_made_is_a_technical_failure(
    chongqing: Hub, clock: MovingClock
) -> None:
    """The way out breaks for one receiver, in a way that nobody thought of, beside a good one."""
    async with listening(clock) as receiver:
        await subscribe(chongqing, receiver.url)
        await subscribe(chongqing, receiver.url + "/bad")
        await chongqing.rows(
            "UPDATE receivers SET url = url || repeat('d', 5000) WHERE url LIKE '%bad'"
        )
        egress = chongqing.worker.deliverer._egress
        real = egress.post

        async def post(url: str, body: bytes, headers: object) -> object:
            if len(url) > 1000:
                raise RuntimeError("a bug")
            return await real(url, body, headers)  # type: ignore[arg-type]

        egress.post = post  # type: ignore[method-assign,assignment]
        await chongqing.tell(*(chongqing.event("child.updated", uuid4()) for _ in range(3)))
        assert len(receiver.taken) == 3
        assert not chongqing.worker.deliverer.busy
    outcomes = await chongqing.rows("SELECT outcome, count(*) FROM attempts GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in outcomes] == [("success", 3), ("technical", 3)]


async def test_outcomes_that_could_not_be_kept_are_kept_next_time(
    chongqing: Hub, clock: MovingClock
) -> None:
    async with listening(clock) as receiver:
        await subscribe(chongqing, receiver.url)
        await chongqing.tell(chongqing.event("child.updated", uuid4()), work=False)
        await chongqing.worker.dispatch()
        deliverer = chongqing.worker.deliverer
        await deliverer.step()
        await asyncio.wait(deliverer._running)
        await chongqing.rows("ALTER TABLE attempts RENAME TO elsewhere")
        with pytest.raises(Exception, match="attempts"):
            await deliverer.step()
        assert sum(deliverer._receivers.values()) == 1, "counted for as long as it is not kept"
        await chongqing.rows("ALTER TABLE elsewhere RENAME TO attempts")
        await chongqing.worker.settle()
        assert +deliverer._receivers == {}
        assert (await chongqing.rows("SELECT state FROM deliveries"))[0]["state"] == "delivered"
        assert len(receiver.taken) == 1


async def test_a_restart_goes_on_with_deliveries_at_once(
    chongqing: Hub, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "PATIENCE", 0.1)
    async with listening(clock, answer=lambda n: None if n == 1 else 204) as receiver:
        await subscribe(chongqing, receiver.url)
        await chongqing.tell(chongqing.event("child.updated", uuid4()), work=False)
        await chongqing.worker.dispatch()
        first = Worker(
            chongqing.worker.settings.model_copy(update={"delivery_timeout_seconds": 30}),
            clock,
            chongqing.network,
        )
        await first.deliverer.step()
        async with asyncio.timeout(5):
            while not receiver.requests:
                await asyncio.sleep(0.01)
            await first.close()
        await chongqing.worker.settle()
        assert len(receiver.taken) == 1
        (delivery,) = await chongqing.rows("SELECT state, attempts FROM deliveries")
        assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)


async def hangs(scope: object, receive: object, send: object) -> None:
    await asyncio.sleep(3600)


async def test_a_restart_goes_on_with_fetches_at_once(chongqing: Hub) -> None:
    chongqing.network.apps["http://127.0.9.8:8100"] = httpx.ASGITransport(app=hangs)
    await chongqing.tell(chongqing.event("child.registered", uuid4()))
    public = signatures.new_private_key().public_key()
    await chongqing.peer("heze", "3717", "http://127.0.9.8:8100", "http://127.0.9.8:8100", public)
    await chongqing.rows(
        "UPDATE notices SET direction = 'incoming', peer = 'heze', facts = 'waiting', reference = 'r',"
        " remote_id = gen_random_uuid(), due_at = $1",
        chongqing.clock.now(),
    )
    step = asyncio.create_task(chongqing.worker.fetcher.step())
    async with asyncio.timeout(5):
        while not (await chongqing.rows("SELECT 1 FROM notices WHERE tries = 1")):
            await asyncio.sleep(0.01)
    step.cancel()
    await asyncio.gather(step, return_exceptions=True)
    (notice,) = await chongqing.rows("SELECT tries, due_at, target_county FROM notices")
    assert (notice["tries"], notice["due_at"]) == (0, chongqing.clock.now())
    assert notice["target_county"] == int(HUKOU)
