"""What people did while two children were taken for one, and what was told of them, once they are parted."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.children import rebuilding
from shared import auth
from shared.vocabulary import Department
from tests.guards.story import HOME, HUKOU, World
from tests.notifications.hubs import settle
from tests.registry.doubles import (
    Pair,
    alive,
    decide,
    doubted,
    open_review,
    reviewer,
    second,
    undo,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    auth._buckets.clear()


async def care_of(civil: httpx.AsyncClient, child: UUID) -> dict[str, str]:
    reply = await civil.get(f"/v1/children/{child}")
    assert reply.status_code == 200, reply.text
    return {one["category"]: one["state"] for one in reply.json()["key_care"]}


async def open_by_hand(civil: httpx.AsyncClient, child: UUID, category: str = "vagrancy") -> None:
    reply = await civil.post(
        "/v1/key-care",
        json={"child_id": str(child), "category": category, "reason": "found_by_visit"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert reply.status_code == 201, reply.text


async def merge(world: World, pair: Pair) -> None:
    reply = await decide(await reviewer(world), pair.review, "same")
    assert reply.status_code == 200, reply.text
    if reply.json()["state"] == "proposed":
        (ruling,) = reply.json()["rulings"]
        await second(await reviewer(world, actor="staff-8"), ruling["id"])
    await settle(world.hub)
    assert await alive(world, pair.elder, pair.younger) == [True, False]


async def part(world: World, pair: Pair) -> dict[str, Any]:
    """Part the two by their first records; the ruling."""
    elder, younger = list(pair.told)[:2]
    groups = [[pair.entry(True, elder)], [pair.entry(False, younger)]]
    reply = await undo(await reviewer(world), f"children/{pair.elder}/unmerge", groups=groups)
    assert reply.status_code == 202, reply.text
    ruling: dict[str, Any] = reply.json()
    if ruling["state"] == "proposed":
        await second(await reviewer(world, actor="staff-8"), ruling["id"])
    await settle(world.hub)
    assert await alive(world, pair.elder, pair.younger) == [True, True]
    return ruling


async def test_care_opened_before_a_merge_stays_with_the_child_that_held_it(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    await open_by_hand(civil, pair.younger)
    world.hub.clock.pass_by(minutes=1)
    await merge(world, pair)
    assert await care_of(civil, pair.elder) == {"vagrancy": "confirmed"}
    world.hub.clock.pass_by(minutes=1)

    ruling = await part(world, pair)

    assert ruling["state"] == "proposed", "the child is in key care"
    assert await care_of(civil, pair.younger) == {"vagrancy": "confirmed"}
    assert await care_of(civil, pair.elder) == {}


async def test_care_opened_while_they_were_one_is_seen_on_both_until_a_person_says(
    world: World,
) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    await merge(world, pair)
    world.hub.clock.pass_by(minutes=1)
    await open_by_hand(civil, pair.elder)
    world.hub.clock.pass_by(minutes=1)

    await part(world, pair)

    states = [await care_of(civil, child) for child in (pair.elder, pair.younger)]
    assert sorted(one["vagrancy"] for one in states) == ["confirmed", "under_review"]
    listed = await civil.get("/v1/key-care", params={"state": "under_review", "limit": 500})
    (entry,) = [
        one
        for one in listed.json()["entries"]
        if one["child"]["id"] in (str(pair.elder), str(pair.younger))
    ]
    read = await civil.get(f"/v1/key-care/{entry['id']}")
    assert read.json()["decisions"][-1]["reason"] == "carried_over"
    closed = await civil.post(
        f"/v1/key-care/{entry['id']}/decisions",
        json={"decision": "close", "reason": "wrong_child"},
        headers={"If-Match": read.headers["ETag"]},
    )
    assert closed.status_code == 200, closed.text
    app = world.hub.apps["registry"]
    assert [d async for d in rebuilding.verify(app.state.database, app.state.kit)] == []


async def test_a_shield_put_up_while_they_were_one_holds_for_both(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    await merge(world, pair)
    world.hub.clock.pass_by(minutes=1)
    shielded = await civil.post(
        f"/v1/children/{pair.elder}/shield",
        json={"reason": "domestic_violence"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert shielded.status_code == 200, shielded.text
    await part(world, pair)
    rows = await world.rows(
        "SELECT shielded FROM children WHERE id = ANY($1)", [pair.elder, pair.younger]
    )
    assert [row["shielded"] for row in rows] == [True, True]


async def test_notices_follow_their_child_through_a_merge_and_back(world: World) -> None:
    """Each had been told to its own hukou place; what was told of both as one is taken back."""
    pair = await doubted(world, hukous=(HUKOU, "500229"))
    before = await notices_of(world, pair)
    assert sorted(before.values()) == [
        ("elder", 500233000000, "issued"),
        ("younger", 500229000000, "issued"),
    ]
    await merge(world, pair)
    merged = await notices_of(world, pair)
    assert {about for about, *_ in merged.values()} == {"elder"}

    await part(world, pair)

    after = await notices_of(world, pair)
    assert {one: after[one][:2] for one in before} == {one: before[one][:2] for one in before}
    events = await world.rows(
        "SELECT subject, type FROM outbox WHERE subject = ANY($1) AND type LIKE 'child.%ed'"
        " AND type <> 'child.status_changed' ORDER BY seq",
        [pair.elder, pair.younger],
    )
    told = [(pair_of(pair, row["subject"]), row["type"]) for row in events]
    assert told[:2] == [("elder", "child.registered"), ("younger", "child.registered")]
    assert ("younger", "child.merged") in told
    assert told[-2:] in (
        [("elder", "child.parted"), ("younger", "child.parted")],
        [("younger", "child.parted"), ("elder", "child.parted")],
    )


def pair_of(pair: Pair, child: UUID) -> str:
    return "elder" if child == pair.elder else "younger"


async def notices_of(world: World, pair: Pair) -> dict[str, tuple[str, int, str]]:
    rows = await world.rows(
        "SELECT id, child, target_county, state FROM notices WHERE child = ANY($1) AND kind = 'arrived'",
        [pair.elder, pair.younger],
        service="notifications",
    )
    return {
        str(row["id"]): (pair_of(pair, row["child"]), row["target_county"], row["state"])
        for row in rows
    }


async def test_nobody_is_told_in_the_clear_who_merged_with_whom(world: World) -> None:
    pair = await doubted(world)
    civil = await world(Department.CIVIL_AFFAIRS, HOME, "notifications")
    await merge(world, pair)
    await part(world, pair)
    feed = await civil.get("/v1/events", params={"after": "start", "limit": 500})
    assert feed.status_code == 200
    assert str(pair.elder) not in feed.text and str(pair.younger) not in feed.text
    for word in ("merged", "parted"):
        assert word not in feed.text


async def test_erasing_one_leaves_no_word_about_both(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    await decide(civil, pair.review, "different", "twins", note="甲乙丙丁")
    await settle(world.hub)
    asked = await civil.post(
        "/v1/erasures",
        json={"child_id": str(pair.younger), "ground": "unlawful"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    other = await world(Department.CIVIL_AFFAIRS, HUKOU, actor="staff-8")
    approved = await other.post(f"/v1/erasures/{asked.json()['id']}/approvals")
    assert approved.status_code == 200, approved.text
    await settle(world.hub)

    gone = await civil.get(f"/v1/match-reviews/{pair.review}")
    assert gone.status_code == 404
    rulings = await civil.get("/v1/rulings", params={"child": str(pair.elder)})
    (ruling,) = rulings.json()["rulings"]
    assert "note" not in ruling
    app = world.hub.apps["registry"]
    assert [d async for d in rebuilding.verify(app.state.database, app.state.kit)] == []


async def test_an_unmerge_names_this_childs_records_each_once(world: World) -> None:
    pair = await doubted(world)
    await merge(world, pair)
    civil = await reviewer(world)
    mine, theirs = (
        pair.entry(elder, source) for elder, source in zip((True, False), pair.told, strict=True)
    )
    foreign = str(uuid4())
    for groups, pointer, code in (
        ([[mine], [foreign]], "/body/groups/1/0", "not_of_this_child"),
        ([[mine], [theirs, mine]], "/body/groups/1/1", "named_twice"),
    ):
        reply = await undo(civil, f"children/{pair.elder}/unmerge", groups=groups)
        assert reply.status_code == 422
        (flaw,) = reply.json()["errors"]
        assert (flaw["pointer"], flaw["code"]) == (pointer, code)
    machine = await reviewer(world, actor="system:nightly")
    refused = await undo(machine, f"children/{pair.elder}/unmerge", groups=[[mine], [theirs]])
    assert refused.status_code == 403
    assert (await open_review(world, pair))["state"] == "closed"
