"""Finding children by partial evidence, and why an entry is held to speak of a child: nothing of what is out of reach."""

import time
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.links import explaining
from services.registry.links.steps import PLACES
from services.registry.searches import endpoints as searches
from shared import auth
from shared.problems import FlawOut
from shared.vocabulary import Department
from tests.guards.story import ELSEWHERE, HOME, HUKOU, World
from tests.notifications.hubs import settle
from tests.registry.doubles import Pair, decide, doubted, reviewer, second

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def full_buckets(world: World) -> None:
    auth._buckets.clear()
    world.hub.apps["registry"].state.search_paces.clear()


async def find(who: httpx.AsyncClient, **evidence: Any) -> list[dict[str, Any]]:
    reply = await who.post("/v1/children/searches", json=evidence)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["found"]
    return found


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["child"]["id"] for one in found]


async def explained(who: httpx.AsyncClient, child: UUID) -> list[dict[str, Any]]:
    reply = await who.get(f"/v1/children/{child}/links")
    assert reply.status_code == 200, reply.text
    links: list[dict[str, Any]] = reply.json()["links"]
    return links


async def sighted(pair: Pair) -> None:
    """A second department speaks of both, so that education may see them at all."""
    for elder in (True, False):
        await pair.tell(elder, feed="assistance", guardians=[])
    await settle(pair.world.hub)


async def test_a_child_is_found_by_what_one_has_of_it(world: World) -> None:
    pair = await doubted(world)
    facts = pair.facts(True)
    typo = (
        facts["id_number"][:-3]
        + facts["id_number"][-2]
        + facts["id_number"][-3:-2]
        + facts["id_number"][-1]
    )
    parent = pair.item(True, "x")["guardians"][0]
    civil = await reviewer(world)
    for evidence in (
        {"name": facts["name"], "birth_date": facts["birth_date"]},
        {"name": facts["name"], "guardians": [{"phone": parent["phone"]}]},
        {"name": facts["name"], "guardians": [{"name": parent["name"]}]},
        {"id_number": facts["id_number"]},
        {"name": facts["name"], "id_number": typo, "birth_date": facts["birth_date"]},
        {"phone": parent["phone"], "birth_date": facts["birth_date"]},
    ):
        found = await find(civil, **evidence)
        assert str(pair.elder) in ids(found), evidence
    first = (
        await find(civil, **{k: facts[k] for k in ("name", "id_number", "birth_date", "sex")})
    )[0]
    assert first["child"]["id"] == str(pair.elder)
    assert first["likely"]
    evidence = first["evidence"]
    steps = sum(one["weight"] for one in evidence["comparisons"])
    assert evidence["prior"] + steps == pytest.approx(evidence["weight"])


async def test_a_number_with_one_slip_finds_its_child(world: World) -> None:
    pair = await doubted(world)
    number = pair.facts(True)["id_number"]
    civil = await reviewer(world)
    for typed in (
        number[:-2] + number[-1] + number[-2],
        number[:3] + str((int(number[3]) + 1) % 10) + number[4:],
        number[:8] + number[9:],
        number[:5] + "0" + number[5:],
    ):
        world.hub.apps["registry"].state.search_paces.clear()
        assert str(pair.elder) in ids(await find(civil, id_number=typed)), typed


@pytest.mark.parametrize(
    "evidence",
    [
        {"name": "示云海"},
        {"name": "示云海", "school": "示例小学"},
        {"name": "示云海", "residence_address": "示例街1号"},
        {"name": "示云海", "residence_division": HOME, "sex": "male"},
        {"guardians": [{"name": "示父"}]},
        {"id_number": "12"},
    ],
)
async def test_nobody_reads_not_registered_where_nobody_was_looked_for(
    world: World, evidence: dict[str, Any]
) -> None:
    civil = await reviewer(world)
    reply = await civil.post("/v1/children/searches", json=evidence)
    assert reply.status_code == 422, reply.text
    (flaw,) = reply.json()["errors"]
    assert flaw["code"] == "criteria" and flaw["detail"]
    FlawOut.model_validate(flaw)


async def test_a_stranger_finds_as_little_as_of_nobody(world: World) -> None:
    pair = await doubted(world)
    stranger = await reviewer(world, ELSEWHERE)
    facts = pair.facts(True)
    replies = [
        await stranger.post("/v1/children/searches", json=body)
        for body in (
            {"id_number": facts["id_number"]},
            {"id_number": "500107201705030015"},
            {"name": facts["name"], "birth_date": facts["birth_date"]},
        )
    ]
    assert {reply.content for reply in replies} == {b'{"found":[]}'}
    assert {reply.headers["content-length"] for reply in replies} == {"12"}


@given(st.floats(0, 10))
async def test_what_was_done_is_rounded_up_to_the_beat(worked: float) -> None:
    left = searches.rest(worked)
    assert 0 < left <= searches.BEAT
    assert (worked + left) / searches.BEAT == pytest.approx(round((worked + left) / searches.BEAT))


async def test_answers_leave_on_the_beat_whatever_was_looked_at(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    for evidence in (
        {"id_number": pair.facts(True)["id_number"]},
        {"name": "示无名", "birth_date": "2013-01-01"},
    ):
        started = time.monotonic()
        await find(civil, **evidence)
        assert time.monotonic() - started >= searches.BEAT


@pytest.mark.parametrize(
    ("purpose", "criterion", "allowed"),
    [
        ("verification", {"name": "示云海", "phone": "14200010000"}, False),
        ("service", {"name": "示云海", "phone": "14200010000"}, True),
        ("verification", {"guardians": [{"phone": "14200010000"}]}, False),
        ("verification", {"guardians": [{"name": "示父"}], "birth_date": "2014-01-01"}, True),
        ("verification", {"name": "示云海", "residence_address": "示例街1号"}, False),
        ("verification", {"name": "示云", "birth_date": "2014-01-01", "school": "示例小学"}, True),
        ("verification", {"birth_date": "2014-01-01"}, False),
        ("verification", {"sex": "male", "residence_division": HOME}, False),
        ("verification", {"name": "示云海", "residence_division": "000000"}, False),
    ],
)
async def test_nobody_learns_a_value_by_guessing_it(
    world: World, purpose: str, criterion: dict[str, Any], allowed: bool
) -> None:
    """Education sees a school, for some purposes masked phones, and never a street."""
    education = await world(Department.EDUCATION, HOME)
    reply = await education.post(
        "/v1/children/searches", json=criterion, headers={"Hutong-Purpose": purpose}
    )
    assert (reply.status_code == 200) == allowed, reply.text
    if not allowed:
        assert reply.status_code == 422
        assert {flaw["code"] for flaw in reply.json()["errors"]} <= {
            "not_open",
            "criteria",
            "division",
        }


async def test_no_level_tells_whether_a_guess_at_a_masked_value_was_right(world: World) -> None:
    """Supervision sees of a name its first character, and of a number its ends."""
    pair = await doubted(world)
    facts = pair.facts(True)
    civil = await reviewer(world)
    reply = await civil.post(
        "/v1/children/searches",
        json={key: facts[key] for key in ("name", "id_number", "birth_date")},
        headers={"Hutong-Purpose": "supervision"},
    )
    assert reply.status_code == 200, reply.text
    (first, *_) = reply.json()["found"]
    assert "*" in first["child"]["fields"]["name"]["value"]
    shown = {one["comparison"] for one in first["evidence"]["comparisons"]}
    assert "birth" in shown and shown.isdisjoint({"name", "identifier", "sex"})
    assert "weight" not in first["evidence"]


async def test_a_shielded_child_is_found_by_who_it_is_and_never_by_where(world: World) -> None:
    pair = await doubted(world)
    civil = await reviewer(world)
    shielded = await civil.post(
        f"/v1/children/{pair.elder}/shield",
        json={"reason": "domestic_violence"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert shielded.status_code == 200
    facts = pair.facts(True)
    who = {"name": facts["name"], "birth_date": facts["birth_date"]}
    address = pair.item(True, "x")["residence"]["address"]
    here = {"residence_division": HOME, "residence_address": address}
    there = {"residence_division": "500112", "residence_address": "别处路9号"}
    (plain,), (right,), (wrong,) = [
        [one for one in await find(civil, **who, **where) if one["child"]["id"] == str(pair.elder)]
        for where in ({}, here, there)
    ]
    assert plain == right == wrong
    assert not {one["comparison"] for one in plain["evidence"]["comparisons"]} & PLACES
    assert "weight" not in plain["evidence"]
    review = (await civil.get(f"/v1/match-reviews/{pair.review}")).json()
    assert "weight" not in review["evidence"] and not review["evidence"]["whole"]
    listed = (await civil.get("/v1/match-reviews", params={"limit": 500})).json()["reviews"]
    assert [one for one in listed if one["id"] == pair.review and "weight" in one] == []


async def test_searches_are_paced_and_audited(world: World) -> None:
    pair = await doubted(world)
    facts = pair.facts(True)
    civil = await reviewer(world, actor="staff-41")
    found = await find(civil, id_number=facts["id_number"], name=facts["name"])
    (row,) = await world.rows("SELECT * FROM audit_entries WHERE actor = 'staff-41'")
    assert row["operation"] == "children.find"
    assert {str(subject) for subject in row["subjects"]} == set(ids(found))
    assert facts["name"] not in str(row["detail"]) and '"id_number"' in str(row["detail"])

    pace = world.hub.apps["registry"].state.search_paces[f"{Department.CIVIL_AFFAIRS}-{HOME}"]
    pace.level = 1.0
    pace.rate = 0
    replies = [
        await civil.post(
            "/v1/children/searches", json={"name": "示云海", "birth_date": "2014-01-01"}
        )
        for _ in range(2)
    ]
    assert [reply.status_code for reply in replies] == [200, 429]
    assert replies[1].headers["Retry-After"] == "1"


async def test_links_explain_themselves_to_who_may_see_them(world: World) -> None:
    pair = await doubted(world)
    await sighted(pair)
    civil, education = await reviewer(world), await world(Department.EDUCATION, HOME)
    links = await explained(civil, pair.elder)
    assert {one["feed"] for one in links} == {"enrolments", "assistance"}
    assert {one["beside"] for one in links if "evidence" in one} <= {
        str(pair.elder),
        str(pair.younger),
    }
    whole = [one["evidence"] for one in links if "evidence" in one]
    assert whole and all(one["whole"] and "weight" in one for one in whole)

    own = await explained(education, pair.elder)
    assert {one["feed"] for one in own} == {"enrolments"}
    for one in own:
        if "evidence" in one:
            shown = {step["comparison"] for step in one["evidence"]["comparisons"]}
            assert shown <= {
                "identifier",
                "name",
                "birth",
                "sex",
                "family",
                "hukou",
                "residence",
                "school",
            }


async def test_links_go_on_on_the_next_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = await doubted(world)
    for _ in range(4):
        await pair.tell(elder=True)
    await settle(world.hub)
    civil = await reviewer(world)
    whole = {one["entry"] for one in await explained(civil, pair.elder)}
    monkeypatch.setattr(explaining, "MAX_LINKS", 2)
    seen: list[str] = []
    query: dict[str, str] = {}
    while True:
        page = await civil.get(f"/v1/children/{pair.elder}/links", params=query)
        seen += [one["entry"] for one in page.json()["links"]]
        if "next" not in page.json():
            break
        query = {"cursor": page.json()["next"]}
    assert set(seen) == whole and len(seen) == len(whole) > 4
    foreign = await civil.get(f"/v1/children/{pair.younger}/links", params=query)
    assert foreign.status_code == 400, "a cursor is good for one child"


async def test_a_link_says_that_a_person_decided_it(world: World) -> None:
    """By number and sex the two are apart, and a ruling makes them one: no weight would explain that."""
    pair = await doubted(world)
    await sighted(pair)
    civil, education = await reviewer(world), await world(Department.EDUCATION, HOME)
    assert {one["by_person"] for one in await explained(civil, pair.elder)} == {False}
    await decide(civil, pair.review, "same", note="号码录入有误")
    review = (await civil.get(f"/v1/match-reviews/{pair.review}")).json()
    (ruling,) = review["rulings"]
    agreed = await second(await reviewer(world, actor="staff-9"), ruling["id"])
    assert agreed.status_code == 200, agreed.text
    await settle(world.hub)
    links = await explained(civil, pair.elder)
    assert {one["by_person"] for one in links} == {True}
    assert {tuple(one["rulings"]) for one in links} == {(ruling["id"],)}
    own = await explained(education, pair.elder)
    assert {one["by_person"] for one in own} == {True}
    assert [one for one in own if "rulings" in one] == [], "education reads no rulings"


async def test_being_kept_apart_is_told_to_those_alone_who_read_the_ruling(world: World) -> None:
    pair = await doubted(world)
    await sighted(pair)
    civil, education = await reviewer(world), await world(Department.EDUCATION, HOME)
    await decide(civil, pair.review, "different", "twins")
    await settle(world.hub)
    assert {one["by_person"] for one in await explained(civil, pair.elder)} == {False}
    assert all(one["rulings"] for one in await explained(civil, pair.elder))
    (own,) = await explained(education, pair.elder)
    assert not own["by_person"] and "rulings" not in own


async def test_an_explanation_tells_nothing_of_a_rival_out_of_reach(world: World) -> None:
    """A clerk pushes a false record for a known number: its own child stands alone, and for all the clerk can see, certainly."""
    pair = await doubted(world, places=(HOME, ELSEWHERE), hukous=(HUKOU, "500229"))
    await sighted(pair)
    seen = []
    # Children of other tests may resemble these two: what is in reach may be named, the rival may not.
    for child, rival, area in (
        (pair.elder, pair.younger, HOME),
        (pair.younger, pair.elder, ELSEWHERE),
    ):
        alone = await explained(await reviewer(world, area), child)
        assert str(rival) not in str(alone)
        assert {one["grade"] for one in alone if "rivals" not in one} == {"certain"}
        seen += await explained(await reviewer(world, "50"), child)
    assert "possible" in {one["grade"] for one in seen}
    rivals = {rival["child"] for one in seen for rival in one.get("rivals", ())}
    assert rivals >= {str(pair.elder), str(pair.younger)}
    strange = await reviewer(world, "500112")
    replies = [
        await strange.get(f"/v1/children/{child}/links") for child in (pair.younger, uuid4())
    ]
    assert [reply.status_code for reply in replies] == [404, 404]
    assert replies[0].content == replies[1].content
