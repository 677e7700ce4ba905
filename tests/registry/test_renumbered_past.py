"""The past of a county that ended: who took it over, and has its children today, is told it.

Cast: 渝北 and 江北 became 两江新区 on 6 November 2025; grants are of the codes of today, places of the past bear those of then.
"""

from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.registry.successions import carrying
from tests.registry.conftest import Registry
from tests.registry.handing import acted, civil, item, proposed
from tests.registry.key_care import link, push
from tests.registry.test_alerts import bill
from tests.registry.test_calendar_duties import CALENDAR, lessons, report
from tests.registry.test_posts import filled, made
from tests.registry.test_renumbered_files import beibei, liangjiang, lived, yubei
from tests.registry.test_rosters import answered, national, rows
from tests.registry.test_rosters import made as made_roster
from tests.registry.test_rules_of_the_day import dated_back
from tests.registry.test_successions import DAY, EVE, YUBEI, at, living_in, sweep
from tests.registry.test_survey_rounds import WHOLE, a_round
from tests.registry.test_vanishing import faults

MARCH, OCTOBER = date(2025, 3, 3), date(2025, 10, 6)
LISTS = {"/v1/alerts": "alerts", "/v1/duties": "duties", "/v1/key-care": "entries"}


async def told(who: httpx.AsyncClient, path: str, **asked: Any) -> Any:
    reply = await who.get(path, params=asked)
    assert reply.status_code == 200, (path, reply.text)
    return reply.json()


async def test_r2_r6_whoever_took_a_county_over_is_told_what_it_had_handed_over(
    registry: Registry,
) -> None:
    at(registry, EVE)
    child = await lived(registry, (yubei, MARCH), (beibei, OCTOBER))
    path = (await proposed(await civil(registry, yubei), child, beibei)).headers["Location"]
    moment = registry.clock.at.isoformat()
    before = await told(await civil(registry, yubei), path)
    at(registry, DAY)
    await sweep(registry)
    new = await civil(registry, liangjiang)
    assert (await acted(new, path, "revoke", reason="proposed_wrongly")).status_code == 200
    assert await told(new, path, known_at=moment) == before
    for side in ({}, {"side": "giving"}):
        listed = await told(
            new, "/v1/handovers", child=str(child), state="proposed", known_at=moment, **side
        )
        assert [one["giving"] for one in listed["handovers"]] == [yubei], side
    taking = {"child": str(child), "side": "taking", "known_at": moment}
    assert (await told(new, "/v1/handovers", **taking))["handovers"] == []
    where = f"/v1/children/{child}/responsible-county"
    assert (await told(new, where))["division"] == liangjiang
    assert (await told(new, where, on=f"{EVE}"))["division"] == yubei, "it had the file that day"


async def test_r2_r17_whoever_took_a_county_over_is_told_what_its_children_were_owed(
    registry: Registry,
) -> None:
    at(registry, EVE)
    child = await living_in(registry, YUBEI)
    cost = {**bill(yubei, observed_on=f"{EVE}"), "incurred_on": f"{EVE}"}
    bills = await push(registry, f"medical_insurance:{yubei[:6]}", "medical-cost-alerts", cost)
    await link(registry, bills, [child])
    moment = registry.clock.at.isoformat()
    old = await civil(registry, yubei)
    before = {path: await told(old, path, child=str(child)) for path in LISTS}
    assert all(before[path][name] for path, name in LISTS.items())
    at(registry, DAY)
    await sweep(registry)
    new = await civil(registry, liangjiang)
    for path, name in LISTS.items():
        assert (await told(new, path, child=str(child)))[name], path
        asked = {"child": str(child), "known_at": moment}
        assert len((await told(new, path, **asked))[name]) == len(before[path][name]), path
        if path != "/v1/key-care":
            inside = await told(new, path, within=liangjiang, **asked)
            assert len(inside[name]) == len(before[path][name])
            assert (await told(new, path, within="500157001", **asked))[name] == []


async def test_r2_r7_whoever_took_a_county_over_is_told_what_was_counted_of_it(
    registry: Registry,
) -> None:
    at(registry, EVE)
    await living_in(registry, YUBEI, **WHOLE)
    old = await civil(registry, yubei)
    post = await made(old, "protection_institution", yubei, since="2025-09-01")
    await filled(old, post, on="2025-10-01")
    held = await a_round(old, division=yubei[:6], opens_on="2025-11-01")
    moment = registry.clock.at.isoformat()
    paths = (
        "/v1/duties/completion",
        f"{held}/completion",
        f"{held}/children",
        "/v1/posts",
        "/v1/posts/coverage",
    )
    before = {path: await told(old, path) for path in paths}
    assert before[f"{held}/completion"]["places"][0]["complete"] == 1
    assert before["/v1/duties/completion"]["places"][0]["owed"] == 1
    at(registry, DAY)
    await sweep(registry)
    for who in (await civil(registry, liangjiang), await civil(registry, "500000")):
        for path, then in before.items():
            assert await told(who, path, known_at=moment) == then, path
            assert await told(who, path, known_at=moment, within=liangjiang) == then, path
    stranger = await civil(registry, beibei)
    assert (await told(stranger, "/v1/duties/completion", known_at=moment))["places"] == []


async def test_r2_r7_a_round_goes_on_with_the_heir_and_with_what_was_surveyed_for_it(
    registry: Registry,
) -> None:
    at(registry, EVE)
    await living_in(registry, YUBEI, **WHOLE)
    held = await a_round(await civil(registry, yubei), division=yubei[:6], opens_on="2025-11-01")
    at(registry, DAY)
    await sweep(registry)
    new = await civil(registry, liangjiang)
    (place,) = (await told(new, f"{held}/completion"))["places"]
    assert (place["division"], place["complete"], place["home_visit"]) == (liangjiang, 1, 1)
    (child,) = (await told(new, f"{held}/children"))["children"]
    assert child["reached"] == "complete"


async def test_r2_r58_what_schools_of_a_county_reported_counts_for_who_took_it_over(
    registry: Registry, tmp_path: Path
) -> None:
    at(registry, EVE)
    lesson = (
        f'{CALENDAR}\n[[rules.cadence]]\nduty = "law_lesson"\nlevel = "school"\npopulation = "enrolled"\n'
        'performers = ["school"]\nperiod = { unit = "semester" }'
    )
    calendar, rule = lesson.split("\n[[rules.cadence]]")
    own = f'{calendar}\nvalid_from = 2020-01-01\nwording = "示例"\n[[rules.cadence]]{rule}'
    await dated_back(registry, tmp_path, "chongqing", own, "")
    child = await living_in(registry, YUBEI)
    taught = item("education", yubei, date(2025, 9, 1), observed_on=f"{EVE}")
    await link(registry, await push(registry, "education:500112", "enrolments", taught), [child])
    old = await civil(registry, yubei)
    told_of = {"division": yubei, "school": "示例小学", "done_on": f"{EVE}"}
    assert (await report(old, **told_of)).status_code == 201
    before = await lessons(old)
    assert (before["known"], before["fulfilled"], before["done"]) == (1, 1, 1)
    moment = registry.clock.at.isoformat()
    at(registry, DAY)
    await sweep(registry)
    new = await civil(registry, liangjiang)
    for asked in ({}, {"within": liangjiang}, {"known_at": moment}):
        found = await lessons(new, **asked)
        assert (found["known"], found["fulfilled"], found["done"]) == (1, 1, 1), asked
    stranger = await lessons(await civil(registry, beibei))
    assert (stranger["known"], stranger["done"]) == (0, 0)


async def test_r2_r10_a_roster_that_waits_for_its_answer_passes_to_who_took_the_county_over(
    registry: Registry,
) -> None:
    at(registry, EVE)
    await living_in(registry, YUBEI)
    old = await national(registry, yubei[:6])
    waiting, over = [
        await made_roster(old, kind="national_system", division=yubei[:6]) for _ in range(2)
    ]
    for roster in (waiting, over):
        (line,) = await rows(old, roster)
        if roster is over:
            await answered(old, roster, {"row": line["row"], "verdict": "accepted"})
    at(registry, DAY)
    await sweep(registry)
    new = await national(registry, liangjiang[:6])
    listed = (await told(new, "/v1/rosters"))["rosters"]
    assert [(one["id"], one["division"]) for one in listed] == [(waiting["id"], liangjiang)]
    (line,) = await rows(new, waiting)
    (result,) = await answered(new, waiting, {"row": line["row"], "verdict": "accepted"})
    assert result["outcome"] == "applied"
    assert (await new.get(f"/v1/rosters/{over['id']}")).status_code == 404, "over on the day"
    assert await faults(registry) == []


async def test_r2_r10_rosters_of_townships_that_nobody_can_name_today_keep_back_none_of_their_county(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "BATCH", 1)
    at(registry, EVE)
    await living_in(registry, YUBEI + 1000)
    old = await national(registry, yubei[:6])
    township, county = [
        await made_roster(old, kind="national_system", division=place)
        for place in (str(YUBEI + 1000)[:9], yubei[:6])
    ]
    assert (township["rows"], county["rows"]) == (1, 1)
    at(registry, DAY)
    await sweep(registry)
    new = await national(registry, liangjiang[:6])
    assert [one["id"] for one in (await told(new, "/v1/rosters"))["rosters"]] == [county["id"]]
    above = await national(registry, "50")
    assert len((await told(above, "/v1/rosters"))["rosters"]) == 2
