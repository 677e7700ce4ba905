"""One child, from a push in Chongqing to the answer of its hukou place in Heze, and back as a record.

Both hubs are whole: registry, matching and notifications with their workers, each with its own keys and databases.
"""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from shared.vocabulary import Department
from tests.notifications.conftest import MakeHub
from tests.notifications.hubs import Hub, settle

HOME, HUKOU = "500103000000", "371721000000"


def enrolment(source_id: str = "P-1", **more: Any) -> dict[str, Any]:
    """A school's record of a child living in Yuzhong, registered in Caoxian."""
    return {
        "source_id": source_id,
        "version": 1,
        "observed_on": "2026-11-01",
        "division": HOME,
        "child": {
            "name": "示小明",
            "id_number": "371721201705030013",
            "birth_date": "2017-05-03",
            "sex": "male",
        },
        "guardians": [{"name": "示大明", "relation": "father", "phone": "13800000000"}],
        "hukou": {"division": HUKOU, "address": "示例镇1号"},
        "residence": {"division": HOME, "address": "示例街2号", "since": "2026-01-01"},
        "event": "enrolled",
        "on": "2026-01-01",
        "stage": "primary",
        **more,
    }


@dataclass
class Exchange:
    """Two hubs that trust each other, a school in one and an official in the other."""

    chongqing: Hub
    heze: Hub
    school: httpx.AsyncClient
    official: httpx.AsyncClient

    async def settle(self) -> None:
        await settle(self.chongqing, self.heze)

    async def sent(self) -> Any:
        (notice,) = await self.chongqing.rows("SELECT * FROM notices")
        return notice

    async def received(self) -> dict[str, Any]:
        reply = await self.official.get("/v1/notices", params={"direction": "incoming"})
        (notice,) = reply.json()["notices"]
        found: dict[str, Any] = notice
        return found


@pytest.fixture
async def exchange(make_hub: MakeHub) -> Exchange:
    chongqing = await make_hub("chongqing", "50", whole=True)
    heze = await make_hub("heze", "3717", whole=True)
    await chongqing.know(heze)
    await heze.know(chongqing)
    await heze.authority("菏泽市民政局", "3717", "civil-3717")
    school = await chongqing.official("school", "500103", Department.EDUCATION, service="registry")
    return Exchange(chongqing, heze, school, await heze.official("civil-3717", "3717"))


async def test_r14_a_notice_travels_to_the_hukou_place_and_its_answer_becomes_a_record(
    exchange: Exchange,
) -> None:
    pushed = await exchange.school.post("/v1/enrolments", json=[enrolment()])
    assert pushed.status_code == 207, pushed.text
    await exchange.settle()

    sent = await exchange.sent()
    assert (sent["kind"], sent["direction"], sent["state"]) == ("arrived", "outgoing", "delivered")
    notice = await exchange.received()
    assert (notice["kind"], notice["state"], notice["peer"]) == (
        "arrived",
        "delivered",
        "chongqing",
    )
    assert (notice["origin_county"], notice["target_county"]) == (HOME, HUKOU)
    kept = await exchange.heze.rows(
        "SELECT count(*) FROM records WHERE feed = 'peer-facts'", service="registry"
    )
    assert kept[0]["count"] == 1
    assert "entry" in notice
    assert "reference" not in notice

    read = await exchange.official.get(f"/v1/notices/{notice['id']}")
    assert read.json()["state"] == "read"
    await exchange.settle()
    assert (await exchange.sent())["state"] == "read"
    answered = await exchange.official.post(
        f"/v1/notices/{notice['id']}/answer",
        json={"outcome": "confirmed", "hukou_division": HUKOU},
        headers={"If-Match": read.headers["ETag"]},
    )
    assert answered.status_code == 200, answered.text
    await exchange.settle()

    sent = await exchange.sent()
    assert (sent["state"], sent["outcome"], sent["pushed"]) == ("answered", "confirmed", "done")
    records = await exchange.chongqing.rows(
        "SELECT count(*) FROM records WHERE feed = 'hukou-answers'", service="registry"
    )
    assert records[0]["count"] == 1
    assert len(await exchange.heze.rows("SELECT 1 FROM notices")) == 1, "no echo comes back"
    await _nothing_personal(exchange)


async def _nothing_personal(exchange: Exchange) -> None:
    """Neither on the wire between notifications services nor in their databases."""
    secrets = [
        s.encode() for s in ("示小明", "371721201705030013", "示大明", "13800000000", "示例")
    ]
    for url, body in exchange.heze.network.seen:
        if ":8100/v1/peer/" in url or url.endswith("/v1/events"):
            assert not any(secret in body for secret in secrets)
    for hub in (exchange.chongqing, exchange.heze):
        for table in ("notices", "deliveries", "announcements", "events", "cases", "audit_entries"):
            text = repr([tuple(r) for r in await hub.rows(f"SELECT * FROM {table}")])
            assert not any(secret.decode() in text for secret in secrets)


async def test_every_message_between_hubs_may_come_thrice(exchange: Exchange) -> None:
    await exchange.school.post("/v1/enrolments", json=[enrolment()])
    await exchange.settle()
    notice = await exchange.received()
    await exchange.official.post(f"/v1/notices/{notice['id']}/acceptance")
    await exchange.settle()
    await exchange.official.post(f"/v1/notices/{notice['id']}/answer", json={"outcome": "unknown"})
    await exchange.settle()
    before = dict(await exchange.sent())
    facts = await exchange.heze.rows("SELECT count(*) FROM records", service="registry")

    for hub in (exchange.chongqing, exchange.heze):
        for _ in range(2):
            await hub.rows("UPDATE deliveries SET state = 'pending'")
            await exchange.settle()

    assert dict(await exchange.sent()) == before
    assert before["accepted_at"] is not None
    assert facts == await exchange.heze.rows("SELECT count(*) FROM records", service="registry")
    assert (await exchange.received())["state"] == "answered"


async def test_a_hub_that_is_away_gets_everything_when_it_is_back(exchange: Exchange) -> None:
    network = exchange.chongqing.network
    network.cut |= {exchange.heze.url("notifications")}
    await exchange.school.post("/v1/enrolments", json=[enrolment()])
    await exchange.settle()
    assert (await exchange.sent())["state"] == "issued"
    network.cut = {
        exchange.chongqing.url("registry") + "/never",
        exchange.chongqing.url("registry"),
    }
    exchange.chongqing.clock.pass_by(hours=30)
    await exchange.chongqing.worker.settle()
    await exchange.heze.worker.settle()
    assert (await exchange.sent())["state"] == "delivered"
    (waiting,) = await exchange.heze.rows("SELECT facts FROM notices")
    assert waiting["facts"] == "waiting", "the registry there cannot be asked yet"
    network.cut.clear()
    exchange.chongqing.clock.pass_by(hours=2)
    await exchange.settle()
    assert "entry" in await exchange.received()


async def test_refusals_and_withdrawals_are_told(exchange: Exchange) -> None:
    await exchange.school.post("/v1/enrolments", json=[enrolment()])
    await exchange.settle()
    sender = await exchange.chongqing.official("civil-500103", "500103")
    sent = await exchange.sent()
    assert (
        await sender.post(f"/v1/notices/{sent['id']}/answer", json={"outcome": "confirmed"})
    ).status_code == 403
    withdrawn = await sender.post(
        f"/v1/notices/{sent['id']}/withdrawal", headers={"If-Match": f'"{sent["version"]}"'}
    )
    assert withdrawn.status_code == 200, withdrawn.text
    await exchange.settle()
    notice = await exchange.received()
    assert notice["state"] == "withdrawn"
    late = await exchange.official.post(
        f"/v1/notices/{notice['id']}/answer", json={"outcome": "confirmed"}
    )
    assert late.status_code == 409


async def test_not_ours_from_the_other_hub_comes_back_as_unroutable(exchange: Exchange) -> None:
    await exchange.school.post("/v1/enrolments", json=[enrolment()])
    await exchange.settle()
    notice = await exchange.received()
    await exchange.official.post(f"/v1/notices/{notice['id']}/answer", json={"outcome": "not_ours"})
    await exchange.settle()
    first, second = await exchange.chongqing.rows("SELECT * FROM notices ORDER BY id")
    assert (first["outcome"], first["replaced_by"]) == ("not_ours", second["id"])
    assert (second["state"], second["receiver_name"]) == ("issued", None)
    assert second["unwanted"] == ["peer:heze"]
