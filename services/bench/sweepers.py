"""Sweepers: processes that take the worker's own step for one day after another, side by side, until nothing is due."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from services.bench.registering import noon
from services.registry.application import kit_of
from services.registry.children.kit import Kit
from services.registry.children.turning import turn_batch
from services.registry.settings import RegistrySettings
from shared import collecting
from shared.database import SYSTEM, Database, raw

BATCH = 300
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sweep:
    """``seconds`` on the wall; ``cpu`` in the workers and in their ``database`` backends, which others do not slow down
    so much.
    """

    due: int
    seconds: float
    cpu: float
    database: float

    def told(self) -> str:
        each = 1000 / self.due if self.due else 0.0
        return (
            f"{self.due:,} due in {self.seconds:.2f} s ({self.due / self.seconds:,.0f}/s);"
            f" CPU a child: {self.cpu * each:.2f} ms + database {self.database * each:.2f} ms"
        )


@dataclass(frozen=True, slots=True)
class _Part:
    due: int
    began: float
    ended: float
    cpu: float
    database: float


def sweep(settings: Mapping[str, Any], days: Sequence[date], workers: int) -> list[Sweep]:
    """The sweeps of some days by so many workers, which begin each together; on the first they have just started."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(workers)
    with ProcessPoolExecutor(workers, context, _prepare, (ready,)) as pool:
        by_worker = list(pool.map(_work, [settings] * workers, [days] * workers))
    return [
        Sweep(
            sum(part.due for part in parts),
            max(part.ended for part in parts) - min(part.began for part in parts),
            sum(part.cpu for part in parts),
            sum(part.database for part in parts),
        )
        for parts in zip(*by_worker, strict=True)
    ]


_ready: Barrier


def _prepare(ready: Barrier) -> None:
    global _ready
    _ready = ready


def _work(settings: Mapping[str, Any], days: Sequence[date]) -> list[_Part]:
    return asyncio.run(_turn_all(RegistrySettings.model_validate(settings), days))


async def _turn_all(settings: RegistrySettings, days: Sequence[date]) -> list[_Part]:
    kit = kit_of(settings)
    database = Database(
        settings.database_url("registry"), pool_size=1
    )  # one backend, whose work is known
    try:
        async with database.transaction(SYSTEM) as session:
            backend: int = await (await raw(session)).fetchval("SELECT pg_backend_pid()")
        collecting.settle()
        return [await _turn(database, kit, backend, day) for day in days]
    finally:
        await database.close()


async def _turn(database: Database, kit: Kit, backend: int, day: date) -> _Part:
    _ready.wait()
    began, computed, worked = time.perf_counter(), time.process_time(), _computed(backend)
    due = 0
    while True:
        async with database.transaction(SYSTEM) as session:
            turned = await turn_batch(session, kit, BATCH, day, noon(day))
        if not turned:
            break
        due += turned
    return _Part(
        due,
        began,
        time.perf_counter(),
        time.process_time() - computed,
        _computed(backend) - worked,
    )


def _computed(pid: int) -> float:
    """Seconds that a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / _TICK
