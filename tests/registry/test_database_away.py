"""A database that cannot be had: whoever asks is told to ask again (503), never that something broke here."""

import asyncio
import socket
from contextlib import AsyncExitStack
from time import monotonic
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import exc

from shared.database import SYSTEM, Database, is_away, raw
from tests.registry.conftest import Registry

POSTS = "/v1/posts"


def told_to_ask_again(reply: httpx.Response) -> bool:
    return (
        reply.status_code == 503
        and reply.headers["Content-Type"].startswith("application/problem+json")
        and int(reply.headers["Retry-After"]) > 0
    )


async def test_no_connection_of_the_pool_comes_free_in_time(registry: Registry) -> None:
    official = await registry("civil_affairs:500103")
    assert (await official.get(POSTS)).status_code == 200
    pool: Any = registry.database.engine.pool
    pool._timeout = 0.05
    async with AsyncExitStack() as taken:
        for _ in range(pool.size()):
            await taken.enter_async_context(registry.database.engine.connect())
        assert told_to_ask_again(await official.get(POSTS))
    assert (await official.get(POSTS)).status_code == 200


async def test_the_connection_breaks_under_way(registry: Registry) -> None:
    official = await registry("civil_affairs:500103")
    assert (await official.get(POSTS)).status_code == 200
    async with AsyncExitStack() as stack:
        owner = await asyncpg.connect(registry.owner_url)
        stack.push_async_callback(owner.close)
        itself = await asyncpg.connect(registry.settings.database_url("registry"))
        stack.push_async_callback(itself.close)
        await stack.enter_async_context(owner.transaction())
        await owner.execute("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
        asked = asyncio.create_task(official.get(POSTS))
        while not await itself.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ):
            await asyncio.sleep(0.01)
        assert told_to_ask_again(await asked)
    assert (await official.get(POSTS)).status_code == 200


async def test_connections_that_ended_at_rest_are_made_anew_unasked(registry: Registry) -> None:
    async with AsyncExitStack() as stack:
        alone = Database(registry.settings.database_url("registry"), 2)
        stack.push_async_callback(alone.close)
        async with alone.transaction(SYSTEM) as one, alone.transaction(SYSTEM) as other:
            resting = [await raw(one), await raw(other)]
        itself = await asyncpg.connect(registry.settings.database_url("registry"))
        stack.push_async_callback(itself.close)
        for own in resting:
            await itself.execute("SELECT pg_terminate_backend($1)", own.get_server_pid())
        async with asyncio.timeout(30):
            while not all(own.is_closed() for own in resting):
                await asyncio.sleep(0.01)
        for _ in range(3):
            async with alone.transaction(SYSTEM) as session:
                assert await (await raw(session)).fetchval("SELECT 1") == 1


@pytest.mark.parametrize(("rested", "asked"), [(9.0, False), (11.0, True)])
async def test_only_who_rested_long_is_asked_whether_the_server_is_there(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, rested: float, asked: bool
) -> None:
    """The question costs as much as a short transaction does."""
    heard: list[str] = []
    async with AsyncExitStack() as stack:
        alone = Database(registry.settings.database_url("registry"), 1)
        stack.push_async_callback(alone.close)
        async with alone.transaction(SYSTEM) as session:
            (await raw(session)).add_query_logger(lambda record: heard.append(record.query))
        later = monotonic() + rested
        monkeypatch.setattr("shared.database.monotonic", lambda: later)
        async with alone.transaction(SYSTEM):
            pass

    assert (";" in heard) is asked


async def test_nobody_listens_where_the_database_was(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = await registry("civil_affairs:500103")
    assert (await official.get(POSTS)).status_code == 200
    # Nothing at the port, an unknown host, one to which no route leads, a socket that is not there.
    for nowhere in (
        "127.0.0.1:1/none",
        "nowhere.invalid/none",
        "255.255.255.255/none",
        "/none?host=/nowhere",
    ):
        gone = Database(f"postgresql://nobody:nothing@{nowhere}")
        with monkeypatch.context() as patch:
            patch.setitem(registry.app.state._state, "database", gone)
            assert told_to_ask_again(await official.get(POSTS))
        await gone.close()


async def test_a_server_that_is_gone_without_a_word_is_found_out(registry: Registry) -> None:
    """Its machine lost power: no word of it ever comes, and whoever waits for an answer has nothing to send."""
    async with registry.database.transaction(SYSTEM) as session:
        own = (await raw(session))._transport.get_extra_info("socket")
        assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, between, times, sent = (
            own.getsockopt(socket.IPPROTO_TCP, option)
            for option in (
                socket.TCP_KEEPIDLE,
                socket.TCP_KEEPINTVL,
                socket.TCP_KEEPCNT,
                socket.TCP_USER_TIMEOUT,
            )
        )
    assert idle + between * times <= 60 and 0 < sent <= 60_000


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (exc.TimeoutError(), True),
        (ConnectionResetError(), True),
        (asyncpg.AdminShutdownError("x"), True),
        (asyncpg.CannotConnectNowError("x"), True),
        (asyncpg.TooManyConnectionsError("x"), True),
        (asyncpg.DiskFullError("x"), True),
        (asyncpg.ConnectionDoesNotExistError("x"), True),
        (asyncpg.InterfaceError("connection is closed"), False),
        (asyncpg.QueryCanceledError("x"), False),
        (asyncpg.UniqueViolationError("x"), False),
        (FileNotFoundError(), False),
        (ValueError(), False),
    ],
)
def test_what_tells_that_the_database_is_away(error: BaseException, away: bool) -> None:
    assert is_away(error) is away
    wrapped = RuntimeError()
    wrapped.__cause__ = error
    assert is_away(wrapped) is away
