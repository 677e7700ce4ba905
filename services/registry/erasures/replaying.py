"""Replaying: a restored database holds what was erased since its backup, until the erasure list is applied again.

The list must therefore outlive the database: a backup writes ``listed`` beside the keys, and a restore gives the newest
list there is to ``replay`` before any process serves.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.erasures.destroying import destroy, lock

_COLUMNS = (
    "id",
    "child_id",
    "residence_code",
    "hukou_code",
    "ground",
    "hold",
    "request_client",
    "request_actor",
    "requested_at",
    "approval_client",
    "approval_actor",
    "erased_at",
    "mac",
)
_IDS = {"id", "child_id"}
_TIMES = {"requested_at", "erased_at"}
_SELECT = (
    f"SELECT {', '.join(_COLUMNS)} FROM erasures WHERE state = 'erased' ORDER BY erased_at, id"
)
_INSERT = (
    f"INSERT INTO erasures ({', '.join(_COLUMNS)}, state) VALUES ("
    + ", ".join(f"${i + 1}" for i in range(len(_COLUMNS)))
    + ", 'erased') ON CONFLICT (id) DO UPDATE SET state = 'erased', erased_at = excluded.erased_at,"
    " approval_client = excluded.approval_client, approval_actor = excluded.approval_actor,"
    " mac = excluded.mac"
)


async def listed(connection: "asyncpg.Connection[Any]") -> list[dict[str, Any]]:
    """Every tombstone as plain JSON: opaque ids, counties, subjects and instants."""
    async with connection.transaction():
        await _as_system(connection)
        rows = await connection.fetch(_SELECT)
        return [
            {
                **{name: _plain(row[name]) for name in _COLUMNS},
                "entries": [str(entry) for entry in await _entries(connection, row["id"])],
            }
            for row in rows
        ]


async def replay(
    connection: "asyncpg.Connection[Any]", tombstones: Sequence[Mapping[str, Any]] = ()
) -> int:
    """Take in tombstones that this database lacks and destroy once more whatever any names; how many there are.

    Versions received after an erasure that allowed them are spared.
    """
    async with connection.transaction():
        await _as_system(connection)
        for tombstone in tombstones:
            await _take_in(connection, tombstone)
        rows = await connection.fetch(_SELECT)
        for row in rows:
            await lock(connection, row["child_id"])
            entries = await _entries(connection, row["id"])
            until = None if row["hold"] else row["erased_at"]
            await destroy(connection, None, row["child_id"], entries, until)
        return len(rows)


async def _take_in(connection: "asyncpg.Connection[Any]", tombstone: Mapping[str, Any]) -> None:
    await connection.execute(_INSERT, *(_typed(name, tombstone.get(name)) for name in _COLUMNS))
    await connection.execute(
        "INSERT INTO erased_entries (entry_id, erasure_id, hold) SELECT unnest($1::uuid[]), $2, $3"
        " ON CONFLICT DO NOTHING",
        [UUID(entry) for entry in tombstone["entries"]],
        UUID(tombstone["id"]),
        tombstone["hold"],
    )


async def _entries(connection: "asyncpg.Connection[Any]", erasure: UUID) -> list[UUID]:
    rows = await connection.fetch(
        "SELECT entry_id FROM erased_entries WHERE erasure_id = $1 ORDER BY entry_id", erasure
    )
    return [row["entry_id"] for row in rows]


async def _as_system(connection: "asyncpg.Connection[Any]") -> None:
    await connection.execute("SELECT set_config('hutong.department', 'system', true)")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, UUID) else value


def _typed(name: str, value: Any) -> Any:
    if name in _IDS:
        return UUID(value)
    if name == "mac":
        return None if value is None else bytes.fromhex(value)
    return datetime.fromisoformat(value) if name in _TIMES else value
