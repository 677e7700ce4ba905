"""Two workers that follow matching's reviews: what the slower one read is not believed over what the other has taken."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.registry.application import matching_client
from services.registry.match_reviews.mirroring import follow_reviews
from shared import auth
from tests.guards.story import World
from tests.notifications.hubs import settle
from tests.registry.doubles import Pair, doubted, number

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    auth._buckets.clear()


class Slow(httpx.AsyncBaseTransport):
    """While a page of reviews is on its way, the doubt ends, and another worker takes both changes."""

    def __init__(self, world: World, pair: Pair) -> None:
        self.world, self.pair, self.overtaken = world, pair, False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reply = await self.world.hub.network.handle_async_request(request)
        if request.url.path == "/v1/review-changes" and not self.overtaken:
            await reply.aread()
            self.overtaken = True
            (younger,) = [source for source in self.pair.told if source.startswith("Y")]
            own = {**self.pair.facts(False), "id_number": number(self.pair.born, 900)}
            await self.pair.tell(False, source_id=younger, child=own)
            worker = self.world.hub.registry_worker
            while await worker.resolve():
                pass
            while await worker.follow_reviews():
                pass
        return reply


@pytest_asyncio.fixture(loop_scope="module")
async def pair(world: World) -> AsyncIterator[Pair]:
    """Two of whom matching doubts, which the registry has not heard of."""
    await doubted(world)
    made = Pair(world, 500)
    await made.tell(elder=True)
    await settle(world.hub)
    await made.tell(elder=False)
    while await world.hub.registry_worker.resolve():
        pass
    yield made
    await settle(world.hub)


async def test_a_review_that_ended_meanwhile_is_not_opened(world: World, pair: Pair) -> None:
    worker = world.hub.registry_worker
    opened = await world.rows("SELECT id FROM match_reviews WHERE closed_at IS NULL")
    slow = Slow(world, pair)
    matching = matching_client(worker.settings, slow)
    await follow_reviews(worker.database, matching)
    await matching.aclose()
    await settle(world.hub)

    assert slow.overtaken
    known = await world.rows(
        "SELECT review FROM reviews WHERE closed_at IS NULL", service="matching"
    )
    rows = await world.rows("SELECT id FROM match_reviews WHERE closed_at IS NULL")
    assert {row["id"] for row in rows} == {row["id"] for row in opened}
    assert {row["id"] for row in rows} == {row["review"] for row in known}
