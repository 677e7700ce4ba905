"""A local code that a national one took over from: notices, feed, authorities and subscriptions go on under the national one.

Cast: 两江新区 bore 500171, by Chongqing's rules, until 6 November 2025, and bears 500157 since; *local* is the office that was
granted the one, *national* that of the other.  The notifications service reads no rules of places: the registry tells it.
"""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from tests.notifications.hubs import Hub
from tests.notifications.receivers import Receiver, listening
from tests.notifications.test_deliveries import subscribed
from tests.notifications.test_notices import states, the_notice
from tests.notifications.test_successions import changed

LOCAL, NATIONAL, ZHONG = "500171000000", "500157000000", "500233000000"
EVE, DAY = datetime(2025, 11, 5, 4, tzinfo=UTC), datetime(2025, 11, 6, 4, tzinfo=UTC)


@pytest.fixture
async def local(chongqing: Hub) -> httpx.AsyncClient:
    chongqing.clock.at = EVE
    await chongqing.authority("两江新区民政", "500171", "civil-500171")
    return await chongqing.official("civil-500171", "500171")


async def the_day_comes(hub: Hub) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """Both offices, with tokens of the day."""
    hub.clock.at = DAY
    await hub.worker.settle()
    national = await hub.official("civil-500157", "500157")
    return await hub.official("civil-500171", "500171"), national


async def test_r2_a_notice_to_a_local_code_is_answered_under_the_national_one(
    chongqing: Hub, local: httpx.AsyncClient
) -> None:
    for _ in range(2):
        told = {"residence": ZHONG, "hukou": LOCAL}
        await chongqing.tell(chongqing.event("child.registered", uuid4(), **told))
    listed = (await local.get("/v1/notices")).json()["notices"]
    assert [one["target_county"] for one in listed] == [LOCAL] * 2
    offices = await the_day_comes(chongqing)
    await chongqing.authority("两江新区民政局", "500157", "civil-500157")
    stranger = await chongqing.official("civil-500109", "500109")
    assert (await stranger.get("/v1/notices")).json()["notices"] == []
    feeds = [
        (await office.get("/v1/events", params={"after": "start"})).json()["items"]
        for office in offices
    ]
    assert [{one["data"]["county"] for one in items} for items in feeds] == [{NATIONAL}] * 2
    assert len({one["data"].get("notice") for one in feeds[0]} - {None}) == 2
    for office, code in zip(offices, ("500171", "500157"), strict=True):
        notice, *_ = [
            one
            for one in (await office.get("/v1/notices")).json()["notices"]
            if one["state"] != "answered"
        ]
        assert notice["target_county"] == NATIONAL
        # A source may go on calling the place by the code of before.
        said = {"outcome": "confirmed", "hukou_division": code}
        answered = await office.post(f"/v1/notices/{notice['id']}/answer", json=said)
        assert answered.status_code == 200, answered.text


async def test_r2_a_notice_of_a_local_code_is_let_go_under_the_national_one_and_told_once(
    chongqing: Hub, local: httpx.AsyncClient
) -> None:
    child = uuid4()
    told = {"residence": LOCAL, "hukou": ZHONG, "shielded": True}
    await chongqing.tell(chongqing.event("child.registered", child, **told))
    assert (await the_notice(local))["state"] == "awaiting_decision"
    _, national = await the_day_comes(chongqing)
    notice = await the_notice(national)
    assert notice["origin_county"] == NATIONAL
    assert (await changed(national, notice, "release")).status_code == 200
    now = {"residence": NATIONAL, "hukou": ZHONG}
    await chongqing.tell(chongqing.event("child.status_changed", child, **now))
    assert [kind for kind, _ in await states(chongqing)] == ["arrived"]


async def test_r2_what_is_told_of_a_local_code_after_its_day_reaches_who_was_named_for_it(
    chongqing: Hub, local: httpx.AsyncClient, stack: AsyncExitStack
) -> None:
    """The authority and the subscription that were made for 500171; an event that its sender wrote on the eve."""
    receiver: Receiver = await stack.enter_async_context(listening(chongqing.clock))
    await subscribed(local, receiver, "updates", "notices", area="500171")
    await the_day_comes(chongqing)
    told = {"residence": ZHONG, "hukou": LOCAL}
    await chongqing.tell(chongqing.event("child.registered", uuid4(), **told))
    assert {one.event["data"]["county"] for one in receiver.taken} == {NATIONAL}
    assert len(receiver.taken) == 2
    local = await chongqing.official("civil-500171", "500171")
    notice = await the_notice(local)
    assert (notice["target_county"], notice["receiver"]) == (NATIONAL, "两江新区民政")


async def test_r2_nothing_is_carried_over_before_the_registry_has_said_which_codes_ended(
    chongqing: Hub, local: httpx.AsyncClient
) -> None:
    told = {"residence": ZHONG, "hukou": LOCAL}
    await chongqing.tell(chongqing.event("child.registered", uuid4(), **told))
    chongqing.clock.at = DAY
    registry = chongqing.network.apps.pop(chongqing.url("registry"))
    chongqing.worker.subscribers.forget()
    assert await chongqing.worker.dispatch() == 0
    chongqing.network.apps[chongqing.url("registry")] = registry
    _, national = await the_day_comes(chongqing)
    assert (await the_notice(national))["target_county"] == NATIONAL
