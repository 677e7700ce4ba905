"""Round trips: what does not wait for one another is told to the database at once.

A record that comes alone spends more of its time on the way to the database and back than on anything else. Of a batch,
whose rows are many, each table's are copied.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import structlog
from asyncpg import UniqueViolationError

from services.matching.links.queries import Connection

log = structlog.get_logger()

#: So many rows cost less by COPY, which takes a round trip of its own.
_WORTH_COPYING = 8
#: For fewer that may stand already, asking for each costs less than a savepoint.
_WORTH_A_SAVEPOINT = 100
_VALUE = re.compile(r"\$(\d+)")


class Statement(NamedTuple):
    """One statement that answers nothing, and its values."""

    text: str
    values: Sequence[Any]


class Rows(NamedTuple):
    """Rows for a table, their values in the order of the ``columns``: names and types, ``entry uuid, version bigint``.

    ``known``: some may stand already, and those stay.
    """

    table: str
    columns: str
    rows: Sequence[Sequence[Any]]
    known: bool = False

    @classmethod
    def of(cls, table: str, columns: str, things: Iterable[object]) -> "Rows":
        """Of each thing the attributes that the columns are named after."""
        return cls(table, columns, list(map(attrgetter(*_names(columns)), things)))

    @property
    def are_many(self) -> bool:
        return len(self.rows) >= (_WORTH_A_SAVEPOINT if self.known else _WORTH_COPYING)

    def statement(self) -> Statement:
        """To put them in at once; there must be some."""
        values = zip(*self.rows, strict=True)
        lists = [
            list(map(array, column)) if kind.endswith("[]") else column
            for (_, kind), column in zip(_parsed(self.columns), values, strict=True)
        ]
        return Statement(_insertion(self.table, self.columns, known=self.known), lists)


async def write(connection: Connection, parts: Iterable[Rows | Statement]) -> None:
    """Write all parts, of which none may speak of a row that another one writes: each sees what stood before them all."""
    at_once: list[Statement] = []
    for part in parts:
        if isinstance(part, Statement):
            at_once.append(part)
        elif part.rows and not (part.are_many and await _are_copied(connection, part)):
            at_once.append(part.statement())
    if at_once:
        text = _together(tuple([statement.text for statement in at_once]))
        await connection.execute(text, *[v for statement in at_once for v in statement.values])


async def _are_copied(connection: Connection, part: Rows) -> bool:
    """Copy the rows in; False if one of them that may stand already did, and then none is copied."""
    names = _names(part.columns)
    if not part.known:
        await connection.copy_records_to_table(part.table, columns=names, records=part.rows)
        return True
    try:
        async with connection.transaction():
            await connection.copy_records_to_table(part.table, columns=names, records=part.rows)
    except UniqueViolationError:
        log.warning("rows.stood_already", table=part.table, rows=len(part.rows))
        return False
    return True


@lru_cache
def _together(texts: tuple[str, ...]) -> str:
    """One statement of several, its values those of the first, of the second, and so on."""
    if len(texts) == 1:
        return texts[0]
    parts: list[str] = []
    before = 0
    for at, text in enumerate(texts):
        parts.append(f"s{at} AS ({_counting_on(before, text)})")
        before += max(map(int, _VALUE.findall(text)))
    return f"WITH {', '.join(parts)} SELECT"


def _counting_on(before: int, text: str) -> str:
    """The text with its values numbered on from those of the statements ``before`` it."""
    return _VALUE.sub(lambda value: f"${int(value[1]) + before}", text)


@lru_cache
def _parsed(columns: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind in map(str.split, columns.split(","))]


def _names(columns: str) -> list[str]:
    return [name for name, _ in _parsed(columns)]


@lru_cache
def _insertion(table: str, columns: str, *, known: bool) -> str:
    told = _parsed(columns)
    names = ", ".join(_names(columns))
    lists = [
        f"${at}::{'text' if kind.endswith('[]') else kind}[]"
        for at, (_, kind) in enumerate(told, 1)
    ]
    chosen = [f"{name}::{kind}" if kind.endswith("[]") else name for name, kind in told]
    return (
        f"INSERT INTO {table} ({names}) SELECT {', '.join(chosen)}"
        f" FROM unnest({', '.join(lists)}) AS n ({names})"
        f"{' ON CONFLICT DO NOTHING' if known else ''}"
    )


def array(numbers: Iterable[float]) -> str:
    """As PostgreSQL writes an array of numbers: an array of arrays cannot be unnested row by row."""
    return f"{{{','.join(map(repr, map(float, numbers)))}}}"
