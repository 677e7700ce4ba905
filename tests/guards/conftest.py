"""The guards' hubs: one for each module, since most guards only read."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.databases import Cluster, Copies
from tests.guards import story
from tests.guards.story import World
from tests.guards.tampering import Proven, prove


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    cluster: Cluster, stack: AsyncExitStack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """A whole hub in which nothing has happened."""
    copies = Copies(cluster)
    stack.push_async_callback(copies.drop)
    yield await story.whole_hub(copies, tmp_path_factory.mktemp("guards"), stack)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(world: World) -> World:
    """The same, after the story."""
    await story.tell(world)
    return world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proven(world: World) -> Proven:
    """The same, its trails numbered and sealed by a checkpoint."""
    return await prove(world)
