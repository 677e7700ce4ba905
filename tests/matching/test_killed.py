"""SIGKILL of a rekeying at random moments: it is taken up again, and nobody is lost meanwhile."""

import asyncio
import os
import random
import signal
import time
from pathlib import Path

from services.matching import proving
from services.matching.persons import agreeing
from shared.database import SYSTEM
from tests.databases import Cluster, Urls
from tests.matching.children import MODEL
from tests.matching.linkers import LinkedHub
from tests.matching.test_rekeying import child

CHILDREN = 2_400
KILLS = 20
FEWEST = 3  # a quick machine is done before the twentieth
SEED = 20261122


def test_a_rekeying_that_is_killed_again_and_again_comes_to_its_end(
    cluster: Cluster, tmp_path: Path
) -> None:
    database, urls = asyncio.run(cluster.copy("matching"))
    chance = random.Random(SEED)
    try:
        before = asyncio.run(_told(tmp_path, urls))
        kills = 0
        while not asyncio.run(_is_done(tmp_path, urls)):
            longest = min(0.12, 0.02 * (kills + 1))  # a quick machine is soon done
            seconds = chance.uniform(0, longest) if kills < KILLS else None
            kills += _killed_after(tmp_path, urls, seconds)
            assert asyncio.run(_links(tmp_path, urls)) == before
        assert kills >= FEWEST
        assert asyncio.run(_faults(tmp_path, urls)) == []
    finally:
        asyncio.run(cluster.drop(database))


def _killed_after(home: Path, urls: Urls, seconds: float | None) -> bool:
    """Whether a process that rekeys was killed, which happens that long after it began, or not at all."""
    process = os.fork()
    if process == 0:  # it must never come back into the test
        try:
            asyncio.run(_rekey(home, urls))
        finally:
            os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return os.WIFSIGNALED(status)


async def _rekey(home: Path, urls: Urls) -> None:
    hub = LinkedHub.make(home, urls)
    await hub.rekey()
    await hub.close()


async def _told(home: Path, urls: Urls) -> set[tuple[str, str]]:
    hub = LinkedHub.make(home, urls)
    for at in range(0, CHILDREN, 400):
        await hub.push(*((n, 1, child(n)) for n in range(at + 1, at + 401)))
    await hub.close()
    return await _links(home, urls)


async def _links(home: Path, urls: Urls) -> set[tuple[str, str]]:
    hub = LinkedHub.make(home, urls)
    rows = await hub.rows("SELECT entry, person FROM entries")
    await hub.close()
    return {(str(row["entry"]), str(row["person"])) for row in rows}


async def _is_done(home: Path, urls: Urls) -> bool:
    """Whether the first key is gone from everywhere."""
    hub = LinkedHub.make(home, urls)
    begun = await hub.rekeying().is_begun()
    await hub.close()
    return not begun and 1 not in hub.keys.index.keys


async def _faults(home: Path, urls: Urls) -> list[str]:
    hub = LinkedHub.make(home, urls)
    async with hub.owner.snapshot(SYSTEM) as session:
        linker = await hub.following.current(session)
        found = [fault async for fault in proving.faults_of(session, linker.strongroom)]
        found += [f async for f in agreeing.faults_of(session, hub.keys, MODEL)]
    await hub.close()
    return found
