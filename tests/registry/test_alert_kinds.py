"""Alerts kind by kind through the real app: what visits find, what cannot be told, what is overdue, who grows out of it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.registry import test_cases as cases
from tests.registry import test_survey_rounds as rounds
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    YUZHONG,
    entries,
    fold,
    link,
    opened,
    push,
    survey,
    surveyed,
)
from tests.registry.test_alert_gaps import AGES
from tests.registry.test_alerts import (
    act,
    alerts,
    amended,
    entry,
    on,
    proven,
    the_alert,
    told,
)
from tests.registry.test_duties import STREET, VILLAGE, visit, visited

CIVIL, SCHOOL = "civil_affairs:500103", "education:500103"


def at(registry: Registry, day: str) -> None:
    registry.clock.at = datetime.fromisoformat(f"{day}T04:00:00+00:00").astimezone(UTC)


def found(day: str, **findings: Any) -> dict[str, Any]:
    """A home visit of a day that found something."""
    return visit(observed_on=day, visited_on=day, findings=findings)


async def again(registry: Registry, child: UUID, item: dict[str, Any]) -> None:
    await link(registry, await push(registry, CIVIL, "surveys", item), [child])


# Unaccompanied


async def test_r41_a_survey_that_finds_a_child_alone_alerts_until_it_has_company(
    registry: Registry,
) -> None:
    (child,) = await surveyed(
        registry, survey(guardianship={"lives_with": "none"}, living_security={})
    )
    civil = await registry(CIVIL)
    alone = await the_alert(civil, "unaccompanied")
    assert (alone["state"], alone["owner"], alone["raised_on"]) == (
        "open",
        "civil_affairs",
        "2026-03-02",
    )
    await proven(registry)

    at(registry, "2026-03-10")
    with_father = survey(
        observed_on="2026-03-09",
        surveyed_on="2026-03-09",
        guardianship={"lives_with": "one_parent"},
    )
    await again(registry, child, with_father)
    closed = await the_alert(civil, "unaccompanied")
    assert (closed["id"], closed["state"], closed["closed_on"]) == (
        alone["id"],
        "closed_by_evidence",
        "2026-03-10",
    )
    assert closed["about"]["evidence_on"] == "2026-03-09"
    await proven(registry)


async def test_r41_a_visit_that_finds_a_child_alone_alerts_and_one_that_finds_company_closes(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, survey(observed_on="2026-02-20", living_security={}))
    civil = await registry(CIVIL)
    assert await alerts(civil, kind="unaccompanied") == []
    await visited(registry, child, found("2026-03-01", lives_with="none"))
    alone = await the_alert(civil, "unaccompanied")
    assert alone["state"] == "open"
    (episode,) = (await civil.get(f"/v1/children/{child}")).json()["episodes"]
    assert episode["accompanied"] is False
    await proven(registry)

    at(registry, "2026-03-12")
    await visited(registry, child, found("2026-03-11", lives_with="other_guardian"))
    closed = await the_alert(civil, "unaccompanied")
    assert (closed["id"], closed["state"]) == (alone["id"], "closed_by_evidence")
    await proven(registry)


@pytest.mark.parametrize(
    "changed",
    [{"outcome": "not_met"}, {"outcome": "refused"}, {"visited_on": "2026-03-08"}],
)
async def test_r41_who_met_nobody_or_has_yet_to_go_has_found_nobody_alone(
    registry: Registry, changed: dict[str, Any]
) -> None:
    (child,) = await surveyed(registry, survey(observed_on="2026-02-20", living_security={}))
    nobody = found("2026-03-01", lives_with="none", attending_school=False)
    await visited(registry, child, {**nobody, **changed})
    civil = await registry(CIVIL)
    assert await alerts(civil, kind="unaccompanied") == []
    assert await alerts(civil, kind="dropped_out") == []
    await proven(registry)


# Out of school


async def test_r44_a_visit_that_finds_a_child_not_at_school_alerts_and_the_next_closes(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    await visited(registry, child, found("2026-03-01", attending_school=False))
    civil, school = await registry(CIVIL), await registry(SCHOOL, purpose="service")
    gap = await the_alert(school, "dropped_out")
    assert (gap["owner"], gap["state"]) == ("education", "open")
    assert gap["about"]["found_on"] == "2026-03-01"
    await visited(registry, child, found("2026-03-02", attending_school=False))
    assert (await the_alert(civil, "dropped_out"))["id"] == gap["id"]
    await proven(registry)

    at(registry, "2026-03-12")
    await visited(registry, child, found("2026-03-11", attending_school=True))
    closed = await the_alert(civil, "dropped_out")
    assert (closed["id"], closed["state"]) == (gap["id"], "closed_by_evidence")
    await proven(registry)


async def test_r44_a_school_closes_what_a_visit_found_and_no_visit_what_a_school_reported(
    registry: Registry,
) -> None:
    one, other = await surveyed(registry, survey(living_security={}), survey(living_security={}))
    await visited(registry, one, found("2026-03-01", attending_school=False))
    left = entry(event="dropped_out", on="2026-02-20", stage="primary")
    await told(registry, other, SCHOOL, "enrolments", left)
    at(registry, "2026-03-12")
    entered = entry(event="enrolled", on="2026-03-10", stage="primary", observed_on="2026-03-11")
    await told(registry, one, SCHOOL, "enrolments", entered)
    await visited(registry, other, found("2026-03-11", attending_school=True))
    civil = await registry(CIVIL)
    states = {a["child"]["id"]: a["state"] for a in await alerts(civil, kind="dropped_out")}
    assert states == {str(one): "closed_by_evidence", str(other): "open"}
    await proven(registry)


@pytest.mark.parametrize(("born", "expected"), [("2023-05-03", 0), ("2017-05-03", 1)])
async def test_r44_who_is_not_of_the_places_school_age_misses_no_school(
    registry: Registry, tmp_path: Path, born: str, expected: int
) -> None:
    amended(registry, tmp_path, "chongqing", AGES)
    child_part = {"name": "示童", "birth_date": born}
    (child,) = await surveyed(registry, survey(child=child_part, living_security={}))
    await visited(registry, child, found("2026-03-01", attending_school=False))
    found_ = await alerts(await registry(CIVIL), kind="dropped_out")
    assert len(found_) == expected
    await proven(registry)


# Status unclear


async def test_r41_what_cannot_be_told_is_alerted_after_thirty_days_until_it_can(
    registry: Registry,
) -> None:
    unborn = survey(child={"name": "示未详"}, living_security={})
    (child,) = await surveyed(registry, unborn)
    civil = await registry(CIVIL)
    await on(registry, "2026-03-31")
    assert await alerts(civil, kind="status_unclear") == []
    await on(registry, "2026-04-01")
    unclear = await the_alert(civil, "status_unclear")
    assert (unclear["state"], unclear["raised_on"]) == ("open", "2026-04-01")
    assert unclear["about"]["missing"] == ["birth_on"]
    assert unclear["child"]["id"] == str(child)
    await proven(registry)

    born = {"name": "示未详", "birth_date": "2017-05-03"}
    await again(registry, child, {**unborn, "version": 2, "child": born})
    assert await alerts(civil, kind="status_unclear") == []
    await proven(registry)


async def test_r41_what_somebody_did_about_an_unclear_status_stays_told_when_it_is_clear(
    registry: Registry,
) -> None:
    unborn = survey(child={"name": "示未详"}, living_security={})
    (child,) = await surveyed(registry, unborn)
    civil = await registry(CIVIL)
    await on(registry, "2026-04-01")
    unclear = await the_alert(civil, "status_unclear")
    assert (await act(civil, unclear["id"], "acknowledge")).status_code == 200
    born = {"name": "示未详", "birth_date": "2017-05-03"}
    await again(registry, child, {**unborn, "version": 2, "child": born})
    closed = await the_alert(civil, "status_unclear")
    assert (closed["id"], closed["state"]) == (unclear["id"], "closed_by_evidence")
    await proven(registry)


# Overdue duties

LATE = """
[[rules.alert]]
alert = "overdue_duty"
clause = "一"
wording = "职责任务逾期"
owner = "civil_affairs"
due_days = 3
days = {days}
"""


@pytest.mark.parametrize(
    ("days", "late", "raised"),
    [(None, 0, False), (None, 1, True), (0, 1, True), (7, 7, False), (7, 8, True), (7, 30, True)],
)
async def test_r41_a_duty_is_alerted_so_many_days_after_it_was_due(
    registry: Registry, tmp_path: Path, days: int | None, late: int, raised: bool
) -> None:
    if days is not None:
        amended(registry, tmp_path, "chongqing", LATE.format(days=days))
    await surveyed(registry, survey(living_security={}))
    civil = await registry(CIVIL)
    (duty,) = (await civil.get("/v1/duties", params={"duty": "survey"})).json()["duties"]
    due = date.fromisoformat(duty["due_on"])
    await on(registry, f"{due + timedelta(days=late)}")
    overdue = [
        (a["raised_on"], a.get("due_on"), a["about"]["due_on"])
        for a in await alerts(civil, kind="overdue_duty")
        if a["about"]["duty"] == "survey"
    ]
    on_ = due + timedelta(days=(days or 0) + 1)
    handled_by = None if days is None else f"{on_ + timedelta(days=3)}"
    assert overdue == ([(f"{on_}", handled_by, f"{due}")] if raised else [])
    await proven(registry)


# Ageing out


@pytest.mark.parametrize(
    ("born", "day", "raised"),
    [
        ("2010-09-05", "2026-03-04", None),
        ("2010-09-05", "2026-03-05", "2026-03-05"),
        ("2010-09-05", "2026-09-04", "2026-03-05"),
        ("2010-09-05", "2026-09-05", "2026-03-05"),  # no birthday takes an alert away
        ("2010-12-31", "2026-06-29", None),
        ("2010-12-31", "2026-06-30", "2026-06-30"),  # the last day of a shorter month
        ("2010-03-03", "2026-03-02", "2026-03-02"),  # late known, and raised at once
        ("2010-03-02", "2026-03-02", None),  # of age on the day on which it was first known
    ],
)
async def test_r41_growing_out_is_alerted_six_months_before(
    registry: Registry, born: str, day: str, raised: str | None
) -> None:
    child_part = {"name": "示长", "birth_date": born}
    await surveyed(registry, survey(child=child_part, living_security={}))
    await on(registry, day)
    told_ = await alerts(await registry(CIVIL), kind="ageing_out")
    assert [a["raised_on"] for a in told_] == ([raised] if raised else [])
    await proven(registry)


async def test_r41_who_lives_in_its_hukou_county_grows_out_of_nothing(registry: Registry) -> None:
    child_part = {"name": "示长", "birth_date": "2010-09-05"}
    await surveyed(
        registry, survey(child=child_part, hukou={"division": YUZHONG}, living_security={})
    )
    await on(registry, "2026-03-05")
    assert await alerts(await registry(CIVIL), kind="ageing_out") == []


async def test_r3_a_sixteenth_birthday_ends_neither_key_care_nor_a_case_nor_an_alert(
    registry: Registry,
) -> None:
    alone = survey(
        child={"name": "示长", "birth_date": "2010-05-03"},
        guardianship={"lives_with": "none"},
        living_security={},
    )
    (child,) = await surveyed(registry, alone)
    civil, police = await registry(CIVIL), await registry("police:500103")
    care = await opened(civil, child, "vagrancy")
    await fold(registry)
    case = await cases.opened(civil, child_id=str(child), child=None)

    async def stands() -> tuple[Any, ...]:
        seen = (await civil.get(f"/v1/children/{child}")).json()
        mark = (await police.get(case)).json()
        raised = {(a["kind"], a["id"], a["state"]) for a in await alerts(civil, child=str(child))}
        listed = [e["id"] for e in await entries(civil, category="vagrancy", state="confirmed")]
        status = seen["status"]["status"]
        return status, (await civil.get(care)).json()["state"], listed, mark["state"], raised

    await on(registry, "2026-05-02")
    await fold(registry)
    status, *before = await stands()
    assert status != "aged_out"
    assert {kind for kind, _, _ in before[-1]} >= {"unaccompanied", "ageing_out"}
    for day in ("2026-05-03", "2026-05-04"):
        await on(registry, day)
        await fold(registry)
        status, *after = await stands()
        assert status == "aged_out"
        assert after[:-1] == before[:-1] and after[:2] == ["confirmed", [care.rpartition("/")[2]]]
        assert after[-1] >= {a for a in before[-1] if a[0] != "overdue_duty"}
        await proven(registry)
    assert (await cases.acted(police, case, "receive"))["state"] == "received"


# Siblings in care

OF_SCHOOLS = """
[[rules.alert]]
alert = "sibling_in_care"
clause = "一"
wording = "兄弟姐妹"
owner = "education"
due_days = "not_configured"
"""


async def test_r41_whoever_may_not_see_a_category_is_told_of_no_sibling_in_it(
    registry: Registry, tmp_path: Path
) -> None:
    amended(registry, tmp_path, "chongqing", OF_SCHOOLS)
    father = [{"name": "示大山", "relation": "father", "id_number": "371721198804120114"}]
    items = [survey(living_security={}, guardians=father) for _ in range(2)]
    cared, near = await surveyed(registry, *items)
    civil, school = await registry(CIVIL), await registry(SCHOOL, purpose="service")
    await opened(civil, cared, "vagrancy")
    await fold(registry)
    for who in (civil, school):
        assert await alerts(who, kind="sibling_in_care") == []
    await proven(registry)

    await opened(civil, cared, "out_of_school")
    await fold(registry)
    alert = await the_alert(school, "sibling_in_care")
    assert (alert["owner"], alert["child"]["id"]) == ("education", str(near))
    assert "about" not in alert  # key care is no group of its purpose
    assert (await the_alert(civil, "sibling_in_care"))["about"] == {"category": "out_of_school"}
    await proven(registry)


# Rounds


async def test_r7_completion_by_township_adds_its_villages_up(registry: Registry) -> None:
    def home(place: str, **more: Any) -> dict[str, Any]:
        return survey(residence={"division": place, "since": "2025-06-01"}, **more)

    other = "500103002000"
    await surveyed(
        registry,
        home(VILLAGE, **rounds.WHOLE),
        home("500103001002"),
        home("500103002001", **rounds.WHOLE),
    )
    client = await registry(CIVIL)
    path = await rounds.a_round(client)
    by_place = {
        one["division"]: (one["children"], one["complete"])
        for one in await rounds.progress(client, path, by="township")
    }
    assert by_place == {STREET: (2, 1), other: (1, 1)}
    (within,) = await rounds.progress(client, path, by="township", within=other)
    assert (within["division"], within["children"]) == (other, 1)
