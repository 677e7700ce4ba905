"""Who must act in a case is told by an event, and told again once the place's limit has passed; nothing else is told."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.registry.cases.announcing import press
from services.registry.profiles import SHIPPED, Profiles
from services.registry.profiles.open_points import open_points
from shared.database import SYSTEM
from tests.registry.conftest import Registry
from tests.registry.key_care import TOWNSHIP, YUZHONG, survey, surveyed
from tests.registry.test_alerts import amended, proven
from tests.registry.test_cases import HOME, acted, listed, opened

LIMITS = """
[[rules.report]]
event = "lives_alone"
clause = "一"
reporter = "village_committee"
to = "police"
urgency = "immediately"
reply_hours = 48

[[rules.referral]]
kind = "medical_treatment"
clause = "二"
force = "may"
answer_days = 5
"""
REFERRAL: dict[str, Any] = {
    "kind": "referral",
    "topic": "medical_treatment",
    "to": "health",
    "sender": "school",
}


ASSISTED = """
[[rules.insurance]]
clause = "一"
accepted = ["residence_permit"]
assisted = true
subsidised = true
assist_days = 10
"""


async def pressed(registry: Registry, limit: int = 500) -> int:
    async with registry.database.transaction(SYSTEM) as session:
        return await press(session, registry.app.state.kit, limit, registry.clock.now())


async def told(registry: Registry, kind: str) -> list[tuple[str, Any]]:
    rows = await registry.system(
        "SELECT subject, body FROM outbox WHERE type = $1 ORDER BY id", kind
    )
    return [(str(row["subject"]), orjson.loads(row["body"])) for row in rows]


async def test_r25_police_are_told_at_once_and_of_nothing_but_that_a_case_waits(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, survey(YUZHONG))
    civil = await registry(f"civil_affairs:{HOME}")
    path = await opened(civil, child=None, child_id=str(child), place=TOWNSHIP)
    case = path.rpartition("/")[2]
    (found,) = await told(registry, "case.sent")
    assert found == (case, {"county": YUZHONG, "to": ["police"]})
    whole = orjson.dumps(
        [dict(row) for row in await registry.system("SELECT * FROM outbox WHERE type ~ '^case'")],
        default=str,
    )
    assert str(child).encode() not in whole
    assert b"lives_alone" not in whole


async def test_r43_what_is_sent_again_is_told_again(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(YUZHONG))
    civil, insurer = (
        await registry(f"civil_affairs:{HOME}"),
        await registry(f"medical_insurance:{HOME}"),
    )
    path = await opened(
        civil,
        kind="assistance",
        topic="insurance_enrolment",
        to="medical_insurance",
        child=None,
        child_id=str(child),
        year=2026,
    )
    await acted(insurer, path, "accept")
    await acted(insurer, path, "return", note="缺少居住证")
    assert len(await told(registry, "case.sent")) == 1
    await acted(civil, path, "reopen")
    assert len(await told(registry, "case.sent")) == 2


@pytest.mark.parametrize(
    ("case", "after", "to"),
    [
        ({}, timedelta(hours=48), ["civil_affairs", "police"]),
        (REFERRAL, timedelta(days=5), ["civil_affairs", "health"]),
    ],
    ids=["r25 a report", "r24 a referral"],
)
async def test_r24_r25_an_unanswered_case_escalates_once_when_a_limit_is_set(
    registry: Registry, tmp_path: Path, case: dict[str, Any], after: timedelta, to: list[str]
) -> None:
    amended(registry, tmp_path, "chongqing", LIMITS)
    civil, police = await registry(f"civil_affairs:{HOME}"), await registry(f"police:{HOME}")
    path = await opened(civil, **case)
    answered = await opened(civil)
    await acted(police, answered, "answer", outcome="unfounded")
    registry.clock.at += after
    assert await pressed(registry) == 0
    registry.clock.at += timedelta(seconds=1)
    assert await pressed(registry) == 1
    assert await told(registry, "case.overdue") == [
        (path.rpartition("/")[2], {"county": YUZHONG, "to": to})
    ]
    assert await pressed(registry) == 0
    (mark,) = await listed(civil, waiting=True)
    assert mark["waiting"] == "overdue"


async def test_r24_r25_without_a_limit_nothing_escalates_by_itself_and_the_gap_is_listed(
    registry: Registry,
) -> None:
    civil = await registry(f"civil_affairs:{HOME}")
    await opened(civil)
    await opened(civil, **REFERRAL)
    registry.clock.at += timedelta(days=400)
    assert await pressed(registry) == 0
    assert {one["waiting"] for one in await listed(civil, waiting=True)} == {"no_limit_configured"}
    open_ones = {
        (one.rule, one.setting)
        for one in open_points(Profiles.load(SHIPPED).by_id["chongqing"])
        if one.needed
    }
    assert ("report.lives_alone", "reply_hours") in open_ones
    assert any(s == "answer_days" and r.startswith("referral") for r, s in open_ones)


async def test_r25_a_case_written_past_the_hub_is_not_told_of_and_keeps_no_other_waiting(
    registry: Registry, tmp_path: Path
) -> None:
    amended(registry, tmp_path, "chongqing", LIMITS)
    civil = await registry(f"civil_affairs:{HOME}")
    for _ in range(3):
        await opened(civil)
    await registry.system("UPDATE cases SET actor = 'somebody'")
    path = await opened(civil)
    registry.clock.at += timedelta(days=3)
    assert await pressed(registry, 2) == 1
    assert [case for case, _ in await told(registry, "case.overdue")] == [path.rpartition("/")[2]]
    assert await pressed(registry, 2) == 0


async def test_r25_many_late_cases_are_told_of_a_few_at_a_time(
    registry: Registry, tmp_path: Path
) -> None:
    amended(registry, tmp_path, "chongqing", LIMITS)
    civil = await registry(f"civil_affairs:{HOME}")
    for _ in range(5):
        await opened(civil)
    registry.clock.at += timedelta(days=3)
    assert [await pressed(registry, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert len(dict(await told(registry, "case.overdue"))) == 5


async def test_r43_what_is_sent_again_waits_from_then_on_and_is_pressed_for_again(
    registry: Registry, tmp_path: Path
) -> None:
    amended(registry, tmp_path, "chongqing", ASSISTED)
    (child,) = await surveyed(registry, survey(YUZHONG))
    civil = await registry(f"civil_affairs:{HOME}")
    insurer = await registry(f"medical_insurance:{HOME}")
    task: dict[str, Any] = {
        "kind": "assistance",
        "topic": "insurance_enrolment",
        "to": "medical_insurance",
        "child": None,
        "child_id": str(child),
        "year": 2026,
    }
    path = await opened(civil, **task)
    late = timedelta(days=10, seconds=1)
    registry.clock.at += late
    assert [await pressed(registry), await pressed(registry)] == [1, 0]
    assert (await acted(insurer, path, "accept"))["waiting"] == "overdue"
    await acted(insurer, path, "return", note="缺少居住证")
    registry.clock.at += timedelta(days=5)
    again = await acted(civil, path, "reopen")
    sent_at = registry.clock.at.isoformat().replace("+00:00", "Z")
    assert (again["waiting"], again["waiting_since"]) == ("within_limit", sent_at)
    assert (await listed(civil, waiting=True))[0]["waiting_since"] == sent_at
    assert await pressed(registry) == 0
    registry.clock.at += late
    assert [await pressed(registry), await pressed(registry)] == [1, 0]
    assert len(await told(registry, "case.overdue")) == 2
    await proven(registry)
