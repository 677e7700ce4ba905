"""Pushing a population through the public API, each item by the department it belongs to, in the order of days."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from services.demo.hubs import Pair
from services.population import Population
from services.population.generation import Push

BATCH = 250


@dataclass
class Pushed:
    """What became of the pushes; ``child_of`` maps (hub, entry) to the true child."""

    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    child_of: dict[tuple[str, str], str] = field(default_factory=dict)


async def push_all(pair: Pair, population: Population, step: Callable[[int], None]) -> Pushed:
    """Push everything; departments work side by side, each in its own order."""
    streams: dict[tuple[str, str], list[Push]] = defaultdict(list)
    for push in population.pushes:
        streams[push.hub, push.department].append(push)
    pushed = Pushed()
    await asyncio.gather(
        *(_stream(pair, hub, dept, items, pushed, step) for (hub, dept), items in streams.items())
    )
    return pushed


async def _stream(
    pair: Pair,
    hub: str,
    department: str,
    pushes: list[Push],
    pushed: Pushed,
    step: Callable[[int], None],
) -> None:
    caller = await pair.caller(hub, department)
    by_feed: dict[str, list[Push]] = defaultdict(list)
    for push in pushes:
        waiting = by_feed[push.feed]
        waiting.append(push)
        if len(waiting) == BATCH:
            await _send(caller, hub, department, push.feed, waiting, pushed)
            step(len(waiting))
            by_feed[push.feed] = []
    for feed, waiting in by_feed.items():
        if waiting:
            await _send(caller, hub, department, feed, waiting, pushed)
            step(len(waiting))


async def _send(
    caller: httpx.AsyncClient,
    hub: str,
    department: str,
    feed: str,
    pushes: list[Push],
    pushed: Pushed,
) -> None:
    reply = await caller.post(f"/v1/{feed}", json=[p.item for p in pushes])
    reply.raise_for_status()
    for push, result in zip(pushes, reply.json()["results"], strict=True):
        pushed.sent[hub, department] += 1
        pushed.outcomes[result["status"]] += 1
        if result["status"] == "refused":
            pushed.refusals[result["errors"][0]["code"]] += 1
        else:
            pushed.child_of[hub, result["entry"]] = push.truth_child
        pushed.findings.update(result.get("findings", []))
