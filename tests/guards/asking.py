"""Asking an operation as its document describes it, whoever asks."""

from collections.abc import Mapping
from typing import Any

import httpx

from shared import auth
from shared.vocabulary import Purpose
from tests.guards.operations import Operation, operations_of
from tests.guards.story import World

SERVICES = ("registry", "matching", "notifications")


def operations(world: World) -> list[Operation]:
    """Every operation of the hub's three services."""
    return [
        operation
        for service in SERVICES
        for operation in operations_of(service, world.hub.apps[service].openapi())
    ]


async def ask(
    world: World,
    operation: Operation,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    why: str = Purpose.KEY_CARE,
    **more: Any,
) -> httpx.Response:
    """One request with this token, purpose and actor, unless ``headers`` say otherwise (an empty one is left out)."""
    auth._buckets.clear()  # guards ask faster than a client may
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    if operation.reads:
        sent |= {"Hutong-Purpose": why, "Hutong-Actor": "staff-7"}
    request = operation.request(headers={**sent, **(headers or {})}, **more)
    request["headers"] = {k: v for k, v in request["headers"].items() if v}
    if operation.id == "receive_events":
        request["headers"] |= world.hub.relay_headers(request["content"])
    return await (await world.anyone(operation.service)).request(**request)


def problem(reply: httpx.Response) -> str:
    """The last part of a problem's type; what the reply says where it is none."""
    if reply.headers.get("content-type") != "application/problem+json":
        return f"no problem: {reply.text[:200]}"
    return str(reply.json()["type"]).rsplit("/", 1)[1]
