"""A rule that changes between an act and its reading: the act keeps the clause, the limit and the demands of its own day.

What its own day left open is another matter: ``test_rules_set_later.py``.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.registry.profiles import SHIPPED, Profiles
from services.registry.rulebooks import adopting
from shared.clock import SHANGHAI
from shared.database import SYSTEM, raw
from tests.registry import compartments
from tests.registry.conftest import Registry
from tests.registry.handing import moved
from tests.registry.key_care import TIANMEN, YUZHONG, survey, surveyed
from tests.registry.test_assessments import assessment, placement, post, read
from tests.registry.test_cases import CAO, HOME, act, acted, opened
from tests.registry.test_pressing import pressed

#: The registry's clock stands at 2026-03-02 when a test begins.
LATER = timedelta(days=40)


async def changing(
    registry: Registry, folder: Path, place: str, rules: str, before: str | None, after: str
) -> None:
    """The hub under amendments that hold ``before`` until March has ended, and ``after`` from then on."""
    held = 'wording = "示例"\nclause = '
    text = f'{rules}\n{held}"新"\nvalid_from = 2026-04-01\n{after}\n'
    if before is not None:
        text += f'{rules}\n{held}"旧"\nvalid_until = 2026-03-31\n{before}\n'
    (folder / f"{place}.toml").write_text(
        f'id = "{place}-own"\namends = "{place}"\n[documents.main]\nname = "{place}"\n'
        f'valid_from = 2020-01-01\nvalid_until = "not_configured"\n{text}\n',
        encoding="utf-8",
    )
    await going_by(registry, Profiles.load(SHIPPED, folder))


async def going_by(registry: Registry, profiles: Profiles) -> None:
    """As a worker does that starts with these rules."""
    kit = registry.app.state.kit
    object.__setattr__(kit, "profiles", profiles)
    async with registry.database.transaction(SYSTEM) as session:
        await adopting.adopt(await raw(session), kit.audit, profiles, registry.clock.now())


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
            {
                "kind": "referral",
                "topic": "medical_treatment",
                "to": "health",
                "sender": "school",
            },
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
    """Nor does a limit that comes later, where there was none, make it late before it has run from then."""
    set_to = f"{setting} = {{}}" if setting else ""
    civil = await registry(f"civil_affairs:{HOME}")
    await changing(registry, tmp_path, "chongqing", rule, set_to.format(30), set_to.format(9000))
    path = await opened(civil, **body)
    before = (await civil.get(path)).json()
    registry.clock.at += LATER
    seen = (await civil.get(path)).json()
    assert seen["clause"] == before["clause"] == "chongqing 旧"
    assert seen.get("due_at") == before.get("due_at")
    assert seen["waiting"] == ("overdue" if setting else "no_limit_configured")
    later = (await civil.get(await opened(civil, **body))).json()
    assert later["clause"] == "chongqing 新"
    assert later["waiting"] == ("within_limit" if setting else "no_limit_configured")
    assert await pressed(registry) == bool(setting)

    registry.clock.at -= LATER
    await changing(registry, tmp_path, "chongqing", rule, None, set_to.format(1))
    path = await opened(civil, **body)
    before = (await civil.get(path)).json()
    assert before["waiting"] == "no_limit_configured"
    assert await pressed(registry) == 0
    registry.clock.at += LATER
    seen = (await civil.get(path)).json()
    if not setting:
        assert seen == before
        return
    assert (seen["waiting"], seen["due_clause"]) == ("overdue", "chongqing 新")
    set_at = datetime(2026, 4, 1, tzinfo=SHANGHAI)
    assert datetime.fromisoformat(seen["due_at"]) == set_at + unit
    assert seen.get("clause", "") == before.get("clause", seen.get("clause", ""))
    assert await pressed(registry) == 1


async def test_r26_what_became_a_command_later_holds_no_older_case_open(
    registry: Registry, tmp_path: Path
) -> None:
    rule = '[[rules.case_measure]]\nmeasure = "family_education_guidance"\nissuers = ["police"]'
    await changing(registry, tmp_path, "heze", rule, 'force = "may"', 'force = "shall"')
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


def guardianship(measure: str) -> str:
    return (
        f'[[rules.guardianship]]\nmeasure = "{measure}"\npopulation = "migrant"\n'
        'performers = ["protection_institution"]'
    )


@pytest.mark.parametrize("moves", [False, True], ids=["the rule changes", "the child moves"])
@pytest.mark.parametrize(
    ("rule", "path", "more", "interval"),
    [
        ("capacity_assessment", "assessments", {"finding": "weak"}, False),
        ("risk_assessment", "assessments", {"finding": "not_high"}, False),
        ("high_risk_intervention", "assessments", {"finding": "high"}, True),
        ("temporary_care", "placements", {"basis": "guardian_consent"}, True),
        ("support", "placements", {"kind": "support"}, True),
    ],
)
async def test_guardianship_keeps_the_rules_of_its_own_place_and_day(
    registry: Registry,
    tmp_path: Path,
    moves: bool,
    rule: str,
    path: str,
    more: dict[str, Any],
    interval: bool,
) -> None:
    text = guardianship(rule)
    await changing(registry, tmp_path, "chongqing", text, "review_days = 20", "review_days = 9000")
    await changing(registry, tmp_path, "tianmen", text, "review_days = 1000", "review_days = 1000")
    (child,) = await surveyed(registry, survey(YUZHONG))
    civil = await registry(f"civil_affairs:{HOME}")
    body = (assessment if path == "assessments" else placement)(child, **more)
    made = await post(civil, path, **body)
    assert made.status_code == 201, made.text
    assert made.json()["clause"] == "chongqing 旧"
    if moves:
        registry.clock.at += timedelta(days=1)
        await moved(registry, child, TIANMEN, date(2026, 3, 3))
        (row,) = await registry.system("SELECT residence_code FROM children")
        assert row["residence_code"] == int(TIANMEN)
        civil = await registry(f"civil_affairs:{TIANMEN[:6]}")
    registry.clock.at += LATER
    (seen,) = (await read(civil, child))[path]
    assert seen == {**made.json(), "review": "overdue" if interval else "no"}


async def test_a_review_sets_a_placement_under_the_rules_of_its_own_day(
    registry: Registry, tmp_path: Path
) -> None:
    text = guardianship("temporary_care")
    await changing(registry, tmp_path, "chongqing", text, "review_days = 20", "review_days = 30")
    (child,) = await surveyed(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    made = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    registry.clock.at += LATER
    (mark,) = (await civil.get("/v1/placements")).json()["placements"]
    assert (mark["review"], mark["review_on"]) == ("overdue", "2026-03-13")
    done = await civil.post(
        f"/v1/placements/{mark['id']}/acts",
        json={"act": "review", "done_on": "2026-04-10"},
        headers={"If-Match": made.headers["ETag"]},
    )
    assert done.json()["review_on"] == "2026-05-10"
    assert done.json()["clause"] == "chongqing 旧"


SCALE = '[[rules.risk_scale]]\nscale = "psychological"\npopulation = "key_care"\nassessor = "civil_affairs"'
LEVELS = 'levels = [{{ name = "green" }}, {{ name = "yellow", follow_up_days = {} }}]'
LEDGER = '[[rules.misconduct_ledger]]\nlead = "political_legal"\nmembers = "not_configured"'


@pytest.mark.parametrize(
    ("compartment", "rule", "before", "after"),
    [
        ("psychological_risk", SCALE, LEVELS.format(30), LEVELS.format(9000)),
        ("misconduct", LEDGER, "", ""),
    ],
)
async def test_a_compartments_entry_keeps_the_rules_of_the_day_it_was_opened(
    registry: Registry, tmp_path: Path, compartment: str, rule: str, before: str, after: str
) -> None:
    await changing(registry, tmp_path, "inner_mongolia", rule, before, after)
    who = await compartments.keeper(registry, compartment)
    child = await compartments.living(registry, compartments.BAOTOU)
    path = await compartments.opened(registry, compartment, child)
    then = (await who.get(path)).json()
    assert then["clause"] == "inner_mongolia 旧"
    registry.clock.at += LATER
    late = {"follow_up": "overdue"} if before else {}
    assert (await who.get(path)).json() == {**then, **late}
    if before:
        seen = await compartments.acted(who, path, "follow_up")
        assert (seen["follow_up"], seen["clause"]) == ("within_interval", "inner_mongolia 旧")
        assert seen["follow_up_due_on"] > "2040"


async def test_r17_an_amendment_dated_back_makes_nothing_else_of_a_case_that_was_open(
    registry: Registry, tmp_path: Path
) -> None:
    """Neither its clause, nor its limit, nor whether it is pressed for; a case of that very day that is opened later, it does."""
    civil = await registry(f"civil_affairs:{HOME}")
    await dated_back(registry, tmp_path, "chongqing", REPORT, "reply_hours = 9000", "旧")
    path = await opened(civil)
    before = (await civil.get(path)).json()
    registry.clock.at += timedelta(hours=2)
    await dated_back(registry, tmp_path, "chongqing", REPORT, "reply_hours = 1")
    seen = (await civil.get(path)).json()
    assert seen == before
    assert seen["clause"] == "chongqing 旧"
    later = await opened(civil)
    assert (await civil.get(later)).json()["clause"] == "chongqing 补"
    registry.clock.at += timedelta(hours=5)
    assert (await civil.get(path)).json() == before
    assert (await civil.get(later)).json()["waiting"] == "overdue"
    assert await pressed(registry) == 1


async def test_r17_a_rulebook_of_an_earlier_release_that_nobody_reads_any_more_loses_no_case(
    registry: Registry,
) -> None:
    """A case that was opened under it is read by the rules that came next; the past of a child is told too."""
    now = Profiles.load(SHIPPED)
    civil = await registry(f"civil_affairs:{HOME}")
    (child,) = await surveyed(registry)
    await going_by(registry, now)
    path = await opened(civil)
    kit, known_at = registry.app.state.kit, registry.clock.now().isoformat()
    before = (await civil.get(path)).json()
    old = Profiles({}, (("formerly.toml", b'id = "formerly"\nformerly_a_key = true\n'),))
    async with registry.database.transaction(SYSTEM) as session:
        await adopting.adopt(await raw(session), kit.audit, old, registry.clock.now())
    registry.clock.at += timedelta(hours=2)
    await going_by(registry, now)
    assert (await civil.get(path)).json() == before
    listed = await civil.get("/v1/cases")
    assert [one["id"] for one in listed.json()["cases"]] == [before["id"]]
    past = await civil.get(f"/v1/children/{child}", params={"known_at": known_at})
    assert past.status_code == 200, past.text
    assert await pressed(registry) == 0


async def test_r31_an_amendment_dated_back_makes_nothing_else_of_an_assessment_or_a_placement(
    registry: Registry, tmp_path: Path
) -> None:
    care = f'{guardianship("temporary_care")}\nwording = "示例"\nclause = "照"\nreview_days = {{}}\n{INTERVENTION}'
    days = "review_days = {}"
    await dated_back(registry, tmp_path, "chongqing", care.format(20), days.format(30), "旧")
    (child,) = await surveyed(registry)
    civil = await registry(f"civil_affairs:{HOME}")
    made = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    high = await post(civil, "assessments", **assessment(child, "high"))
    registry.clock.at += timedelta(hours=2)
    await dated_back(registry, tmp_path, "chongqing", care.format(2), days.format(9))
    seen = await read(civil, child)
    assert seen["placements"] == [made.json()]
    assert seen["assessments"] == [high.json()]
    again = (await post(civil, "assessments", **assessment(child, "high"))).json()
    assert (again["clause"], high.json()["clause"]) == ("chongqing 补", "chongqing 旧")
    assert again["review_on"] != high.json()["review_on"]


async def dated_back(
    registry: Registry,
    folder: Path,
    place: str,
    rules: str,
    setting: str,
    clause: str = "补",
    since: str = "2020-01-01",
) -> None:
    """An amendment that is adopted now and says that it has held all along, or since another day."""
    (folder / f"{place}.toml").write_text(
        f'id = "{place}-own"\namends = "{place}"\n[documents.main]\nname = "{place}"\n'
        f'valid_from = 2020-01-01\nvalid_until = "not_configured"\n{rules}\nwording = "示例"\n'
        f'clause = "{clause}"\nvalid_from = {since}\n{setting}\n',
        encoding="utf-8",
    )
    await going_by(registry, Profiles.load(SHIPPED, folder))


@pytest.mark.parametrize(
    ("compartment", "rule", "setting"),
    [("psychological_risk", SCALE, LEVELS.format(9)), ("misconduct", LEDGER, "")],
)
async def test_r17_an_amendment_dated_back_makes_nothing_else_of_a_compartments_entry(
    registry: Registry, tmp_path: Path, compartment: str, rule: str, setting: str
) -> None:
    before = LEVELS.format(30) if setting else ""
    await changing(registry, tmp_path, "inner_mongolia", rule, before, before)
    who = await compartments.keeper(registry, compartment)
    child = await compartments.living(registry, compartments.BAOTOU)
    path = await compartments.opened(registry, compartment, child)
    then = (await who.get(path)).json()
    registry.clock.at += timedelta(hours=2)
    await dated_back(registry, tmp_path, "inner_mongolia", rule, setting)
    assert (await who.get(path)).json() == then
    assert then["clause"] == "inner_mongolia 旧"


async def test_r63_the_rules_of_a_place_are_told_as_the_hub_had_adopted_them(
    registry: Registry, tmp_path: Path
) -> None:
    """An amendment that is dated back held on every day since, and was known on none before its adoption."""
    await going_by(registry, Profiles.load(SHIPPED))
    civil = await registry(f"civil_affairs:{HOME}")
    moment = registry.clock.at
    asked = {"on": "2026-03-02"}
    before = (await civil.get(f"/v1/profiles/{HOME}", params=asked)).json()
    registry.clock.at += timedelta(days=3)
    await dated_back(registry, tmp_path, "chongqing", REPORT, "reply_hours = 1")
    now = (await civil.get(f"/v1/profiles/{HOME}", params=asked)).json()
    assert now["amended_by"] == ["chongqing-own"] != before["amended_by"]
    for day in ({}, asked):
        known = {**day, "known_at": moment.isoformat()}
        reply = await civil.get(f"/v1/profiles/{HOME}", params=known)
        assert reply.json() == before
    ahead = {"known_at": (registry.clock.at + LATER).isoformat()}
    assert (await civil.get(f"/v1/profiles/{HOME}", params=ahead)).status_code == 422
