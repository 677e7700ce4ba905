"""Notices within one hub: issued, handed over, listed, answered; held for shielded children; hidden from others."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.references import References
from tests.notifications.hubs import HOME, HUKOU, Hub, MovingClock, new_key
from tests.notifications.receivers import listening

NOWHERE = "110101000000"


async def the_notice(official: httpx.AsyncClient, **filters: Any) -> dict[str, Any]:
    reply = await official.get("/v1/notices", params=filters)
    assert reply.status_code == 200, reply.text
    (notice,) = reply.json()["notices"]
    found: dict[str, Any] = notice
    return found


async def states(hub: Hub) -> list[tuple[str, str]]:
    return [
        (r["kind"], r["state"])
        for r in await hub.rows("SELECT kind, state FROM notices ORDER BY id")
    ]


async def test_r14_a_notice_is_issued_delivered_read_accepted_and_answered(
    chongqing: Hub, home: httpx.AsyncClient, hukou: httpx.AsyncClient
) -> None:
    child = uuid4()
    await chongqing.tell(chongqing.event("child.registered", child))
    assert (await the_notice(home, direction="outgoing"))["state"] == "issued"

    listed = await the_notice(hukou, direction="incoming", state="issued")
    assert listed["state"] == "delivered", "being listed to its receiver delivers it"
    references: References = chongqing.apps["notifications"].state.hub.references
    assert references.read(listed["reference"], "civil-500233") == child
    assert references.read(listed["reference"], "civil-500103") is None
    url = f"/v1/notices/{listed['id']}"
    assert (await home.get(url)).json()["state"] == "delivered", "the sender's look is no reading"
    assert (await hukou.get(url)).json()["state"] == "read"
    accepted = await hukou.post(f"{url}/acceptance")
    assert accepted.json()["state"] == "accepted"
    stale = await hukou.post(
        f"{url}/answer", json={"outcome": "confirmed"}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412
    answered = await hukou.post(
        f"{url}/answer",
        json={"outcome": "mismatch", "hukou_division": "500101"},
        headers={"If-Match": accepted.headers["ETag"]},
    )
    assert answered.json()["state"] == "answered"
    assert answered.json()["hukou_division"] == "500101000000"
    assert None not in answered.json().values()
    assert (await hukou.post(f"{url}/answer", json={"outcome": "confirmed"})).status_code == 409
    late = await hukou.post(f"{url}/acceptance")
    assert late.status_code == 409
    assert late.json()["detail"] == "Possible while it is issued, delivered, read, accepted."
    audited = await chongqing.rows(
        "SELECT operation, subjects FROM audit_entries WHERE client = 'civil-500233' ORDER BY id"
    )
    assert [r["operation"] for r in audited] == [
        "notices.list",
        "notices.read",
        "notices.accept",
        "notices.answer",
    ]
    assert all(r["subjects"] == [child] for r in audited)


async def test_reading_the_child_by_its_reference_reads_the_notice(
    chongqing: Hub, hukou: httpx.AsyncClient
) -> None:
    child = uuid4()
    await chongqing.tell(chongqing.event("child.registered", child))
    await chongqing.tell(chongqing.event("reference.read", child, reader="somebody-else"))
    assert await states(chongqing) == [("arrived", "issued")]
    await chongqing.tell(chongqing.event("reference.read", child, reader="civil-500233"))
    assert await states(chongqing) == [("arrived", "read")]


async def test_a_notice_without_an_authority_stands_and_goes_once_there_is_one(
    chongqing: Hub, home: httpx.AsyncClient, clock: MovingClock
) -> None:
    await chongqing.tell(chongqing.event("child.registered", uuid4()))
    shown = await the_notice(home)
    assert (shown["state"], shown["unroutable"]) == ("issued", True)

    await chongqing.authority("忠县民政局", "500233", "civil-500233")
    official = await chongqing.official("civil-500233", "500233")
    async with listening(clock) as receiver:
        reply = await official.post(
            "/v1/subscriptions", json={"url": receiver.url, "kinds": ["notices"]}, headers=new_key()
        )
        assert reply.status_code == 201
        await chongqing.worker.settle()
        (received,) = receiver.taken
    assert received.event["type"] == "cn.hutong.notice"
    assert received.event["data"]["notice"] == shown["id"]
    routed = await the_notice(home)
    assert (routed["state"], routed["unroutable"], routed["receiver"]) == (
        "delivered",
        False,
        "忠县民政局",
    )


async def test_civil_affairs_is_an_authority_by_subscribing(
    chongqing: Hub, home: httpx.AsyncClient, clock: MovingClock
) -> None:
    official = await chongqing.official("civil-500233", "500233")
    async with listening(clock) as receiver:
        await official.post(
            "/v1/subscriptions", json={"url": receiver.url, "kinds": ["notices"]}, headers=new_key()
        )
        await chongqing.tell(chongqing.event("child.registered", uuid4()))
        assert len(receiver.taken) == 1
    assert (await the_notice(home))["receiver"] == "civil-500233"


async def test_a_shielded_childs_notice_waits_for_a_person(
    chongqing: Hub, home: httpx.AsyncClient, hukou: httpx.AsyncClient
) -> None:
    await chongqing.tell(chongqing.event("child.registered", uuid4(), shielded=True))
    held = await the_notice(home, state="awaiting_decision")
    url = f"/v1/notices/{held['id']}"
    assert (await hukou.get("/v1/notices")).json() == {"notices": []}
    assert (await hukou.get(url)).status_code == 404
    assert (await hukou.post(f"{url}/answer", json={"outcome": "confirmed"})).status_code == 404

    assert (await home.post(f"{url}/release")).status_code == 428
    machine = await home.post(
        f"{url}/release", headers={"If-Match": '"1"', "Hutong-Actor": "system:job"}
    )
    assert machine.status_code == 403
    assert machine.json()["type"].endswith("/person-needed")
    released = await home.post(f"{url}/release", headers={"If-Match": '"1"'})
    assert released.json()["state"] == "issued"
    await chongqing.worker.settle()
    assert (await the_notice(hukou))["state"] == "delivered"


async def test_a_held_notice_that_is_withdrawn_was_never_there(
    chongqing: Hub, home: httpx.AsyncClient, hukou: httpx.AsyncClient
) -> None:
    child = uuid4()
    await chongqing.tell(chongqing.event("child.registered", child, shielded=True))
    held = await the_notice(home)
    reply = await home.post(
        f"/v1/notices/{held['id']}/withdrawal", headers={"If-Match": f'"{held["version"]}"'}
    )
    assert reply.json()["state"] == "withdrawn"
    await chongqing.tell(chongqing.event("child.status_changed", child, shielded=True))
    assert await states(chongqing) == [("arrived", "withdrawn")], "the person's decision stands"
    assert (await hukou.get("/v1/notices")).json() == {"notices": []}


async def test_a_child_shielded_before_its_notice_left_is_held(
    chongqing: Hub, home: httpx.AsyncClient, clock: MovingClock
) -> None:
    official = await chongqing.official("civil-500233", "500233")
    child = uuid4()
    async with listening(clock, answer=lambda n: 503 if n < 2 else 204) as receiver:
        await official.post(
            "/v1/subscriptions", json={"url": receiver.url, "kinds": ["notices"]}, headers=new_key()
        )
        await chongqing.tell(chongqing.event("child.registered", child), work=False)
        await chongqing.worker.dispatch()
        await chongqing.worker.hand_over()
        await chongqing.tell(chongqing.event("child.updated", child, shielded=True))
        clock.pass_by(hours=1)
        await chongqing.worker.settle()

        assert await states(chongqing) == [("arrived", "awaiting_decision")]
        assert [r.event["type"] for r in receiver.taken] == ["cn.hutong.child.updated"]
        assert "notice" not in receiver.taken[0].event["data"]
        assert list(receiver.lanes().values()) == [[1]], "the lane has no gap that could be read"
    feed = await official.get("/v1/events")
    assert "notice" not in feed.text
    assert (await official.get("/v1/notices")).json() == {"notices": []}
    held = await the_notice(home)
    await home.post(
        f"/v1/notices/{held['id']}/release", headers={"If-Match": f'"{held["version"]}"'}
    )
    await chongqing.worker.settle()
    assert (await the_notice(official))["state"] == "delivered"


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"data": []}'])
async def test_a_message_of_somebody_elses_making_does_not_keep_a_shielded_childs_notice_from_being_held(
    chongqing: Hub, home: httpx.AsyncClient, stack: AsyncExitStack, clock: MovingClock, body: str
) -> None:
    official = await chongqing.official("civil-500233", "500233")
    child, other = uuid4(), uuid4()
    receiver = await stack.enter_async_context(listening(clock))
    wanted = {"url": receiver.url, "kinds": ["notices"]}
    await official.post("/v1/subscriptions", json=wanted, headers=new_key())
    await chongqing.tell(chongqing.event("child.registered", child), work=False)
    await chongqing.worker.dispatch()
    await chongqing.worker.hand_over()
    forged = "UPDATE deliveries SET body = $1 WHERE notice IS NOT NULL RETURNING id"
    assert len(await chongqing.rows(forged, body.encode())) == 1
    await chongqing.tell(
        chongqing.event("child.updated", child, shielded=True),
        chongqing.event("child.registered", other),
    )
    assert await states(chongqing) == [("arrived", "awaiting_decision"), ("arrived", "delivered")]
    assert {one.event["subject"] for one in receiver.taken} != set()


async def test_r14_not_ours_goes_on_to_the_county_that_was_named(
    chongqing: Hub, home: httpx.AsyncClient, hukou: httpx.AsyncClient
) -> None:
    await chongqing.authority("万州区民政局", "500101", "civil-500101")
    wanzhou = await chongqing.official("civil-500101", "500101")
    await chongqing.tell(chongqing.event("child.registered", uuid4()))
    notice = await the_notice(hukou)
    await hukou.post(
        f"/v1/notices/{notice['id']}/answer",
        json={"outcome": "not_ours", "hukou_division": "500101001"},
    )
    await chongqing.worker.settle()

    successor = await the_notice(wanzhou)
    assert successor["replaces"] == notice["id"]
    assert (await hukou.get(f"/v1/notices/{notice['id']}")).json()["replaced_by"] == successor["id"]
    await wanzhou.post(f"/v1/notices/{successor['id']}/answer", json={"outcome": "not_ours"})
    await chongqing.worker.settle()
    shown = (await home.get("/v1/notices")).json()["notices"]
    assert [(n["state"], n["unroutable"]) for n in shown] == [
        ("answered", False),
        ("answered", False),
        ("issued", True),
    ]


@pytest.mark.parametrize("outcome", ["confirmed", "mismatch", "not_ours", "unknown"])
async def test_a_division_that_never_was_is_no_answer(
    chongqing: Hub, hukou: httpx.AsyncClient, outcome: str
) -> None:
    await chongqing.tell(chongqing.event("child.registered", uuid4()))
    url = f"/v1/notices/{(await the_notice(hukou))['id']}"
    said = {"outcome": outcome, "hukou_division": "371799"}
    reply = await hukou.post(f"{url}/answer", json=said)
    assert reply.status_code == 422
    (flaw,) = reply.json()["errors"]
    assert (flaw["pointer"], flaw["code"]) == ("/body/hukou_division", "division")
    assert "GB/T 2260" in flaw["detail"] and "371799" not in reply.text
    assert (await hukou.get(url)).json()["state"] == "read"


async def test_a_place_confirms_nobody_elses_hukou(
    chongqing: Hub, hukou: httpx.AsyncClient
) -> None:
    await chongqing.tell(chongqing.event("child.registered", uuid4()))
    url = f"/v1/notices/{(await the_notice(hukou))['id']}"
    elsewhere = {"outcome": "confirmed", "hukou_division": "500101"}
    reply = await hukou.post(f"{url}/answer", json=elsewhere)
    assert reply.status_code == 422
    (flaw,) = reply.json()["errors"]
    assert flaw["code"] == "division" and "mismatch" in flaw["detail"]
    former = {"outcome": "confirmed", "hukou_division": "512223001"}
    # 512223 (忠县, then of Sichuan) became 500233 in the end.
    reply = await hukou.post(f"{url}/answer", json=former)
    assert reply.status_code == 200, reply.text


async def test_either_side_enquires_once_per_key(
    chongqing: Hub, home: httpx.AsyncClient, hukou: httpx.AsyncClient
) -> None:
    child = uuid4()
    await chongqing.tell(chongqing.event("child.registered", child))
    reference = (await the_notice(hukou))["reference"]
    asked = [
        await hukou.post(
            "/v1/notices", json={"reference": reference}, headers={"Idempotency-Key": "k-1"}
        )
        for _ in range(3)
    ]
    assert [r.status_code for r in asked] == [201] * 3
    assert len({r.json()["id"] for r in asked}) == 1
    assert (asked[0].json()["origin_county"], asked[0].json()["target_county"]) == (HUKOU, HOME)
    other = await hukou.post(
        "/v1/notices", json={"child": str(child)}, headers={"Idempotency-Key": "k-1"}
    )
    assert other.status_code == 422
    back = await home.post("/v1/notices", json={"child": str(child)}, headers=new_key())
    assert (back.json()["origin_county"], back.json()["target_county"]) == (HOME, HUKOU)
    await chongqing.worker.settle()
    assert (await the_notice(home, direction="incoming"))["kind"] == "qualification_enquiry"
    wrong = await home.post(
        "/v1/notices", json={"child": str(child), "to": "residence"}, headers=new_key()
    )
    assert wrong.status_code == 409
    foreign = await home.post("/v1/notices", json={"reference": reference}, headers=new_key())
    assert foreign.status_code == 404, "another client's reference is worth nothing"


async def test_withdrawn_evidence_withdraws_open_notices(
    chongqing: Hub, hukou: httpx.AsyncClient
) -> None:
    child, answered = uuid4(), uuid4()
    await chongqing.tell(*(chongqing.event("child.registered", c) for c in (child, answered)))
    notices = (await hukou.get("/v1/notices")).json()["notices"]
    await hukou.post(f"/v1/notices/{notices[1]['id']}/answer", json={"outcome": "confirmed"})
    await chongqing.tell(*(chongqing.event("child.withdrawn", c) for c in (child, answered)))
    assert await states(chongqing) == [("arrived", "withdrawn"), ("arrived", "answered")]


async def test_a_merged_childs_notices_follow_it(chongqing: Hub, hukou: httpx.AsyncClient) -> None:
    one, other = uuid4(), uuid4()
    await chongqing.tell(chongqing.event("child.registered", one))
    await chongqing.tell(
        chongqing.event("child.merged", one, into=str(other)),
        chongqing.event("child.registered", other),
    )
    (notice,) = await chongqing.rows("SELECT child FROM notices")
    assert notice["child"] == other, "and it is not told again"


async def test_pages_hold_every_notice_once(chongqing: Hub, hukou: httpx.AsyncClient) -> None:
    await chongqing.tell(*(chongqing.event("child.registered", uuid4()) for _ in range(7)))
    seen, after = [], None
    while True:
        params = {"limit": 3, "kind": "arrived"} | ({"after": after} if after else {})
        page = (await hukou.get("/v1/notices", params=params)).json()
        seen += [n["id"] for n in page["notices"]]
        if (after := page.get("next")) is None:
            break
        last = after
    assert len(seen) == len(set(seen)) == 7
    edited = last[:-2] + ("AA" if last[-2:] != "AA" else "BB")
    assert (await hukou.get("/v1/notices", params={"after": edited, "limit": 3})).status_code == 400
    assert (await hukou.get("/v1/notices", params={"after": last})).status_code == 400, (
        "other filter"
    )


async def test_overdue_shows_where_a_deadline_is_configured(
    chongqing: Hub, home: httpx.AsyncClient, clock: MovingClock
) -> None:
    await chongqing.tell(chongqing.event("child.registered", uuid4()))
    clock.pass_by(days=100)
    assert (await the_notice(home))["overdue"] is False
    app = chongqing.apps["notifications"]
    app.state.settings = app.state.settings.model_copy(update={"notice_deadline_days": 30})
    assert (await the_notice(home))["overdue"] is True


async def test_answers_wait_for_the_registry(chongqing: Hub, hukou: httpx.AsyncClient) -> None:
    """The registry that is away gets the answer later; one that knows no such child ends the matter."""
    await chongqing.tell(chongqing.event("child.registered", UUID(int=7)))
    notice = await the_notice(hukou)
    chongqing.network.cut.add(chongqing.url("registry"))
    chongqing.worker.registry.auth._until = 0.0
    await hukou.post(f"/v1/notices/{notice['id']}/answer", json={"outcome": "confirmed"})
    await chongqing.worker.settle()
    assert (await chongqing.rows("SELECT pushed FROM notices"))[0]["pushed"] == "waiting"
    chongqing.network.cut.clear()
    chongqing.clock.pass_by(seconds=10)
    await chongqing.worker.settle()
    assert (await chongqing.rows("SELECT pushed FROM notices"))[0]["pushed"] == "refused"


async def test_evidence_that_comes_back_is_told_again(
    chongqing: Hub, hukou: httpx.AsyncClient
) -> None:
    """All in one page of events: registered, withdrawn, registered anew."""
    child = uuid4()
    await chongqing.tell(
        chongqing.event("child.registered", child),
        chongqing.event("child.withdrawn", child),
        chongqing.event("child.registered", child),
    )
    assert await states(chongqing) == [("arrived", "withdrawn"), ("arrived", "issued")]
    assert len(await chongqing.rows("SELECT 1 FROM cases")) == 1


async def test_a_release_is_not_asked_for_twice(chongqing: Hub, home: httpx.AsyncClient) -> None:
    child = uuid4()
    await chongqing.tell(chongqing.event("child.registered", child, shielded=True))
    held = await the_notice(home)
    await home.post(f"/v1/notices/{held['id']}/release", headers={"If-Match": '"1"'})
    await chongqing.tell(chongqing.event("child.updated", child, shielded=True))
    assert await states(chongqing) == [("arrived", "issued")], "unroutable, but no longer held"


async def test_listing_beside_answering_sets_nothing_back(
    chongqing: Hub, hukou: httpx.AsyncClient
) -> None:
    await chongqing.tell(*(chongqing.event("child.registered", uuid4()) for _ in range(12)))
    ids = [r["id"] for r in await chongqing.rows("SELECT id FROM notices")]

    async def answer(notice: UUID) -> int:
        reply = await hukou.post(f"/v1/notices/{notice}/answer", json={"outcome": "confirmed"})
        return reply.status_code

    async def look() -> int:
        return (await hukou.get("/v1/notices")).status_code

    statuses = await asyncio.gather(*(f for i in ids for f in (look(), answer(i), look())))
    assert set(statuses) == {200}
    assert await states(chongqing) == [("arrived", "answered")] * 12


async def test_what_is_done_is_cleared_away_in_time(
    chongqing: Hub, clock: MovingClock, hukou: httpx.AsyncClient
) -> None:
    async with listening(clock) as receiver:
        await hukou.post(
            "/v1/subscriptions", json={"url": receiver.url}, headers={"Idempotency-Key": "k"}
        )
        await chongqing.tell(*(chongqing.event("child.registered", uuid4()) for _ in range(3)))
        kept = {"deliveries": 6, "events": 3, "idempotency_keys": 1, "notices": 3, "attempts": 6}
        for days, gone in (
            (6, {}),
            (3, {"idempotency_keys": 0}),
            (25, {"idempotency_keys": 0, "deliveries": 0, "attempts": 0}),
            (90, {"idempotency_keys": 0, "deliveries": 0, "attempts": 0, "events": 1}),
        ):
            clock.pass_by(days=days)
            await chongqing.worker.clear()
            for table, count in {**kept, **gone}.items():
                (row,) = await chongqing.rows(f"SELECT count(*) FROM {table}")
                assert row["count"] == count, (days, table)
