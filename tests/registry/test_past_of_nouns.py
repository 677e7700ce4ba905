"""Every address that tells of a child tells its past: with the rights of today, refused where it cannot be told, on record."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.profiles import SHIPPED, Profiles
from tests.registry.conftest import Registry
from tests.registry.handing import JIULONGPO, acted, moved, proposed
from tests.registry.key_care import TOWNSHIP, YUZHONG, decide, link, push, survey, the_entry, turn
from tests.registry.test_alerts import act, alerts, bill
from tests.registry.test_assessments import assessment, placement, post
from tests.registry.test_cases import acted as case_acted
from tests.registry.test_cases import opened as case_opened
from tests.registry.test_rules_of_the_day import dated_back, going_by

CIVIL = "civil_affairs:500103"
LISTS = {"/v1/alerts": "alerts", "/v1/duties": "duties", "/v1/key-care": "entries"}


async def lived(registry: Registry) -> tuple[UUID, datetime, dict[str, str]]:
    """A child with an entry of key care, an alert, a case and a handover; the moment; and where each of them is read."""
    (first,) = await push(registry, CIVIL, "surveys", survey(TOWNSHIP, division=YUZHONG))
    child = uuid4()
    await link(registry, [first], [child])
    insurer = "medical_insurance:500103"
    await link(registry, await push(registry, insurer, "medical-cost-alerts", bill()), [child])
    civil = await registry(CIVIL)
    paths = {"entry": (await the_entry(civil, category="family_hardship"))[0]}
    assert (await decide(civil, paths["entry"], "confirm")).status_code == 200
    paths["alert"] = f"/v1/alerts/{(await alerts(civil, kind='costly_bill'))[0]['id']}"
    paths["case"] = await case_opened(civil, child_id=str(child), child=None)
    assessed = await post(civil, "assessments", **assessment(child, "weak"))
    placed = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    assert (assessed.status_code, placed.status_code) == (201, 201)
    paths["guardianship"] = f"/v1/children/{child}/guardianship"
    paths["responsible"] = f"/v1/children/{child}/responsible-county"
    made = await proposed(civil, child, JIULONGPO)
    assert made.status_code == 201, made.text
    paths["handover"] = made.headers["Location"]
    paths |= {"child": f"/v1/children/{child}", "dossier": f"/v1/children/{child}/dossier"}
    moment = registry.clock.at
    registry.clock.at += timedelta(days=1)
    return child, moment, paths


def when(moment: datetime, **more: Any) -> dict[str, Any]:
    return {"known_at": moment.isoformat(), **more}


async def asked(who: httpx.AsyncClient, path: str, moment: datetime, **more: Any) -> Any:
    reply = await who.get(path, params=when(moment, **more))
    assert reply.status_code == 200, (path, reply.text)
    return reply.json()


async def test_r17_each_noun_is_told_as_it_stood_before_anybody_went_on(
    registry: Registry,
) -> None:
    child, moment, paths = await lived(registry)
    civil = await registry(CIVIL)
    before = {name: (await civil.get(path)).json() for name, path in paths.items()}
    assert (await decide(civil, paths["entry"], "close")).status_code == 200
    handled = await act(civil, paths["alert"].split("/")[-1], "handle", outcome="helped")
    assert handled.status_code == 200
    await case_acted(await registry("police:500103"), paths["case"], "receive")
    taking = await registry("civil_affairs:500107", actor="staff-9")
    assert (await acted(taking, paths["handover"], "accept", effective_on="2026-03-03")).is_success
    (placed,) = before["guardianship"]["placements"]
    ended = await civil.post(
        f"/v1/placements/{placed['id']}/acts",
        json={"act": "end", "done_on": "2026-03-02"},
        headers={"If-Match": '"1"'},
    )
    assert ended.status_code == 200, ended.text
    assert (await post(civil, "assessments", **assessment(child, "able"))).status_code == 201
    for name in ("guardianship", "responsible"):
        assert (await civil.get(paths[name])).json() != before[name], name
        of = {"on": before[name]["on"]} if "on" in before[name] else {}
        assert await asked(civil, paths[name], moment, **of) == before[name], name
    for name in ("entry", "alert", "case", "handover"):
        now = (await civil.get(paths[name])).json()
        assert now["state"] != before[name]["state"]
        assert await asked(civil, paths[name], moment) == before[name], name
    told = await asked(civil, paths["dossier"], moment)
    assert told["events"] == before["dossier"]["events"]
    assert {one["kind"] for one in told["events"]} >= {
        "alert_raised",
        "case_opened",
        "handover_act",
        "key_care_decision",
        "record",
    }
    for path, name in LISTS.items():
        assert (await asked(civil, path, moment, child=str(child)))[name], path
    (handover,) = (await asked(civil, "/v1/handovers", moment, child=str(child)))["handovers"]
    assert handover["state"] == "proposed"
    (case,) = (await asked(civil, "/v1/cases", moment, state="sent"))["cases"]
    assert case["state"] == "sent"
    assert (await asked(civil, "/v1/cases", moment, state="received"))["cases"] == []


async def test_r17_what_nobody_had_done_yet_was_not_there(registry: Registry) -> None:
    child, _, paths = await lived(registry)
    civil = await registry(CIVIL)
    before = registry.clock.at - timedelta(days=3)
    for name, path in paths.items():
        assert (await civil.get(path, params=when(before))).status_code == 404, name
    for path in LISTS:
        refused = await civil.get(path, params=when(before, child=str(child)))
        assert refused.status_code == 404
    assert (await asked(civil, "/v1/cases", before))["cases"] == []


@pytest.mark.parametrize("path", [*LISTS, "/v1/handovers"])
async def test_r17_the_past_of_an_area_is_refused_where_it_would_fold_every_child(
    registry: Registry, path: str
) -> None:
    civil = await registry(CIVIL)
    reply = await civil.get(path, params=when(registry.clock.at))
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["code"] == "child_required"


async def test_r17_what_will_be_known_nobody_tells(registry: Registry) -> None:
    child, _, paths = await lived(registry)
    civil, ahead = await registry(CIVIL), registry.clock.at + timedelta(minutes=1)
    for path in (*paths.values(), *LISTS, "/v1/cases", "/v1/handovers"):
        more = {} if path in (*paths.values(), "/v1/cases") else {"child": str(child)}
        assert (await civil.get(path, params=when(ahead, **more))).status_code == 422, path


async def test_r57_a_stranger_learns_nothing_by_way_of_the_past(registry: Registry) -> None:
    child, moment, paths = await lived(registry)
    stranger = await registry("civil_affairs:500112")
    for path in paths.values():
        none = path.replace(path.split("/")[3], str(uuid4()))
        refused, nothing = [await stranger.get(p, params=when(moment)) for p in (path, none)]
        assert refused.status_code == 404
        assert refused.content == nothing.content
    for path in (*LISTS, "/v1/handovers"):
        refused, nothing = [
            await stranger.get(path, params=when(moment, child=str(one)))
            for one in (child, uuid4())
        ]
        assert refused.status_code == 404
        assert refused.content == nothing.content
    assert (await asked(stranger, "/v1/cases", moment))["cases"] == []


async def test_r57_whom_anybody_shielded_since_has_no_address_in_the_past_of_any_noun(
    registry: Registry,
) -> None:
    child, moment, paths = await lived(registry)
    civil = await registry(CIVIL)
    assert TOWNSHIP in str((await civil.get(paths["dossier"], params=when(moment))).json())
    assert (await turn(civil, child)).status_code in (200, 201)
    for path in paths.values():
        told = (await civil.get(path, params=when(moment))).text
        assert TOWNSHIP not in told, path
        assert "示例路" not in told, path
    for path in LISTS:
        told = str(await asked(civil, path, moment, child=str(child)))
        assert TOWNSHIP not in told, path
        fine = (
            await asked(civil, path, moment, child=str(child), within=TOWNSHIP)
            if (path != "/v1/key-care")
            else {"entries": []}
        )
        assert fine[LISTS[path]] == [], path


@pytest.mark.parametrize("path", LISTS)
async def test_r57_no_list_of_an_office_below_the_county_tells_where_a_shielded_child_lived(
    registry: Registry, path: str
) -> None:
    """Its own lists hide such a child without being asked for a place; to stand in them is to live there."""
    child, moment, _ = await lived(registry)
    civil, office = await registry(CIVIL), await registry(f"civil_affairs:{TOWNSHIP[:9]}")
    before = await asked(office, path, moment, child=str(child))
    assert before[LISTS[path]], "of whom nobody shielded it is told"
    assert (await turn(civil, child)).status_code in (200, 201)
    today = await office.get(path, params={"child": str(child)})
    assert today.json()[LISTS[path]] == []
    for instant in (moment, registry.clock.at):
        assert (await asked(office, path, instant, child=str(child)))[LISTS[path]] == []
        assert (await asked(civil, path, instant, child=str(child)))[LISTS[path]]


async def test_r57_a_child_that_moved_away_is_told_of_by_its_past_no_more(
    registry: Registry,
) -> None:
    """Rights are those of today: who does not see the child any more does not see what it saw of it then."""
    child, moment, paths = await lived(registry)
    school = await registry("education:500103", purpose="service")
    assert (await school.get(paths["child"], params=when(moment))).status_code == 200
    await moved(registry, child, JIULONGPO, registry.clock.at.date())
    for name in ("child", "dossier"):
        assert (await school.get(paths[name], params=when(moment))).status_code == 404


async def test_r57_every_look_into_the_past_is_on_record_with_its_two_times(
    registry: Registry,
) -> None:
    child, moment, paths = await lived(registry)
    civil = await registry(CIVIL)
    for path in paths.values():
        await asked(civil, path, moment)
    for path in (*LISTS, "/v1/handovers"):
        await asked(civil, path, moment, child=str(child))
    rows = await registry.system(
        "SELECT operation, subjects, detail FROM audit_entries WHERE operation LIKE '%\\_past'"
    )
    assert {row["operation"] for row in rows} == {
        f"{noun}.{verb}_past"
        for noun, verb in (
            ("children", "read"),
            ("dossiers", "read"),
            ("guardianship", "read"),
            ("handovers", "responsible"),
            *((noun, "read") for noun in ("alerts", "cases", "handovers", "key_care")),
            *((noun, "list") for noun in ("alerts", "duties", "handovers", "key_care")),
        )
    }
    for row in rows:
        assert row["subjects"] == [child]
        assert moment.isoformat() in row["detail"]


async def test_r17_a_tampered_act_is_told_by_no_past(registry: Registry) -> None:
    _, moment, paths = await lived(registry)
    civil = await registry(CIVIL)
    await registry.system("UPDATE handover_acts SET reason = 'other'")
    assert (await civil.get(paths["handover"], params=when(moment))).status_code == 404
    assert (await civil.get(paths["dossier"], params=when(moment))).status_code == 404


async def test_r17_the_past_goes_by_the_rules_adopted_by_then(
    registry: Registry, tmp_path: Any
) -> None:
    """An amendment that is adopted later speaks of days before, but was not known then."""
    await going_by(registry, Profiles.load(SHIPPED))
    child, moment, _ = await lived(registry)
    civil = await registry(CIVIL)
    before = await asked(civil, "/v1/duties", moment, child=str(child))
    visits = (
        '[[rules.cadence]]\nduty = "key_care_home_visit"\npopulation = "key_care"\n'
        'period = { unit = "month", count = 1 }\nperformers = ["child_director"]'
    )
    await dated_back(registry, tmp_path, "chongqing", visits, "")
    assert await asked(civil, "/v1/duties", moment, child=str(child)) == before
    now = await asked(civil, "/v1/duties", registry.clock.at, child=str(child))
    clauses = {one["clause"] for one in now["duties"]}
    assert any("补" in clause for clause in clauses)
    assert not any("补" in str(one) for one in before["duties"])
