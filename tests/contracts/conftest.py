"""A hub after the story, for tests that are not coroutines: they send each request on a loop of their own."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from shared import auth
from tests.databases import Cluster, Copies
from tests.guards import story
from tests.guards.story import World


@dataclass
class Reached:
    """The hub and the loop on which it lives."""

    world: World
    runner: asyncio.Runner

    def run(self, awaited: Any) -> Any:
        auth._buckets.clear()  # tests ask faster than a client may
        return self.runner.run(awaited)

    def send(self, service: str, request: httpx.Request) -> httpx.Response:
        async def sent() -> httpx.Response:
            return await (await self.world.anyone(service)).send(request)

        reply: httpx.Response = self.run(sent())
        return reply


@pytest.fixture(scope="module")
def reached(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    async def begin(stack: AsyncExitStack) -> World:
        copies = Copies(cluster)
        stack.push_async_callback(copies.drop)
        world = await story.whole_hub(copies, tmp_path_factory.mktemp("contracts"), stack)
        await story.tell(world)
        return world

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield Reached(runner.run(begin(stack)), runner)
        finally:
            runner.run(stack.aclose())
