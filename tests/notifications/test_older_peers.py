"""Hubs of an older make, and words that are lost: the county that gives keeps the child's file, and everybody can see why."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from services.notifications.deliveries import payloads
from services.notifications.notices.authenticity import ANSWERS
from services.notifications.peers import read_key
from shared import signatures
from tests.notifications.hubs import Hub
from tests.notifications.test_handing_over import BEFORE, HOME, NEXT, Counties, counties

__all__ = ["counties"]
_SETTLED = "SELECT direction, state, settled, pushed FROM notices WHERE kind = 'handover'"
_ACTS = "SELECT kind FROM handover_acts ORDER BY handover_id, number"


async def sends(one: Hub, other: Hub, path: str, body: dict[str, Any]) -> httpx.Response:
    """A message as the first hub's older make would have put it, with its key."""
    content = payloads.encoded(body)
    key = read_key(one.home / "keys" / "notifications" / "hub.key")
    headers = signatures.sign([key], body["id"], one.clock.now(), content)
    async with httpx.AsyncClient(
        transport=other.network, base_url=other.url("notifications")
    ) as wire:
        return await wire.post(path, content=content, headers=headers)


async def offered_as_of_old(counties: Counties) -> dict[str, Any]:
    """The giving hub's notice as it was before: the newer one is put off, and nothing in it says that an acceptance is settled."""
    counties.chongqing.network.silent |= {counties.heze.url("notifications")}
    assert (await counties.propose()).status_code == 201
    (sent,) = await counties.chongqing.rows(
        "SELECT body FROM deliveries WHERE path = '/v1/peer/notices' AND state = 'pending'"
    )
    counties.chongqing.network.silent.clear()
    body: dict[str, Any] = orjson.loads(sent["body"])
    assert body.pop("settles") is True, "today's make says so"
    reply = await sends(counties.chongqing, counties.heze, "/v1/peer/notices", body)
    assert reply.status_code == 202, reply.text
    await counties.settle()
    return await counties.received()


async def test_r6_of_a_hub_that_never_confirms_nobody_takes_a_file(counties: Counties) -> None:
    """It would pass the file on our word, and say nothing: then the child had no county."""
    await offered_as_of_old(counties)
    day = counties.today + timedelta(days=2)
    refused = await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    assert refused.status_code == 409
    assert refused.json()["type"].rsplit("/", 1)[-1] == "peer-outdated"
    await counties.days_pass(5)
    assert await counties.state() == "proposed"
    assert await counties.responsible(counties.today) == BEFORE
    assert (await counties.received())["waiting"] == "no_limit_configured"
    assert (await counties.answer(outcome="unknown")).status_code == 200, "no is no in every make"
    assert await counties.state() == "rejected"


async def test_r6_an_older_hub_that_takes_is_understood(counties: Counties) -> None:
    """Its answer is final for it; it knows no `kept`, and refuses the receipt: the file passes on the day all the same."""
    await counties.propose()
    (ours,) = await counties.chongqing.rows("SELECT id FROM notices WHERE kind = 'handover'")
    day = counties.today + timedelta(days=2)
    told = {"notice": str(ours["id"]), "outcome": "confirmed", "effective_on": day.isoformat()}
    body = payloads.envelope(
        "heze", payloads.PEER_ANSWER, uuid4(), counties.heze.clock.now(), None, told, "chongqing"
    )
    assert (
        await sends(counties.heze, counties.chongqing, "/v1/peer/answers", body)
    ).status_code == 202
    await counties.chongqing.settle_registry()
    await counties.chongqing.worker.settle()
    assert await counties.state() == "accepted"
    (notice,) = await counties.chongqing.rows(_SETTLED)
    assert (notice["state"], notice["settled"]) == ("answered", "kept")


@pytest.mark.parametrize("both", [True, False], ids=["both upgraded", "the receipt was lost"])
async def test_r6_what_was_accepted_before_there_was_a_receipt_is_settled_by_asking(
    counties: Counties, both: bool
) -> None:
    """As revision 0006 left it: both registries have the acceptance, and nobody ever said that it was kept."""
    await counties.propose()
    day = counties.today + timedelta(days=5)
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    acts = [
        await hub.rows(_ACTS, service="registry") for hub in (counties.chongqing, counties.heze)
    ]
    for hub in (counties.chongqing, counties.heze) if both else (counties.heze,):
        (row,) = await hub.rows("SELECT * FROM notices WHERE kind = 'handover'")
        mac = ANSWERS.mac(hub.worker.hub.audit, {**row, "settled": None})
        await hub.rows(
            "UPDATE notices SET settled = NULL, answer_mac = $2 WHERE id = $1", row["id"], mac
        )
        await hub.rows("DELETE FROM peer_inbox")
    await counties.settle()
    notice = await counties.received()
    assert (notice.get("settled"), notice["waiting"]) == (None, "no_limit_configured")
    await counties.days_pass(1)
    notice = await counties.received()
    assert (notice["settled"], notice["waiting"]) == ("kept", "no")
    for hub in (counties.chongqing, counties.heze):
        (row,) = await hub.rows(_SETTLED)
        assert (row["state"], row["settled"], row["pushed"]) == ("answered", "kept", "done")
    assert acts == [
        await hub.rows(_ACTS, service="registry") for hub in (counties.chongqing, counties.heze)
    ], "nothing is said twice"
    assert await counties.responsible(day) == (NEXT, NEXT)
    assert await counties.responsible(day - timedelta(days=1)) == (HOME, HOME)


async def test_r6_as_long_as_no_receipt_comes_the_giver_has_the_file_and_both_sides_see_that(
    counties: Counties,
) -> None:
    await counties.propose()
    sent = {"direction": "outgoing", "waiting": True}
    (asked,) = (await counties.desk.get("/v1/notices", params=sent)).json()["notices"]
    assert (asked["kind"], asked["waiting"]) == ("handover", "no_limit_configured")
    counties.chongqing.network.silent |= {counties.chongqing.url("notifications")}
    day = counties.today + timedelta(days=2)
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    await counties.days_pass(30)
    assert await counties.responsible(counties.today) == (HOME, HOME)
    held = {"direction": "incoming", "waiting": True}
    (accepted,) = (await counties.taking.get("/v1/notices", params=held)).json()["notices"]
    assert (accepted["state"], accepted["waiting"]) == ("answered", "no_limit_configured")


@pytest.mark.parametrize("days", [3, None])
async def test_r6_an_offer_that_nobody_answers_is_pressed_for_where_it_was_sent(
    counties: Counties, days: int | None
) -> None:
    """Overdue by the limit that an administrator set; at once where there is none.  It ends by a person's act alone."""
    app = counties.chongqing.apps["notifications"]
    app.state.settings = app.state.settings.model_copy(update={"notice_deadline_days": days})
    await counties.propose()
    city = await counties.chongqing.official("civil-50-desk", "50")
    asked = {"kind": "handover", "waiting": True}

    async def pressed() -> list[str]:
        lists = [await who.get("/v1/notices", params=asked) for who in (counties.desk, city)]
        one, other = [[n["waiting"] for n in reply.json()["notices"]] for reply in lists]
        assert one == other, "the offices above have it in their lists too"
        return one

    assert await pressed() == (["no_limit_configured"] if days is None else [])
    others = await counties.desk.get("/v1/notices", params={**asked, "waiting": False})
    assert [n["waiting"] for n in others.json()["notices"]] == (["within_limit"] if days else [])
    await counties.days_pass(4)
    assert await pressed() == ["no_limit_configured" if days is None else "overdue"]
    await counties.days_pass(400)
    assert await counties.state() == "proposed", "nothing ends by time"
    (notice,) = (await counties.desk.get("/v1/notices", params=asked)).json()["notices"]
    done = await counties.desk.post(
        f"/v1/notices/{notice['id']}/withdrawal", headers={"If-Match": f'"{notice["version"]}"'}
    )
    assert done.status_code == 200, done.text
    await counties.settle()
    assert await pressed() == []
    assert await counties.state() == "revoked"
