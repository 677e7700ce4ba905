"""Authenticity of assessments, placements and their acts: what is sealed binds the plain columns, under keys that lie outside."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.vault import new_key
from shared.database import raw
from shared.sealing import Sealer, Unsealable, binding, binding_of, seal

log = structlog.get_logger()

COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "assessments": (
        "id",
        "child_id",
        "anchor",
        "kind",
        "finding",
        "assessed_on",
        "case_id",
        "client",
        "actor",
        "made_at",
    ),
    "placements": (
        "id",
        "child_id",
        "anchor",
        "measure",
        "performer",
        "basis",
        "since",
        "place",
        "client",
        "actor",
        "made_at",
    ),
    "placement_acts": (
        "id",
        "placement_id",
        "number",
        "kind",
        "done_on",
        "client",
        "actor",
        "made_at",
    ),
}


def bound(table: str, row: Mapping[str, Any]) -> bytes:
    return binding((table,)) + binding_of(row, *COLUMNS[table])


async def write(
    session: AsyncSession, sealer: Sealer, table: str, row: Mapping[str, Any], words: str
) -> None:
    """Insert a row with its words sealed; as the service itself."""
    data_key = await new_key(session, sealer, row["id"])
    columns = COLUMNS[table]
    places = ", ".join(f"${at}" for at in range(1, len(columns) + 2))
    connection = await raw(session)
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}, sealed) VALUES ({places})",
        *(row[name] for name in columns),
        seal(data_key, words.encode(), bound(table, row)),
    )


def words_of(table: str, sealer: Sealer, row: Any) -> str:
    """What was written; Unsealable when anything bound was changed, or no key is left."""
    try:
        return sealer.open(row, bound(table, row)).decode()
    except Unsealable:
        log.error("guardianship.unsealable", table=table, id=str(row["id"]))
        raise
