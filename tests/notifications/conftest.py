"""Hubs, real and whole, for the notifications tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from shared import auth
from tests.databases import MakeDatabase
from tests.notifications.hubs import Hub, MovingClock
from tests.notifications.network import Network


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


@pytest.fixture
async def chongqing(
    database: MakeDatabase,
    tmp_path: Path,
    clock: MovingClock,
    network: Network,
    stack: AsyncExitStack,
) -> Hub:
    """The hub of Chongqing (重庆)."""
    hub = Hub("chongqing", "50", tmp_path / "chongqing", 1, clock, network, stack)
    await hub.start(database)
    return hub


@pytest.fixture
async def heze(
    database: MakeDatabase,
    tmp_path: Path,
    clock: MovingClock,
    network: Network,
    stack: AsyncExitStack,
) -> Hub:
    """The hub of Heze (菏泽)."""
    hub = Hub("heze", "3717", tmp_path / "heze", 2, clock, network, stack)
    await hub.start(database)
    return hub
