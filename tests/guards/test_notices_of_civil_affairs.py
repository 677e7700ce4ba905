"""Notices are civil affairs' (民政) on both sides: no other department of either place acts on one, or hears of one.

Cast: *others* are clients of every department but civil affairs, with every scope, in the place that tells and in the place
that is told.
"""

from uuid import uuid4

import pytest

from shared.vocabulary import Department
from tests.guards.story import HOME, HUKOU, World, child_of
from tests.guards.test_row_security import as_service, enter, reach, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHERS = [one for one in Department if one is not Department.CIVIL_AFFAIRS]
PLACES = (HOME, HUKOU)
ACTS = {
    "acceptance": None,
    "answer": {"outcome": "confirmed"},
    "refusal": None,
    "release": None,
    "withdrawal": None,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("department", OTHERS)
async def test_no_other_department_acts_on_a_notice(
    told: World, department: Department, place: str
) -> None:
    before = await told.rows("SELECT * FROM notices ORDER BY id", service="notifications")
    assert before
    other = await told(department, place, "notifications")
    child = await child_of(told, "示小明")
    asked = await other.post(
        "/v1/notices", json={"child": str(child)}, headers={"Idempotency-Key": str(uuid4())}
    )
    assert asked.status_code == 404, asked.text
    for row in before:
        for act, body in ACTS.items():
            reply = await other.post(
                f"/v1/notices/{row['id']}/{act}",
                json=body,
                headers={"If-Match": f'"{row["version"]}"'},
            )
            assert reply.status_code == 403, reply.text
    assert before == await told.rows("SELECT * FROM notices ORDER BY id", service="notifications")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("department", OTHERS)
async def test_no_other_department_hears_of_a_notice(
    told: World, department: Department, place: str
) -> None:
    """Else who pushed a false hukou for a known number would read of the answer here."""
    other = await told(department, place, "notifications")
    assert (await other.get("/v1/notices")).json()["notices"] == []
    (one, *_) = await told.rows("SELECT id FROM notices", service="notifications")
    assert (await other.get(f"/v1/notices/{one['id']}")).status_code == 404
    async with as_service(told, "notifications") as connection:
        for table in ("notices", "cases"):
            async with connection.transaction():
                await enter(connection, reach(department, place))
                assert await visible(connection, table) == 0


@pytest.mark.parametrize("place", PLACES)
async def test_civil_affairs_does(told: World, place: str) -> None:
    """Else the tests above would show nothing."""
    civil = await told(Department.CIVIL_AFFAIRS, place, "notifications")
    assert (await civil.get("/v1/notices")).json()["notices"]
    async with as_service(told, "notifications") as connection:
        for table in ("notices", "cases"):
            async with connection.transaction():
                await enter(connection, reach(Department.CIVIL_AFFAIRS, place))
                assert await visible(connection, table) > 0
