"""Subscribing: where to, for what area, under whose key; each client sees its own alone."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from shared import signatures
from tests.notifications.hubs import Hub, new_key

URL = "https://civil.example.org/hook"


async def test_one_is_made_shown_and_ended(chongqing: Hub) -> None:
    official = await chongqing.official("civil-500103", "500103")
    made = await official.post("/v1/subscriptions", json={"url": URL}, headers=new_key())
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["low"], body["high"]) == ("500103000000", "500103999999")
    assert body["kinds"] == ["updates", "notices", "cases"]
    signatures.public_key(body["public_keys"][0])
    assert "whsk" not in made.text
    url = f"/v1/subscriptions/{body['id']}"
    read = await official.get(url)
    assert read.json() == body
    assert read.headers["ETag"] == made.headers["ETag"]
    assert (await official.get("/v1/subscriptions")).json() == {"subscriptions": [body]}
    assert (await official.delete(url)).status_code == 428
    assert (await official.delete(url, headers={"If-Match": '"7"'})).status_code == 412
    assert (await official.delete(url, headers={"If-Match": '"1"'})).status_code == 204
    assert (await official.get(url)).status_code == 404
    assert await chongqing.rows("SELECT 1 FROM vault.data_keys") == []


BAD: list[dict[str, Any]] = [
    {"url": "http://civil.example.org/hook\x00"},
    {"url": "https://10.0.0.1/"},
    {"url": "https://[::ffff:10.0.0.1]/"},
    {"url": "ftp://civil.example.org/"},
    {"url": URL, "area": "500101"},
    {"url": URL, "area": "50"},
    {"url": URL, "area": "5001030"},
    {"url": URL, "kinds": []},
    {"url": URL, "kinds": ["everything"]},
    {"url": URL, "more": 1},
    {},
]


async def test_what_does_not_fit_is_refused_without_an_echo(chongqing: Hub) -> None:
    official = await chongqing.official("civil-500103", "500103")
    for body in BAD:
        reply = await official.post("/v1/subscriptions", json=body, headers=new_key())
        assert reply.status_code == 422, body
        for value in body.values():
            assert str(value) not in reply.text
    assert await chongqing.rows("SELECT 1 FROM receivers") == []


async def test_the_same_key_makes_one_however_often_it_is_sent(chongqing: Hub) -> None:
    official = await chongqing.official("civil-500103", "500103")
    replies = await asyncio.gather(
        *(
            official.post("/v1/subscriptions", json={"url": URL}, headers={"Idempotency-Key": "a"})
            for _ in range(12)
        )
    )
    again = await official.post(
        "/v1/subscriptions", json={"url": URL}, headers={"Idempotency-Key": "a"}
    )
    assert again.status_code == 201
    # 409 at once while the first one runs; 503 where a machine that stood still gave no connection in time.
    assert {r.status_code for r in replies} <= {201, 409, 503}
    assert {r.content for r in replies if r.status_code == 201} == {again.content}
    assert len(await chongqing.rows("SELECT 1 FROM receivers")) == 1
    other = await official.post(
        "/v1/subscriptions", json={"url": URL + "/2"}, headers={"Idempotency-Key": "a"}
    )
    assert other.status_code == 422
    stranger = await chongqing.official("civil-500101", "500101")
    own = await stranger.post(
        "/v1/subscriptions", json={"url": URL}, headers={"Idempotency-Key": "a"}
    )
    assert own.status_code == 201, "a key belongs to its client"


async def test_racing_changes_have_one_winner_a_version(chongqing: Hub) -> None:
    official = await chongqing.official("civil-500103", "500103")
    made = (await official.post("/v1/subscriptions", json={"url": URL}, headers=new_key())).json()
    replies = await asyncio.gather(
        *(
            official.post(f"/v1/subscriptions/{made['id']}/rotation", headers={"If-Match": '"1"'})
            for _ in range(10)
        )
    )
    assert sorted(r.status_code for r in replies) == [200] + [412] * 9


async def test_anothers_subscription_is_absent(chongqing: Hub) -> None:
    official = await chongqing.official("civil-500103", "500103")
    made = (await official.post("/v1/subscriptions", json={"url": URL}, headers=new_key())).json()
    stranger = await chongqing.official("police-500103", "500103")
    assert (await stranger.get("/v1/subscriptions")).json() == {"subscriptions": []}
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/rotation"),
        ("POST", "/resumption"),
    ):
        replies = [
            await stranger.request(
                method,
                f"/v1/subscriptions/{id_}{path}",
                json={} if path == "/rotation" else None,
                headers={"If-Match": '"1"'},
            )
            for id_ in (made["id"], uuid4())
        ]
        assert [r.status_code for r in replies] == [404, 404]
        assert replies[0].content == replies[1].content


async def test_there_is_a_bound(chongqing: Hub) -> None:
    official = await chongqing.official("civil-500103", "500103")
    statuses = [
        (await official.post("/v1/subscriptions", json={"url": URL}, headers=new_key())).status_code
        for _ in range(21)
    ]
    assert statuses == [201] * 20 + [409]


async def test_without_an_idempotency_key_nothing_is_made(chongqing: Hub) -> None:
    official = await chongqing.official("civil-500103", "500103")
    reply = await official.post("/v1/subscriptions", json={"url": URL})
    assert reply.status_code == 400
    assert reply.json()["type"].endswith("idempotency-key-required")
    assert await chongqing.rows("SELECT 1 FROM receivers") == []


@pytest.mark.parametrize("key", ["", "x" * 129, "with space"])
async def test_an_idempotency_key_is_bounded(chongqing: Hub, key: str) -> None:
    official = await chongqing.official("civil-500103", "500103")
    reply = await official.post(
        "/v1/subscriptions", json={"url": URL}, headers={"Idempotency-Key": key}
    )
    assert reply.status_code == 422
