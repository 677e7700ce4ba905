"""Notices are there for their two sides alone, in the scopes and for the purposes that were granted."""

from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.vocabulary import Purpose, Scope
from tests.notifications.hubs import Hub, new_key
from tests.notifications.test_notices import NOWHERE, states, the_notice

FOREIGN = [
    ("GET", "", None),
    ("POST", "/acceptance", None),
    ("POST", "/answer", {"outcome": "confirmed"}),
    ("POST", "/refusal", None),
    ("POST", "/release", None),
    ("POST", "/withdrawal", None),
]


@pytest.mark.parametrize(("method", "path", "body"), FOREIGN)
async def test_foreign_and_absent_notices_answer_alike_byte_for_byte(
    chongqing: Hub, hukou: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    await chongqing.tell(chongqing.event("child.registered", uuid4()))
    notice = (await the_notice(hukou))["id"]
    stranger = await chongqing.official("civil-500101", "500101")

    foreign = await stranger.request(
        method, f"/v1/notices/{notice}{path}", json=body, headers={"If-Match": '"1"'}
    )
    absent = await stranger.request(
        method, f"/v1/notices/{uuid4()}{path}", json=body, headers={"If-Match": '"1"'}
    )

    assert foreign.status_code == absent.status_code == 404
    assert foreign.content == absent.content
    keep = {"hutong-request"}
    assert {k: v for k, v in foreign.headers.items() if k not in keep} == {
        k: v for k, v in absent.headers.items() if k not in keep
    }
    assert (await stranger.get("/v1/notices")).json() == {"notices": []}
    child = (await chongqing.rows("SELECT child FROM notices"))[0]["child"]
    asked = await stranger.post("/v1/notices", json={"child": str(child)}, headers=new_key())
    nobody = await stranger.post("/v1/notices", json={"child": str(uuid4())}, headers=new_key())
    assert asked.status_code == nobody.status_code == 404
    assert asked.content == nobody.content


@pytest.mark.parametrize("path", ["/acceptance", "/answer", "/refusal"])
async def test_the_telling_side_does_not_answer_itself(
    chongqing: Hub, home: httpx.AsyncClient, hukou: httpx.AsyncClient, path: str
) -> None:
    await chongqing.tell(chongqing.event("child.registered", uuid4()))
    notice = await the_notice(hukou)
    reply = await home.post(f"/v1/notices/{notice['id']}{path}", json={"outcome": "confirmed"})
    assert reply.status_code == 403
    assert "Only the receiver" in reply.json()["detail"]
    reply = await hukou.post(f"/v1/notices/{notice['id']}/withdrawal", headers={"If-Match": '"9"'})
    assert reply.status_code == 403


async def test_row_level_security_alone_hides_foreign_rows(
    chongqing: Hub, hukou: httpx.AsyncClient
) -> None:
    shielded = uuid4()
    await chongqing.tell(
        chongqing.event("child.registered", uuid4()),
        chongqing.event("child.registered", shielded, shielded=True),
    )
    await the_notice(hukou)
    tables = ("notices", "cases", "announcements", "events", "deliveries", "receivers", "lanes")
    expected = {
        "civil-500233": {"notices": 1, "cases": 2, "announcements": 3, "events": 0},
        "civil-500101": {},
    }
    connection = await asyncpg.connect(chongqing.urls["notifications"].app)
    try:
        for client, counts in expected.items():
            low = int(client[-6:]) * 10**6
            async with connection.transaction():
                await connection.execute(
                    "SELECT set_config('hutong.low', $1, true), set_config('hutong.high', $2, true),"
                    " set_config('hutong.department', 'civil_affairs', true),"
                    " set_config('hutong.client', $3, true)",
                    str(low),
                    str(low + 10**6 - 1),
                    client,
                )
                for table in tables:
                    found = await connection.fetchval(f"SELECT count(*) FROM {table}")
                    assert found == counts.get(table, 0), (client, table)
        assert await connection.fetchval("SELECT count(*) FROM notices") == 0, "without a reach"
    finally:
        await connection.close()


async def test_reads_name_a_granted_purpose_and_an_actor(chongqing: Hub) -> None:
    official = await chongqing.official("civil-500103", "500103")
    for missing in ("Hutong-Purpose", "Hutong-Actor"):
        headers = dict(official.headers)
        client = await chongqing.official("civil-500103", "500103")
        del client.headers[missing]
        assert (await client.get("/v1/notices")).status_code == 403
        assert missing.lower() in headers
    assert (
        await official.get("/v1/notices", headers={"Hutong-Purpose": "no-such"})
    ).status_code == 422


async def test_scopes_are_needed(chongqing: Hub) -> None:
    reader = await chongqing.official("reader", "500103", scopes=(Scope.NOTICES_READ,))
    assert (await reader.get("/v1/notices")).status_code == 200
    assert (await reader.post("/v1/notices", json={"child": str(uuid4())})).status_code == 403
    assert (await reader.get("/v1/subscriptions")).status_code == 403
    assert (await reader.get("/v1/events")).status_code == 403
    assert (await reader.post("/v1/events", content=b"{}")).status_code == 403
    assert Purpose.HUKOU_EXCHANGE in tuple(Purpose)


async def test_an_unknown_place_is_told_nothing(chongqing: Hub) -> None:
    await chongqing.tell(
        chongqing.event("child.registered", uuid4(), residence=None, hukou=None),
        chongqing.event("child.registered", uuid4(), residence=NOWHERE),
    )
    assert await states(chongqing) == []
    assert len(await chongqing.rows("SELECT 1 FROM events WHERE dispatched_at IS NOT NULL")) == 2
