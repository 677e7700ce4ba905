"""The daily sweep: children re-evaluated a second, and what a sweep costs as the population grows, or what is due.

Cast: the *real* children were registered from invented lives; *strangers* fill the registry up to the size measured, made
by PostgreSQL itself: their rows are as many and as large, their day has not come, and nobody opens them, which is
the claim that is measured.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import asyncpg
from rich.table import Table

from services.bench import items
from services.bench.registering import noon, register
from services.registry.application import kit_of
from services.registry.children.kit import Kit
from services.registry.children.queueing import queue_due
from services.registry.children.registration import fold_batch
from services.registry.settings import RegistrySettings
from shared.database import SYSTEM, Database

BATCH = 300
#: What a fold writes: put back between two sweeps, so that each has the same children due.
FOLDED = ("children", "key_care", "duties", "child_lookups")


@dataclass(frozen=True, slots=True)
class Sweep:
    """``seconds`` on the wall, ``cpu`` in this process; the database's share is the rest."""

    due: int
    seconds: float
    cpu: float
    looking: float


async def sweep(database: Database, kit: Kit, day: date) -> Sweep:
    """The worker's own two steps for one day, until nothing is due."""
    began, computed = time.perf_counter(), time.process_time()
    due, looking = 0, 0.0
    while True:
        looked = time.perf_counter()
        async with database.transaction(SYSTEM) as session:
            queued = await queue_due(session, day)
        looking += time.perf_counter() - looked
        if not queued:
            break
        while True:
            async with database.transaction(SYSTEM) as session:
                folded = await fold_batch(session, kit, BATCH, day, noon(day))
            due += folded
            if not folded:
                break
    return Sweep(due, time.perf_counter() - began, time.process_time() - computed, looking)
