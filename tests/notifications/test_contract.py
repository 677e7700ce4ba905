"""The service's edges: its document, its migrations, what the relay may post, and that every route is guarded."""

from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from services.notifications.tables import METADATA
from shared import signatures
from shared.migrations import differences
from tests.notifications.hubs import Hub

#: Operations that need no token; this list may only shrink.
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/v1/peer/notices"),
    ("POST", "/v1/peer/answers"),
    ("POST", "/v1/peer/receipts"),
}


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


async def test_models_equal_migrations(chongqing: Hub) -> None:
    assert await differences("notifications", chongqing.urls["notifications"].owner, METADATA) == []


async def test_the_document_says_enough(chongqing: Hub) -> None:
    document = chongqing.apps["notifications"].openapi()
    assert document["openapi"].startswith("3.1")
    assert set(document["webhooks"]) == {"childUpdated", "caseWaiting", "notice"}
    assert "ItemOut" in document["components"]["schemas"]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for method, path, operation in operations(document):
        assert operation["summary"], path
        answers = set(operation["responses"])
        if (method, path) not in OPEN:
            assert operation["security"], path
            assert {"401", "403", "429"} <= answers, path
        for schema in operation.get("requestBody", {}).get("content", {}).values():
            assert "schema" in schema
    unbounded = sorted(find_unbounded(document["components"]["schemas"], "schemas"))
    assert unbounded == []


def find_unbounded(schema: Any, at: str) -> list[str]:
    """Strings and arrays without a bound, outside the shared problem schemas."""
    found = []
    if isinstance(schema, dict):
        kind = schema.get("type")
        closed = {"enum", "const", "format", "maxLength", "pattern"} & set(schema)
        if kind == "string" and not closed:
            found.append(at)
        if kind == "array" and "maxItems" not in schema:
            found.append(at)
        for key, value in schema.items():
            if key not in {"example", "examples"}:
                found += find_unbounded(value, f"{at}/{key}")
    if isinstance(schema, list):
        for place, value in enumerate(schema):
            found += find_unbounded(value, f"{at}/{place}")
    return found


async def test_every_operation_is_guarded(chongqing: Hub) -> None:
    document = chongqing.apps["notifications"].openapi()
    nobody = await chongqing.official("nobody", "500103", scopes=())
    async with httpx.AsyncClient(
        transport=chongqing.network, base_url=chongqing.url("notifications")
    ) as wire:
        for method, path, _ in operations(document):
            if (method, path) in OPEN:
                continue
            url = path.replace("{notice_id}", str(uuid4())).replace(
                "{subscription_id}", str(uuid4())
            )
            for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}):
                reply = await wire.request(method, url, headers=headers)
                assert reply.status_code == 401, (method, path)
                assert reply.headers["content-type"] == "application/problem+json"
            assert (await nobody.request(method, url, json={})).status_code in (400, 403), path


async def test_the_relay_needs_its_token_and_its_signature(chongqing: Hub) -> None:
    event = chongqing.event("child.registered", uuid4())
    body = orjson.dumps({"events": [event]})
    good = chongqing.relay_headers(body)
    await chongqing.tell()
    relay = chongqing.keys["relay"]
    other = signatures.sign([signatures.new_private_key()], "relay-1", chongqing.clock.now(), body)

    async def status(content: bytes, headers: dict[str, str]) -> int:
        return int((await relay.post("/v1/events", content=content, headers=headers)).status_code)

    assert await status(body, {}) == 401
    assert await status(body, other) == 401
    assert await status(body + b" ", good) == 401
    assert await status(body, {**good, "webhook-id": "relay-2"}) == 401
    async with httpx.AsyncClient(
        transport=chongqing.network, base_url=chongqing.url("notifications")
    ) as wire:
        assert (await wire.post("/v1/events", content=body, headers=good)).status_code == 401
    assert await chongqing.rows("SELECT 1 FROM events") == []
    assert await status(body, good) == 200


WRONG: list[dict[str, Any]] = [
    {"seq": -1},
    {"seq": 2**63},
    {"seq": "1"},
    {"type": "x"},
    {"type": "a.b\x00"},
    {"subject": "not-a-uuid"},
    {"occurred_at": "2026-11-20T08:00:00"},
    {"body": {str(n): n for n in range(40)}},
    {"more": 1},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda w: next(iter(w)))
async def test_events_that_do_not_fit_are_refused_whole(
    chongqing: Hub, wrong: dict[str, Any]
) -> None:
    good = chongqing.event("child.registered", uuid4())
    bad = {**chongqing.event("child.registered", uuid4()), **wrong}
    reply = await chongqing.tell(good, bad)
    assert reply.status_code == 422, reply.text
    assert "not-a-uuid" not in reply.text
    assert await chongqing.rows("SELECT 1 FROM events") == []


async def test_more_than_a_page_of_events_is_refused(chongqing: Hub) -> None:
    reply = await chongqing.tell(*(chongqing.event("child.updated", uuid4()) for _ in range(501)))
    assert reply.status_code == 422
