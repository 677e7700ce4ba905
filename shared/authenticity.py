"""Authenticity: a MAC over a row's values, under a key that lies outside the database.

So whoever can write to the database alone can neither make such a row nor change one.  A noun declares its table as
``Attested``: what a row says, in which order.  To make a MAC, to check one, and to go through all rows for those that the
service did not write, is the same for every noun.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import audit
from shared.database import raw
from shared.hashes import keyed
from shared.keys import KeySet

log = structlog.get_logger()

Row = Mapping[str, Any]
PAGE = 1000


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.hex if isinstance(value, UUID) else value


def _content(values: Sequence[object]) -> bytes:
    """One way only, whatever order the database gives the keys of an object."""
    return orjson.dumps([_plain(value) for value in values], option=orjson.OPT_SORT_KEYS)


def mac(keys: KeySet, kind: str, values: Sequence[object]) -> bytes:
    """The number of the key, then the MAC."""
    return keys.current.to_bytes(2, "big") + keyed(keys.key, kind, _content(values))


def authentic(keys: KeySet, kind: str, values: Sequence[object], given: bytes | None) -> bool:
    """Whether ``given`` is the MAC of these values, under any key of the set; no MAC is none."""
    if not given:
        return False
    key = keys.keys.get(int.from_bytes(given[:2], "big"))
    return key is not None and audit.same(given[2:], keyed(key, kind, _content(values)))


@dataclass(frozen=True, kw_only=True)
class Attested:
    """A table of which each row bears the MAC of what it says.

    ``kind`` keeps its MACs apart from those of other tables: neither it nor the order of ``columns`` may ever change, or no
    stored row would be authentic any more.  Where a row says more, or less, than its columns, ``says`` gives the values.
    """

    kind: str
    table: str
    columns: Sequence[str]
    event: str
    """What the log says where one that the service did not write was about to be used."""
    says: Callable[[Row], Sequence[object]] | None = None
    key: Sequence[str] = ("id",)
    mac_column: str = "mac"
    name: str = ""
    """What a row is called in faults, by its columns; without it the kind and the key."""
    where: str = "true"
    """Which rows bear a MAC, or should, as an SQL condition."""
    more: Sequence[str] = ()
    """SQL expressions that verifying reads besides."""

    def values(self, row: Row) -> Sequence[object]:
        return self.says(row) if self.says else [row[name] for name in self.columns]

    def mac(self, keys: KeySet, row: Row) -> bytes:
        """The MAC that the row should bear."""
        return mac(keys, self.kind, self.values(row))

    def stands(self, keys: KeySet, row: Row) -> bool:
        """Whether the service wrote this row, whole."""
        return authentic(keys, self.kind, self.values(row), row[self.mac_column])

    def authentic(self, keys: KeySet, row: Row) -> bool:
        """The same of a row that is about to be used; one that does not stand is named in the log."""
        if self.stands(keys, row):
            return True
        log.error(self.event, table=self.table, **{name: str(row[name]) for name in self.key})
        return False

    def called(self, row: Row) -> str:
        return (self.name or " ".join([self.kind, *(f"{{{k}}}" for k in self.key)])).format(**row)

    def fault(self, row: Row) -> str:
        return f"{self.called(row)} was forged or changed"

    @property
    def selected(self) -> str:
        """What a query must select for a row to be checked."""
        return ", ".join(dict.fromkeys((*self.key, *self.columns, self.mac_column)))

    async def rows(self, session: AsyncSession) -> AsyncIterator[Any]:
        """Every row that bears a MAC, or should, in the order of the key, a page at a time."""
        connection = await raw(session)
        key = ", ".join(self.key)
        places = ", ".join(f"${at}" for at, _ in enumerate(self.key, 1))
        select = f"SELECT {', '.join((self.selected, *self.more))} FROM {self.table} WHERE ({self.where})"
        ordered = f" ORDER BY {key} LIMIT {PAGE}"
        page = await connection.fetch(select + ordered)
        while page:
            for row in page:
                yield row
            last = [page[-1][name] for name in self.key]
            page = await connection.fetch(f"{select} AND ({key}) > ({places}){ordered}", *last)

    async def faults(self, session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
        """A line for each row that the service did not write so."""
        async for row in self.rows(session):
            if not self.stands(keys, row):
                yield self.fault(row)

    async def insert(
        self, connection: "asyncpg.Connection[Any]", keys: KeySet, rows: Iterable[Row]
    ) -> None:
        """Write these rows, each with its MAC."""
        places = ", ".join(f"${at}" for at in range(1, len(self.columns) + 2))
        await connection.executemany(
            f"INSERT INTO {self.table} ({', '.join(self.columns)}, {self.mac_column})"
            f" VALUES ({places})",
            [(*(row[name] for name in self.columns), self.mac(keys, row)) for row in rows],
        )
