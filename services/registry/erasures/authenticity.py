"""Authenticity of erasures: that two subjects asked and approved is provable from the row and the audit key alone.

The row carries a MAC over all of it, and over the entries that were erased, under the audit key, which lies outside the
database; it is made anew with each act, by the service that has just checked who acts.  So whoever can write to the
database alone can neither make a request in another's name, to approve it himself, nor pass a destroyed key off as
an erasure.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from shared import authenticity
from shared.database import raw
from shared.keys import KeySet

KIND = "erasure"
COLUMNS = (
    "id",
    "child_id",
    "residence_code",
    "hukou_code",
    "ground",
    "hold",
    "state",
    "request_client",
    "request_actor",
    "requested_at",
    "approval_client",
    "approval_actor",
    "erased_at",
)


def _values(row: Mapping[str, Any], entries: Iterable[UUID]) -> list[Any]:
    return [[row[name] for name in COLUMNS], sorted(entry.hex for entry in entries)]


def mac(keys: KeySet, row: Mapping[str, Any], entries: Iterable[UUID] = ()) -> bytes:
    return authenticity.mac(keys, KIND, _values(row, entries))


def authentic(keys: KeySet, row: Mapping[str, Any], entries: Iterable[UUID] = ()) -> bool:
    """Whether the service wrote this row, whole, and erased these entries."""
    return authenticity.authentic(keys, KIND, _values(row, entries), row["mac"])


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every request or tombstone that the service did not write, or in which one client played both persons."""
    connection = await raw(session)
    after = UUID(int=0)
    while rows := await connection.fetch(
        f"SELECT {', '.join(COLUMNS)}, mac, ARRAY(SELECT entry_id FROM erased_entries"
        " WHERE erasure_id = erasures.id AND hold = erasures.hold) AS entries,"
        " EXISTS (SELECT 1 FROM erased_entries WHERE erasure_id = erasures.id"
        "  AND hold <> erasures.hold) AS strange"
        " FROM erasures WHERE id > $1 ORDER BY id LIMIT 1000",
        after,
    ):
        for row in rows:
            if row["strange"] or not authentic(keys, row, row["entries"]):
                yield f"erasure {row['id']} was forged or changed"
            elif row["state"] == "erased" and row["request_client"] == row["approval_client"]:
                yield f"erasure {row['id']} was asked for and approved by one client"
        after = rows[-1]["id"]
