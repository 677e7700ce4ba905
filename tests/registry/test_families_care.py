"""What the six texts say of looking after children and stepping in: a table a rule."""

from collections import Counter
from typing import Any

import pytest

from services.registry.key_care.ledger import COLUMNS
from services.registry.profiles.families.care import (
    Consent,
    Guardianship,
    KeyCareFile,
    MisconductLedger,
    Network,
    Protectees,
    RiskScale,
    SchoolFile,
)
from services.registry.profiles.families.protection import (
    CaseMeasure,
    Hotline,
    Referral,
    Report,
    Suggestion,
)
from tests.registry.texts import ABSENT, PLACES, PROFILES, TODAY, UNSET, by_place, keys, told


def test_r16_the_layout_is_the_workbooks() -> None:
    assert by_place(KeyCareFile, "columns") == told((), (), (), (), tuple(COLUMNS), ())


def test_r17_one_child_one_file() -> None:
    wish = "where_conditions_allow"
    assert by_place(KeyCareFile, "one_child_one_file") == told(
        UNSET, UNSET, "required", wish, wish, UNSET
    )


def test_r20_the_ledger_of_serious_misconduct() -> None:
    lead = "political_legal"
    assert by_place(MisconductLedger, "lead") == told(lead, lead, ABSENT, ABSENT, ABSENT, ABSENT)
    assert by_place(MisconductLedger, "members")["baotou"] is UNSET


def test_r21_four_colours() -> None:
    scales = by_place(RiskScale, "levels", "psychological")
    colours = {place: levels and [one.name for one in levels] for place, levels in scales.items()}
    four = ["green", "yellow", "orange", "red"]
    assert colours == told(four, four, ABSENT, ABSENT, ABSENT, ABSENT)
    assert {one.follow_up_days for one in scales["baotou"]} == {UNSET}


def test_r22_files_of_schools() -> None:
    assert keys(SchoolFile) == told(
        {"three_level_warning"},
        {"three_level_warning", "growth_file"},
        {"psychological_archive"},
        set(),
        set(),
        set(),
    )
    assert by_place(SchoolFile, "levels", "three_level_warning")["baotou"] == 3


def test_r24_referrals() -> None:
    shall = "shall"
    assert by_place(Referral, "force", "community_rehabilitation") == told(
        shall, shall, shall, shall, shall, "may"
    )
    for place in PLACES:
        rules = PROFILES[place].rules(Referral, TODAY)
        assert {rule.kind for rule in rules} == {"medical_treatment", "community_rehabilitation"}
        assert {rule.answer_days for rule in rules} == {UNSET}


@pytest.mark.parametrize("place", PLACES)
def test_r25_what_must_be_reported(place: str) -> None:
    rules = PROFILES[place].rules(Report, TODAY)
    assert {(rule.reporter, rule.to, rule.reply_hours) for rule in rules} == {
        ("village_committee", "police", UNSET)
    }
    events = {rule.event for rule in rules}
    if place == "chongqing":
        assert events == {
            "lives_alone",
            "guardian_fails_duty",
            "domestic_violence_suspected",
            "injury_or_crime_suspected",
        }
        assert {(r.urgency, r.only_if, r.before) for r in rules} == {("immediately", (), ())}
    else:
        assert events == {"guardian_fails_duty", "rights_violated"}
        grave = ("serious", "law_must_act") if place == "heilongjiang" else ("serious",)
        assert {(r.urgency, r.only_if) for r in rules} == {("promptly", grave)}


@pytest.mark.parametrize(
    ("measure", "force"),
    [
        ("admonition", told(*["shall"] * 6)),
        ("family_education_guidance", told(*["may"] * 5, "shall")),
        ("family_education_order", told(UNSET, UNSET, UNSET, UNSET, ABSENT, ABSENT)),
        ("supervision_order", told(UNSET, UNSET, "may", UNSET, ABSENT, ABSENT)),
    ],
)
def test_r26_may_and_shall(measure: str, force: dict[str, Any]) -> None:
    assert by_place(CaseMeasure, "force", measure) == force


def test_r27_suggestions() -> None:
    both: set[str] = {"judicial", "procuratorial"}
    assert keys(Suggestion) == told(both, both, set(), both, both, both)


def test_r31_guardianship() -> None:
    care = {"temporary_care", "long_term_care"}
    assert keys(Guardianship) == told(
        care,
        {*care, "support", "high_risk_intervention"},
        {*care, "capacity_assessment", "risk_assessment"},
        {*care, "daily_care"},
        care,
        care,
    )


def test_r32_consent_is_asked_by_one_text_alone() -> None:
    asked = {"guardianship_placement", "disability_subsidies"}
    assert keys(Consent) == told(set(), set(), set(), set(), set(), asked)


def test_r56_everyone_is_to_be_trained() -> None:
    assert by_place(Network, "training") == told(*["full_coverage"] * 6)
    assert by_place(Network, "training_months") == told(*[UNSET] * 6)


def test_r59_hotlines() -> None:
    numbers = {
        place: Counter(rule.number for rule in PROFILES[place].rules(Hotline, TODAY))
        for place in PLACES
    }
    assert numbers == told(
        Counter(["12338", "12355"]),
        Counter(["12338", "12355", UNSET]),
        Counter(["12355", "12356", UNSET]),
        Counter(["12355"]),
        Counter(["12355"]),
        Counter(["12355"]),
    )


def test_r61_three_triggers_of_five_classes() -> None:
    (programme,) = PROFILES["chongqing"].rules(Protectees, TODAY)
    assert programme.classes == 5
    assert set(programme.triggers) == {
        "family_hardship",
        "missing_guardianship",
        "psychological_behavioural",
    }
    assert programme.hand_over_to is UNSET
