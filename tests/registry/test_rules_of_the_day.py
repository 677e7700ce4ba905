"""A rule that changes between an act and its reading: the act keeps the clause, the limit and the demands of its own day."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.registry.profiles import SHIPPED, Profiles
from tests.registry.conftest import Registry
from tests.registry.test_cases import CAO, HOME, act, acted, opened
from tests.registry.test_pressing import pressed

#: The registry's clock stands at 2026-03-02 when a test begins.
LATER = timedelta(days=40)


def changing(
    registry: Registry, folder: Path, place: str, rules: str, before: str | None, after: str
) -> None:
    """The hub under amendments that hold ``before`` until March has ended, and ``after`` from then on."""
    held = 'wording = "示例"\nclause = '
    text = f'{rules}\n{held}"新"\nvalid_from = 2026-04-01\n{after}\n'
    if before is not None:
        text += f'{rules}\n{held}"旧"\nvalid_until = 2026-03-31\n{before}\n'
    (folder / "own.toml").write_text(
        f'id = "own"\namends = "{place}"\n[documents.main]\nname = "补充规定"\n'
        f'valid_from = 2020-01-01\nvalid_until = "not_configured"\n{text}\n',
        encoding="utf-8",
    )
    object.__setattr__(registry.app.state.kit, "profiles", Profiles.load(SHIPPED, folder))


REPORT = (
    '[[rules.report]]\nevent = "lives_alone"\nreporter = "village_committee"\nto = "police"\n'
    'urgency = "immediately"'
)
REFERRAL = '[[rules.referral]]\nkind = "medical_treatment"\nforce = "may"'
SUGGESTION = '[[rules.suggestion]]\nkind = "judicial"\nurgency = "promptly"'
INSURANCE = (
    '[[rules.insurance]]\naccepted = ["residence_permit"]\nassisted = true\nsubsidised = false'
)
INTERVENTION = (
    '[[rules.guardianship]]\nmeasure = "high_risk_intervention"\npopulation = "high_risk"\n'
    'performers = ["protection_institution"]'
)


@pytest.mark.parametrize(
    ("body", "rule", "setting", "unit"),
    [
        ({}, REPORT, "reply_hours", timedelta(hours=1)),
        (
            {"kind": "referral", "topic": "medical_treatment", "to": "health"},
            REFERRAL,
            "answer_days",
            timedelta(days=1),
        ),
        (
            {"kind": "suggestion", "topic": "judicial", "to": "education", "child": None},
            SUGGESTION,
            "reply_days",
            timedelta(days=1),
        ),
        (
            {
                "kind": "assistance",
                "topic": "insurance_enrolment",
                "to": "medical_insurance",
                "year": 2026,
            },
            INSURANCE,
            "assist_days",
            timedelta(days=1),
        ),
        (
            {
                "kind": "intervention",
                "topic": "guardianship_high_risk",
                "to": "civil_affairs",
            },
            INTERVENTION,
            "",
            timedelta(),
        ),
    ],
    ids=["report", "referral", "suggestion", "assistance", "intervention"],
)
async def test_a_case_keeps_the_clause_and_the_limit_of_the_day_it_was_opened(
    registry: Registry, tmp_path: Path, body: dict[str, Any], rule: str, setting: str, unit: Any
) -> None:
    """Neither does a limit that comes later make it late, nor does one that goes make it wait for ever."""
    set_to = f"{setting} = {{}}" if setting else ""
    civil = await registry(f"civil_affairs:{HOME}")
    changing(registry, tmp_path, "chongqing", rule, set_to.format(30), set_to.format(9000))
    path = await opened(civil, **body)
    before = (await civil.get(path)).json()
    registry.clock.at += LATER
    seen = (await civil.get(path)).json()
    assert seen["clause"] == before["clause"] == "补充规定 旧"
    assert seen.get("due_at") == before.get("due_at")
    assert seen["waiting"] == ("overdue" if setting else "no_limit_configured")
    later = (await civil.get(await opened(civil, **body))).json()
    assert later["clause"] == "补充规定 新"
    assert later["waiting"] == ("within_limit" if setting else "no_limit_configured")
    assert await pressed(registry) == bool(setting)

    registry.clock.at -= LATER
    changing(registry, tmp_path, "chongqing", rule, None, set_to.format(1))
    path = await opened(civil, **body)
    before = (await civil.get(path)).json()
    registry.clock.at += LATER
    assert (await civil.get(path)).json() == before
    assert before["waiting"] == "no_limit_configured"
    assert await pressed(registry) == 0


async def test_r26_what_became_a_command_later_holds_no_older_case_open(
    registry: Registry, tmp_path: Path
) -> None:
    rule = '[[rules.case_measure]]\nmeasure = "family_education_guidance"\nissuers = ["police"]'
    changing(registry, tmp_path, "heze", rule, 'force = "may"', 'force = "shall"')
    civil, police = await registry(f"civil_affairs:{CAO}"), await registry(f"police:{CAO}")
    path = await opened(civil, place=CAO, topic="guardian_fails_duty")
    await acted(police, path, "answer", outcome="established")
    assert (await acted(police, path, "admonition", issuer="police"))["lacking"] == []
    registry.clock.at += LATER
    assert (await civil.get(path)).json()["lacking"] == []
    assert (await acted(civil, path, "close"))["state"] == "closed"
    later = await opened(civil, place=CAO, topic="guardian_fails_duty")
    seen = await acted(police, later, "answer", outcome="established")
    assert "family_education_guidance" in seen["lacking"]
    assert (await act(civil, later, "close")).status_code == 409
