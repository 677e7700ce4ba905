"""The daily sweep: children re-evaluated a second, and what a sweep costs as the population grows, or what is due.

Cast: the *real* children were registered from invented lives; *strangers* fill the registry up to the size measured, made
by PostgreSQL itself: their rows are as many and as large, their day has not come, and nobody opens them, which is
the claim that is measured.
"""

import time
from dataclasses import dataclass
from datetime import date

from services.bench.registering import noon
from services.registry.children.kit import Kit
from services.registry.children.turning import turn_batch
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
    """The worker's own step for one day, until nothing is due."""
    began, computed = time.perf_counter(), time.process_time()
    due = 0
    while True:
        async with database.transaction(SYSTEM) as session:
            turned = await turn_batch(session, kit, BATCH, day, noon(day))
        if not turned:
            break
        due += turned
    return Sweep(due, time.perf_counter() - began, time.process_time() - computed, 0.0)
