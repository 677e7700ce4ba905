"""Calendar duties: what a place's texts put into its calendar, and what was reported of it."""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.calendar_duties.schools import stand
from services.registry.calendar_duties.tasking import Task, concerns, owner_of, tasks
from services.registry.duties.acts import reporters_of
from services.registry.profiles import SHIPPED, Profiles
from services.registry.profiles.cadences import Period
from tests.registry.conftest import Registry
from tests.registry.key_care import TIANMEN, fold, link, push, survey, surveyed, turn

PROFILES = Profiles.load(SHIPPED).by_id
DAY = date(2026, 5, 10)
AT_HOME = {"division": TIANMEN, "since": "2025-06-01"}
FIRST, SECOND = "天门示例一小", "天门示例二小"
_numbers = itertools.count(1)
CALENDAR = """
[[rules.school_calendar]]
clause = "市教育局校历"
school_year = "2025-2026"
first = 2025-09-01
last = 2026-07-10
semesters = [
    { first = 2025-09-01, last = 2026-01-23 },
    { first = 2026-03-02, last = 2026-07-10 },
]
occasions = [
    { occasion = "before_winter_holiday", first = 2026-01-24, last = 2026-03-01 },
    { occasion = "before_summer_holiday", first = 2026-07-11, last = 2026-08-31 },
]
"""


def by_name(place: Any, day: date = DAY) -> dict[tuple[str, str], Task]:
    return {(t.rule.duty, t.occasion): t for t in tasks(place, day)}


def test_r58_a_law_lesson_is_due_each_semester() -> None:
    lesson = by_name(PROFILES["tianmen"])["law_lesson", ""]
    assert lesson.span is not None and lesson.span.last == date(2026, 8, 31)
    assert lesson.rule.clause.endswith("三(九)")
    assert lesson.state(False, DAY) == "pending"
    assert lesson.state(False, date(2026, 9, 1)) == "overdue"
    assert lesson.state(True, date(2026, 9, 1)) is None


@pytest.mark.parametrize(
    ("place", "duty", "occasion"),
    [
        ("tianmen", "safety_lecture", "before_summer_holiday"),
        ("tianmen", "psychological_education", "psychology_month"),
        ("inner_mongolia", "psychological_education", "psychology_day"),
    ],
)
def test_r58_without_a_dated_calendar_an_occasion_is_on_the_red_list(
    place: str, duty: str, occasion: str
) -> None:
    task = by_name(PROFILES[place])[duty, occasion]
    assert task.span is None and task.state(False, DAY) == "interval_not_configured"


def test_r58_a_holiday_that_an_administrator_dates_makes_a_task(tmp_path: Path) -> None:
    text = (SHIPPED / "tianmen.toml").read_text(encoding="utf-8") + CALENDAR
    (tmp_path / "tianmen.toml").write_text(text, encoding="utf-8")
    place = Profiles.load(tmp_path).by_id["tianmen"]

    found = by_name(place)
    summer, winter = (
        found["safety_lecture", f"before_{season}_holiday"].span for season in ("summer", "winter")
    )
    assert summer is not None and winter is not None
    assert (summer.first, summer.last) == (date(2026, 3, 2), date(2026, 7, 10))
    assert (winter.first, winter.last) == (date(2025, 9, 1), date(2026, 1, 23))


def test_r58_no_calendar_duty_is_owed_to_a_child_and_no_childs_duty_is_in_the_calendar() -> None:
    for place in PROFILES.values():
        assert {t.rule.level for t in tasks(place, DAY)} <= {"school", "place"}


async def report(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    asked = {"duty": "law_lesson", "division": "429006", "done_on": "2026-03-01", **body}
    return await client.post(
        "/v1/calendar-duties", json=asked, headers={"Idempotency-Key": str(uuid4())}
    )


async def lessons(client: httpx.AsyncClient, **asked: str) -> dict[str, Any]:
    reply = await client.get("/v1/calendar-duties", params=asked)
    assert reply.status_code == 200, reply.text
    (found,) = [t for t in reply.json()["tasks"] if t["duty"] == "law_lesson"]
    return dict(found)


async def pupil(registry: Registry, school: str | None, **more: Any) -> UUID:
    """A migrant child that the named school of Tianmen enrolled."""
    (child,) = await surveyed(registry, survey(TIANMEN, residence=AT_HOME))
    enrolled = {
        "source_id": f"P-{next(_numbers)}",
        "version": 1,
        "observed_on": "2026-03-01",
        "division": TIANMEN,
        "child": {"name": "示童"},
        "event": "enrolled",
        "on": "2025-09-01",
        "stage": "primary",
        "residence": AT_HOME,
        **({"school_name": school} if school else {}),
        **more,
    }
    await link(registry, await push(registry, "education:429006", "enrolments", enrolled), [child])
    return child


def owing(task: dict[str, Any]) -> dict[str, int]:
    return {one["school"]: one["done"] for one in task["owing"]}


async def test_r58_each_school_that_enrolments_name_owes_it_until_it_reported(
    registry: Registry,
) -> None:
    for name in (FIRST, FIRST, SECOND):
        await pupil(registry, name)
    await pupil(registry, "天门示例三小", event="transferred_out", on="2026-02-20")
    await pupil(registry, None)
    school = await registry("education:429006", purpose="service")
    civil = await registry("civil_affairs:429006")
    before = await lessons(school)
    assert (before["state"], before["done"], before["due_on"]) == ("pending", 0, "2026-08-31")
    assert owing(before) == {FIRST: 0, SECOND: 0}

    for _ in range(2):
        assert (await report(school, school=FIRST, participants=100)).status_code == 201
    assert (await report(school, school="S-9")).status_code == 201
    assert (await report(school)).status_code == 201

    half = await lessons(civil)
    assert (half["state"], half["done"], half["schools"]) == ("pending", 4, 2)
    assert (half["known"], half["fulfilled"], half["unknown"]) == (2, 1, 2)
    assert owing(half) == {SECOND: 0}
    registry.clock.at += timedelta(days=190)
    assert (await lessons(civil, on="2026-08-31"))["state"] == "overdue"
    registry.clock.at -= timedelta(days=190)

    assert (await report(school, school=" 天门示例 二小")).status_code == 201
    after = await lessons(civil)
    assert "state" not in after
    assert (after["known"], after["fulfilled"], after["owing"]) == (2, 2, [])
    assert (await lessons(civil, on="2026-02-10"))["done"] == 0


async def test_r58_an_activity_is_reported_inside_ones_area_when_it_is_over(
    registry: Registry,
) -> None:
    school = await registry("education:429006", purpose="service")
    elsewhere = await report(school, division="500103")
    assert elsewhere.status_code == 403
    assert (await report(school, duty="dance_class")).status_code == 409
    assert (await report(school, done_on="2026-03-03")).status_code == 422
    assert (
        await report(await registry("education:429006", purpose="statistics"))
    ).status_code == 403


async def test_r58_where_enrolments_name_no_school_no_report_ends_what_schools_owe(
    registry: Registry,
) -> None:
    school = await registry("education:429006", purpose="service")
    assert (await report(school, school=FIRST)).status_code == 201
    found = await lessons(school)
    assert (found["state"], found["known"], found["unknown"]) == ("pending", 0, 1)


async def test_r58_no_school_is_known_by_a_shielded_child_or_to_another_area(
    registry: Registry,
) -> None:
    child = await pupil(registry, FIRST)
    await pupil(registry, SECOND)
    civil = await registry("civil_affairs:429006")
    assert (await turn(civil, child)).status_code < 300
    await fold(registry)
    assert owing(await lessons(civil)) == {SECOND: 0}
    (read,) = await registry.system(
        "SELECT cardinality(subjects) AS n FROM audit_entries WHERE operation = 'calendar_duties.list'"
    )
    assert read["n"] == 1
    elsewhere = await registry("civil_affairs:500103")
    other = await lessons(elsewhere, within="429006")
    assert (other["known"], other["owing"]) == (0, [])


def test_r58_a_school_owes_it_as_often_as_the_text_asks() -> None:
    lesson = by_name(PROFILES["tianmen"])["law_lesson", ""]
    twice = replace(
        lesson, rule=replace(lesson.rule, period=Period("semester", times=2), stages=("primary",))
    )
    one, other, kindergarten = ((429006, name) for name in ("一小", "二小", "幼儿园"))
    schools = {
        one: frozenset({"primary"}),
        other: frozenset({"primary", "junior"}),
        kindergarten: frozenset({"kindergarten"}),
    }
    told = [(one, 1), (other, 1), (other, 1), (kindergarten, 1), ((429006, ""), 3)]
    found = stand(twice, schools, told)
    assert (found.known, found.fulfilled, found.unknown) == (2, 1, 3)
    assert found.owing == {one: 1} and not found.done
    assert stand(twice, schools, [*told, (one, 1)]).done
    assert not stand(twice, {}, told).done


async def test_r58_what_a_place_owes_twice_is_not_done_once(
    registry: Registry, tmp_path: Path
) -> None:
    text = (SHIPPED / "chongqing.toml").read_text(encoding="utf-8")
    before, after = text.split('duty = "progress_meeting"')
    rule, rest = after.split("period = {", 1)
    (tmp_path / "chongqing.toml").write_text(
        f'{before}duty = "progress_meeting"{rule}period = {{ times = 2,{rest}', encoding="utf-8"
    )
    object.__setattr__(registry.app.state.kit, "profiles", Profiles.load(tmp_path))
    county = await registry("civil_affairs:500103")
    held = {"duty": "progress_meeting", "division": "500103"}
    for expected in ((1, "pending"), (2, None)):
        assert (await report(county, **held)).status_code == 201
        assert await meeting(county) == expected


async def meeting(client: httpx.AsyncClient, **asked: str) -> tuple[int, str | None]:
    reply = await client.get("/v1/calendar-duties", params=asked)
    assert reply.status_code == 200, reply.text
    (found,) = [t for t in reply.json()["tasks"] if t["duty"] == "progress_meeting"]
    return found["done"], found.get("state")


async def test_r58_a_duty_of_the_place_is_reported_for_the_place_itself(registry: Registry) -> None:
    """No village ends what its county owes, and no other department what civil affairs does."""
    county, village = await registry("civil_affairs:500103"), "500103001001"
    held = {"duty": "progress_meeting", "division": "500103"}
    before = await meeting(county)
    assert before == (0, "pending")

    below = await registry(f"civil_affairs:{village}")
    for division in (village, "500103"):
        assert (await report(below, **{**held, "division": division})).status_code == 403
    finer = await report(county, **{**held, "division": village})
    assert finer.status_code == 422
    assert finer.json()["errors"][0]["code"] == "wrong_layer"
    school = await registry("education:500103", purpose="service")
    assert (await report(school, **held)).status_code == 403
    assert await meeting(county) == before

    assert (await report(county, **held)).status_code == 201
    for asked in ({}, {"within": "500103"}, {"within": village}):
        assert await meeting(county, **asked) == (1, None)
    assert await meeting(await registry("civil_affairs:50"), within="500103") == (1, None)
    assert await meeting(await registry("civil_affairs:50"), within="500107") == (0, "pending")
    assert await meeting(await registry("civil_affairs:50")) == (0, "pending")


@pytest.mark.parametrize(
    ("province", "parts"), [("150000", ("150200", "150203")), ("230000", ("230100", "230102"))]
)
async def test_r58_what_the_text_asks_of_the_province_no_county_owes(
    registry: Registry, province: str, parts: tuple[str, ...]
) -> None:
    """自治区民政厅 and 省民政厅 hold the meeting: no county is late with it, nor could one report it."""
    above = await registry(f"civil_affairs:{province}")
    held = {"duty": "progress_meeting", "division": province}
    assert await meeting(above) == (0, "pending")
    for part in parts:
        below = await registry(f"civil_affairs:{part}")
        for asker in (above, below):
            reply = await asker.get("/v1/calendar-duties", params={"within": part})
            assert reply.status_code == 200, reply.text
            assert "progress_meeting" not in {t["duty"] for t in reply.json()["tasks"]}
        assert (await report(below, **{**held, "division": part})).status_code == 403
        assert (await report(below, **held)).status_code == 403
        finer = await report(above, **{**held, "division": part})
        assert (finer.status_code, finer.json()["errors"][0]["code"]) == (422, "wrong_layer")
    assert await meeting(above) == (0, "pending")
    assert (await report(above, **held)).status_code == 201
    assert await meeting(above) == (1, None)


def test_r58_the_tier_that_owes_is_the_one_of_the_text() -> None:
    def tier(place: str) -> str:
        (rule,) = {t.rule for t in tasks(PROFILES[place], DAY) if t.rule.duty == "progress_meeting"}
        return rule.tier

    found = {one: tier(one) for one in ("inner_mongolia", "baotou", "heilongjiang")}
    assert set(found.values()) == {"province"}
    assert {tier("chongqing"), tier("heze")} == {"county"}


def test_r58_a_city_that_owes_a_duty_owes_it_for_itself(tmp_path: Path) -> None:
    text = (SHIPPED / "heilongjiang.toml").read_text(encoding="utf-8")
    text = text.replace('tier = "province"', 'tier = "prefecture"')
    (tmp_path / "heilongjiang.toml").write_text(text, encoding="utf-8")
    rule = by_name(Profiles.load(tmp_path).by_id["heilongjiang"])["progress_meeting", ""].rule
    city = 230100000000
    assert [owner_of(rule, one) for one in (230102001000, 230102000000, city)] == [city] * 3
    assert [concerns(rule, one) for one in (230102001000, 230102000000, city)] == [False] * 2 + [
        True
    ]


async def test_r58_civil_affairs_reports_for_a_school_and_health_does_not(
    registry: Registry,
) -> None:
    """The text names the school; civil affairs leads everywhere."""
    civil = await registry("civil_affairs:429006")
    assert (await report(civil, division="429006001", school="S-1")).status_code == 201
    health = await registry("health:429006", purpose="service")
    assert (await report(health, school="S-1")).status_code == 403
    assert (await lessons(civil))["done"] == 1
    assert (await lessons(civil, within="429006001"))["done"] == 1
    assert (await lessons(civil, within="429006002"))["done"] == 0


def test_r58_whose_report_counts_follows_the_text() -> None:
    def reporters(place: str, duty: str) -> set[str]:
        (rule,) = {t.rule for t in tasks(PROFILES[place], DAY) if t.rule.duty == duty}
        return set(map(str, reporters_of(rule)))

    assert reporters("chongqing", "progress_meeting") == {"civil_affairs"}
    assert reporters("tianmen", "law_lesson") == {"civil_affairs", "education"}
    assert reporters("inner_mongolia", "psychological_education") == {
        "civil_affairs",
        "education",
        "health",
    }


async def test_r58_a_department_is_told_of_no_other_departments_reports(registry: Registry) -> None:
    """Civil affairs leads, and sees them all: also those of then."""
    await pupil(registry, FIRST)
    civil = await registry("civil_affairs:429006")
    school = await registry("education:429006", purpose="service")
    assert (await report(civil, school=FIRST)).status_code == 201
    moment = {"known_at": registry.clock.at.isoformat()}
    for who, done, fulfilled in ((civil, 1, 1), (school, 0, 0)):
        for asked in ({}, moment):
            found = await lessons(who, **asked)
            assert (found["known"], found["done"], found["fulfilled"]) == (1, done, fulfilled), (
                asked
            )
    assert (await report(school, school=FIRST)).status_code == 201
    assert [(await lessons(who))["done"] for who in (civil, school)] == [2, 1]
