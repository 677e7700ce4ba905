"""Authenticity of former links: each says under a MAC whom an entry was held to speak of, and until when.

What was known on a past day is told from them, and whom an erasure takes along.  The key lies outside the database.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from shared import authenticity
from shared.database import raw
from shared.keys import KeySet

KIND = "former link"
COLUMNS: Final = ("entry_id", "link_seq", "person", "taken_at", "replaced_at")


def _values(row: Mapping[str, Any]) -> list[Any]:
    return [row[name] for name in COLUMNS]


def mac(keys: KeySet, row: Mapping[str, Any]) -> bytes:
    return authenticity.mac(keys, KIND, _values(row))


def authentic(keys: KeySet, row: Mapping[str, Any]) -> bool:
    """Whether the service wrote this row, whole."""
    return authenticity.authentic(keys, KIND, _values(row), row["mac"])


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every former link that the service did not write so."""
    connection = await raw(session)
    entry, number = UUID(int=0), -1
    while rows := await connection.fetch(
        "SELECT * FROM former_links WHERE (entry_id, link_seq) > ($1, $2)"
        " ORDER BY entry_id, link_seq LIMIT 1000",
        entry,
        number,
    ):
        for row in rows:
            if not authentic(keys, row):
                yield f"former link {row['entry_id']} {row['link_seq']} was forged or changed"
        entry, number = rows[-1]["entry_id"], rows[-1]["link_seq"]
