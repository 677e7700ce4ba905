"""The feed says what the webhooks say, skips nothing, and shows nobody another's items."""

import asyncio
from collections import defaultdict
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.notifications.events.dispatching import dispatch
from shared.limits import CURSOR_LIFE_SECONDS
from tests.notifications.hubs import HOME, Hub, MovingClock, new_key
from tests.notifications.receivers import listening


async def read_on(official: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    """Every item from here to the end of the feed."""
    items: list[dict[str, Any]] = []
    while True:
        reply = await official.get("/v1/events", params=params)
        assert reply.status_code == 200, reply.text
        page = reply.json()
        items += page["items"]
        if not page["items"]:
            return items
        params = {**params, "after": page["next"]}


async def test_the_feed_equals_the_webhooks(chongqing: Hub, clock: MovingClock) -> None:
    await chongqing.authority("渝中区民政局", "500103", "civil-500103")
    official = await chongqing.official("civil-500103", "500103")
    children = [uuid4() for _ in range(3)]
    async with listening(clock) as receiver:
        await official.post("/v1/subscriptions", json={"url": receiver.url}, headers=new_key())
        for _ in range(3):
            await chongqing.tell(*(chongqing.event("child.updated", c) for c in children))
        await chongqing.tell(
            chongqing.event("child.registered", uuid4(), residence="500233000000", hukou=HOME)
        )
        pulled = await read_on(official, limit=4)

        def shape(event: dict[str, Any]) -> Any:
            data = {k: v for k, v in event["data"].items() if k != "lane"}
            return event["id"], event["type"], event.get("subject"), event["time"], data

        pushed = {shape(r.event)[0]: shape(r.event) for r in receiver.taken}
        assert {shape(e)[0]: shape(e) for e in pulled} == pushed
        assert len(pulled) == 11
        assert [e["type"] for e in pulled].count("cn.hutong.notice") == 1
    lanes = defaultdict(list)
    for event in pulled:
        lanes[event["data"]["lane"]].append(event["data"]["number"])
    assert sorted(lanes.values()) == [[1, 2], [1, 2, 3], [1, 2, 3], [1, 2, 3]]


async def test_an_update_never_tells_that_key_care_changed(
    chongqing: Hub, clock: MovingClock
) -> None:
    """Neither an item nor a gap in any lane, nor a longer cursor; the hukou place has its notice."""
    await chongqing.authority("曹县民政局", "371721", "civil-371721")
    official = await chongqing.official("civil-500103", "500103")
    child = uuid4()
    async with listening(clock) as receiver:
        await official.post("/v1/subscriptions", json={"url": receiver.url}, headers=new_key())
        await chongqing.tell(chongqing.event("child.registered", child, hukou="371721000000"))
        before = (await official.get("/v1/events", params={"after": "start"})).json()
        for _ in range(12):
            await chongqing.tell(chongqing.event("key_care.changed", child, hukou="371721000000"))
        after = (await official.get("/v1/events", params={"after": "start"})).json()
        assert after["items"] == before["items"]
        assert len(after["next"]) == len(before["next"])
        await chongqing.tell(chongqing.event("child.updated", child, hukou="371721000000"))
        assert list(receiver.lanes().values()) == [[1, 2]]
        items = await read_on(official, after="start")
        assert [one["data"]["number"] for one in items] == [1, 2]
        assert len((await official.get("/v1/events")).json()["next"]) == len(before["next"])
    rows = await chongqing.rows("SELECT kind FROM notices ORDER BY id")
    assert [row["kind"] for row in rows] == ["arrived", "key_care_changed"]


async def test_being_given_a_notice_in_the_feed_delivers_it(chongqing: Hub) -> None:
    await chongqing.authority("忠县民政局", "500233", "civil-500233")
    official = await chongqing.official("civil-500233", "500233")
    await chongqing.tell(chongqing.event("child.registered", uuid4()))
    items = await read_on(official)
    assert [i["type"] for i in items] == ["cn.hutong.child.updated", "cn.hutong.notice"]
    assert (await chongqing.rows("SELECT state FROM notices"))[0]["state"] == "delivered"


async def test_a_feed_ends_at_its_area(chongqing: Hub) -> None:
    wanzhou = await chongqing.official("civil-500101", "500101")
    yuzhong = await chongqing.official("civil-500103", "500103")
    city = await chongqing.official("civil-50", "50")
    moved = uuid4()
    await chongqing.tell(
        chongqing.event("child.registered", moved),
        chongqing.event("child.registered", uuid4(), residence="500101000000"),
        chongqing.event(
            "child.residence_changed", moved, residence="500101000000", previous_residence=HOME
        ),
        chongqing.event("child.updated", moved, residence="500101000000"),
    )
    assert [len(await read_on(o)) for o in (wanzhou, yuzhong, city)] == [3, 2, 4]
    seen = await read_on(await chongqing.official("civil-500103", "500103"), after="start")
    assert {i["data"]["county"] for i in seen} == {HOME}
    assert [i["data"]["number"] for i in seen] == [1, 2], (
        "gap-free although more happened elsewhere"
    )


async def test_without_a_cursor_it_goes_on_where_it_was_confirmed(
    chongqing: Hub, clock: MovingClock
) -> None:
    official = await chongqing.official("civil-500103", "500103")
    await chongqing.tell(*(chongqing.event("child.updated", uuid4()) for _ in range(5)))
    first = (await official.get("/v1/events", params={"limit": 2})).json()
    again = (await official.get("/v1/events", params={"limit": 2})).json()
    assert first["items"] == again["items"], "nothing was confirmed"
    second = (await official.get("/v1/events", params={"limit": 2, "after": first["next"]})).json()
    clock.pass_by(seconds=CURSOR_LIFE_SECONDS + 1)
    late = await official.get("/v1/events", params={"after": second["next"]})
    assert late.status_code == 400
    resumed = (await official.get("/v1/events")).json()
    ids = [i["id"] for i in first["items"] + resumed["items"]]
    assert len(ids) == len(set(ids)) == 5
    assert len(await read_on(official, after="start")) == 5


async def test_a_cursor_is_worth_nothing_to_another(chongqing: Hub) -> None:
    one = await chongqing.official("civil-a", "500103")
    other = await chongqing.official("civil-b", "500103")
    await chongqing.tell(chongqing.event("child.updated", uuid4()))
    cursor = (await one.get("/v1/events")).json()["next"]
    assert (await other.get("/v1/events", params={"after": cursor})).status_code == 400
    for edited in (cursor[:-1], cursor[1:], cursor + "A", "AAAA", "%"):
        reply = await one.get("/v1/events", params={"after": edited})
        assert reply.status_code in (400, 422), edited


async def test_readers_beside_writers_skip_nothing(chongqing: Hub) -> None:
    official = await chongqing.official("civil-500103", "500103")
    events = [chongqing.event("child.updated", UUID(int=n % 7 + 1)) for n in range(60)]

    async def write() -> None:
        for start in range(0, 60, 5):
            await chongqing.tell(*events[start : start + 5], work=False)
            await chongqing.worker.dispatch()

    async def read() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        params: dict[str, Any] = {"limit": 7}
        while len(items) < 60:
            page = (await official.get("/v1/events", params=params)).json()
            items += page["items"]
            params["after"] = page["next"]
        return items

    async with asyncio.timeout(30):
        _, items = await asyncio.gather(write(), read())
    lanes = defaultdict(list)
    for item in items:
        lanes[item["subject"]].append(item["data"]["number"])
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in lanes.values())
    assert len({i["id"] for i in items}) == 60


async def test_dispatchers_side_by_side_do_everything_once(chongqing: Hub) -> None:
    official = await chongqing.official("civil-500103", "500103")
    events = [chongqing.event("child.registered", uuid4()) for _ in range(50)]
    await chongqing.tell(*events, work=False)

    async def work() -> None:
        worker = chongqing.worker
        while await chongqing.rows("SELECT 1 FROM events WHERE dispatched_at IS NULL LIMIT 1"):
            await dispatch(worker.database, chongqing.clock, worker.hub, batch=5)

    await asyncio.gather(work(), work())
    assert len(await read_on(official)) == 50
    assert len(await chongqing.rows("SELECT 1 FROM notices")) == 50
