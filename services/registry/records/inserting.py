"""Inserting: records, their keys and the arrival of their feed, in the caller's transaction.

Every statement serves a whole batch and takes its rows in one order, so that batches that overlap wait for one another
and do not lock each other out.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.records.vault import COLUMNS, Plain, close_each
from shared import divisions
from shared.sealing import Sealer

Done = TypeVar("Done")
TRIES = 3

#: Alike in every record of a batch: one caller, one feed, one kind, one instant.
_SHARED = {
    "kind": "smallint",
    "feed": "text",
    "department": "text",
    "client": "text",
    "received_at": "timestamptz",
}
_OWN = {
    "id": "uuid",
    "entry_id": "uuid",
    "version": "bigint",
    "source": "text",
    "division": "bigint",
    "observed_on": "date",
    "birth_on": "date",
    "residence_code": "bigint",
    "hukou_code": "bigint",
    "findings": "text",
    "content_mac": "bytea",
    "sealed": "bytea",
}
# COPY would be faster, but PostgreSQL has none under row-level security.
_INSERT = (
    f"INSERT INTO records ({', '.join((*_SHARED, *_OWN))}) SELECT "
    + ", ".join(f"${i}::{kind}" for i, kind in enumerate(_SHARED.values(), 1))
    + ", "
    + ", ".join("string_to_array(n.findings, ',')" if n == "findings" else f"n.{n}" for n in _OWN)
    + " FROM unnest("
    + ", ".join(f"${i}::{kind}[]" for i, kind in enumerate(_OWN.values(), len(_SHARED) + 1))
    + f") AS n({', '.join(_OWN)})"
)


async def insert(
    connection: "asyncpg.Connection[Any]", sealer: Sealer, rows: Sequence[tuple[Plain, bytes]]
) -> None:
    """Insert records of one batch (``Plain`` and payload) with a fresh data key each."""
    closed = close_each(sealer, rows)
    await connection.copy_records_to_table(
        "data_keys",
        schema_name="vault",
        records=[key for _, key in closed],
        columns=["id", "master", "wrapped"],
    )
    first = rows[0][0]
    columns = dict(zip(COLUMNS, zip(*(plain for plain, _ in rows), strict=True), strict=True))
    columns["findings"] = tuple(map(",".join, columns["findings"]))
    columns["sealed"] = tuple(sealed for sealed, _ in closed)
    await connection.execute(
        _INSERT, *(getattr(first, name) for name in _SHARED), *(columns[name] for name in _OWN)
    )


async def note_arrival(connection: "asyncpg.Connection[Any]", rows: Sequence[Plain]) -> None:
    """Keep when each source last sent this batch's feed, from which county."""
    groups: dict[tuple[str, int], list[Plain]] = {}
    for plain in rows:
        groups.setdefault((plain.source, plain.division // 10**6), []).append(plain)
    first = rows[0]
    await connection.execute(
        "INSERT INTO feed_arrivals AS a"
        " (feed, source, county, department, received_at, observed_on, records)"
        " SELECT $1, n.source, n.county, $2, $3, n.observed_on, n.records FROM"
        " unnest($4::text[], $5::bigint[], $6::date[], $7::bigint[])"
        " AS n(source, county, observed_on, records) ORDER BY n.source, n.county"
        " ON CONFLICT (feed, source, county) DO UPDATE SET"
        " received_at = excluded.received_at, records = a.records + excluded.records,"
        " observed_on = greatest(a.observed_on, excluded.observed_on)",
        first.feed,
        first.department,
        first.received_at,
        [source for source, _ in groups],
        [divisions.county_of(members[0].division) for members in groups.values()],
        [max(plain.observed_on for plain in members) for members in groups.values()],
        [len(members) for members in groups.values()],
    )


async def looking_again(session: AsyncSession, act: Callable[[], Awaitable[Done]]) -> Done:
    """``act`` under a savepoint, begun anew when another request stored one of its entries between look and insert."""
    for _ in range(TRIES - 1):
        try:
            async with session.begin_nested():
                return await act()
        except (asyncpg.PostgresError, DBAPIError) as error:
            if not _is_race(error):
                raise
    async with session.begin_nested():
        return await act()


def _is_race(error: BaseException) -> bool:
    races = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError)
    return isinstance(error, races) or isinstance(error.__cause__, races)
