"""Upper limits of the machine, one building block at a time, in one process."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import asyncpg
from pydantic import TypeAdapter

from services.registry.records.feeds import Enrolment
from shared.ids import uuid7
from shared.keys import new_key_set
from shared.sealing import Sealer, seal

ROWS = 50_000


def rate(act: Callable[[], int], seconds: float = 1.0) -> float:
    """Units a second of ``act``, which returns how many it did."""
    act()
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        done += act()
    return done / (time.perf_counter() - began)


def validation(body: bytes) -> float:
    """Items a second that pydantic reads and checks."""
    adapter = TypeAdapter(list[Enrolment])
    return rate(lambda: len(adapter.validate_json(body)))


def sealing() -> float:
    """Items of 700 bytes a second sealed under a fresh, wrapped data key each."""
    sealer, plain = Sealer(new_key_set()), b"x" * 700

    def act() -> int:
        for _ in range(200):
            data_key, _ = sealer.new_key(uuid7())
            seal(data_key, plain, b"bound")
        return 200

    return rate(act)


async def copying(url: str) -> float:
    """Rows a second by COPY into a table shaped like ``records``, with its three indexes."""
    connection = await asyncpg.connect(url)
    await connection.execute("SELECT set_config('hutong.department', 'system', false)")
    try:
        await connection.execute("CREATE TEMP TABLE limit_records (LIKE records INCLUDING INDEXES)")
        columns = [
            row["attname"]
            for row in await connection.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'limit_records'::regclass AND attnum > 0"
                " ORDER BY attnum"
            )
        ]
        rows = list(_rows(columns))
        began = time.perf_counter()
        await connection.copy_records_to_table("limit_records", records=rows, columns=columns)
        return len(rows) / (time.perf_counter() - began)
    finally:
        await connection.close()


def _rows(columns: list[str]) -> Any:
    now, today = datetime.now(UTC), date(2026, 1, 1)
    fixed: dict[str, Any] = {
        "version": 1,
        "kind": 0,
        "feed": "enrolments",
        "source": "bench",
        "department": "education",
        "client": "bench",
        "division": 500103000000,
        "observed_on": today,
        "received_at": now,
        "birth_on": today,
        "residence_code": 500103000000,
        "hukou_code": 371721000000,
        "findings": [],
        "content_mac": b"x" * 16,
        "sealed": b"x" * 600,
    }
    for _ in range(ROWS):
        yield tuple(uuid4() if c in ("id", "entry_id") else fixed[c] for c in columns)
