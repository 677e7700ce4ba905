"""Hubs, real and whole, for the notifications tests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from services.local import secrets as key_files
from shared import auth
from tests.databases import MakeDatabase
from tests.notifications.hubs import Hub, MovingClock
from tests.notifications.network import Network

MakeHub = Callable[..., Awaitable[Hub]]


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
async def network(stack: AsyncExitStack) -> Network:
    made = Network()
    stack.push_async_callback(made.close)
    auth._buckets.clear()
    return made


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The key files of each hub, made once: no test changes them."""
    made = {name: tmp_path_factory.mktemp(name) for name in ("chongqing", "heze")}
    for home in made.values():
        key_files.make(home)
    return made


@pytest.fixture
def make_hub(
    database: MakeDatabase,
    homes: dict[str, Path],
    clock: MovingClock,
    network: Network,
    stack: AsyncExitStack,
) -> MakeHub:
    async def make(name: str, area: str, *, whole: bool) -> Hub:
        number = len({key.split(":")[1] for key in network.apps}) + 1
        hub = Hub(name, area, homes[name], number, clock, network, stack)
        await hub.start(database, whole=whole)
        return hub

    return make


@pytest.fixture
async def chongqing(make_hub: MakeHub) -> Hub:
    """The hub of Chongqing (重庆), without linking and folding: tests make its registry's events."""
    return await make_hub("chongqing", "50", whole=False)


@pytest.fixture
async def home(chongqing: Hub) -> httpx.AsyncClient:
    """Civil affairs where the child lives."""
    await chongqing.authority("渝中区民政局", "500103", "civil-500103")
    return await chongqing.official("civil-500103", "500103")


@pytest.fixture
async def hukou(chongqing: Hub) -> httpx.AsyncClient:
    """Civil affairs at the child's hukou place."""
    await chongqing.authority("忠县民政局", "500233", "civil-500233")
    return await chongqing.official("civil-500233", "500233")
