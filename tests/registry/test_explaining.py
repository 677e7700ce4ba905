"""What explaining costs matching, and what a review tells of rulings that are hidden elsewhere."""

import pytest

from tests.guards.story import ELSEWHERE, World
from tests.notifications.hubs import settle
from tests.registry.doubles import decide, doubted, open_review, reviewer

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_all_links_of_a_child_are_asked_for_in_one_call(world: World) -> None:
    pair = await doubted(world)
    for _ in range(3):
        await pair.tell(elder=True)
    await settle(world.hub)
    world.hub.network.seen.clear()

    reply = await (await reviewer(world)).get(f"/v1/children/{pair.elder}/links")

    assert len(reply.json()["links"]) == 4, reply.text
    asked = [url for url, _ in world.hub.network.seen if "/v1/explanations" in url]
    assert len(asked) == 1


async def test_a_review_shows_no_ruling_that_is_not_shown_by_itself(world: World) -> None:
    """An entry that it was about speaks of a child out of reach by now."""
    pair = await doubted(world)
    civil = await reviewer(world)
    await decide(civil, pair.review, "different", "twins")
    await settle(world.hub)
    (ruling,) = (await open_review(world, pair))["rulings"]
    await doubted(world, places=(ELSEWHERE, ELSEWHERE), hukous=(ELSEWHERE, ELSEWHERE))
    (row,) = await world.rows("SELECT entries FROM rulings WHERE id = $1::uuid", ruling["id"])
    (other,) = await world.rows(
        "SELECT person FROM links WHERE entry_id <> ALL($1) AND person IN"
        " (SELECT id FROM children WHERE residence_code / 1000000 = $2) LIMIT 1",
        row["entries"],
        int(ELSEWHERE),
    )
    await world.rows(
        "UPDATE links SET person = $2 WHERE entry_id = $1", row["entries"][0], other["person"]
    )

    assert (await civil.get(f"/v1/rulings/{ruling['id']}")).status_code == 404
    assert (await open_review(world, pair))["rulings"] == []
