"""What the six texts say, family by family: a table each, and what no text says."""

from collections import Counter
from datetime import date
from typing import Any

import pytest

from services.registry.key_care.ledger import COLUMNS
from services.registry.profiles import NOT_CONFIGURED, SHIPPED, Profiles, open_points
from services.registry.profiles.families import TYPED
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
from services.registry.profiles.families.entitlements import (
    ApplicationPlace,
    Insurance,
    Schooling,
    Vaccination,
)
from services.registry.profiles.families.protection import (
    CaseMeasure,
    Hotline,
    Referral,
    Report,
    Suggestion,
)
from services.registry.profiles.families.surveys import (
    HukouExchange,
    JointAnalysis,
    NationalSystem,
    Pilot,
    Roster,
    Sharing,
    Statistics,
    SurveyRound,
    UpwardRoster,
)
from services.registry.profiles.rules import Rule
from services.registry.records.feeds import FEEDS

TODAY = date(2026, 3, 1)
PROFILES = Profiles.load(SHIPPED).by_id
PLACES = ("inner_mongolia", "baotou", "tianmen", "heilongjiang", "heze", "chongqing")
ABSENT: None = None
SIX = {
    "education",
    "police",
    "health",
    "medical_insurance",
    "disease_control",
    "disabled_federation",
}


def by_place(kind: type[Rule], setting: str, key: str = "") -> dict[str, Any]:
    """What each place has in a setting; ABSENT where its texts have no such rule."""
    found = {place: PROFILES[place].rule(kind, TODAY, key) for place in PLACES}
    return {place: getattr(rule, setting) if rule else ABSENT for place, rule in found.items()}


def keys(kind: type[Rule]) -> dict[str, set[str]]:
    return {place: {rule.key for rule in PROFILES[place].rules(kind, TODAY)} for place in PLACES}


def told(*values: object) -> dict[str, Any]:
    """One value a place, in the order of PLACES; a region's holds for its city too."""
    return dict(zip(PLACES, values, strict=True))


UNSET = NOT_CONFIGURED


def test_r8_blocks_of_a_survey() -> None:
    assert by_place(SurveyRound, "blocks") == told(
        UNSET,
        UNSET,
        ("child", "guardianship", "living_security"),
        ("child",),
        UNSET,
        ("child", "parents", "family_life"),
    )


def test_r9_channels_and_contractors() -> None:
    every = ("home_visit", "self_declaration", "phone")
    assert by_place(SurveyRound, "channels") == told(
        ("home_visit",), ("home_visit",), UNSET, every, UNSET, UNSET
    )
    contractors = by_place(SurveyRound, "contractors")
    assert {place for place, said in contractors.items() if said is UNSET} == {
        "tianmen",
        "chongqing",
    }
    for said in contractors.values():
        if said is not UNSET:
            assert said.condition
            assert (said.area, said.days) == (UNSET, UNSET)


def test_r10_the_national_system() -> None:
    assert by_place(NationalSystem, "enter") == told(
        ABSENT, ABSENT, "promptly", "all_of_first_survey", "unsaid", "promptly"
    )
    assert by_place(NationalSystem, "in_step")["chongqing"] is True


def test_r11_who_shares_what() -> None:
    assert by_place(Sharing, "feeds", "medical_insurance") == told(
        ABSENT, ABSENT, ("medical-cost-alerts",), UNSET, ABSENT, UNSET
    )
    assert keys(Sharing)["baotou"] == {"education", "police", "health", "disabled_federation"}
    for place in PLACES:
        for rule in PROFILES[place].rules(Sharing, TODAY):
            for feed in () if rule.feeds is UNSET else rule.feeds:
                assert rule.office in FEEDS[feed].departments


def test_r13_rosters() -> None:
    assert keys(Roster) == told(set(), set(), set(), {"return"}, set(), {"feedback"})
    feedback = PROFILES["chongqing"].rule(Roster, TODAY, "feedback")
    assert feedback is not None
    assert set(feedback.offices) == SIX
    assert feedback.reply_days is UNSET


def test_r14_exchange_with_the_hukou_place() -> None:
    wish = "where_conditions_allow"
    assert by_place(HukouExchange, "force") == told(
        ABSENT, ABSENT, ABSENT, wish, wish, "to_be_built"
    )
    assert by_place(HukouExchange, "exchange_platform")["heilongjiang"] is True


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


def test_r33_where_to_apply() -> None:
    here, home, spot = "residence", "hukou", "place_of_emergency"
    assert by_place(ApplicationPlace, "place", "rehabilitation") == told(
        here, here, UNSET, here, here, here
    )
    assert by_place(ApplicationPlace, "place", "disability_subsidies") == told(*[home] * 6)
    assert by_place(ApplicationPlace, "place", "minimum_living") == told(
        home, UNSET, home, ABSENT, UNSET, UNSET
    )
    assert by_place(ApplicationPlace, "place", "temporary_aid") == told(
        spot, spot, spot, UNSET, spot, spot
    )


@pytest.mark.parametrize(
    ("place", "rules"),
    [
        ("inner_mongolia", set()),
        (
            "baotou",
            {"application_place.minimum_living", "cadence.key_care_home_visit", "schooling"},
        ),
        ("tianmen", {"application_place.rehabilitation"}),
        ("heilongjiang", set()),
        ("heze", {"key_care_file"}),
        ("chongqing", set()),
    ],
)
def test_r33_contradictions_are_shown_with_both_clauses(place: str, rules: set[str]) -> None:
    points = [one for one in open_points(PROFILES[place]) if one.kind == "contradiction"]
    assert {one.rule for one in points} == rules
    for one in points:
        assert one.value and "; " in one.clause


def test_r42_schedules() -> None:
    assert by_place(Vaccination, "schedule") == told(*["national"] * 5, "local")
    assert by_place(Vaccination, "catch_up") == told(False, False, False, True, False, False)


def test_r43_which_proof_opens_insurance() -> None:
    permit = ("residence_permit",)
    assert by_place(Insurance, "accepted") == told(
        permit, permit, ("valid_identity_document",), permit, permit, permit
    )
    assert by_place(Insurance, "explored")["baotou"] == ("identity_card",)
    assert by_place(Insurance, "assisted") == told(True, True, False, False, False, False)
    assert by_place(Insurance, "subsidised") == told(False, False, False, False, False, True)


def test_r44_no_text_says_between_which_ages() -> None:
    assert by_place(Schooling, "ages") == told(*[UNSET] * 6)
    assert by_place(Schooling, "admission_proof") == told(*["residence_permit"] * 6)
    assert by_place(Schooling, "dropout_control") == told(True, True, False, False, False, False)


def test_r52_by_what_is_counted() -> None:
    some = ("number", "age", "area")
    more = (*some, "health", "schooling", "guardianship", "insurance")
    assert by_place(Statistics, "by") == told(ABSENT, ABSENT, some, more, ABSENT, ABSENT)


def test_r55_r62_pilots_and_joint_analysis() -> None:
    assert by_place(Pilot, "areas") == told(UNSET, UNSET, ABSENT, ABSENT, ABSENT, UNSET)
    assert by_place(JointAnalysis, "left_behind") == told(
        ABSENT, ABSENT, ABSENT, ABSENT, True, ABSENT
    )


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


def test_r60_the_roster_to_the_province() -> None:
    asked: set[str] = {"critical_illness_insurance"}
    assert keys(UpwardRoster) == told(set(), set(), set(), set(), asked, set())


def test_r61_three_triggers_of_five_classes() -> None:
    (programme,) = PROFILES["chongqing"].rules(Protectees, TODAY)
    assert programme.classes == 5
    assert set(programme.triggers) == {
        "family_hardship",
        "missing_guardianship",
        "psychological_behavioural",
    }
    assert programme.hand_over_to is UNSET


@pytest.mark.parametrize("place", PLACES)
def test_every_rule_cites_its_clause_in_the_texts_own_words(place: str) -> None:
    for layer in PROFILES[place].layers:
        for (family, _), versions in layer.rules.items():
            for rule in versions:
                assert rule.clause and rule.wording, (family, rule)
                assert rule.family == family


def test_every_family_is_used_or_waits_for_a_place() -> None:
    used = {family for place in PLACES for family, _, _ in PROFILES[place].effective()}
    assert TYPED.keys() - used == {"counted_besides", "school_calendar"}
