"""Reviews through a whole hub: the queue, one review side by side, claiming it, deciding on it, and who may know of it."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

import pytest

from shared import auth
from shared.vocabulary import Department
from tests.guards.story import ELSEWHERE, HOME, HUKOU, World, push
from tests.notifications.hubs import settle
from tests.registry.doubles import decide, doubted, listed, number, open_review, reviewer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    auth._buckets.clear()


async def test_r12_a_doubt_is_shown_side_by_side_with_the_way_to_its_weight(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    assert pair.review in await listed(civil)

    seen = await open_review(world, pair)

    assert seen["state"] == "open"
    assert {side["child"]["id"] for side in seen["sides"]} == {str(pair.elder), str(pair.younger)}
    names = {side["child"]["fields"]["name"]["value"] for side in seen["sides"]}
    assert names == {pair.facts(True)["name"], pair.facts(False)["name"]}
    assert all("record" in side["child"]["fields"]["name"] for side in seen["sides"])
    agreement = {name: seen["agreement"][name] for name in ("id_number", "birth_on", "name", "sex")}
    assert agreement == {
        "id_number": "same",
        "birth_on": "same",
        "name": "different",
        "sex": "different",
    }
    evidence = seen["evidence"]
    assert evidence["whole"]
    steps = sum(one["weight"] for one in evidence["comparisons"])
    assert evidence["prior"] + steps == pytest.approx(evidence["weight"])
    assert [side["siblings"] for side in seen["sides"]] == [[], []]


async def test_unsure_waits_for_other_evidence_or_a_day(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    reply = await decide(civil, pair.review, "unsure", "evidence_lacking", until="2026-12-01")
    assert reply.status_code == 200, reply.text
    assert (reply.json()["state"], reply.json()["deferred_until"]) == ("deferred", "2026-12-01")
    assert pair.review not in await listed(civil)
    assert pair.review in await listed(civil, state="deferred")

    begun = world.hub.clock.at
    world.hub.clock.pass_by(days=12)
    assert pair.review in await listed(civil)
    world.hub.clock.at = begun
    assert pair.review not in await listed(civil)

    (younger,) = [source for source in pair.told if source.startswith("Y")]
    await pair.tell(False, source_id=younger, hukou={"division": "500229"})
    await settle(world.hub)
    assert (await open_review(world, pair))["state"] == "open"
    assert pair.review in await listed(civil)


async def test_a_review_closes_itself_when_the_evidence_changes(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    read = await civil.get(f"/v1/match-reviews/{pair.review}")
    (younger,) = [source for source in pair.told if source.startswith("Y")]
    own = {**pair.facts(False), "id_number": number(pair.born, 900 + pair.at)}
    await pair.tell(False, source_id=younger, child=own)
    await settle(world.hub)

    assert pair.review not in await listed(civil)
    assert (await open_review(world, pair))["state"] == "closed"
    for etag in (read.headers["ETag"], '"1"'):
        late = await civil.post(
            f"/v1/match-reviews/{pair.review}/decisions",
            json={"decision": "same", "reason": "verified"},
            headers={"If-Match": etag, "Idempotency-Key": str(uuid4())},
        )
        assert (late.status_code, late.json()["type"].rsplit("/", 1)[1]) == (409, "review-closed")


async def test_who_claims_a_review_has_it_for_himself(world: World) -> None:
    pair = await doubted(world)
    civil, colleague = await reviewer(world), await reviewer(world, actor="staff-8")
    path = f"/v1/match-reviews/{pair.review}/assignment"
    assert (await civil.put(path)).status_code == 428
    etag = (await civil.get(f"/v1/match-reviews/{pair.review}")).headers["ETag"]
    claimed = await civil.put(path, headers={"If-Match": etag})
    assert claimed.status_code == 200
    assert claimed.json()["assigned_to"]["actor"] == "staff-7"
    assert (await civil.put(path, headers={"If-Match": etag})).status_code == 412

    assert pair.review in await listed(civil, assigned="mine")
    assert pair.review in await listed(colleague, assigned="others")
    assert pair.review not in await listed(colleague, assigned="nobody")
    assert (await decide(colleague, pair.review, "different")).status_code == 409
    now = claimed.headers["ETag"]
    assert (await colleague.put(path, headers={"If-Match": now})).status_code == 409
    released = await colleague.delete(path, headers={"If-Match": now})
    assert "assigned_to" not in released.json()
    assert (await decide(colleague, pair.review, "different")).status_code == 200


async def test_of_two_deciders_at_once_one_is_told(world: World) -> None:
    pair = await doubted(world)
    people = [await reviewer(world, actor=f"staff-{n}") for n in range(4)]
    replies = await asyncio.gather(
        *(
            decide(one, pair.review, "same" if n % 2 else "different")
            for n, one in enumerate(people)
        )
    )
    assert Counter(reply.status_code for reply in replies) == {200: 1, 409: 3}
    rows = await world.rows("SELECT 1 FROM rulings WHERE review = $1", UUID(pair.review))
    assert len(rows) == 1


async def test_a_decision_sent_twice_is_one(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    read = await civil.get(f"/v1/match-reviews/{pair.review}")
    headers = {"If-Match": read.headers["ETag"], "Idempotency-Key": str(uuid4())}
    word = {"decision": "different", "reason": "namesakes"}
    replies = [
        await civil.post(f"/v1/match-reviews/{pair.review}/decisions", json=word, headers=headers)
        for _ in range(2)
    ]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert len(replies[1].json()["rulings"]) == 1


async def test_whoever_reaches_one_child_alone_cannot_tell_that_there_is_a_review(
    world: World,
) -> None:
    pair = await doubted(world, places=(HOME, ELSEWHERE), hukous=(HUKOU, "500229"))
    province = await reviewer(world, "50")
    assert pair.review in await listed(province)
    await decide(province, pair.review, "unsure", "evidence_lacking")
    (ruling,) = (await province.get(f"/v1/match-reviews/{pair.review}")).json()["rulings"]

    for area in (HOME, ELSEWHERE, HUKOU, "500229", "500112"):
        civil = await reviewer(world, area)
        assert pair.review not in await listed(civil, state="deferred")
        for real, never in ((pair.review, str(uuid4())), (ruling["id"], str(uuid4()))):
            for path in ("match-reviews", "rulings"):
                replies = [await civil.get(f"/v1/{path}/{one}") for one in (real, never)]
                assert [r.status_code for r in replies] == [404, 404]
                assert replies[0].content == replies[1].content
        rulings = (await civil.get("/v1/rulings", params={"limit": 500})).json()["rulings"]
        assert ruling["id"] not in [one["id"] for one in rulings]
    other = await world(Department.EDUCATION, "50")
    assert (await other.get(f"/v1/match-reviews/{pair.review}")).status_code == 403


async def test_a_review_follows_its_children_to_where_they_live(world: World) -> None:
    pair = await doubted(world, hukous=("500229", "500229"))
    assert pair.review in await listed(await reviewer(world))
    moved = {"division": ELSEWHERE, "address": "新街1号", "since": "2026-11-02"}
    for department, feed, more in (
        (
            Department.EDUCATION,
            "enrolments",
            {"event": "transferred_in", "on": "2026-11-02", "stage": "primary"},
        ),
        (
            Department.CIVIL_AFFAIRS,
            "assistance",
            {"kind": "temporary", "event": "started", "on": "2026-11-02"},
        ),
    ):
        item = pair.item(True, f"M-{pair.at}", residence=moved, division=ELSEWHERE, **more)
        await push(await world(department, ELSEWHERE), feed, {**item, "observed_on": "2026-11-10"})
    await settle(world.hub)
    (row,) = await world.rows("SELECT residence_code FROM children WHERE id = $1", pair.elder)
    assert row["residence_code"] == 500107000000

    for area in (HOME, ELSEWHERE):
        civil = await reviewer(world, area)
        assert pair.review not in await listed(civil)
        assert (await civil.get(f"/v1/match-reviews/{pair.review}")).status_code == 404
    assert pair.review in await listed(await reviewer(world, "500229"))


async def test_pages_hold_every_review_once_in_either_order(world: World) -> None:
    for _ in range(3):
        await doubted(world)
    civil = await reviewer(world)
    whole = {order: await listed(civil, order=order) for order in ("oldest", "heaviest")}
    assert len(whole["oldest"]) >= 3
    for order, every in whole.items():
        found: list[str] = []
        cursor = None
        while True:
            params = {"limit": 2, "order": order} | ({"cursor": cursor} if cursor else {})
            page = (await civil.get("/v1/match-reviews", params=params)).json()
            found += [one["id"] for one in page["reviews"]]
            if (cursor := page.get("next")) is None:
                break
        assert found == every
    assert sorted(whole["oldest"]) == sorted(whole["heaviest"])


async def test_reading_is_audited_with_both_children(world: World) -> None:
    pair = await doubted(world)
    await open_review(world, pair, actor="staff-31")
    (row,) = await world.rows("SELECT * FROM audit_entries WHERE actor = 'staff-31'")
    assert row["operation"] == "match_reviews.read"
    assert set(row["subjects"]) == {pair.elder, pair.younger}
