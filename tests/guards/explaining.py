"""Which statements an act runs, and how PostgreSQL would run them.

Cast: a *statement* is one that really went to the database, with its arguments; its *plan* is asked for as the same role
and under the same reach, in a transaction that is rolled back.  Both of PostgreSQL's plans are asked for: the one for
these arguments, and the generic one that a prepared statement falls back on.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
from sqlalchemy import event

from shared.database import Database

#: Setting a reach or a planner's switch: repeated before the plan is asked for, as in the transaction that was recorded.
_ENTERING = re.compile(r"\s*SELECT set_config\('hutong")
_SWITCH = re.compile(r"\s*SELECT set_config|.*SET LOCAL", re.DOTALL)
_SEARCHING = re.compile(r"\s*(SELECT|WITH|UPDATE|DELETE|INSERT INTO [^()]+\([^()]*\)\s*SELECT)")
_WRITES = re.compile(r"(?!\s*SELECT).*\b(INSERT|UPDATE|DELETE)\b", re.DOTALL)
_PARAMETER = re.compile(r"\$(\d+)")
#: The driver's own question about the types of a new connection.
_INTROSPECTION = re.compile(r".*(pg_catalog\.|'jit')", re.DOTALL)


@dataclass(frozen=True)
class Statement:
    """``before`` are the settings of its transaction."""

    text: str
    arguments: tuple[Any, ...]
    before: tuple[tuple[str, tuple[Any, ...]], ...]


@asynccontextmanager
async def recorded(database: Database, *, here: bool = False) -> AsyncIterator[list[Statement]]:
    """Every statement that searches something and goes to the database meanwhile; ``here``: from this task alone."""
    recorder = _Recorder(asyncio.current_task() if here else None)
    engine = database.engine.sync_engine
    await database.engine.dispose()  # to what is pooled already, nobody listens
    event.listen(engine, "connect", recorder.connected)
    event.listen(engine, "before_cursor_execute", recorder.prepared)
    try:
        yield recorder.heard
    finally:
        event.remove(engine, "connect", recorder.connected)
        event.remove(engine, "before_cursor_execute", recorder.prepared)
        await database.engine.dispose()


class _Recorder:
    """Hears the driver (bulk statements) and SQLAlchemy (its own are prepared, which the driver does not tell)."""

    def __init__(self, task: "asyncio.Task[Any] | None") -> None:
        self._task = task
        self.heard: list[Statement] = []
        self._settings: dict[int, list[tuple[str, tuple[Any, ...]]]] = {}

    def connected(self, adapted: Any, _: Any) -> None:
        driver = adapted.driver_connection
        driver.add_query_logger(lambda query: self._hear(driver, query.query, query.args))

    def prepared(self, connection: Any, _: Any, text: str, values: Any, *__: Any) -> None:
        self._hear(connection.connection.driver_connection, text, values)

    def _hear(self, driver: Any, text: str, values: Any) -> None:
        arguments = tuple(values)
        asked = max(map(int, _PARAMETER.findall(text)), default=0)
        if arguments and len(arguments) != asked:
            arguments = tuple(arguments[0])  # the first of many rows
        if self._task not in (None, asyncio.current_task()):
            return
        if "$1" in text and not arguments:
            return  # for no row at all
        if _ENTERING.match(text):  # the first statement of every transaction
            self._settings[id(driver)] = [(text, arguments)]
        elif _SWITCH.match(text):
            self._settings[id(driver)].append((text, arguments))
        elif _SEARCHING.match(text) and not _INTROSPECTION.match(text):
            before = tuple(self._settings.get(id(driver), ()))
            self.heard.append(Statement(text, arguments, before))


#: Ways to read a table without an index.
_UNAIDED = {"Seq Scan", "Parallel Seq Scan", "Sample Scan", "Tid Scan"}


@dataclass(frozen=True)
class Large:
    """Large tables, and their indexes, less the partial ones, which are short lists by themselves."""

    tables: frozenset[str]
    indexes: frozenset[str]

    @classmethod
    async def of(cls, connection: "asyncpg.Connection[Any]", tables: Iterable[str]) -> "Large":
        rows = await connection.fetch(
            "SELECT i.indexrelid::regclass::text FROM pg_index i"
            " WHERE i.indrelid = ANY($1::regclass[]) AND i.indpred IS NULL",
            list(tables),
        )
        indexes = (row[0] for row in rows)
        return cls(frozenset(map(_bare, tables)), frozenset(map(_bare, indexes)))


def _bare(name: str) -> str:
    """Plans name tables and indexes without their schema."""
    return name.rpartition(".")[2]


@dataclass(frozen=True)
class Plan:
    """A plan, and the pages that running it touched (0 for a generic one, which is not run)."""

    root: Mapping[str, Any]
    pages: int = 0

    def scans(self, large: Large) -> list[str]:
        """Whatever reads a large table from end to end: without an index, or by an index without a range.

        One end of an index (``max``) is no scan.
        """
        return [
            f"{node['Node Type']} {node.get('Relation Name') or node.get('Index Name')}"
            for node in _nodes(self.root)
            if (node["Node Type"] in _UNAIDED and node["Relation Name"] in large.tables)
            or ("Index Cond" not in node and node.get("Index Name") in large.indexes)
        ]


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The node and all below it, less what looks up one end of an index."""
    of_one = node["Node Type"] == "Limit" and node["Plan Rows"] == 1
    if of_one and node.get("Parent Relationship") == "InitPlan":
        return
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


async def plans(connection: "asyncpg.Connection[Any]", statement: Statement) -> tuple[Plan, Plan]:
    """For these arguments (run, where it only reads, and undone), and for any."""
    reading = not _WRITES.match(statement.text)
    attempt = connection.transaction()
    await attempt.start()
    try:
        for text, arguments in statement.before:
            await connection.execute(text, *arguments)
        run = await _explained(connection, statement.text, *statement.arguments, analyze=reading)
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE asked AS {statement.text}")
        nulls = ", ".join("NULL" for _ in statement.arguments)
        generic = await _explained(connection, "EXECUTE asked" + (f"({nulls})" if nulls else ""))
        await connection.execute("DEALLOCATE asked")
    finally:
        await attempt.rollback()
    touched = run["Shared Hit Blocks"] + run["Shared Read Blocks"] if reading else 0
    return Plan(run, touched), Plan(generic)


async def _explained(
    connection: "asyncpg.Connection[Any]", text: str, *arguments: Any, analyze: bool = False
) -> Mapping[str, Any]:
    how = "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON" if analyze else "FORMAT JSON"
    (found,) = orjson.loads(await connection.fetchval(f"EXPLAIN ({how}) {text}", *arguments))
    root: Mapping[str, Any] = found["Plan"]
    return root
