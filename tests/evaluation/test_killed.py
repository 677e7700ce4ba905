"""SIGKILL of the linker at random moments of a load: nothing is lost, nothing is linked twice, and the
persons are those of an undisturbed run.

The linker is a process of its own that resolves batch after batch; what it has not acknowledged
when it dies is sent again by the next one.
"""

import asyncio
import os
import random
import signal
import time
from pathlib import Path
from uuid import UUID

import pytest

from services.evaluation.corpus import Corpus
from services.evaluation.resolving import item_of
from services.matching.keyings.following import Following, Keys
from services.matching.links.linking import Item, resolve
from services.matching.models import shipped
from services.matching.proving import faults_of
from shared.clock import SystemClock
from shared.database import SYSTEM, Database, raw
from shared.keys import new_key_set
from tests.databases import Cluster

KILLS = int(os.environ.get("HUTONG_KILLS", "100"))
SEED = int(os.environ.get("HUTONG_KILL_SEED", "20261122"))
BATCH = 6
KEYS = Keys(new_key_set(), new_key_set())


@pytest.fixture(scope="module")
def batches() -> list[list[Item]]:
    corpus = Corpus.open(Path(__file__).parent / "corpus")
    lines = corpus.lines("shuffled", seed=1)
    items = [item_of(record) for record in corpus.read(lines)]
    return [items[at : at + BATCH] for at in range(0, len(items), BATCH)]


async def load(url: str, batches: list[list[Item]], done: int, acknowledge: int | None) -> None:
    """Resolve what is not done; one byte for readiness, and one for every batch that is durable."""
    database = Database(url, 2)
    following = Following(lambda: KEYS, SystemClock(), shipped.MADE_FOR)
    try:
        for at, batch in enumerate(batches[done:]):
            if at == 0 and acknowledge is not None:
                os.write(acknowledge, b"r")
            async with database.transaction(SYSTEM) as session:
                await resolve(session, following.linker, batch)
            if acknowledge is not None:
                os.write(acknowledge, b".")
    finally:
        await database.close()


def killed_after(
    url: str, batches: list[list[Item]], done: int, seconds: float | None
) -> tuple[int, bool]:
    """Batches that a linker acknowledged, which was killed that long after it began, or not at all;
    whether it was.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # the linker's process: it must never come back into the test
        try:
            os.close(reading)
            asyncio.run(load(url, batches, done, writing))
        finally:
            os._exit(0)
    os.close(writing)
    assert os.read(reading, 1) == b"r"
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    acknowledged = b""
    while more := os.read(reading, 1 << 16):
        acknowledged += more
    os.close(reading)
    return len(acknowledged), os.WIFSIGNALED(status)


async def holds(url: str) -> tuple[set[frozenset[UUID]], int, list[str]]:
    """The entries of each person, how many entries there are, and what does not hold together."""
    database = Database(url, 1)
    following = Following(lambda: KEYS, SystemClock(), shipped.MADE_FOR)
    try:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            rows = await connection.fetch(
                "SELECT array_agg(entry) FROM entries WHERE person IS NOT NULL GROUP BY person"
            )
            count = await connection.fetchval("SELECT count(*) FROM entries")
            linker = await following.current(session)
            faults = [fault async for fault in faults_of(session, linker.strongroom)]
        return {frozenset(row[0]) for row in rows}, count, faults
    finally:
        await database.close()


def test_a_linker_that_is_killed_a_hundred_times_ends_where_another_does(
    cluster: Cluster, batches: list[list[Item]]
) -> None:
    (undisturbed, whole), (disturbed, killed) = (
        asyncio.run(cluster.copy("matching")) for _ in range(2)
    )
    chance = random.Random(SEED)
    try:
        began = time.perf_counter()
        asyncio.run(load(whole.app, batches, 0, None))
        a_batch = (time.perf_counter() - began) / len(batches)
        done = kills = 0
        while done < len(batches):
            # About as much work between two kills as lets the last batches see the last kills.
            share = (len(batches) - done) / max(1, KILLS - kills)
            seconds = chance.uniform(0, 2 * share * a_batch) if kills < KILLS else None
            acknowledged, was_killed = killed_after(killed.app, batches, done, seconds)
            done += acknowledged
            kills += was_killed
        expected, entries, _ = asyncio.run(holds(whole.app))
        persons, count, faults = asyncio.run(holds(killed.app))

        assert kills >= 0.8 * KILLS
        assert faults == []
        assert count == entries == len({item.entry for batch in batches for item in batch})
        assert persons == expected
    finally:
        asyncio.run(cluster.drop(undisturbed, disturbed))
