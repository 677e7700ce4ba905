"""Authenticity of survey rounds: each row carries a MAC over all of it, under the audit key, which lies outside the database.

So whoever can write to the database alone can neither open a round, nor withdraw or move one.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import authenticity
from shared.database import raw
from shared.keys import KeySet

log = structlog.get_logger()

KIND = "survey round"
COLUMNS: Final = (
    "id",
    "division",
    "low",
    "high",
    "opens_on",
    "closes_on",
    "client",
    "actor",
    "opened_at",
    "withdrawn_at",
)


def _values(row: Mapping[str, Any]) -> list[Any]:
    return [row[name] for name in COLUMNS]


def mac(keys: KeySet, row: Mapping[str, Any]) -> bytes:
    return authenticity.mac(keys, KIND, _values(row))


def authentic(keys: KeySet, row: Mapping[str, Any]) -> bool:
    """Whether the service wrote this row, whole; what is not is named in the log."""
    if authenticity.authentic(keys, KIND, _values(row), row["mac"]):
        return True
    log.error("survey_round.forged", id=str(row["id"]))
    return False


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every round that the service did not write so."""
    connection = await raw(session)
    after = UUID(int=0)
    while rows := await connection.fetch(
        "SELECT * FROM survey_rounds WHERE id > $1 ORDER BY id LIMIT 500", after
    ):
        for row in rows:
            if not authentic(keys, row):
                yield f"survey round {row['id']} was forged or changed"
        after = rows[-1]["id"]
