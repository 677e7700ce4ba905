"""Tombstones: what intake and resolving must know of erasures, and nothing that could bring a child back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg


async def held(connection: "asyncpg.Connection[Any]", entries: Sequence[UUID]) -> set[UUID]:
    """Those of these entries that may never speak again."""
    rows = await connection.fetch(
        "SELECT DISTINCT entry_id FROM erased_entries WHERE entry_id = ANY($1) AND hold", entries
    )
    return {row["entry_id"] for row in rows}


async def shred(
    connection: "asyncpg.Connection[Any]", entries: Collection[UUID], until: datetime | None = None
) -> None:
    """Destroy the keys of every record of these entries, or of those received up to ``until``."""
    await connection.execute(
        "DELETE FROM vault.data_keys k USING records r WHERE k.id = r.id AND r.entry_id = ANY($1)"
        " AND ($2::timestamptz IS NULL OR r.received_at <= $2)",
        list(entries),
        until,
    )
