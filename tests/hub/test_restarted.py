"""A worker that is told to stop leaves nothing behind that the next one would have to wait for."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from shared.limits import LEASE_SECONDS
from tests.registry.conftest import Registry

#: Time enough to start and to take the lease, and much less than a lease lasts.
SOON = LEASE_SECONDS / 2


@asynccontextmanager
async def worker(registry: Registry) -> AsyncIterator["subprocess.Popen[bytes]"]:
    """A real worker process of this registry; killed at the end if it still runs."""
    settings = registry.settings
    told = {
        "HUTONG_HUB": settings.hub,
        "HUTONG_HOME": str(settings.home),
        "HUTONG_REGISTRY_DATABASE_URL": settings.database_url("registry"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "work", "registry"],
        env={**os.environ, **told},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def holder(registry: Registry, but: UUID | None = None) -> UUID:
    """Who relays, as soon as somebody does (``but`` excepted)."""
    async with asyncio.timeout(SOON):
        while True:
            rows = await registry.system(
                "SELECT holder FROM leases WHERE name = 'relay:notifications'"
                " AND until > clock_timestamp()"
            )
            if rows and (found := UUID(str(rows[0]["holder"]))) != but:
                return found
            await asyncio.sleep(0.05)


async def ended(process: Any) -> int:
    async with asyncio.timeout(SOON):
        return int(await asyncio.to_thread(process.wait))


async def test_the_next_worker_relays_at_once(registry: Registry) -> None:
    async with worker(registry) as first:
        relaying = await holder(registry)
        first.send_signal(signal.SIGTERM)
        assert await ended(first) == 0
    rows = await registry.system("SELECT 1 FROM leases WHERE until > clock_timestamp()")
    assert not rows
    async with worker(registry):
        await holder(registry, but=relaying)
