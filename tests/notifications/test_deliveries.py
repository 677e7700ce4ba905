"""Webhooks to real receivers: signed, in order, once in effect, and nobody held up by a neighbour."""

from collections import Counter
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from services.notifications.deliveries import queries
from services.notifications.deliveries.retry import SCHEDULE
from services.notifications.working import Worker
from shared import signatures
from shared.database import SYSTEM
from shared.limits import WEBHOOK_MAX_BYTES, WEBHOOKS_AT_ONCE
from tests.notifications.hubs import HOME, Hub, MovingClock, new_key
from tests.notifications.receivers import Receiver, listening


async def subscribed(
    official: httpx.AsyncClient, receiver: Receiver, *kinds: str, area: str = "500103"
) -> dict[str, Any]:
    reply = await official.post(
        "/v1/subscriptions",
        json={"url": receiver.url, "area": area, "kinds": list(kinds) or ["updates"]},
        headers=new_key(),
    )
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    receiver.keys = [signatures.public_key(key) for key in made["public_keys"]]
    return made


async def work_through(hub: Hub, *, days: float, hours: float = 1.0) -> None:
    """Let time pass in steps, with the worker at work."""
    for _ in range(int(days * 24 / hours)):
        hub.clock.pass_by(hours=hours)
        while await hub.worker.deliverer.step() or hub.worker.deliverer.busy:
            pass


async def test_a_webhook_is_thin_neutral_and_signed(chongqing: Hub, clock: MovingClock) -> None:
    official = await chongqing.official("civil-500103", "500103")
    child = uuid4()
    async with listening(clock) as receiver:
        await subscribed(official, receiver)
        await chongqing.tell(
            chongqing.event("child.registered", child),
            chongqing.event("child.updated", child),
            chongqing.event("roster.something_new", child),
        )

        assert [r.event["type"] for r in receiver.taken] == ["cn.hutong.child.updated"] * 3
        assert receiver.unsigned == 0
        assert list(receiver.lanes().values()) == [[1, 2, 3]]
        for one in receiver.taken:
            assert len(one.body) < WEBHOOK_MAX_BYTES - 200
            assert one.headers["content-type"] == "application/cloudevents+json"
            assert set(one.event) == {
                "specversion",
                "id",
                "source",
                "type",
                "time",
                "datacontenttype",
                "data",
                "subject",
            }
            assert set(one.event["data"]) == {"county", "lane", "number"}
            assert one.event["data"]["county"] == HOME
            assert str(child).encode() not in one.body
            assert one.headers["webhook-id"] == one.event["id"]


async def test_events_reach_those_whose_area_holds_home_or_hukou(
    chongqing: Hub, clock: MovingClock, stack: AsyncExitStack
) -> None:
    receivers = {}
    for area in ("500103", "500233", "500101", "50"):
        official = await chongqing.official(f"civil-{area}", area)
        receivers[area] = await stack.enter_async_context(listening(clock))
        await subscribed(official, receivers[area], area=area)

    await chongqing.tell(chongqing.event("child.registered", uuid4()))

    assert {a: len(r.taken) for a, r in receivers.items()} == {
        "500103": 1,
        "500233": 1,
        "500101": 0,
        "50": 1,
    }
    seen = [r.taken[0].event for r in receivers.values() if r.taken]
    for secret in ("id", "subject"):
        assert len({event[secret] for event in seen}) == 3, "two receivers cannot compare notes"
    assert receivers["500233"].taken[0].event["data"]["county"] == "500233000000"


async def test_order_and_number_hold_under_failures(chongqing: Hub, clock: MovingClock) -> None:
    official = await chongqing.official("civil-500103", "500103")
    children = [uuid4() for _ in range(4)]

    async with listening(clock, answer=lambda n: (500, 204, 429, 204, 404)[n % 5]) as receiver:
        await subscribed(official, receiver)
        for _ in range(5):
            await chongqing.tell(*(chongqing.event("child.updated", c) for c in children))
        await work_through(chongqing, days=2)

        assert sorted(receiver.lanes().values()) == [[1, 2, 3, 4, 5]] * 4
        for one in receiver.taken:
            same = [r for r in receiver.requests if r.headers["webhook-id"] == one.event["id"]]
            assert len({r.body for r in same}) == 1
        firsts: dict[str, list[int]] = {}
        for one in receiver.taken:
            firsts.setdefault(one.event["data"]["lane"], []).append(one.event["data"]["number"])
        assert all(numbers == sorted(numbers) for numbers in firsts.values()), "never out of order"
    attempts = await chongqing.rows("SELECT outcome, count(*) FROM attempts GROUP BY 1")
    # An attempt that this machine was too busy to make is a technical one besides, and spends none.
    outcomes = {row["outcome"] for row in attempts} - {"technical"}
    assert outcomes == {"success", "temporary", "permanent"}


async def test_an_outage_spends_no_attempts_and_everything_arrives(
    chongqing: Hub, clock: MovingClock
) -> None:
    official = await chongqing.official("civil-500103", "500103")
    down = True
    async with listening(clock, answer=lambda _: 503 if down else 204) as receiver:
        await subscribed(official, receiver)
        await chongqing.tell(*(chongqing.event("child.updated", uuid4()) for _ in range(30)))
        await work_through(chongqing, days=12, hours=4)

        assert not receiver.taken
        (worst,) = await chongqing.rows(
            "SELECT max(attempts) AS n, count(*) FROM deliveries WHERE state = 'pending'"
        )
        assert worst["count"] == 30
        assert worst["n"] <= 2
        down = False
        await work_through(chongqing, days=1)
        assert len(receiver.lanes()) == 30


async def test_a_poisoned_message_parks_its_lane_alone_and_resumes(
    chongqing: Hub, clock: MovingClock
) -> None:
    official = await chongqing.official("civil-500103", "500103")
    poisoned, well = uuid4(), uuid4()
    sick: set[str] = set()

    async with listening(clock) as receiver:

        def answer(n: int) -> int:
            return 400 if receiver.requests[n - 1].event["subject"] in sick else 204

        receiver.answer = answer
        made = await subscribed(official, receiver)
        await chongqing.tell(chongqing.event("child.registered", poisoned))
        sick.add(receiver.taken[0].event["subject"])
        await chongqing.tell(
            chongqing.event("child.updated", poisoned),
            chongqing.event("child.updated", well),
            chongqing.event("child.updated", poisoned),
        )
        await work_through(chongqing, days=14, hours=6)

        assert sorted(receiver.lanes().values()) == [[1], [1]]
        shown = await official.get(f"/v1/subscriptions/{made['id']}")
        assert (shown.json()["parked"], shown.json()["waiting"]) == (1, 1)
        assert Counter(r.event["subject"] in sick for r in receiver.requests)[True] == 2 + len(
            SCHEDULE
        )
        sick.clear()
        resumed = await official.post(
            f"/v1/subscriptions/{made['id']}/resumption",
            headers={"If-Match": shown.headers["ETag"]},
        )
        assert resumed.status_code == 200
        await chongqing.worker.settle()
        assert sorted(receiver.lanes().values()) == [[1], [1, 2, 3]]


async def test_gone_disables_and_still_accumulates(chongqing: Hub, clock: MovingClock) -> None:
    official = await chongqing.official("civil-500103", "500103")
    child, gone = uuid4(), True
    async with listening(clock, answer=lambda _: 410 if gone else 204) as receiver:
        made = await subscribed(official, receiver)
        await chongqing.tell(chongqing.event("child.registered", child))
        await chongqing.tell(chongqing.event("child.updated", child))
        await work_through(chongqing, days=1)

        assert len(receiver.requests) == 1
        shown = await official.get(f"/v1/subscriptions/{made['id']}")
        assert (shown.json()["enabled"], shown.json()["disabled_because"]) == (False, "gone")
        assert shown.json()["waiting"] == 2
        gone = False
        await official.post(
            f"/v1/subscriptions/{made['id']}/resumption",
            headers={"If-Match": shown.headers["ETag"]},
        )
        await chongqing.worker.settle()
        assert list(receiver.lanes().values()) == [[1, 2]]


async def test_retry_after_is_waited_for(chongqing: Hub, clock: MovingClock) -> None:
    official = await chongqing.official("civil-500103", "500103")
    async with listening(
        clock, answer=lambda n: 429 if n == 1 else 204, extra="Retry-After: 7200\r\n"
    ) as receiver:
        await subscribed(official, receiver)
        await chongqing.tell(chongqing.event("child.registered", uuid4()))
        clock.pass_by(minutes=110)
        await chongqing.worker.settle()
        assert len(receiver.requests) == 1
        clock.pass_by(minutes=40)
        await chongqing.worker.settle()
        assert len(receiver.taken) == 1


async def test_a_black_hole_holds_nobody_up(
    chongqing: Hub, clock: MovingClock, stack: AsyncExitStack
) -> None:
    hole = await stack.enter_async_context(listening(clock, answer=lambda _: None))
    others = [await stack.enter_async_context(listening(clock)) for _ in range(6)]
    for number, receiver in enumerate([hole, *others]):
        official = await chongqing.official(f"civil-{number}", "500103")
        await subscribed(official, receiver)
    await chongqing.tell(
        *(chongqing.event("child.updated", uuid4()) for _ in range(40)), work=False
    )

    await chongqing.worker.dispatch()
    for _ in range(200):
        await chongqing.worker.deliverer.step()
        if all(len(r.taken) == 40 for r in others):
            break

    assert [len(r.taken) for r in others] == [40] * 6
    assert 0 < len(hole.requests) <= WEBHOOKS_AT_ONCE


async def test_rotation_lets_no_call_fail(chongqing: Hub, clock: MovingClock) -> None:
    official = await chongqing.official("civil-500103", "500103")
    async with listening(clock) as receiver:
        made = await subscribed(official, receiver)
        old, etag = list(receiver.keys), '"1"'
        for round_ in range(3):
            await chongqing.tell(*(chongqing.event("child.updated", uuid4()) for _ in range(5)))
            reply = await official.post(
                f"/v1/subscriptions/{made['id']}/rotation",
                json={"immediate": False},
                headers={"If-Match": etag},
            )
            assert reply.status_code == 200, reply.text
            etag = reply.headers["ETag"]
            assert len(reply.json()["public_keys"]) == 2 + round_
        await chongqing.tell(chongqing.event("child.updated", uuid4()))
        assert receiver.unsigned == 0, "the receiver still trusts the first key alone"
        clock.pass_by(hours=25)
        receiver.keys = [signatures.public_key(reply.json()["public_keys"][0])]
        await chongqing.tell(chongqing.event("child.updated", uuid4()))
        assert receiver.unsigned == 0
        receiver.keys = old
        await chongqing.tell(chongqing.event("child.updated", uuid4()))
        assert receiver.unsigned == 1, "after the grace the old key signs no more"


async def test_an_immediate_rotation_drops_the_old_key_at_once(
    chongqing: Hub, clock: MovingClock
) -> None:
    official = await chongqing.official("civil-500103", "500103")
    async with listening(clock) as receiver:
        made = await subscribed(official, receiver)
        reply = await official.post(
            f"/v1/subscriptions/{made['id']}/rotation",
            json={"immediate": True},
            headers={"If-Match": '"1"'},
        )
        assert len(reply.json()["public_keys"]) == 1
        await chongqing.tell(chongqing.event("child.updated", uuid4()))
        assert receiver.unsigned == 1


async def test_a_worker_that_slept_through_its_lease_keeps_nothing(
    chongqing: Hub, clock: MovingClock
) -> None:
    official = await chongqing.official("civil-500103", "500103")
    async with listening(clock, answer=lambda n: 500 if n == 1 else 204) as receiver:
        await subscribed(official, receiver)
        await chongqing.tell(chongqing.event("child.registered", uuid4()), work=False)
        await chongqing.worker.dispatch()
        sleeper = chongqing.worker.deliverer
        await sleeper.step()
        await chongqing.rows(
            "UPDATE deliveries SET leased_until = clock_timestamp() - interval '1s'"
        )
        successor = Worker(chongqing.worker.settings, clock, chongqing.network)
        chongqing.stack.push_async_callback(successor.close)
        while not receiver.taken:
            await successor.deliverer.step()
        await successor.deliverer.drain()
        await sleeper.drain()

        (delivery,) = await chongqing.rows("SELECT state, attempts FROM deliveries")
        assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
        assert len(await chongqing.rows("SELECT * FROM attempts")) == 1


@pytest.mark.parametrize("copies", [1, 3])
async def test_events_taken_twice_have_one_effect(
    chongqing: Hub, clock: MovingClock, copies: int
) -> None:
    official = await chongqing.official("civil-500103", "500103")
    events = [chongqing.event("child.registered", uuid4()) for _ in range(3)]
    async with listening(clock) as receiver:
        await subscribed(official, receiver)
        for _ in range(copies):
            reply = await chongqing.tell(*events)
            assert reply.json() == {"position": 3}
        assert len(receiver.requests) == 3


async def test_nothing_of_the_receivers_answer_is_kept(chongqing: Hub, clock: MovingClock) -> None:
    official = await chongqing.official("civil-500103", "500103")
    async with listening(clock, answer=lambda _: 500, extra="X-Secret: hush-hush\r\n") as receiver:
        await subscribed(official, receiver)
        await chongqing.tell(chongqing.event("child.registered", uuid4()))
        rows = await chongqing.rows("SELECT * FROM attempts")
        assert rows
        assert "hush" not in str([dict(r) for r in rows])


async def test_private_keys_are_sealed_to_their_row(chongqing: Hub, clock: MovingClock) -> None:
    official = await chongqing.official("civil-500103", "500103")
    async with listening(clock) as receiver:
        await subscribed(official, receiver)
        (key,) = await chongqing.rows("SELECT * FROM signing_keys")
        assert b"whsk" not in key["sealed"]
        await chongqing.rows("UPDATE signing_keys SET public = 'whpk_other'")
        await chongqing.tell(chongqing.event("child.registered", uuid4()), work=False)
        await chongqing.worker.dispatch()
        with pytest.raises(Exception, match="does not open"):
            await chongqing.worker.deliverer.step()
        assert not receiver.requests


async def claimed_at_once(hub: Hub) -> Counter[UUID]:
    async with hub.worker.database.transaction(SYSTEM) as session:
        claimed = await queries.claim(session, hub.clock.now(), {}, 100)
    return Counter(c.id for c in claimed)


async def test_one_in_flight_per_lane_and_one_probe(chongqing: Hub, clock: MovingClock) -> None:
    official = await chongqing.official("civil-500103", "500103")
    async with listening(clock) as receiver:
        await subscribed(official, receiver)
        a, b = uuid4(), uuid4()
        await chongqing.tell(
            *(chongqing.event("child.updated", c) for c in (a, a, b, a, b)), work=False
        )
        await chongqing.worker.dispatch()
        assert sum((await claimed_at_once(chongqing)).values()) == 2
        assert sum((await claimed_at_once(chongqing)).values()) == 0
        await chongqing.rows("UPDATE deliveries SET leased_until = NULL; ")
        await chongqing.rows("UPDATE receivers SET open_until = $1", clock.now())
        assert sum((await claimed_at_once(chongqing)).values()) == 1, "a single probe"
        assert sum((await claimed_at_once(chongqing)).values()) == 0


async def test_a_webhook_body_holds_no_more_than_the_feed_schema(
    chongqing: Hub, clock: MovingClock
) -> None:
    from services.notifications.feed.schemas import ItemOut

    official = await chongqing.official("civil-500103", "500103")
    async with listening(clock) as receiver:
        await subscribed(official, receiver, "updates", "notices")
        await chongqing.tell(chongqing.event("child.registered", uuid4()))
        for one in receiver.taken:
            item = ItemOut.model_validate(one.event)
            assert orjson.loads(item.model_dump_json(exclude_none=True)).keys() == one.event.keys()
