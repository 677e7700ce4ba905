"""Authenticity of figures: each row carries a MAC over all of it, made anew when it is counted, under the audit key.

That key lies outside the database: whoever can write to the database alone can neither publish a figure nor change one.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import audit
from shared.database import raw
from shared.hashes import keyed
from shared.keys import KeySet

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


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.hex if isinstance(value, UUID) else value


def _content(row: Mapping[str, Any]) -> bytes:
    return orjson.dumps([_plain(row[name]) for name in COLUMNS], option=orjson.OPT_SORT_KEYS)


def mac(keys: KeySet, row: Mapping[str, Any]) -> bytes:
    """The number of the key, then the MAC."""
    return keys.current.to_bytes(2, "big") + keyed(keys.key, "figure", _content(row))


def authentic(keys: KeySet, row: Mapping[str, Any]) -> bool:
    """Whether the service wrote this row, whole."""
    key = keys.keys.get(int.from_bytes(row["mac"][:2], "big"))
    return key is not None and audit.same(row["mac"][2:], keyed(key, "figure", _content(row)))


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
