"""Who is told of a county: not the department that alone said that the child is there."""

from contextlib import AsyncExitStack
from datetime import date
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.feed.audience import audience, condition, told
from services.notifications.notices.issuing import ANYONE, happening
from shared.vocabulary import Department
from tests.notifications.hubs import HOME, HUKOU, Hub, MovingClock
from tests.notifications.receivers import listening

TODAY = date(2026, 11, 20)
ELSEWHERE = "500107000000"
DEPARTMENTS = [str(d) for d in Department]
soles = st.none() | st.sampled_from([*DEPARTMENTS, ANYONE])


async def test_a_department_is_not_told_of_what_it_alone_said(
    chongqing: Hub, clock: MovingClock, stack: AsyncExitStack
) -> None:
    receivers, officials = {}, {}
    for department in (Department.EDUCATION, Department.POLICE, Department.CIVIL_AFFAIRS):
        official = await chongqing.official(f"{department}-500107", "500107", department)
        receivers[department] = await stack.enter_async_context(listening(clock))
        made = await official.post(
            "/v1/subscriptions",
            json={"url": receivers[department].url},
            headers={"Idempotency-Key": "k"},
        )
        assert made.status_code == 201, made.text
        officials[department] = official
    child = uuid4()
    alone = {"residence": ELSEWHERE, "residence_sole": "education"}
    await chongqing.tell(
        chongqing.event("child.registered", child, **alone),
        chongqing.event("child.updated", child, **alone),
        chongqing.event("child.updated", child, residence=ELSEWHERE),
        chongqing.event("child.updated", child, **alone),
        chongqing.event("child.residence_changed", child, previous_residence=ELSEWHERE),
        chongqing.event(
            "child.residence_changed",
            child,
            residence_sole="health",
            previous_residence=ELSEWHERE,
        ),
    )
    expected = {"education": [1, 2], "police": [1, 2, 3, 4, 5], "civil_affairs": [1, 2, 3, 4, 5, 6]}
    for department, official in officials.items():
        items = (await official.get("/v1/events")).json()["items"]
        assert [i["data"]["number"] for i in items] == expected[department], "gap-free"
        assert list(receivers[department].lanes().values()) == [expected[department]]
        assert {i["id"] for i in items} == {r.event["id"] for r in receivers[department].taken}


async def test_the_registrys_silence_about_who_said_it_keeps_departments_out(
    chongqing: Hub,
) -> None:
    school = await chongqing.official("school", "500103", Department.EDUCATION)
    civil = await chongqing.official("civil-500103", "500103")
    event = chongqing.event("child.withdrawn", uuid4())
    del event["body"]["residence_sole"]
    await chongqing.tell(event)
    assert (await school.get("/v1/events")).json()["items"] == []
    assert len((await civil.get("/v1/events")).json()["items"]) == 1


async def test_row_level_security_alone_hides_it(chongqing: Hub) -> None:
    await chongqing.tell(chongqing.event("child.updated", uuid4(), residence_sole="education"))
    connection = await asyncpg.connect(chongqing.urls["notifications"].app)
    try:
        for department, count in (("education", 0), ("police", 1), ("civil_affairs", 1)):
            await connection.execute(
                "SELECT set_config('hutong.low', '500103000000', false),"
                " set_config('hutong.high', '500103999999', false),"
                " set_config('hutong.department', $1, false)",
                department,
            )
            assert await connection.fetchval("SELECT count(*) FROM announcements") == count
    finally:
        await connection.close()


async def test_the_feed_and_the_webhooks_ask_the_same(chongqing: Hub) -> None:
    for sole in (None, ANYONE, *DEPARTMENTS):
        for department in DEPARTMENTS:
            (row,) = await chongqing.rows(
                f"SELECT {condition('$2::text')} AS told FROM (SELECT $1::text AS sole) s",
                sole,
                department,
            )
            assert row["told"] == told(sole, department), (sole, department)


@given(st.sampled_from(DEPARTMENTS), soles, soles, st.booleans())
def test_civil_affairs_is_told_and_a_sole_source_is_not(
    department: str, residence_sole: str | None, hukou_sole: str | None, together: bool
) -> None:
    body = {
        "residence": HOME,
        "hukou": HOME if together else HUKOU,
        "residence_sole": residence_sole,
        "hukou_sole": hukou_sole,
    }
    for county, sole in audience(happening("child.updated", body, TODAY)).items():
        reasons = [residence_sole] if county == int(HOME) else [hukou_sole]
        reasons = [residence_sole, hukou_sole] if together else reasons
        assert told(sole, department) == any(told(reason, department) for reason in reasons)


@pytest.mark.parametrize("sole", [None, "police"])
def test_a_place_that_is_past_is_told_where_several_say_the_new_one(sole: str | None) -> None:
    body = {"residence": HOME, "residence_sole": sole, "previous_residence": ELSEWHERE}
    past = audience(happening("child.residence_changed", body, TODAY))[int(ELSEWHERE)]
    assert told(past, "education") == (sole is None)
    assert told(past, "civil_affairs")
