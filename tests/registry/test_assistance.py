"""Assisted tasks (帮办代办) through the real app: proposed by an insurance gap, taken up, done, proposed as done by evidence."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.registry.cases.terms import AnswerDue
from services.registry.profiles import SHIPPED, Profiles
from services.registry.profiles.open_points import open_points
from tests.registry.conftest import Registry
from tests.registry.key_care import YUZHONG, link, push, survey, surveyed
from tests.registry.test_alerts import amended, entry, proven, the_alert, told
from tests.registry.test_cases import act, acted, listed, opened

BAOTOU = "150203000000"
HOME, INSURERS = "500103", "medical_insurance:500103"


async def uninsured(registry: Registry, place: str = YUZHONG) -> UUID:
    (child,) = await surveyed(registry, survey(place, living_security={}))
    who = f"medical_insurance:{place[:6]}"
    await told(
        registry, child, who, "insurance-enrolments", entry(place, year=2026, enrolled=False)
    )
    return child


def asked(child: UUID, **more: Any) -> dict[str, Any]:
    return {
        "kind": "assistance",
        "topic": "subsidised_insurance",
        "to": "medical_insurance",
        "child": None,
        "child_id": str(child),
        "year": 2026,
        "account": "家庭困难，请协助办理参保",
        **more,
    }


async def insured(registry: Registry, child: UUID, year: int = 2026, **more: Any) -> UUID:
    registry.clock.at = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
    said = {"enrolled": True, "enrolled_on": "2026-03-18", "observed_on": "2026-03-19"}
    item = entry(year=year, **said, **more)
    (record,) = await push(registry, INSURERS, "insurance-enrolments", item)
    await link(registry, [record], [child])
    return record


@pytest.mark.parametrize(
    ("place", "topics"),
    [
        (YUZHONG, ["subsidised_insurance"]),
        (BAOTOU, ["insurance_enrolment"]),
        ("371721000000", None),
    ],
    ids=["Chongqing pays", "Inner Mongolia does it for them", "Heze says neither"],
)
async def test_r43_a_gap_proposes_the_help_that_the_places_text_names(
    registry: Registry, place: str, topics: list[str] | None
) -> None:
    child = await uninsured(registry, place)
    insurer = await registry(f"medical_insurance:{place[:6]}", purpose="service")
    proposed = (await the_alert(insurer, "insurance_gap")).get("proposes")
    if topics is None:
        assert proposed is None
        return
    assert proposed["topics"] == topics
    body = asked(child, place=place[:6], topic=topics[0], to=proposed["to"], year=proposed["year"])
    path = await opened(insurer, **body)
    assert (await insurer.get(path)).json()["year"] == 2026
    await proven(registry)


async def test_r43_an_office_takes_a_task_up_and_every_act_stands_in_the_file(
    registry: Registry,
) -> None:
    child = await uninsured(registry)
    civil, insurer = await registry(f"civil_affairs:{HOME}"), await registry(INSURERS)
    path = await opened(civil, **asked(child))
    (mark,) = await listed(insurer, kind="assistance", waiting=True)
    assert mark["waiting"] == AnswerDue.NO_LIMIT_CONFIGURED
    assert "due_at" not in mark
    assert (await act(civil, path, "accept")).status_code == 403
    assert (await act(insurer, path, "submit")).status_code == 409
    seen = {}
    for one in ("accept", "gather", "submit", "gather", "submit", "complete"):
        seen = await acted(insurer, path, one)
    assert (seen["state"], seen["waiting"]) == ("done", "no")
    assert (await acted(civil, path, "close"))["state"] == "closed"
    reply = await civil.get(f"/v1/children/{child}/dossier")
    told_of = [one["detail"]["act"] for one in reply.json()["events"] if one["kind"] == "case_act"]
    done = ["accept", "gather", "submit", "gather", "submit", "complete", "close"]
    assert sorted(told_of) == sorted(done)


@pytest.mark.parametrize(("before", "what"), [([], "decline"), (["accept", "submit"], "return")])
async def test_r43_whoever_declines_or_hands_back_says_why(
    registry: Registry, before: list[str], what: str
) -> None:
    child = await uninsured(registry)
    civil, insurer = await registry(f"civil_affairs:{HOME}"), await registry(INSURERS)
    path = await opened(civil, **asked(child))
    for one in before:
        await acted(insurer, path, one)
    assert (await act(insurer, path, what, note=" ")).status_code == 422
    seen = await acted(insurer, path, what, note="户籍地已参保，无需重复参保")
    assert seen["waiting"] == "no"
    again = await acted(civil, path, "reopen")
    assert (again["state"], again["waiting"]) == ("sent", AnswerDue.NO_LIMIT_CONFIGURED)


async def test_r43_the_insurers_own_report_proposes_that_it_is_done(registry: Registry) -> None:
    child = await uninsured(registry)
    civil, insurer = await registry(f"civil_affairs:{HOME}"), await registry(INSURERS)
    path = await opened(civil, **asked(child))
    assert (await act(civil, path, "complete")).status_code == 403
    await insured(registry, child, 2025)
    assert "evidence" not in (await civil.get(path)).json()
    record = await insured(registry, child)
    seen = (await civil.get(path)).json()
    assert seen["evidence"] == {"on": "2026-03-18", "record": str(record)}
    assert (seen["state"], seen["waiting"]) == ("sent", AnswerDue.NO_LIMIT_CONFIGURED)
    # Insurers read children for service, and for key care none.
    assert "evidence" not in (await insurer.get(path)).json()
    serving = await registry(INSURERS, purpose="service")
    assert (await serving.get(path)).json()["evidence"] == {"on": "2026-03-18"}
    assert (await acted(civil, path, "complete"))["state"] == "done"
    assert (await acted(civil, path, "close"))["state"] == "closed"


async def test_r43_what_is_recalled_proves_nothing(registry: Registry) -> None:
    child = await uninsured(registry)
    civil, insurer = await registry(f"civil_affairs:{HOME}"), await registry(INSURERS)
    path = await opened(civil, **asked(child))
    await insured(registry, child, source_id="A-recalled")
    assert "evidence" in (await civil.get(path)).json()
    reply = await insurer.post(
        "/v1/insurance-enrolments/recalls", json={"source_ids": ["A-recalled"]}
    )
    assert [one["status"] for one in reply.json()["results"]] == ["created"]
    assert "evidence" not in (await civil.get(path)).json()
    assert (await act(civil, path, "complete")).status_code == 403


DAYS = """
[[rules.insurance]]
clause = "一"
accepted = ["residence_permit"]
assisted = true
subsidised = true
assist_days = 10
"""


async def test_r43_a_task_is_due_only_where_a_place_sets_a_limit(
    registry: Registry, tmp_path: Path
) -> None:
    (point,) = [
        one
        for one in open_points(Profiles.load(SHIPPED).by_id["chongqing"])
        if one.setting == "assist_days"
    ]
    assert point.needed
    amended(registry, tmp_path, "chongqing", DAYS)
    child = await uninsured(registry)
    civil, insurer = await registry(f"civil_affairs:{HOME}"), await registry(INSURERS)
    path = await opened(civil, **asked(child))
    for one in ("accept", "submit"):
        assert (await acted(insurer, path, one))["waiting"] == AnswerDue.WITHIN_LIMIT
    registry.clock.at += timedelta(days=10, seconds=1)
    (mark,) = await listed(civil, waiting=True)
    assert (mark["state"], mark["waiting"]) == ("submitted", AnswerDue.OVERDUE)


@pytest.mark.parametrize(
    "wrong",
    [{"year": None}, {"child_id": None}, {"to": "police"}, {"topic": "medical_treatment"}],
    ids=str,
)
async def test_r43_a_task_is_for_one_child_and_one_year(
    registry: Registry, wrong: dict[str, Any]
) -> None:
    civil = await registry(f"civil_affairs:{HOME}")
    body = {**asked(UUID(int=1)), "place": HOME, **wrong}
    reply = await civil.post("/v1/cases", json=body, headers={"Idempotency-Key": "k"})
    assert reply.status_code == 422
