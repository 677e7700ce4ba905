"""A county that has a local code alone, and none in GB/T 2260, is told, asked, and handed over to like any other.

Cast: 西部科学城重庆高新区 (500172, by Chongqing's rules); the other hub reads those rules too, or does not know the code.
"""

from datetime import timedelta

from tests.notifications.conftest import MakeHub
from tests.notifications.hubs import new_key
from tests.notifications.test_handing_over import NEXT, between

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
