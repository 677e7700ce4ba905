"""A county that has a local code alone, and none in GB/T 2260, is told, asked, and handed over to like any other.

Cast: 西部科学城重庆高新区 (500172, by Chongqing's rules); the other hub reads those rules too, or does not know the code.
"""

from datetime import timedelta

from shared.vocabulary import Department, Scope
from tests.notifications.conftest import MakeHub
from tests.notifications.hubs import new_key, settle
from tests.notifications.test_handing_over import HUKOU, NEXT, between
from tests.notifications.test_two_hubs import enrolment

HIGH_TECH = "500172000000"


async def test_r6_a_file_passes_from_a_county_with_a_local_code_and_back(make_hub: MakeHub) -> None:
    counties = await between(make_hub, HIGH_TECH)
    assert (await counties.propose()).status_code == 201
    notice = await counties.received()
    assert (notice["origin_county"], notice["target_county"]) == (HIGH_TECH, NEXT)
    day = counties.today + timedelta(days=2)
    said = await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    assert said.status_code == 200, said.text
    assert (await counties.received())["settled"] == "kept"
    assert await counties.responsible(counties.today) == (HIGH_TECH, HIGH_TECH)
    assert await counties.responsible(day) == (NEXT, NEXT)
    await counties.days_pass(3)
    (child,) = await counties.heze.rows("SELECT id FROM children", service="registry")
    asked = await counties.registry.post(
        "/v1/handovers",
        json={"child_id": str(child["id"]), "to": "500172", "reason": "returned"},
        headers=new_key(),
    )
    assert asked.status_code == 201, asked.text
    await counties.settle()
    listed = await counties.desk.get(
        "/v1/notices", params={"direction": "incoming", "kind": "handover"}
    )
    (back,) = listed.json()["notices"]
    assert back["target_county"] == HIGH_TECH
    again = counties.today + timedelta(days=2)
    taken = await counties.desk.post(
        f"/v1/notices/{back['id']}/answer",
        json={"outcome": "confirmed", "effective_on": again.isoformat()},
    )
    assert taken.status_code == 200, taken.text
    await counties.settle()
    assert await counties.responsible(again) == (HIGH_TECH, HIGH_TECH)


async def test_r12_a_county_with_a_local_code_confirms_the_hukou_of_its_children(
    make_hub: MakeHub,
) -> None:
    """Its answer crosses to the other hub whole; a code that nobody named an authority for is refused, and says so."""
    chongqing = await make_hub("chongqing", "50", whole=True)
    heze = await make_hub("heze", "3717", whole=True)
    await chongqing.know(heze)
    await heze.know(chongqing)
    await chongqing.authority("西部科学城重庆高新区民政", HIGH_TECH[:6], "civil-500172")
    await heze.authority("曹县民政局", "371721", "civil-371721")
    office = await chongqing.official("civil-500172", "500172")
    for number, department in enumerate((Department.EDUCATION, Department.POLICE)):
        who = await heze.official(f"d-{number}", "371721", department, service="registry")
        lives = {"division": NEXT, "since": "2026-01-01"}
        said = enrolment(division=NEXT, hukou={"division": HIGH_TECH}, residence=lives)
        if department is Department.POLICE:
            said = {k: v for k, v in said.items() if k not in ("event", "on", "stage")}
            said |= {"event": "registered", "role": "accompanying", "registered_on": "2026-01-01"}
        feed = "enrolments" if department is Department.EDUCATION else "residence-permits"
        told = await who.post(f"/v1/{feed}", json=[said])
        assert told.json()["results"][0]["status"] == "created", told.text
    await settle(chongqing, heze)
    listed = await office.get("/v1/notices", params={"direction": "incoming"})
    (notice,) = listed.json()["notices"]
    assert notice["target_county"] == HIGH_TECH
    url = f"/v1/notices/{notice['id']}/answer"
    nowhere = await office.post(url, json={"outcome": "mismatch", "hukou_division": "500199"})
    assert nowhere.status_code == 422
    assert nowhere.json()["errors"][0]["pointer"] == "/body/hukou_division"
    answered = await office.post(url, json={"outcome": "confirmed", "hukou_division": "500172"})
    assert answered.status_code == 200, answered.text
    await settle(chongqing, heze)
    (sent,) = await heze.rows("SELECT state, outcome, hukou_division, pushed FROM notices")
    assert tuple(sent) == ("answered", "confirmed", int(HIGH_TECH), "done")
    (child,) = await heze.rows("SELECT hukou_code FROM children", service="registry")
    assert child["hukou_code"] == int(HIGH_TECH)


async def test_r12_what_our_rules_do_not_know_is_kept_and_said_to_be_unknown(
    make_hub: MakeHub,
) -> None:
    """Row by row: the other hub's facts and answers name places that no table here has."""
    heze = await make_hub("heze", "3717", whole=True)
    hub = await heze.service_client("notifications", Scope.PEER_FACTS_WRITE)
    hub.base_url = heze.url("registry")
    unknown = {"division": "500199000000"}
    facts = {
        "version": 1,
        "observed_on": "2026-11-19",
        "division": NEXT,
        "child": {"name": "示小明", "birth_date": "2017-05-03"},
        "hub": "chongqing",
        "hukou": unknown,
        "residence": unknown,
    }
    rows = [{**facts, "source_id": "1"}, {**facts, "source_id": "2", "hukou": {"division": HUKOU}}]
    reply = await hub.post("/v1/peer-facts", json=rows)
    assert reply.status_code == 207, reply.text
    found = [set(one["findings"]) for one in reply.json()["results"]]
    assert ["hukou_division_unknown" in one for one in found] == [True, False]
    assert all("residence_division_unknown" in one for one in found)
