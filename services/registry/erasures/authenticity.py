"""Authenticity of erasures: that two subjects asked and approved is provable from the row and the audit key alone.

The row carries a MAC over all of it, and over the entries that were erased, under the audit key, which lies outside the
database; it is made anew with each act, by the service that has just checked who acts.  So whoever can write to the
database alone can neither make a request in another's name, to approve it himself, nor pass a destroyed key off as
an erasure.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
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


def _content(row: Mapping[str, Any], entries: Iterable[UUID]) -> bytes:
    return orjson.dumps(
        [[_plain(row[name]) for name in COLUMNS], sorted(entry.hex for entry in entries)]
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.hex if isinstance(value, UUID) else value


def mac(keys: KeySet, row: Mapping[str, Any], entries: Iterable[UUID] = ()) -> bytes:
    """The number of the key, then the MAC."""
    return keys.current.to_bytes(2, "big") + keyed(keys.key, "erasure", _content(row, entries))


def authentic(keys: KeySet, row: Mapping[str, Any], entries: Iterable[UUID] = ()) -> bool:
    """Whether the service wrote this row, whole, and erased these entries."""
    if row["mac"] is None:
        return False
    key = keys.keys.get(int.from_bytes(row["mac"][:2], "big"))
    return key is not None and audit.same(
        row["mac"][2:], keyed(key, "erasure", _content(row, entries))
    )


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
