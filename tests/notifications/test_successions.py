"""A county that ends leaves its notices to the one that took over: they are read, answered and withdrawn there.

Cast: 渝北 became 两江新区 on 6 November 2025.  *Yubei* is the office that was granted 渝北, *Liangjiang* one that was
granted 两江新区; Zhong and Wanzhou are counties that stay as they are.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.vocabulary import Department
from tests.notifications.hubs import Hub
from tests.notifications.test_notices import states, the_notice

YUBEI, LIANGJIANG = "500112000000", "500157000000"
ZHONG, WANZHOU = "500233000000", "500101000000"
EVE, DAY = datetime(2025, 11, 5, 4, tzinfo=UTC), datetime(2025, 11, 6, 4, tzinfo=UTC)


@pytest.fixture
async def yubei(chongqing: Hub) -> httpx.AsyncClient:
    chongqing.clock.at = EVE
    await chongqing.authority("渝北区民政局", "500112", "civil-500112")
    return await chongqing.official("civil-500112", "500112")


async def the_day_comes(hub: Hub) -> httpx.AsyncClient:
    """The office of 渝北 with a token of the day."""
    hub.clock.at = DAY
    await hub.worker.settle()
    return await hub.official("civil-500112", "500112")


async def changed(official: httpx.AsyncClient, notice: dict[str, Any], act: str) -> httpx.Response:
    path = f"/v1/notices/{notice['id']}"
    etag = (await official.get(path)).headers["ETag"]
    return await official.post(f"{path}/{act}", headers={"If-Match": etag})


async def test_r2_a_notice_to_a_county_that_ended_is_answered_by_its_heir(
    chongqing: Hub, yubei: httpx.AsyncClient
) -> None:
    for _ in range(2):
        told = {"residence": ZHONG, "hukou": YUBEI}
        await chongqing.tell(chongqing.event("child.registered", uuid4(), **told))
    listed = (await yubei.get("/v1/notices", params={"limit": 1})).json()["notices"]
    assert [one["target_county"] for one in listed] == [YUBEI]
    yubei = await the_day_comes(chongqing)
    await chongqing.authority("两江新区民政局", "500157", "civil-500157")
    liangjiang = await chongqing.official("civil-500157", "500157")
    stranger = await chongqing.official("civil-500101", "500101")

    # What had not been heard of yet is still heard of.
    feed = (await yubei.get("/v1/events", params={"after": "start"})).json()["items"]
    assert len({one["data"]["notice"] for one in feed if "notice" in one["data"]}) == 2
    assert (await stranger.get("/v1/notices")).json()["notices"] == []
    for office in (yubei, liangjiang):
        (notice, *_) = [
            one
            for one in (await office.get("/v1/notices")).json()["notices"]
            if one["state"] != "answered"
        ]
        assert (notice["origin_county"], notice["target_county"]) == (ZHONG, LIANGJIANG)
        said = {"outcome": "confirmed", "hukou_division": "500112"}
        answered = await office.post(f"/v1/notices/{notice['id']}/answer", json=said)
        assert answered.status_code == 200, answered.text


async def test_r2_a_notice_of_a_county_that_ended_is_withdrawn_or_let_go_by_its_heir(
    chongqing: Hub, yubei: httpx.AsyncClient
) -> None:
    for shielded in (True, False):
        told = {"residence": YUBEI, "hukou": ZHONG, "shielded": shielded}
        await chongqing.tell(chongqing.event("child.registered", uuid4(), **told))
    yubei = await the_day_comes(chongqing)
    liangjiang = await chongqing.official("civil-500157", "500157")
    held = await the_notice(liangjiang, state="awaiting_decision")
    assert held["origin_county"] == LIANGJIANG
    assert (await changed(liangjiang, held, "release")).status_code == 200
    (other,) = [
        one for one in (await yubei.get("/v1/notices")).json()["notices"] if one["id"] != held["id"]
    ]
    assert (await changed(yubei, other, "withdrawal")).status_code == 200


async def test_r2_nobody_is_told_of_an_arrival_again_and_everybody_of_a_departure(
    chongqing: Hub, yubei: httpx.AsyncClient
) -> None:
    await chongqing.authority("忠县民政局", "500233", "civil-500233")
    zhong = await chongqing.official("civil-500233", "500233")
    child = uuid4()
    told = {"residence": YUBEI, "hukou": ZHONG}
    await chongqing.tell(chongqing.event("child.registered", child, **told))
    notice = await the_notice(zhong)
    answered = await zhong.post(f"/v1/notices/{notice['id']}/answer", json={"outcome": "confirmed"})
    assert answered.status_code == 200, answered.text
    await the_day_comes(chongqing)
    now = {"residence": LIANGJIANG, "hukou": ZHONG}
    await chongqing.tell(chongqing.event("child.updated", child, **now))
    await chongqing.tell(chongqing.event("child.status_changed", child, **now))
    assert await states(chongqing) == [("arrived", "answered")]
    gone = {"residence": WANZHOU, "hukou": ZHONG, "previous_residence": LIANGJIANG}
    await chongqing.tell(chongqing.event("child.residence_changed", child, **gone))
    kinds = [kind for kind, _ in await states(chongqing)]
    assert sorted(kinds) == ["arrived", "arrived", "moved_on", "moved_on"]


async def test_r2_an_event_of_the_eve_is_heard_under_the_code_of_the_day(
    chongqing: Hub, yubei: httpx.AsyncClient
) -> None:
    yubei = await the_day_comes(chongqing)
    told = {"residence": ZHONG, "hukou": YUBEI}
    await chongqing.tell(chongqing.event("child.registered", uuid4(), **told))
    notice = await the_notice(yubei)
    assert notice["target_county"] == LIANGJIANG
    assert notice["receiver"] == "渝北区民政局"
    # An authority that is named for the ended county answers for its heir, whoever received the notice.
    await chongqing.authority("渝北区民政局", "500112", "civil-500112-b")
    other = await chongqing.official("civil-500112-b", "500112")
    path = f"/v1/notices/{notice['id']}/answer"
    answered = await other.post(path, json={"outcome": "confirmed"})
    assert answered.status_code == 200, answered.text


async def test_r2_what_was_not_read_under_the_ended_code_is_read_by_its_heir(
    chongqing: Hub, yubei: httpx.AsyncClient
) -> None:
    """One child moved from 渝北 to 江北, which is one county by now; another one's school alone said where it lives."""
    jiangbei = "500105000000"
    school = await chongqing.official("school", "500112", Department.EDUCATION)
    moved = {"residence": jiangbei, "previous_residence": YUBEI, "hukou": ZHONG}
    await chongqing.tell(
        chongqing.event("child.registered", uuid4(), residence=YUBEI, hukou=ZHONG),
        chongqing.event("child.registered", uuid4(), residence=ZHONG, hukou=YUBEI),
        chongqing.event("child.residence_changed", uuid4(), **moved),
        chongqing.event(
            "child.registered", uuid4(), residence=YUBEI, hukou=ZHONG, residence_sole="education"
        ),
    )
    read = await yubei.get("/v1/events", params={"after": "start", "limit": 2})
    yubei = await the_day_comes(chongqing)
    liangjiang = await chongqing.official("civil-500157", "500157")
    for office in (yubei, liangjiang):
        items = (await office.get("/v1/events", params={"after": "start"})).json()["items"]
        assert {one["data"]["county"] for one in items} == {LIANGJIANG}
        assert len([one for one in items if "notice" not in one["data"]]) == 4
    unread = (await yubei.get("/v1/events", params={"after": "start", "limit": 100})).json()[
        "items"
    ]
    assert [one["id"] for one in unread[:2]] == [one["id"] for one in read.json()["items"]]
    school = await chongqing.official("school", "500112", Department.EDUCATION)
    items = (await school.get("/v1/events", params={"after": "start"})).json()["items"]
    assert len(items) == 3, "it is not told of what it alone says"
