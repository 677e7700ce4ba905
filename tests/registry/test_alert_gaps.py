"""Gaps that alerts name: a dose, a screening, insurance, a school."""

from datetime import UTC, datetime
from pathlib import Path

from services.registry.children import queueing
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    TIANMEN,
    YUZHONG,
    fold,
    survey,
    surveyed,
)
from tests.registry.test_alerts import (
    HEILONGJIANG,
    alerts,
    amended,
    check,
    dose,
    entry,
    on,
    proven,
    the_alert,
    told,
)


async def test_r42_a_late_dose_is_listed_and_the_catch_up_closes_it_and_stays_told(
    registry: Registry,
) -> None:
    home = survey(
        HEILONGJIANG,
        child={"name": "示童", "birth_date": "2024-05-03"},
        living_security={},
    )
    (child,) = await surveyed(registry, home)
    clinic = await registry("disease_control:230102", purpose="service")
    await told(registry, child, "disease_control:230102", "vaccinations", dose(1, "2025-02-10"))
    assert await alerts(clinic, kind="vaccination_gap") != []
    before = {a["about"]["vaccine"]: a for a in await alerts(clinic, kind="vaccination_gap")}
    assert "MMR" not in before  # due before the age of 24 months, on 2026-05-03

    assert await on(registry, "2026-05-03") == 1
    gaps = [
        a for a in await alerts(clinic, kind="vaccination_gap") if a["about"]["vaccine"] == "MMR"
    ]
    assert [(g["about"]["dose"], g["state"], g["raised_on"]) for g in gaps] == [
        (2, "open", "2026-05-03")
    ]
    await proven(registry)

    registry.clock.at = datetime(2026, 6, 11, 4, 0, tzinfo=UTC)
    await told(
        registry,
        child,
        "disease_control:230102",
        "vaccinations",
        dose(2, "2026-06-10"),
    )
    gaps = [
        a for a in await alerts(clinic, kind="vaccination_gap") if a["about"]["vaccine"] == "MMR"
    ]
    (closed,) = gaps
    assert (closed["state"], closed["closed_on"]) == ("closed_by_evidence", "2026-06-11")
    assert closed["about"]["evidence_on"] == "2026-06-10"
    assert closed["id"] not in {a["id"] for a in await alerts(clinic, waiting=True)}
    await proven(registry)


async def test_r42_nobody_guesses_a_schedule_that_a_place_has_not_set(registry: Registry) -> None:
    young = survey(child={"name": "示童", "birth_date": "2024-05-03"}, living_security={})
    (child,) = await surveyed(registry, young)
    await told(
        registry,
        child,
        "disease_control:500103",
        "vaccinations",
        dose(1, "2025-02-10", place=YUZHONG),
    )
    civil = await registry("civil_affairs:500103")
    assert await alerts(civil, kind="vaccination_gap") == []


async def test_r42_a_screening_that_is_missing_is_listed_and_closed_by_catching_up(
    registry: Registry,
) -> None:
    home = survey(TIANMEN, child={"name": "示童", "birth_date": "2019-05-03"}, living_security={})
    (child,) = await surveyed(registry, home)
    clinic = await registry("health:429006", purpose="service")
    await on(registry, "2026-05-03")
    assert await alerts(clinic, kind="screening_gap") == []  # of a child whom no clinic knows
    done = check("2024-02-10", screenings=["eyesight"])
    await told(registry, child, "health:429006", "health-checks", done, check("2024-08-10"))
    (gap,) = await alerts(clinic, kind="screening_gap")
    assert gap["about"]["screening"] == "autism"
    assert (gap["state"], gap["owner"], gap["raised_on"]) == ("open", "health", "2026-05-03")
    assert gap["clause"] and gap["about"]["clause"]
    await proven(registry)

    registry.clock.at = datetime(2026, 6, 11, 4, 0, tzinfo=UTC)
    late = check("2026-06-10", screenings=["autism"])
    await told(registry, child, "health:429006", "health-checks", late)
    (closed,) = await alerts(clinic, kind="screening_gap")
    assert (closed["id"], closed["state"]) == (gap["id"], "closed_by_evidence")
    assert closed["about"]["evidence_on"] == "2026-06-10"
    assert await alerts(clinic, kind="screening_gap", waiting=True) == []
    await proven(registry)


async def test_r42_nobody_guesses_until_when_a_newborn_is_screened(
    registry: Registry, tmp_path: Path
) -> None:
    child_part = {"name": "示童", "birth_date": "2026-01-03"}
    home = survey(TIANMEN, child=child_part, living_security={})
    (child,) = await surveyed(registry, home)
    visit = {**check("2026-02-10", kind="newborn"), "child": child_part}
    await told(registry, child, "health:429006", "health-checks", visit)
    clinic = await registry("health:429006", purpose="service")
    assert await alerts(clinic, kind="screening_gap") == []
    rules = "".join(
        f"""
[[rules.early_screening]]
screening = "{one}"
clause = "一"
wording = "出生后一个月内完成"
before_months = 1
"""
        for one in ("newborn_hearing", "newborn_heart")
    )
    amended(registry, tmp_path, "tianmen", rules)
    again = {**check("2026-02-28", screenings=["newborn_heart"]), "child": child_part}
    await told(registry, child, "health:429006", "health-checks", again)
    found = {a["about"]["screening"]: a for a in await alerts(clinic, kind="screening_gap")}
    assert found["newborn_hearing"]["state"] == "open"


async def test_r43_the_permit_rule_and_the_any_identity_rule_differ(registry: Registry) -> None:
    found = {}
    for place in (YUZHONG, TIANMEN):
        (child,) = await surveyed(registry, survey(place, living_security={}))
        uninsured = entry(place, year=2026, enrolled=False)
        who = f"medical_insurance:{place[:6]}"
        await told(registry, child, who, "insurance-enrolments", uninsured)
        insurer = await registry(who, purpose="service")
        found[place] = await the_alert(insurer, "insurance_gap")
        assert found[place]["owner"] == "medical_insurance"
    assert found[YUZHONG]["about"]["accepted"] == ["residence_permit"]
    assert found[YUZHONG]["about"]["first"] == "residence_permit"
    assert found[TIANMEN]["about"]["accepted"] == ["valid_identity_document"]
    assert "first" not in found[TIANMEN]["about"]
    await proven(registry)


async def test_r43_insurance_closes_the_gap_wherever_it_is(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    who = "medical_insurance:500103"
    await told(registry, child, who, "insurance-enrolments", entry(year=2026, enrolled=False))
    registry.clock.at = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
    insured = entry(year=2026, enrolled=True, enrolled_on="2026-03-18", observed_on="2026-03-19")
    await told(registry, child, who, "insurance-enrolments", insured)
    gap = await the_alert(await registry(who, purpose="service"), "insurance_gap")
    assert (gap["state"], gap["closed_on"]) == ("closed_by_evidence", "2026-03-20")
    await proven(registry)


AGES = """
[[rules.schooling]]
clause = "一"
wording = "义务教育"
admission_proof = "residence_permit"
purchased_places = true
dropout_control = false
ages = {from_age = 6, by_month = 8, by_day = 31, below_age = 15}
"""


async def test_r44_a_child_of_school_age_that_no_school_knows_is_alerted(
    registry: Registry, tmp_path: Path
) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    school = await registry("education:500103", purpose="service")
    assert await alerts(school, kind="not_enrolled") == []  # no text says between which ages

    amended(registry, tmp_path, "chongqing", AGES)
    async with registry.database.transaction(SYSTEM) as session:
        await queueing.queue(await raw(session), [child])
    await fold(registry)
    missing = await the_alert(school, "not_enrolled")
    assert (missing["owner"], missing["state"]) == ("education", "open")
    assert missing["missing"] == ["due_days"] and "due_on" not in missing
    await proven(registry)

    registry.clock.at = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)
    enrolled = entry(event="enrolled", on="2026-03-08", stage="primary", observed_on="2026-03-08")
    await told(registry, child, "education:500103", "enrolments", enrolled)
    assert (await the_alert(school, "not_enrolled"))["state"] == "closed_by_evidence"
    await proven(registry)


async def test_r44_leaving_one_school_for_no_other_is_alerted_after_the_next_term_began(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    left = entry(event="transferred_out", on="2026-01-20", stage="primary")
    await told(registry, child, "education:500103", "enrolments", left)
    civil = await registry("civil_affairs:500103")
    assert await alerts(civil, kind="dropped_out") == []
    await on(registry, "2026-03-30")
    assert await alerts(civil, kind="dropped_out") == []
    await on(registry, "2026-03-31")
    assert (await the_alert(civil, "dropped_out"))["about"]["left_on"] == "2026-01-20"
    await proven(registry)
