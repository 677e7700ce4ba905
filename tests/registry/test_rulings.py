"""Rulings through a whole hub: what a person's word makes of two children, and back again at any later time."""

from typing import Any

import pytest

from services.registry.children import rebuilding
from shared import auth
from tests.guards.story import World
from tests.notifications.hubs import settle
from tests.registry.doubles import (
    NOBODY,
    alive,
    decide,
    digest_by,
    digest_of,
    doubted,
    entries_of,
    listed,
    open_review,
    reviewer,
    second,
    undo,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    auth._buckets.clear()


async def differences(world: World) -> list[Any]:
    app = world.hub.apps["registry"]
    return [d async for d in rebuilding.verify(app.state.database, app.state.kit)]


async def test_r12_same_makes_one_child_and_the_other_is_told_to_have_merged_into_it(
    world: World,
) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)

    reply = await decide(civil, pair.review, "same", note="号码录入有误")
    assert reply.status_code == 200, reply.text
    assert reply.json()["state"] == "decided"
    assert pair.review not in await listed(civil)
    await settle(world.hub)

    assert await alive(world, pair.elder, pair.younger) == [True, False]
    closed = await open_review(world, pair)
    assert closed["state"] == "closed"
    (ruling,) = closed["rulings"]
    assert (ruling["state"], ruling["note"]) == ("standing", "号码录入有误")
    assert len(await entries_of(world, pair.elder)) == 2
    merged = await world.rows(
        "SELECT body FROM outbox WHERE subject = $1 AND type = 'child.merged'", pair.younger
    )
    assert [row["body"] for row in merged] != []
    assert f'"{pair.elder}"' in str(merged[0]["body"])
    assert await differences(world) == []


async def test_different_keeps_them_apart_whatever_comes_later(world: World) -> None:
    pair = await doubted(world)
    await decide(await reviewer(world), pair.review, "different", "twins")
    await settle(world.hub)
    for elder in (True, False, True):
        await pair.tell(elder)
    await settle(world.hub)

    assert await alive(world, pair.elder, pair.younger) == [True, True]
    assert len(await entries_of(world, pair.elder)) == 3
    assert len(await entries_of(world, pair.younger)) == 2
    assert (await open_review(world, pair))["state"] == "closed"


async def test_after_merge_pushes_edits_and_unmerge_each_is_as_if_never_merged(
    world: World,
) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    first = dict(zip((True, False), pair.told, strict=True))
    truth = {elder: {pair.entry(elder, source)} for elder, source in first.items()}
    await decide(civil, pair.review, "same")
    await settle(world.hub)
    for elder in (True, False):
        await pair.tell(elder, source_id=first[elder], residence=None)
        truth[elder].add(pair.entry(elder, await pair.tell(elder)))
        more = await pair.tell(elder, feed="assistance", kind="orphan")
        truth[elder].add(pair.entry(elder, more, "assistance"))
    await settle(world.hub)
    assert set(await entries_of(world, pair.elder)) == truth[True] | truth[False]

    groups = [[pair.entry(elder, first[elder])] for elder in (True, False)]
    reply = await undo(civil, f"children/{pair.elder}/unmerge", groups=groups)
    assert reply.status_code == 202, reply.text
    assert reply.json()["state"] == "proposed", "an orphan is in key care"
    agreed = await second(await reviewer(world, actor="staff-8"), reply.json()["id"])
    assert agreed.status_code == 200, agreed.text
    await settle(world.hub)

    for elder, child in ((True, pair.elder), (False, pair.younger)):
        assert set(await entries_of(world, child)) == truth[elder]
        assert await digest_of(world, child) == await digest_by(world, child, truth[elder])
    assert await differences(world) == []
    rulings = (await civil.get("/v1/rulings", params={"child": str(pair.elder)})).json()["rulings"]
    assert [(one["kind"], one["state"]) for one in rulings] == [
        ("same", "withdrawn"),
        ("part", "standing"),
    ]


async def test_a_ruling_taken_back_leaves_no_trace_and_the_doubt_returns(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    before = [await digest_of(world, child) for child in (pair.elder, pair.younger)]
    await decide(civil, pair.review, "same")
    await settle(world.hub)
    (ruling,) = (await open_review(world, pair))["rulings"]

    reply = await undo(civil, f"rulings/{ruling['id']}/withdrawal", "mistaken")
    assert reply.status_code == 202, reply.text
    await settle(world.hub)

    after = [await digest_of(world, child) for child in (pair.elder, pair.younger)]
    assert after == before
    assert (await open_review(world, pair))["state"] == "open"
    assert (await civil.get(f"/v1/rulings/{ruling['id']}")).json()["state"] == "withdrawn"
    again = await undo(civil, f"rulings/{ruling['id']}/withdrawal", "mistaken")
    assert again.status_code == 409
    assert await differences(world) == []


@pytest.mark.parametrize("newer", [False, True])
async def test_what_an_unmerge_had_ended_stands_again_when_it_is_taken_back(
    world: World, newer: bool
) -> None:
    """Unless somebody said the opposite meanwhile."""
    pair = await doubted(world)
    civil = await reviewer(world)
    await decide(civil, pair.review, "same")
    await settle(world.hub)
    groups = [
        [pair.entry(elder, source)] for elder, source in zip((True, False), pair.told, strict=True)
    ]
    part = await undo(civil, f"children/{pair.elder}/unmerge", groups=groups)
    await settle(world.hub)
    assert await alive(world, pair.elder, pair.younger) == [True, True]
    if newer:
        await world.rows(
            "INSERT INTO ruling_constraints (id, ruling, place, same, one, other, held, ended)"
            " VALUES (gen_random_uuid(), $3, 0, false, $1, $2, true, false)",
            *groups,
            NOBODY,
        )
    await undo(civil, f"rulings/{part.json()['id']}/withdrawal", "mistaken")
    await settle(world.hub)

    assert await alive(world, pair.elder, pair.younger) == [True, newer]
    rulings = (await civil.get("/v1/rulings", params={"child": str(pair.elder)})).json()["rulings"]
    assert [(one["kind"], one["state"]) for one in rulings] == [
        ("same", "withdrawn" if newer else "standing"),
        ("part", "withdrawn"),
        ("withdraw", "standing"),
    ]
    await world.rows("DELETE FROM ruling_constraints WHERE ruling = $1", NOBODY)
    assert await differences(world) == []
    if not newer:
        await undo(civil, f"rulings/{rulings[0]['id']}/withdrawal", "mistaken")
        await settle(world.hub)
        assert await alive(world, pair.elder, pair.younger) == [True, True]


async def test_one_record_is_moved_to_the_child_it_speaks_of(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    await decide(civil, pair.review, "different", "siblings")
    await settle(world.hub)
    stray = pair.entry(True, await pair.tell(elder=True))
    await settle(world.hub)
    assert stray in await entries_of(world, pair.elder)

    reply = await undo(
        civil,
        f"children/{pair.elder}/relink",
        "record_of_another",
        entry=stray,
        to=str(pair.younger),
    )
    assert reply.status_code == 202, reply.text
    await settle(world.hub)

    assert stray in await entries_of(world, pair.younger)
    assert len(await entries_of(world, pair.elder)) == 1
    rulings = (await civil.get("/v1/rulings", params={"child": str(pair.elder)})).json()["rulings"]
    assert [(one["kind"], one["state"]) for one in rulings] == [
        ("different", "standing"),
        ("move", "standing"),
    ], "the older ruling holds on for the other records"
    assert await differences(world) == []

    back = await undo(civil, f"rulings/{rulings[1]['id']}/withdrawal", "mistaken")
    assert back.status_code == 202
    await settle(world.hub)
    assert stray in await entries_of(world, pair.elder)


@pytest.mark.parametrize("answer", ["agree", "refuse"])
async def test_two_children_in_key_care_are_joined_by_two_people(world: World, answer: str) -> None:
    pair = await doubted(world)
    for elder in (True, False):
        await pair.tell(elder, feed="assistance", kind="orphan")
    await settle(world.hub)
    civil, colleague = await reviewer(world), await reviewer(world, actor="staff-8")
    assert (await open_review(world, pair))["second_needed"]
    assert pair.review in await listed(civil, key_care=True)

    proposed = await decide(civil, pair.review, "same")
    assert proposed.json()["state"] == "proposed"
    await settle(world.hub)
    assert await alive(world, pair.elder, pair.younger) == [True, True]
    (ruling,) = proposed.json()["rulings"]
    assert ruling["id"] in [
        one["id"]
        for one in (await colleague.get("/v1/rulings", params={"state": "proposed"})).json()[
            "rulings"
        ]
    ]
    alone = await second(civil, ruling["id"], answer)
    assert (alone.status_code, alone.json()["type"].rsplit("/", 1)[1]) == (
        403,
        "second-person-needed",
    )
    said = await second(colleague, ruling["id"], answer)
    assert said.status_code == 200, said.text
    assert said.json()["second"]["by"]["actor"] == "staff-8"
    assert (await second(colleague, ruling["id"], answer)).status_code == 409
    await settle(world.hub)

    joined = answer == "agree"
    assert await alive(world, pair.elder, pair.younger) == [True, not joined]
    if not joined:
        back = await open_review(world, pair)
        assert (back["state"], back["returned"]) == ("open", "refused")
        assert pair.review in await listed(civil)
