"""One child, from a push in Chongqing to the answer of its hukou place in Heze, and back as a record."""

from typing import Any

from shared.vocabulary import Department
from tests.notifications.hubs import Hub, settle

HOME, HUKOU = "500103000000", "371721000000"


def permit(source_id: str = "P-1", **more: Any) -> dict[str, Any]:
    """A school's record of a child living in Yuzhong, registered in Caoxian."""
    return {
        "source_id": source_id,
        "version": 1,
        "observed_on": "2026-11-01",
        "division": HOME,
        "child": {
            "name": "示小明",
            "id_number": "371721201705030013",
            "birth_date": "2017-05-03",
            "sex": "male",
        },
        "guardians": [{"name": "示大明", "relation": "father", "phone": "13800000000"}],
        "hukou": {"division": HUKOU, "address": "示例镇1号"},
        "residence": {"division": HOME, "address": "示例街2号", "since": "2026-01-01"},
        "event": "enrolled",
        "on": "2026-01-01",
        "stage": "primary",
        **more,
    }


async def notices_of(hub: Hub) -> list[Any]:
    return await hub.rows("SELECT * FROM notices ORDER BY id")


async def test_a_notice_travels_to_the_hukou_place_and_its_answer_becomes_a_record(
    chongqing: Hub, heze: Hub
) -> None:
    await chongqing.know(heze)
    await heze.know(chongqing)
    official = await heze.official("civil-3717", "3717")
    await heze.authority("菏泽市民政局", "3717", "civil-3717")
    school = await chongqing.official("school", "500103", Department.EDUCATION, service="registry")

    pushed = await school.post("/v1/enrolments", json=[permit()])
    assert pushed.status_code == 207, pushed.text
    await settle(chongqing, heze)

    (sent,) = await notices_of(chongqing)
    assert (sent["kind"], sent["direction"], sent["state"]) == ("arrived", "outgoing", "delivered")
    listed = (await official.get("/v1/notices", params={"direction": "incoming"})).json()["notices"]
    (notice,) = listed
    assert (notice["kind"], notice["state"], notice["peer"]) == (
        "arrived",
        "delivered",
        "chongqing",
    )
    assert (notice["origin_county"], notice["target_county"]) == (HOME, HUKOU)
    kept = await heze.rows(
        "SELECT count(*) FROM records WHERE feed = 'peer-facts'", service="registry"
    )
    assert kept[0]["count"] == 1
    assert "entry" in notice

    read = await official.get(f"/v1/notices/{notice['id']}")
    assert read.json()["state"] == "read"
    answered = await official.post(
        f"/v1/notices/{notice['id']}/answer",
        json={"outcome": "confirmed", "hukou_division": HUKOU},
        headers={"If-Match": read.headers["ETag"]},
    )
    assert answered.status_code == 200, answered.text
    await settle(chongqing, heze)

    (sent,) = await notices_of(chongqing)
    assert (sent["state"], sent["outcome"], sent["pushed"]) == ("answered", "confirmed", "done")
    records = await chongqing.rows(
        "SELECT count(*) FROM records WHERE feed = 'hukou-answers'", service="registry"
    )
    assert records[0]["count"] == 1
    assert len(await notices_of(chongqing)) == 1
    assert len(await notices_of(heze)) == 1
