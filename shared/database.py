"""One database of one service, reached as its runtime role, always under a *reach*.

A reach says how far the transaction may see: an area, a department and the key-care categories open to it.  It is set
transaction-locally, and forced row-level security reads it, so a query that forgets its filter still
shows nothing foreign, and a transaction that forgets its reach shows nothing at all.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, cast

import asyncpg
import orjson
from sqlalchemy import event, exc, text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

_SET_REACH = text(
    "SELECT set_config('hutong.low', :low, true), set_config('hutong.high', :high, true),"
    " set_config('hutong.department', :department, true), set_config('hutong.client', :client, true),"
    " set_config('hutong.categories', :categories, true),"
    " set_config('hutong.sources', :sources, true), set_config('hutong.contractor', :contractor, true),"
    " set_config('hutong.compartments', :compartments, true),"
    " set_config('hutong.compartment', :compartment, true)"
)

#: Seconds until the first question whether the server is still there, and between them; how many; milliseconds for what was sent.
_WATCH: Final = {
    "TCP_KEEPIDLE": 30,
    "TCP_KEEPINTVL": 10,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 60_000,
}
#: Seconds that a connection rests in the pool before it is asked whether the server is still there: the question costs three
#: round trips, more than a short transaction does. An end that the server told of is known without asking; one that it did not
#: tell of yet meets the first statement, and whoever asked is told to ask again (503).
_TRUSTED: Final = 10.0
#: No connection to be had in time, none at all, or one that broke; the server ends, begins, or has no room.
_AWAY = (
    exc.TimeoutError,
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a transaction sees; a ``contractor`` sees its own records alone.

    ``categories`` are the key-care categories open to it, ``compartments`` those that could be; ``compartment`` is the one
    that it has entered, and no other row of any compartment is there for it.
    """

    low: int
    high: int
    department: str
    client: str
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    contractor: bool = False
    compartments: tuple[str, ...] = ()
    compartment: str = ""


#: Workers and the service itself: every row.  No token ever gets this reach.
SYSTEM = Reach(0, 999_999_999_999, "system", "system", ("*",))
#: Sees no protected row: requests without a caller.
NOTHING = Reach(1, 0, "nobody", "nobody")


class Database:
    def __init__(self, url: str, pool_size: int = 5) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args={
                "async_creator_fn": _connect,
                "connection_class": Watched,
                "server_settings": {"application_name": "hutong", "jit": "off"},
            },
        )
        _ask_the_rested(self.engine)
        self._sessions = async_sessionmaker(
            self.engine, class_=AsyncSession, expire_on_commit=False
        )

    @asynccontextmanager
    async def transaction(self, reach: Reach) -> AsyncIterator[AsyncSession]:
        """One transaction under ``reach``: commits at the end of the block, rolls back on any error."""
        async with self._sessions() as session, session.begin():
            await enter(session, reach)
            yield session

    @asynccontextmanager
    async def snapshot(self, reach: Reach) -> AsyncIterator[AsyncSession]:
        """A transaction to which the database stands still; what it writes is undone at the end."""
        async with self._sessions() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            await enter(session, reach)
            yield session
            await session.rollback()

    async def close(self) -> None:
        await self.engine.dispose()


def _ask_the_rested(engine: AsyncEngine) -> None:
    """Have the pool make its connections anew where one that is taken from it turns out to be at its end."""
    dialect = engine.dialect

    @event.listens_for(engine.sync_engine, "checkin")
    def rests(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def is_there(connection: Any, record: Any, _fairy: Any) -> None:
        now = monotonic()
        has_rested = now - record.info.get("rests_since", now) > _TRUSTED
        if connection.driver_connection.is_closed() or (
            has_rested and not _answers(dialect, connection)
        ):
            raise exc.InvalidatePoolError


def _answers(dialect: Dialect, connection: Any) -> bool:
    try:
        return dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        return False


class Watched(asyncpg.Connection):  # type: ignore[misc]  # asyncpg tells no types
    """A connection of which the kernel finds out within a minute that the server is gone without a word: by itself it would be
    waited upon for good, and a step of a worker with it."""

    def __init__(self, protocol: Any, transport: asyncio.BaseTransport, *rest: Any) -> None:
        super().__init__(protocol, transport, *rest)
        own = transport.get_extra_info("socket")
        if own.family != socket.AF_UNIX:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _WATCH.items():
                if (option := getattr(socket, name, None)) is not None:  # not every system has each
                    own.setsockopt(socket.IPPROTO_TCP, option, value)


async def _connect(*args: Any, **told: Any) -> "asyncpg.Connection[Any]":
    """ConnectionError too where nobody knows the host, no route leads there, or no socket is there: elsewhere these are faults."""
    try:
        return await asyncpg.connect(*args, **told)
    except ConnectionError:
        raise
    except OSError as error:
        raise ConnectionError(type(error).__name__) from error


def is_away(error: BaseException) -> bool:
    """Whether the database could not be had, so that the same request may well be served a little later.

    A statement that was cancelled, and one that the server refused for what it says, are no such thing.
    """
    told: BaseException | None = error
    while told is not None:
        if isinstance(told, exc.DBAPIError) and told.connection_invalidated:
            return True
        if isinstance(told, _AWAY):
            return not isinstance(told, asyncpg.QueryCanceledError)
        told = told.__cause__
    return False


async def enter(session: AsyncSession, reach: Reach) -> None:
    """Set how far the rest of this transaction sees."""
    connection = await session.connection()
    await connection.execute(
        _SET_REACH,
        {
            "low": str(reach.low),
            "high": str(reach.high),
            "department": reach.department,
            "client": reach.client,
            "categories": ",".join(reach.categories),
            "sources": ",".join(reach.sources),
            "contractor": "yes" if reach.contractor else "",
            "compartments": ",".join(reach.compartments),
            "compartment": reach.compartment,
        },
    )


async def raw(session: AsyncSession) -> "asyncpg.Connection[Any]":
    """The driver's own connection, inside the session's transaction: for COPY and bulk statements.

    JSONB comes out as Python objects and goes in as JSON text (SQLAlchemy's codec is on the connection).
    """
    connection = await session.connection()
    fairy = await connection.get_raw_connection()
    return cast("asyncpg.Connection[Any]", fairy.driver_connection)
