"""Survey rounds through the real app: opened by the rules of the place, completed by whole surveys, listed by place."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.erasures.destroying import destroy, lock
from services.registry.profiles import SHIPPED, Profiles
from services.registry.records.feeds import Survey
from services.registry.survey_rounds.asking import asked, required, rule_of
from services.registry.survey_rounds.timing import cycle
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, YUZHONG, fold, link, push, survey, surveyed, turn
from tests.registry.test_duties import STREET, VILLAGE, on, proven
from tests.registry.test_rules_of_the_day import dated_back

PARENTS = {"father": {"name": "示大山", "state": "caring"}}
LIFE = {"housing": "rented", "household_size": 3}
WHOLE = {"parents": PARENTS, "family_life": LIFE}


async def opened(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post(
        "/v1/survey-rounds",
        json={"division": "500103", "opens_on": "2026-03-01", **body},
        headers={"Idempotency-Key": str(uuid4())},
    )


async def a_round(client: httpx.AsyncClient, **body: Any) -> str:
    reply = await opened(client, **body)
    assert reply.status_code == 201, reply.text
    return reply.headers["Location"]


async def of(client: httpx.AsyncClient, path: str, **filters: Any) -> list[dict[str, Any]]:
    reply = await client.get(f"{path}/children", params=filters)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["children"]
    return found


async def progress(client: httpx.AsyncClient, path: str, **filters: Any) -> list[dict[str, Any]]:
    reply = await client.get(f"{path}/completion", params=filters)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["places"]
    return found


async def again(registry: Registry, child: UUID, **more: Any) -> None:
    """Another survey of a child, of another day or by other words."""
    item = survey(**more)
    who = f"civil_affairs:{item['division'][:6]}"
    await link(registry, await push(registry, who, "surveys", item), [child])


async def test_r7_a_round_lasts_no_longer_than_the_cycle_of_its_place(registry: Registry) -> None:
    """A quarter in Chongqing, half a year in Heze; both by their clause, and the next is due the day after."""
    for place, last, after in (
        ("500103", "2026-05-31", "2026-06-01"),
        ("371721", "2026-08-31", "2026-09-01"),
    ):
        client = await registry(f"civil_affairs:{place}")
        made = (await opened(client, division=place)).json()
        assert (made["closes_on"], made["next_opens_by"]) == (last, after)
        assert made["state"] == "open"
        assert made["clause"]
        too_long = await opened(client, division=place, closes_on=after)
        assert too_long.status_code == 422
        assert too_long.json()["errors"][0]["code"] == "longer_than_cycle"


def test_r7_changing_the_profile_changes_what_is_due() -> None:
    """The same opening day under each shipped profile: a quarter in Chongqing alone, half a year elsewhere."""
    profiles = Profiles.load(SHIPPED)
    found = {
        name: cycle(profiles.by_id[name], date(2026, 3, 1)).next_by
        for name in ("chongqing", "heze", "inner_mongolia", "baotou", "tianmen", "heilongjiang")
    }
    assert found.pop("chongqing") == date(2026, 6, 1)
    assert set(found.values()) == {date(2026, 9, 1)}


async def test_r7_a_round_lists_who_was_not_reached_and_whose_survey_is_stale(
    registry: Registry,
) -> None:
    client = await registry("civil_affairs:500103")
    old, new = await surveyed(registry, survey(surveyed_on="2026-02-10", **WHOLE), survey(**WHOLE))
    path = await a_round(client)
    stale = await of(client, path, stale=True)
    assert [one["child"]["id"] for one in stale] == [str(old)]
    assert stale[0]["reached"] == "not_surveyed"
    assert stale[0]["last_on"] == "2026-02-10"
    (done,) = await of(client, path, reached="complete")
    assert (done["child"]["id"], done["channel"]) == (str(new), "home_visit")
    (place,) = await progress(client, path)
    assert (place["children"], place["complete"], place["not_surveyed"]) == (2, 1, 1)
    assert (place["stale"], place["home_visit"]) == (1, 1)
    await proven(registry)


async def test_r8_a_missing_parent_block_stops_completion_and_is_named(registry: Registry) -> None:
    pusher = await registry("civil_affairs:500103")
    item = survey(family_life=LIFE)
    (result,) = (await pusher.post("/v1/surveys", json=[item])).json()["results"]
    assert result["status"] == "created"
    assert "parents_block_missing" in result["findings"]
    assert "family_life_block_missing" not in result["findings"]
    # Guardianship is no block that Chongqing's text requires.
    assert "guardianship_block_missing" not in result["findings"]
    child = uuid4()
    await link(registry, [UUID(result["record"])], [child])
    path = await a_round(pusher)
    (found,) = await of(pusher, path)
    assert (found["reached"], found["missing"]) == ("incomplete", ["parents"])
    await again(registry, child, channel="phone", **WHOLE)
    (found,) = await of(pusher, path)
    assert (found["reached"], found["channel"], found.get("missing")) == ("complete", "phone", None)


async def test_r8_a_block_that_answers_nothing_was_not_asked(registry: Registry) -> None:
    pusher = await registry("civil_affairs:500103")
    empty = {"parents": {"father": {"state": "unknown"}}, "family_life": {"housing": "unknown"}}
    (result,) = (await pusher.post("/v1/surveys", json=[survey(**empty)])).json()["results"]
    assert {"parents_block_missing", "family_life_block_missing"} <= set(result["findings"])


async def test_r8_where_no_blocks_are_configured_nothing_is_complete_and_it_is_said(
    registry: Registry,
) -> None:
    """Heze's text names no blocks: a survey is one, and nobody may say that it is whole."""
    profile = Profiles.load(SHIPPED).by_id["heze"]
    client = await registry("civil_affairs:371721")
    await surveyed(
        registry,
        survey(
            CAO, hukou={"division": YUZHONG}, residence={"division": CAO, "since": "2025-06-01"}
        ),
    )
    path = await a_round(client, division="371721")
    assert required(rule_of(profile, date(2026, 3, 1))) is None
    assert "blocks" not in (await client.get(path)).json()
    (found,) = await of(client, path)
    assert found["reached"] == "blocks_not_configured"


@given(st.sets(st.sampled_from(["parents", "family_life", "guardianship", "living_security"])))
def test_r8_exactly_the_answered_blocks_were_asked(blocks: set[str]) -> None:
    every: dict[str, Any] = {
        "parents": PARENTS,
        "family_life": LIFE,
        "guardianship": {"capacity": "able"},
        "living_security": {"insured": False},
    }
    item = {k: v for k, v in survey().items() if k not in every}
    item |= {name: every[name] for name in blocks}
    assert set(asked(Survey.model_validate_json(json.dumps(item)))) == {
        "child",
        *blocks,
    }


async def test_r9_channels_are_counted_and_contractors_among_them(registry: Registry) -> None:
    await surveyed(
        registry,
        survey(**WHOLE, channel="self_declaration"),
        survey(**WHOLE, channel="phone", surveyor="social_work_agency"),
        survey(**WHOLE, surveyor="child_director"),
    )
    client = await registry("civil_affairs:500103")
    (place,) = await progress(client, await a_round(client))
    assert (place["home_visit"], place["self_declaration"], place["phone"]) == (1, 1, 1)
    assert place["by_contractors"] == 1


async def test_r7_completion_by_village_leaves_shielded_children_out(registry: Registry) -> None:
    home = {"division": VILLAGE, "since": "2025-06-01"}
    plain, hidden = await surveyed(
        registry, survey(residence=home, **WHOLE), survey(residence=home, **WHOLE)
    )
    client = await registry("civil_affairs:500103")
    path = await a_round(client)
    assert (await turn(client, hidden)).status_code < 300
    await fold(registry)
    assert {one["child"]["id"] for one in await of(client, path)} == {str(plain), str(hidden)}
    (shown,) = [one for one in await of(client, path) if one["shielded"]]
    assert shown["division"] == YUZHONG
    for within in (VILLAGE, STREET):
        (one,) = await of(client, path, within=within)
        assert one["child"]["id"] == str(plain)
    (village,) = await progress(client, path, by="village")
    assert (village["division"], village["children"]) == (VILLAGE, 1)
    (county,) = await progress(client, path)
    assert county["children"] == 2


async def test_r7_an_office_elsewhere_completes_no_round(registry: Registry) -> None:
    """Another county that knows the child's number has surveyed nobody here."""
    (child,) = await surveyed(registry, survey(surveyed_on="2026-02-01", **WHOLE))
    await again(
        registry, child, place=CAO, residence={"division": YUZHONG, "since": "2025-06-01"}, **WHOLE
    )
    client = await registry("civil_affairs:500103")
    (found,) = await of(client, await a_round(client))
    assert found["reached"] == "not_surveyed"


async def test_r7_a_child_that_came_later_is_to_be_surveyed_and_who_left_is_not(
    registry: Registry,
) -> None:
    client = await registry("civil_affairs:500103")
    path = await a_round(client)
    assert await of(client, path) == []
    home = {"division": YUZHONG, "since": "2025-06-01"}
    item = survey(residence=home, **WHOLE)
    (child,) = await surveyed(registry, item)
    assert len(await of(client, path)) == 1
    gone = {**item, "version": 2, "residence": {**home, "until": "2026-02-28"}}
    await link(registry, await push(registry, "civil_affairs:500103", "surveys", gone), [child])
    await on(registry, "2026-03-20")
    assert await of(client, path) == []
    await proven(registry)


async def test_r7_rounds_of_one_division_never_overlap_and_one_withdrawn_makes_room(
    registry: Registry,
) -> None:
    client = await registry("civil_affairs:500103")
    path = await a_round(client)
    assert (await opened(client, opens_on="2026-05-31")).status_code == 409
    assert (await opened(client, opens_on="2026-06-01")).status_code == 201
    read = await client.get(path)
    act = f"{path}/withdrawal"
    assert (await client.post(act)).status_code == 428
    assert (await client.post(act, headers={"If-Match": '"2"'})).status_code == 412
    done = await client.post(act, headers={"If-Match": read.headers["ETag"]})
    assert (done.status_code, done.json()["state"]) == (200, "withdrawn")
    repeated = await client.post(act, headers={"If-Match": done.headers["ETag"]})
    assert repeated.status_code == 409
    assert (await client.get(f"{path}/children")).status_code == 404
    assert (await opened(client)).status_code == 201


async def test_r7_a_county_sees_the_round_of_its_city_and_its_own_children_alone(
    registry: Registry,
) -> None:
    await surveyed(
        registry,
        survey(**WHOLE),
        survey(
            "500104000000", residence={"division": "500104000000", "since": "2025-06-01"}, **WHOLE
        ),
    )
    city = await registry("civil_affairs:50")
    path = await a_round(city, division="500000")
    county, stranger = await registry("civil_affairs:500103"), await registry("civil_affairs:3717")
    assert len(await progress(city, path)) == 2
    (mine,) = await progress(county, path)
    assert mine["division"] == YUZHONG
    assert len(await of(county, path)) == 1
    assert (await county.post(f"{path}/withdrawal", headers={"If-Match": '"1"'})).status_code == 403
    foreign, absent = (
        await stranger.get(path),
        await stranger.get(f"/v1/survey-rounds/{uuid4()}"),
    )
    assert (foreign.status_code, foreign.content) == (404, absent.content)
    assert (await opened(county, division="500000")).status_code == 403


async def test_r7_pages_of_children_follow_one_another_without_gap(registry: Registry) -> None:
    children = await surveyed(registry, *(survey(**WHOLE) for _ in range(5)))
    client = await registry("civil_affairs:500103")
    path = await a_round(client)
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    while True:
        body = (await client.get(f"{path}/children", params=params)).json()
        seen += [one["child"]["id"] for one in body["children"]]
        if "next" not in body:
            break
        params["cursor"] = body["next"]
    assert sorted(seen) == sorted(map(str, children))


@pytest.mark.parametrize("who", ["education:500103", "police:500103"])
async def test_r7_rounds_are_civil_affairs_alone(registry: Registry, who: str) -> None:
    client = await registry(who, purpose="verification")
    assert (await client.get("/v1/survey-rounds")).status_code == 403
    assert (await opened(client)).status_code == 403


async def test_r7_an_erased_childs_standing_goes_with_it(registry: Registry) -> None:
    """Erasing leaves no row of the child's surveys."""
    (child,) = await surveyed(registry, survey(**WHOLE))
    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        entries = await lock(connection, child)
        await destroy(connection, registry.app.state.kit.sealer, child, entries)
    assert await registry.system("SELECT 1 FROM survey_standings") == []


ROUND = '[[rules.survey_round]]\nlead = "civil_affairs"\nchannels = ["home_visit"]\ncontractors = "not_configured"'


async def test_r7_an_amendment_dated_back_makes_nothing_else_of_a_round(
    registry: Registry, tmp_path: Path
) -> None:
    """Neither of what it asked, nor of how far it came; a round that opens later goes by it, one that was planned too."""
    client = await registry("civil_affairs:500103")
    held = 'blocks = ["child", "parents", "family_life"]'
    await dated_back(registry, tmp_path, "chongqing", ROUND, held)
    path = await a_round(client, closes_on="2026-03-05")
    planned = await a_round(client, opens_on="2026-03-20", closes_on="2026-03-25")
    (child,) = await surveyed(registry, survey())
    await again(registry, child, observed_on="2026-03-02", surveyed_on="2026-03-02", **WHOLE)
    before = (await client.get(path)).json(), await of(client, path), await progress(client, path)
    assert before[1][0]["reached"] == "complete"
    registry.clock.at += timedelta(days=1)
    blocks = 'blocks = ["child", "guardianship"]'
    changed = ROUND.replace("home_visit", "phone")
    await dated_back(registry, tmp_path, "chongqing", changed, blocks)
    after = (await client.get(path)).json(), await of(client, path), await progress(client, path)
    assert after == before
    (listed,) = [
        one for one in (await client.get("/v1/survey-rounds")).json()["rounds"] if one["id"] in path
    ]
    assert listed == before[0]
    assert (await client.get(planned)).json()["blocks"] == ["child", "guardianship"]
