"""Whoever must act in a case hears of it: its department in the county of the case, by webhook and feed, and nobody else."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.registry.identity import clients
from shared import keys
from shared.database import SYSTEM, Database
from shared.vocabulary import Department, Scope
from tests.notifications.hubs import HOME, OFFICIAL, Hub, MovingClock, new_key
from tests.notifications.receivers import Receiver, listening

ELSEWHERE = "500107"


def waits(hub: Hub, *to: str, overdue: bool = False) -> dict[str, Any]:
    event = hub.event("case.overdue" if overdue else "case.sent", uuid4())
    return {**event, "body": {"county": HOME, "to": list(to)}}


async def subscribed(
    hub: Hub, stack: AsyncExitStack, clock: MovingClock, department: Department, area: str, *k: str
) -> tuple[Any, Receiver]:
    official = await hub.official(f"{department}-{area}{len(hub.keys)}", area, department)
    receiver = await stack.enter_async_context(listening(clock))
    wanted = {"url": receiver.url, **({"kinds": list(k)} if k else {})}
    made = await official.post("/v1/subscriptions", json=wanted, headers=new_key())
    assert made.status_code == 201, made.text
    return official, receiver


async def test_r25_the_polices_subscription_is_told_that_a_case_waits(
    chongqing: Hub, clock: MovingClock, stack: AsyncExitStack
) -> None:
    police, at_police = await subscribed(chongqing, stack, clock, Department.POLICE, "500103")
    others = [
        await subscribed(chongqing, stack, clock, department, area, *kinds)
        for department, area, kinds in (
            (Department.POLICE, ELSEWHERE, ()),
            (Department.EDUCATION, "500103", ()),
            (Department.CIVIL_AFFAIRS, "500103", ()),
        )
    ]
    _, asked_not = await subscribed(
        chongqing, stack, clock, Department.POLICE, "500103", "updates", "notices"
    )
    sent = waits(chongqing, "police")
    await chongqing.tell(sent)
    (heard,) = at_police.taken
    assert heard.event["type"] == "cn.hutong.case.waiting"
    assert "subject" not in heard.event
    data = heard.event["data"]
    assert data == {
        "county": HOME,
        "lane": data["lane"],
        "number": 1,
        "case": sent["subject"],
    }
    (item,) = (await police.get("/v1/events")).json()["items"]
    assert (item["id"], item["data"]["case"]) == (heard.event["id"], sent["subject"])
    assert asked_not.taken == []
    for official, receiver in others:
        assert receiver.taken == []
        assert (await official.get("/v1/events")).json()["items"] == []
    assert await chongqing.rows("SELECT 1 FROM cases UNION ALL SELECT 1 FROM notices") == []


async def test_r25_an_overdue_case_is_told_to_civil_affairs_too(
    chongqing: Hub, clock: MovingClock, stack: AsyncExitStack
) -> None:
    civil, at_civil = await subscribed(chongqing, stack, clock, Department.CIVIL_AFFAIRS, "500103")
    police, at_police = await subscribed(chongqing, stack, clock, Department.POLICE, "500103")
    sent = waits(chongqing, "police")
    late = {**waits(chongqing, "civil_affairs", "police", overdue=True), "subject": sent["subject"]}
    await chongqing.tell(sent, late)
    assert [one.event["data"]["number"] for one in at_civil.taken] == [1]
    assert [one.event["data"]["number"] for one in at_police.taken] == [1, 2]
    for official, numbers in ((civil, [1]), (police, [1, 2])):
        items = (await official.get("/v1/events")).json()["items"]
        assert [one["data"]["number"] for one in items] == numbers


async def test_row_level_security_alone_hides_other_departments_cases(chongqing: Hub) -> None:
    await chongqing.tell(waits(chongqing, "police"))
    connection = await asyncpg.connect(chongqing.urls["notifications"].app)
    try:
        for department, count in (("education", 0), ("civil_affairs", 0), ("police", 1)):
            await connection.execute(
                "SELECT set_config('hutong.low', '500103000000', false),"
                " set_config('hutong.high', '500103999999', false),"
                " set_config('hutong.department', $1, false)",
                department,
            )
            assert await connection.fetchval("SELECT count(*) FROM announcements") == count
    finally:
        await connection.close()


async def test_an_event_that_names_no_county_or_nobody_tells_nobody(chongqing: Hub) -> None:
    police = await chongqing.official("police", "50", Department.POLICE)
    for body in ({"to": ["police"]}, {"county": HOME}, {"county": HOME, "to": "police"}):
        await chongqing.tell({**chongqing.event("case.sent", uuid4()), "body": body})
    assert (await police.get("/v1/events")).json()["items"] == []


@pytest.mark.parametrize("type_", ["case.sent", "child.registered", "child.parted", "child.erased"])
@pytest.mark.parametrize("body", ["1", "[]", "null", '{"to": {}, "residence": [], "from": 1}'])
async def test_an_event_of_somebody_elses_making_keeps_back_no_other(
    chongqing: Hub, type_: str, body: str
) -> None:
    police = await chongqing.official("police", "50", Department.POLICE)
    await chongqing.tell(chongqing.event(type_, uuid4()), work=False)
    forged = "UPDATE events SET body = $1::text::jsonb WHERE dispatched_at IS NULL RETURNING id"
    assert len(await chongqing.rows(forged, body)) == 1
    await chongqing.tell(waits(chongqing, "police"))
    told = (await police.get("/v1/events")).json()["items"]
    assert "cn.hutong.case.waiting" in [one["type"] for one in told]


async def test_r25_who_may_read_no_cases_is_told_of_none(
    chongqing: Hub, clock: MovingClock, stack: AsyncExitStack
) -> None:
    scopes = [scope for scope in OFFICIAL if scope != Scope.CASES_READ]
    clerk = await chongqing.official("clerk", "500103", Department.POLICE, scopes=scopes)
    receiver = await stack.enter_async_context(listening(clock))
    asked = {"url": receiver.url, "kinds": ["cases"]}
    refused = await clerk.post("/v1/subscriptions", json=asked, headers=new_key())
    assert refused.status_code == 403
    assert 'scope="cases:read"' in refused.headers["WWW-Authenticate"]
    made = await clerk.post("/v1/subscriptions", json={"url": receiver.url}, headers=new_key())
    assert made.json()["kinds"] == ["updates", "notices"]
    await chongqing.tell(waits(chongqing, "police"))
    assert receiver.taken == []
    assert (await clerk.get("/v1/events")).json()["items"] == []
    police = await chongqing.official("police", "500103", Department.POLICE)
    assert len((await police.get("/v1/events")).json()["items"]) == 1


async def test_r25_a_case_of_a_county_that_ended_is_told_to_who_took_over(
    chongqing: Hub, clock: MovingClock, stack: AsyncExitStack
) -> None:
    """What was sent under 江北区's code, before the worker carried it over, and is told of after that day."""
    event = chongqing.event("case.sent", uuid4())
    police, at_police = await subscribed(chongqing, stack, clock, Department.POLICE, "500157")
    await chongqing.tell({**event, "body": {"county": "500105000000", "to": ["police"]}})
    (heard,) = at_police.taken
    assert heard.event["data"]["county"] == "500157000000"
    (item,) = (await police.get("/v1/events")).json()["items"]
    assert item["data"]["case"] == event["subject"]


@pytest.mark.parametrize("how", ["scope", "area", "revoked"])
async def test_r25_who_may_read_no_cases_any_more_is_told_of_none_by_a_subscription_of_before(
    chongqing: Hub, clock: MovingClock, stack: AsyncExitStack, how: str
) -> None:
    """Nor of one that waited to be delivered; whoever still may is."""
    _, at_police = await subscribed(chongqing, stack, clock, Department.POLICE, "500103")
    _, beside = await subscribed(chongqing, stack, clock, Department.POLICE, "50")
    at_police.answer = lambda n: 503 if n == 1 else 204
    await chongqing.tell(waits(chongqing, "police"))
    assert (len(at_police.taken), len(beside.taken)) == (0, 1)
    (client,) = [name for name in chongqing.keys if name.startswith("police-500103")]
    keys_ = keys.load(chongqing.home / "keys" / "registry" / "audit.json")
    database = Database(chongqing.urls["registry"].app)
    async with database.transaction(SYSTEM) as session:
        if how == "revoked":
            await clients.revoke(session, keys_, client, datetime.now(UTC))
        else:
            scopes = [scope for scope in OFFICIAL if scope != Scope.CASES_READ]
            narrowed: dict[str, Any] = {"scopes": scopes} if how == "scope" else {"area": ELSEWHERE}
            await clients.change(session, keys_, client, now=datetime.now(UTC), **narrowed)
    await database.close()
    await chongqing.worker.subscribers.ask()
    clock.pass_by(hours=1)
    await chongqing.tell(waits(chongqing, "police"))
    assert (len(at_police.taken), len(beside.taken)) == (0, 2)
    states = await chongqing.rows("SELECT state, count(*) AS n FROM deliveries GROUP BY 1")
    assert {row["state"]: row["n"] for row in states} == {"cancelled": 2, "delivered": 2}


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"type": "a", "data": {"county": 1}}'])
async def test_a_message_of_somebody_elses_making_holds_up_nobody_elses(
    chongqing: Hub, clock: MovingClock, stack: AsyncExitStack, body: str
) -> None:
    _, at_police = await subscribed(chongqing, stack, clock, Department.POLICE, "500103")
    _, beside = await subscribed(chongqing, stack, clock, Department.POLICE, "50")
    await chongqing.tell(waits(chongqing, "police"), work=False)
    await chongqing.worker.dispatch()
    await chongqing.rows(
        "UPDATE deliveries SET body = $1 WHERE receiver = (SELECT id FROM receivers WHERE high = 500103999999)"
        " RETURNING id",
        body.encode(),
    )
    await chongqing.worker.settle()
    assert (len(at_police.requests), len(beside.taken)) == (0, 1)


async def test_nobody_but_peers_is_sent_anything_while_it_is_not_known_who_may_be_told_what(
    chongqing: Hub, clock: MovingClock, stack: AsyncExitStack
) -> None:
    _, at_police = await subscribed(chongqing, stack, clock, Department.POLICE, "500103")
    await chongqing.tell(waits(chongqing, "police"), work=False)
    registry = chongqing.network.apps.pop(chongqing.url("registry"))
    chongqing.worker.subscribers.forget()
    await chongqing.worker.settle()
    assert at_police.requests == []
    chongqing.network.apps[chongqing.url("registry")] = registry
    chongqing.worker.subscribers.forget()
    await chongqing.worker.settle()
    assert len(at_police.taken) == 1
