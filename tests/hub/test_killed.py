"""Real processes, killed with SIGKILL at random moments during a load: nothing acknowledged is lost, nothing is done twice.

Every process of the hub dies in turn, PostgreSQL among them, and is started again, while a client keeps pushing as a
department's system would: what was not acknowledged is sent again.
"""

import asyncio
import os
import random
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.commands.proofs import audit_faults, differences_of, matching_faults
from services.demo.grants import PURPOSES, SCOPES
from services.demo.waiting import until_quiet
from services.local.hub import PROCESSES, LocalHub, free_port
from services.matching.settings import MatchingSettings
from services.notifications.settings import NotificationsSettings
from services.population import generate
from services.population.generation import Push
from services.registry.settings import RegistrySettings
from shared import jwk, outbound
from shared.embedded_postgres import EmbeddedPostgres, discard
from shared.vocabulary import Department

CHILDREN = int(os.environ.get("HUTONG_KILL_CHILDREN", "8000"))
SEED = int(os.environ.get("HUTONG_KILL_SEED", "20261121"))
HUB = "chongqing"
BATCH = 200


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A durable PostgreSQL of its own: this test kills it."""
    state = Path(tempfile.mkdtemp(prefix="hutong-killed-"))
    state.chmod(0o711)
    with EmbeddedPostgres(state) as running:
        yield running
    discard(state)
    shutil.rmtree(state, ignore_errors=True)


@asynccontextmanager
async def callers(hub: LocalHub) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        made = {}
        for department in SCOPES:
            name = f"{HUB}-{department}"
            key = jwk.load(hub.home / "keys" / "clients" / f"{name}.jwk")
            credentials = outbound.ClientCredentials(
                name, key, hub.url("registry"), SCOPES[department]
            )
            made[str(department)] = await stack.enter_async_context(
                outbound.client(hub.url("registry"), timeout=20, auth=credentials)
            )
        yield made


async def push_until_taken(
    caller: httpx.AsyncClient, feed: str, pushes: list[Push]
) -> dict[str, str]:
    """Source id and version → record, once the hub has acknowledged the whole batch."""
    while True:
        try:
            reply = await caller.post(f"/v1/{feed}", json=[p.item for p in pushes])
            if reply.status_code == 207:
                results = reply.json()["results"]
                assert not [r for r in results if r["status"] == "refused"], reply.text
                return {
                    f"{p.source}/{feed}/{r['source_id']}/{p.item['version']}": r["record"]
                    for p, r in zip(pushes, results, strict=True)
                }
            assert reply.status_code >= 500 or reply.status_code in (401, 429), reply.text
        except (httpx.HTTPError, OSError):
            pass
        await asyncio.sleep(0.1)


async def test_no_kill_loses_or_doubles_anything(server: EmbeddedPostgres, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    hub = LocalHub(HUB, "50", tmp_path / HUB, (free_port(), free_port(), free_port()))
    await hub.prepare(server)
    for department in SCOPES:
        await hub.add_client(
            f"{HUB}-{department}",
            Department(department),
            "50",
            SCOPES[department],
            PURPOSES[department],
        )
    population = generate(CHILDREN, SEED, on=date(2026, 10, 31))
    pushes = [p for p in population.pushes if p.hub == HUB]
    hub.start()
    try:
        await hub.wait_ready(60)
        async with callers(hub) as by_department:
            acknowledged = await load_and_kill(server, hub, by_department, pushes, chance)
            await hub.wait_ready(60)
            await until_quiet(hub, seconds=240)
            await relayed(hub)
        await check(hub, pushes, acknowledged)
    finally:
        hub.stop()


async def load_and_kill(
    server: EmbeddedPostgres,
    hub: LocalHub,
    by_department: dict[str, httpx.AsyncClient],
    pushes: list[Push],
    chance: random.Random,
) -> dict[str, str]:
    """Push everything while each process, and PostgreSQL, is killed at random moments."""
    acknowledged: dict[str, str] = {}
    loading = asyncio.Event()

    async def load() -> None:
        groups: dict[tuple[str, str], list[Push]] = {}
        for push in pushes:
            groups.setdefault((push.department, push.feed), []).append(push)
        batches = [
            (dept, feed, items[i : i + BATCH])
            for (dept, feed), items in groups.items()
            for i in range(0, len(items), BATCH)
        ]
        chance.shuffle(batches)
        gate = asyncio.Semaphore(3)

        async def one(dept: str, feed: str, items: list[Push]) -> None:
            async with gate:
                acknowledged.update(await push_until_taken(by_department[dept], feed, items))

        await asyncio.gather(*(one(*batch) for batch in batches))
        loading.set()

    async def kill() -> None:
        victims: list[Any] = [*PROCESSES, "postgres"]
        chance.shuffle(victims)
        for victim in victims:
            await asyncio.sleep(chance.uniform(0.5, 2.5))
            if victim == "postgres":
                os.kill(server.pid, signal.SIGKILL)
                await asyncio.sleep(0.5)
                server.start()
            else:
                hub.running[victim].kill()
                hub.running[victim].wait()
                hub.start_one(victim)
                await asyncio.sleep(1.0)

    await asyncio.gather(load(), kill())
    assert loading.is_set()
    return acknowledged


async def relayed(hub: LocalHub, seconds: float = 60) -> None:
    """Until notifications has taken every event that the registry numbered."""
    registry = await asyncpg.connect(hub.database_url("registry", "owner"))
    notifications = await asyncpg.connect(hub.database_url("notifications", "owner"))
    await notifications.execute("SELECT set_config('hutong.department', 'system', false)")
    try:
        for _ in range(int(seconds / 0.2)):
            made = await registry.fetchval("SELECT count(*) FROM outbox")
            taken = await notifications.fetchval("SELECT count(*) FROM events")
            if made == taken:
                return
            await asyncio.sleep(0.2)
        pytest.fail(f"{made} events, {taken} taken")
    finally:
        await registry.close()
        await notifications.close()


async def check(hub: LocalHub, pushes: list[Push], acknowledged: dict[str, str]) -> None:
    wanted = {f"{p.source}/{p.feed}/{p.item['source_id']}/{p.item['version']}" for p in pushes}
    assert set(acknowledged) == wanted
    registry = await asyncpg.connect(hub.database_url("registry", "owner"))
    notifications = await asyncpg.connect(hub.database_url("notifications", "owner"))
    try:
        await registry.execute("SELECT set_config('hutong.department', 'system', false)")
        await notifications.execute("SELECT set_config('hutong.department', 'system', false)")
        stored = [str(r["id"]) for r in await registry.fetch("SELECT id FROM records")]
        assert Counter(stored) == Counter(acknowledged.values())
        linked = await registry.fetchval("SELECT count(*) FROM links WHERE person IS NOT NULL")
        assert linked == await registry.fetchval("SELECT count(DISTINCT entry_id) FROM records")
        people = await registry.fetchval("SELECT count(DISTINCT person) FROM links")
        assert people == await registry.fetchval("SELECT count(*) FROM children")
        told = await notifications.fetch(
            "SELECT child, origin_county, target_county, array_agg(kind ORDER BY id) AS kinds FROM notices"
            " WHERE kind IN ('arrived', 'moved_on') AND state <> 'withdrawn' GROUP BY 1, 2, 3"
        )
        # A child may arrive again after it moved on, or after a notice was taken back; one issued twice would stand twice
        # in a row.
        twice = [r for r in told if any(a == b == "arrived" for a, b in pairwise(r["kinds"]))]
        assert twice == []
        assert told
    finally:
        await registry.close()
        await notifications.close()
    values = {k.removeprefix("HUTONG_").lower(): v for k, v in hub.environment().items()}
    settings = RegistrySettings.model_validate(values)
    assert await audit_faults((settings, NotificationsSettings.model_validate(values))) == []
    assert await matching_faults(MatchingSettings.model_validate(values)) == []
    assert await differences_of(settings) == []
