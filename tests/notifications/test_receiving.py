"""Who acts on a notice, and what becomes of one whose ground has gone."""

from uuid import uuid4

import pytest

from shared.vocabulary import Department
from tests.notifications.hubs import HUKOU, Hub

MOVED = "500101000000"


@pytest.mark.parametrize("path", ["acceptance", "answer", "refusal"])
async def test_only_the_receiving_authority_acts(chongqing: Hub, path: str) -> None:
    await chongqing.authority("忠县民政局", "500233", "civil-500233")
    await chongqing.authority("重庆市民政局", "50", "civil-50")
    receiver = await chongqing.official("civil-500233", "500233")
    city = await chongqing.official("civil-50", "50")
    strangers = [
        await chongqing.official("police-500233", "500233", Department.POLICE),
        await chongqing.official("school-500233", "500233", Department.EDUCATION),
    ]
    colleague = await chongqing.official("civil-other", "500233")
    await chongqing.tell(*(chongqing.event("child.registered", uuid4()) for _ in range(2)))
    first, second = (await receiver.get("/v1/notices")).json()["notices"]
    for other in (*strangers, colleague):
        seen = await other.get(f"/v1/notices/{first['id']}")
        assert seen.status_code == (200 if other is colleague else 404)
        url = f"/v1/notices/{first['id']}/{path}"
        reply = await other.post(url, json={"outcome": "not_ours"})
        assert reply.status_code == 403
        assert reply.headers["content-type"] == "application/problem+json"
    for official, notice in ((receiver, first), (city, second)):
        url = f"/v1/notices/{notice['id']}/{path}"
        assert (await official.post(url, json={"outcome": "confirmed"})).status_code == 200


async def test_a_department_named_as_authority_gets_none(chongqing: Hub) -> None:
    """Notices are for civil affairs, whoever an operator names."""
    await chongqing.authority("忠县公安局", "500233", "police-500233")
    police = await chongqing.official("police-500233", "500233", Department.POLICE)
    await chongqing.tell(chongqing.event("child.registered", uuid4()))
    assert (await police.get("/v1/notices")).json()["notices"] == []
    (notice,) = await chongqing.rows("SELECT id FROM notices")
    assert (await police.post(f"/v1/notices/{notice['id']}/refusal")).status_code == 403


async def states(hub: Hub) -> list[tuple[int, str]]:
    return [
        (r["target_county"] // 10**6, r["state"])
        for r in await hub.rows(
            "SELECT target_county, state FROM notices WHERE kind = 'arrived' ORDER BY id"
        )
    ]


async def test_an_open_notice_to_a_former_hukou_place_is_withdrawn(chongqing: Hub) -> None:
    await chongqing.authority("忠县民政局", "500233", "civil-500233")
    hukou = await chongqing.official("civil-500233", "500233")
    child, answered = uuid4(), uuid4()
    for each in (child, answered):
        await chongqing.tell(chongqing.event("child.registered", each))
    notices = (await hukou.get("/v1/notices")).json()["notices"]
    await hukou.post(f"/v1/notices/{notices[1]['id']}/answer", json={"outcome": "confirmed"})
    moved = {"hukou": MOVED, "previous_hukou": HUKOU}
    for each in (child, answered):
        await chongqing.tell(chongqing.event("child.hukou_changed", each, **moved))
    assert await states(chongqing) == [
        (500233, "withdrawn"),
        (500233, "answered"),
        (500101, "issued"),
        (500101, "issued"),
    ]
    await chongqing.tell(chongqing.event("child.hukou_changed", child, previous_hukou=MOVED))
    assert (await states(chongqing))[2:] == [
        (500101, "withdrawn"),
        (500101, "issued"),
        (500233, "issued"),
    ], "back again: told again"


async def test_there_and_back_in_one_page_tells_the_last_place(chongqing: Hub) -> None:
    child = uuid4()
    await chongqing.tell(chongqing.event("child.registered", child))
    await chongqing.tell(
        chongqing.event("child.hukou_changed", child, hukou=MOVED, previous_hukou=HUKOU),
        chongqing.event("child.hukou_changed", child, previous_hukou=MOVED),
    )
    assert await states(chongqing) == [(500233, "withdrawn"), (500233, "issued")]
