"""The daily sweep: children re-evaluated a second, and what a sweep costs as the population grows, or what is due.

Cast: the *real* children were registered from invented lives; *strangers* fill the registry up to the size measured.  The
sweep is the worker's own step, by one worker a processor (sweepers.py).
"""

import asyncio
import os
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from rich.table import Table

from services.bench import items
from services.bench.registering import register
from services.bench.strangers import columns_of, fill
from services.bench.sweepers import sweep
from services.local.hub import LocalHub
from services.population import generate
from services.registry.application import kit_of
from services.registry.children.building import judge, open_reading
from services.registry.children.kit import Kit
from services.registry.settings import RegistrySettings
from shared import collecting
from shared.database import SYSTEM, Database, raw
from shared.embedded_postgres import EmbeddedPostgres

POPULATIONS = (10_000, 100_000, 1_000_000)
INVENTED = 6_000
WORKERS = min(4, os.cpu_count() or 1)
#: Days after the first fold, one after the other: what is due by then.
SOON, LATER = timedelta(days=3), timedelta(days=30)
#: What a sweep writes: put back before the next population, so that each has the same children due.
_WRITTEN = ("children", "key_care", "duties", "alerts", "child_lookups")


def measure(
    server: EmbeddedPostgres,
    state: Path,
    table: Table,
    populations: Sequence[int] = POPULATIONS,
    invented: int = INVENTED,
) -> None:
    """Add the rows of the sweep's figures to the table."""
    state.mkdir()
    asyncio.run(_measure(server, state, table, populations, invented))


async def _measure(
    server: EmbeddedPostgres, state: Path, table: Table, populations: Sequence[int], invented: int
) -> None:
    hub = LocalHub(state.name, "50", state / "hub", (1, 2, 3))
    await hub.prepare(server)
    kit = kit_of(RegistrySettings.model_validate(_settings(hub)))
    database = Database(hub.database_url("registry"), pool_size=1)
    owner = await asyncpg.connect(hub.database_url("registry", "owner"))
    try:
        await owner.execute("SELECT set_config('hutong.department', 'system', false)")
        lives = [p for p in generate(invented, 1, on=items.DAY).pushes if p.hub == "chongqing"]
        real = await register(database, kit, lives, items.DAY)
        for name in _WRITTEN:
            await owner.execute(f"CREATE TABLE kept_{name} AS SELECT * FROM {name}")
        judged = await _judging(database, kit)
        table.add_row(
            "children re-evaluated by every rule, from their gists",
            f"{judged:,.0f} children/s",
            "≥ 4,000; 20,000",
            f"{real:,} real children, one process: opened, status, duties, key care, alerts; CPU time",
        )
        filled = 0
        for population in populations:
            began = time.perf_counter()
            await fill(owner, filled + 1, population - real)
            filled = population - real
            took = time.perf_counter() - began
            await _put_back(owner)
            days = [items.DAY + ahead for ahead in (SOON, LATER)]
            for swept in await asyncio.to_thread(sweep, _settings(hub), days, WORKERS):
                table.add_row(
                    f"daily sweep at {population:,} children, {WORKERS} workers",
                    f"{1000 * swept.seconds / max(1, swept.due):.2f} ms a child due",
                    "flat; linear in due",
                    f"{swept.told()}; filled in {took:.0f} s",
                )
    finally:
        await owner.close()
        await database.close()


def _settings(hub: LocalHub) -> dict[str, Any]:
    return {
        "hub": hub.name,
        "area": hub.area,
        "home": hub.home,
        **{f"{name}_url": hub.url(name) for name in ("registry", "matching", "notifications")},
        "registry_database_url": hub.database_url("registry"),
    }


async def _judging(database: Database, kit: Kit) -> float:
    """Children a second that one process judges as of a later day, without the database."""
    async with database.transaction(SYSTEM) as session:
        rows = await (await raw(session)).fetch(
            "SELECT c.*, k.master, k.wrapped FROM children c JOIN vault.data_keys k ON k.id = c.id"
            " ORDER BY c.id LIMIT 2000"
        )
    day, best = items.DAY + LATER, float("inf")
    collecting.settle()
    for _ in range(3):
        began = time.process_time()
        for row in rows:
            reading, written = open_reading(kit.sealer, row)
            judge(kit, UUID(int=row["id"].int), reading, (), day, written=written)
        best = min(best, time.process_time() - began)
    return len(rows) / best


async def _put_back(owner: Any) -> None:
    for name in _WRITTEN:
        key = "id" if name == "children" else "child_id"
        columns = columns_of(name)
        await owner.execute(f"DELETE FROM {name} WHERE {key} IN (SELECT id FROM kept_children)")
        await owner.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM kept_{name}")
        await owner.execute(f"VACUUM ANALYZE {name}")
