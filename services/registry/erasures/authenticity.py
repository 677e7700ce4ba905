"""Authenticity of erasures: that two subjects asked and approved is provable from the row and the audit key alone.

The row carries a MAC over all of it, and over the entries that were erased, under the audit key, which lies outside the
database; it is made anew with each act, by the service that has just checked who acts.  So whoever can write to the
database alone can neither make a request in another's name, to approve it himself, nor pass a destroyed key off as
an erasure.
"""

from collections.abc import AsyncIterator, Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.authenticity import Attested, Row
from shared.keys import KeySet

_COLUMNS = (
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

_ENTRIES = "SELECT entry_id FROM erased_entries WHERE erasure_id = erasures.id AND hold"


def _says(row: Row) -> Sequence[object]:
    """All of the row, and the ``entries`` that were erased, if it has any."""
    entries = row.get("entries", ())
    return [[row[name] for name in _COLUMNS], sorted(entry.hex for entry in entries)]


ERASURES = Attested(
    kind="erasure",
    table="erasures",
    event="erasure.forged",
    columns=_COLUMNS,
    says=_says,
    more=(
        f"ARRAY({_ENTRIES} = erasures.hold) AS entries",
        f"EXISTS ({_ENTRIES} <> erasures.hold) AS strange",
    ),
)


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every request or tombstone that the service did not write, or in which one client played both persons."""
    async for row in ERASURES.rows(session):
        if row["strange"] or not ERASURES.stands(keys, row):
            yield ERASURES.fault(row)
        elif row["state"] == "erased" and row["request_client"] == row["approval_client"]:
            yield f"{ERASURES.called(row)} was asked for and approved by one client"
