"""A place that too few departments speak of makes no episode, and is shown as what it is."""

from uuid import UUID, uuid4

from tests.registry.conftest import Registry
from tests.registry.key_care import NDJSON, YUZHONG, link, push, survey, surveyed

ENROLLED_ELSEWHERE = {
    "source_id": "E-elsewhere",
    "version": 1,
    "observed_on": "2026-03-01",
    "division": "500101",
    "child": {},
    "residence": {"division": "500101003000", "address": "万州区示例路三号"},
    "event": "enrolled",
    "on": "2026-02-25",
    "stage": "primary",
}


async def moved_by_a_school_alone(registry: Registry) -> tuple[UUID, UUID]:
    """A child whom a survey found in 渝中, and the record of a school that says 万州."""
    (child,) = await surveyed(registry, survey(YUZHONG))
    (record,) = await push(registry, "education:500101", "enrolments", ENROLLED_ELSEWHERE)
    await link(registry, [record], [child])
    return child, record


async def test_it_is_shown_as_a_county_with_its_record(registry: Registry) -> None:
    child, record = await moved_by_a_school_alone(registry)
    civil = await registry("civil_affairs:500103")
    said = (await civil.get(f"/v1/children/{child}")).json()
    assert [one["division"] for one in said["episodes"]] == [YUZHONG]
    assert said["unconfirmed"] == [
        {
            "division": "500101000000",
            "place": "万州区",
            "since": "2026-02-25",
            "records": [str(record)],
        }
    ]
    listed = await civil.get("/v1/key-care", headers=NDJSON)
    assert '"unconfirmed":[{"division":"500101000000"' in listed.text.replace(" ", "")
    assert "示例路三号" not in listed.text + str(said)


async def test_it_is_open_to_whom_residence_is_open(registry: Registry) -> None:
    """The purpose ``statistics`` shows residences without provenance."""
    child, record = await moved_by_a_school_alone(registry)
    for purpose in ("statistics", "verification"):
        civil = await registry("civil_affairs:500103", purpose=purpose)
        said = (await civil.get(f"/v1/children/{child}")).json()
        assert {"unconfirmed", "episodes"} <= set(said)
        assert (str(record) in str(said["unconfirmed"])) == (purpose == "verification")


async def test_it_is_gone_once_another_department_says_so_too(registry: Registry) -> None:
    child, _ = await moved_by_a_school_alone(registry)
    permit = {
        "source_id": str(uuid4()),
        "version": 1,
        "observed_on": "2026-03-02",
        "division": "500101",
        "child": {},
        "event": "registered",
        "role": "accompanying",
        "registered_on": "2026-03-01",
    }
    permits = await push(registry, "police:500101", "residence-permits", permit)
    await link(registry, permits, [child])
    civil = await registry("civil_affairs:500101")
    said = (await civil.get(f"/v1/children/{child}")).json()
    assert said["episodes"][-1]["division"][:6] == "500101"
    assert "500101000000" not in [one["division"] for one in said["unconfirmed"]]
