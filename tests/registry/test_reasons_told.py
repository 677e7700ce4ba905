"""No reason tells what its reader may not know: of duties that ended, alerts, what is coming, the changes and the file, by role."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.registry.access.matrix import matrix, open_groups
from services.registry.dossiers.retracing import DutyEnd, DutySpell
from services.registry.dossiers.settled import told_why
from services.registry.duties.assigning import DutyRow
from services.registry.profiles import SHIPPED, Profiles
from shared.vocabulary import Department, Purpose
from tests.registry.conftest import Registry
from tests.registry.key_care import YUZHONG, decide, fold, link, push, survey, surveyed, the_entry
from tests.registry.test_changes import number
from tests.registry.test_dossiers import dossier
from tests.registry.test_duties import on
from tests.registry.test_rules_of_the_day import going_by

CIVIL, SCHOOLS = "civil_affairs:500103", "education:500103"
ROLES = [
    (Department(department), Purpose(purpose))
    for department, purposes in matrix()["cells"].items()
    for purpose in purposes
]
#: What a reason is told of: whoever lacks the group is not told it, nor can tell it from what is left out.
OF_GROUP = {
    DutyEnd.STATUS_CHANGED: "status",
    DutyEnd.LEFT_SCHOOL: "school",
    DutyEnd.KEY_CARE_ENDED: "key_care",
    DutyEnd.MOVED: "residence",
    DutyEnd.RULES_CHANGED: "duties",
}


def spell(population: str, why: DutyEnd) -> DutySpell:
    day = date(2026, 3, 2)
    row = DutyRow(
        id=uuid4(),
        duty="key_care_home_visit",
        department="education",
        population=population,
        state="pending",
        step="village",
        begun_on=day,
        due_on=None,
        done_on=(),
        detail={"clause": "示例"},
    )
    return DutySpell(row, day, why)


@pytest.mark.parametrize(("department", "purpose"), ROLES)
def test_r17_no_role_is_told_why_a_duty_ended_beyond_what_it_sees(
    department: Department, purpose: Purpose
) -> None:
    groups = open_groups(department, purpose)
    if "duties" not in groups:
        return
    for population in ("migrant", "enrolled", "key_care"):
        # What belonging to one population alone can end for is a reason of no other.
        alone = {DutyEnd.KEY_CARE_ENDED: "key_care", DutyEnd.LEFT_SCHOOL: "enrolled"}
        told = {
            why: told_why(groups, spell(population, why))
            for why in DutyEnd
            if alone.get(why, population) == population
        }
        for why, said in told.items():
            assert not said or OF_GROUP[why] in groups
        assert len(set(map(bool, told.values()))) == 1, "what is left out for one alone tells it"
        if {"school", "key_care"} <= groups.keys():
            assert all(told.values())


RULES = """
id = "chongqing-own"
amends = "chongqing"
[documents.main]
name = "补充规定"
valid_from = 2020-01-01
valid_until = "not_configured"
[[rules.cadence]]
duty = "school_home_visit"
population = "key_care"
clause = "一"
valid_from = 2020-01-01
period = { unit = "month", count = 3 }
performers = ["school"]
[[rules.cadence]]
duty = "key_care_home_visit"
population = "key_care"
clause = "二"
valid_from = 2020-01-01
period = { unit = "month", count = 1 }
performers = ["civil_affairs"]
[[rules.alert]]
alert = "overdue_duty"
owner = "education"
clause = "三"
valid_from = 2020-01-01
days = 1
due_days = 5
"""
#: Words that tell of key care, wherever they stand.
TELLING = (
    "key_care_ended",
    "key_care_home_visit",
    "key_care_contact",
    "family_hardship",
    "key_care.",
    "key_care_proposed",
    "key_care_decision",
)


async def answers(client: httpx.AsyncClient, child: Any) -> dict[str, str]:
    told = {}
    for path, asked in (
        (f"/v1/children/{child}", {}),
        (f"/v1/children/{child}/dossier", {"limit": 500}),
        (f"/v1/children/{child}/upcoming", {}),
        ("/v1/duties", {}),
        ("/v1/duties", {"child": str(child)}),
        ("/v1/alerts", {}),
        ("/v1/changes", {}),
        ("/v1/key-care", {}),
    ):
        reply = await client.get(path, params=asked)
        told[f"{path} {asked}"] = reply.text if reply.status_code == 200 else ""
    return told


async def test_r17_schools_are_told_of_no_key_care_by_any_reason(
    registry: Registry, tmp_path: Path
) -> None:
    """They owe a visit themselves, and the place has them follow what is overdue; its end has no reason for them."""
    (tmp_path / "chongqing.toml").write_text(RULES, encoding="utf-8")
    await going_by(registry, Profiles.load(SHIPPED, tmp_path))
    (child,) = await surveyed(registry, survey(YUZHONG))
    enrolled = {
        **{
            key: value
            for key, value in survey(YUZHONG).items()
            if key in ("child", "hukou", "residence", "version", "division")
        },
        "source_id": "E-why-1",
        "observed_on": "2026-03-01",
        "event": "enrolled",
        "on": "2025-09-01",
        "stage": "primary",
        "school_name": "示例小学",
    }
    await link(registry, await push(registry, SCHOOLS, "enrolments", enrolled), [child])
    civil = await registry(CIVIL)
    path, _ = await the_entry(civil, category="family_hardship")
    assert (await decide(civil, path, "confirm")).status_code == 200
    await fold(registry)
    schools = await registry(SCHOOLS, purpose="service")
    await on(registry, "2026-05-20")
    await number(registry)
    owed = (await schools.get("/v1/duties")).json()["duties"]
    assert [one["duty"] for one in owed if one["population"] == "key_care"] == ["school_home_visit"]
    overdue = (await schools.get("/v1/alerts", params={"kind": "overdue_duty"})).json()["alerts"]
    assert overdue, "theirs to follow, whatever it is about"
    assert all("about" not in one for one in overdue)
    for where, text in (await answers(schools, child)).items():
        assert not [word for word in TELLING if word in text], where
    registry.clock.at = datetime(2026, 5, 25, 4, 0, tzinfo=UTC)
    path, _ = await the_entry(civil, category="family_hardship")
    assert (await decide(civil, path, "close")).status_code == 200
    await fold(registry)
    registry.clock.at += timedelta(days=1)
    await number(registry)
    for where, text in (await answers(schools, child)).items():
        assert not [word for word in TELLING if word in text], where
    _, events = await dossier(schools, child)
    ended = [one["detail"] for one in events if one["kind"] == "duty_ended"]
    assert [one["duty"] for one in ended] == ["school_home_visit"]
    assert all("why" not in one for one in ended)
    _, events = await dossier(civil, child)
    seen = {one["detail"].get("why") for one in events if one["kind"] == "duty_ended"}
    assert seen == {"key_care_ended"}


def test_every_reason_of_an_end_has_a_group() -> None:
    assert set(OF_GROUP) == set(DutyEnd)
