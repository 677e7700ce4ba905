"""Authenticity of figures: each row carries a MAC over all of it, made anew when it is counted, under the audit key.

That key lies outside the database: whoever can write to the database alone can neither publish a figure nor change one.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from shared import authenticity
from shared.database import raw
from shared.keys import KeySet

KIND = "figure"
COLUMNS = (
    "id",
    "revises",
    "division",
    "low",
    "high",
    "valid_on",
    "known_at",
    "pilot",
    "rulebook",
    "method",
    "smallest",
    "configured",
    "client",
    "department",
    "actor",
    "requested_at",
    "computed_at",
    "counts",
)


def _values(row: Mapping[str, Any]) -> list[Any]:
    return [row[name] for name in COLUMNS]


def mac(keys: KeySet, row: Mapping[str, Any]) -> bytes:
    return authenticity.mac(keys, KIND, _values(row))


def authentic(keys: KeySet, row: Mapping[str, Any]) -> bool:
    """Whether the service wrote this row, whole."""
    return authenticity.authentic(keys, KIND, _values(row), row["mac"])


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every figure that the service did not write so."""
    connection = await raw(session)
    after = UUID(int=0)
    while rows := await connection.fetch(
        f"SELECT {', '.join(COLUMNS)}, mac FROM figures WHERE id > $1 ORDER BY id LIMIT 100", after
    ):
        for row in rows:
            if not authentic(keys, row):
                yield f"figure {row['id']} was forged or changed"
        after = rows[-1]["id"]
