"""The officials of the hukou places: they read the notices that came from the other hub and answer from what their own
registry knows."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.demo.hubs import Pair

AT_ONCE = 8
ROUNDS = 4


@dataclass
class Answered:
    outcomes: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    absent: Counter[str] = field(default_factory=Counter)
    """How often a notice's child was not to be seen here: registered elsewhere, by this place's own records."""


async def answer_all(pair: Pair, hub: str, answered: Answered) -> int:
    """Answer every notice of another hub that is open here; how many were."""
    notifications = await pair.caller(hub, "civil_affairs", "hukou_exchange", "notifications")
    registry = await pair.caller(hub, "civil_affairs", "hukou_exchange")
    waiting = [
        notice
        for notice in await notices_of(notifications, "delivered", "read", direction="incoming")
        if notice["direction"] == "incoming" and notice["id"] not in answered.seen
    ]
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(notice: dict[str, Any]) -> None:
        async with gate:
            child = await file_of(registry, notice)
            if child is None:
                answered.absent[notice["id"]] += 1
                if answered.absent[notice["id"]] < ROUNDS:
                    return  # its facts may not have been folded yet: the next round finds them
                # Registered elsewhere by this place's own records, or by now by the sender's too.
                body = {"outcome": "not_ours" if "entry" in notice else "unknown"}
            else:
                body = verdict(child, notice)
            (await notifications.get(f"/v1/notices/{notice['id']}")).raise_for_status()
            reply = await notifications.post(f"/v1/notices/{notice['id']}/answer", json=body)
            if reply.status_code == 409:
                return
            reply.raise_for_status()
            answered.seen.add(notice["id"])
            answered.outcomes[body["outcome"]] += 1

    await asyncio.gather(*(one(notice) for notice in waiting))
    return len(waiting)


async def file_of(registry: httpx.AsyncClient, notice: dict[str, Any]) -> dict[str, Any] | None:
    """The child's file here, once the facts that came with the notice are folded into it."""
    if "entry" not in notice:
        return None
    reply = await registry.get(f"/v1/entries/{notice['entry']}/child")
    if reply.status_code == 404:
        return None
    reply.raise_for_status()
    child: dict[str, Any] = reply.json()
    return child


def verdict(child: dict[str, Any], notice: dict[str, Any]) -> dict[str, str]:
    """What an official would say who sees this child's file: registered here, elsewhere, or not known here."""
    register = [h for h in child.get("hukou", []) if h.get("records")]
    if not register:
        return {"outcome": "unknown"}
    division: str = register[-1]["division"]
    outcome = "confirmed" if division[:6] == notice["target_county"][:6] else "mismatch"
    return {"outcome": outcome, "hukou_division": division[:6] + "000000"}


async def notices_of(
    notifications: httpx.AsyncClient, *states: str, **filters: str
) -> list[dict[str, Any]]:
    """This place's notices, in these states or in all, page by page."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        params: dict[str, str | list[str]] = {**filters, "limit": "500", "state": list(states)}
        if after:
            params["after"] = after
        reply = await notifications.get("/v1/notices", params=params)
        reply.raise_for_status()
        page = reply.json()
        found += page["notices"]
        after = page.get("next")
        if after is None:
            return found
