"""What the six texts say of surveys, exchange and benefits: a table a rule, and what no text says."""

import re
from enum import StrEnum
from typing import get_args, get_type_hints

import pytest

from services.registry.alerts.terms import AlertKind
from services.registry.follow_ups.schemas import Entitlement
from services.registry.profiles import SHIPPED, open_points
from services.registry.profiles.families import TYPED
from services.registry.profiles.families.alerts import AlertRule
from services.registry.profiles.families.entitlements import (
    ApplicationPlace,
    EarlyScreening,
    FollowUp,
    Insurance,
    Schooling,
    Vaccination,
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
from services.registry.records.feeds.health_checks import ScreeningKind
from services.registry.records.feeds.item import Relation
from services.registry.rosters.layout import layout_of
from services.registry.rosters.terms import Eligible, RosterKind
from services.registry.status.deciding import Status
from tests.registry.texts import ABSENT, PLACES, PROFILES, TODAY, UNSET, by_place, keys, told

SIX = {
    "education",
    "police",
    "health",
    "medical_insurance",
    "disease_control",
    "disabled_federation",
}


def test_r5_what_reaches_past_sixteen() -> None:
    school = {"senior_high", "vocational"}
    assert keys(FollowUp) == told(school, school, {*school, "study_grant"}, set(), school, school)
    grant = PROFILES["tianmen"].rule(FollowUp, TODAY, "study_grant")
    assert grant is not None
    assert (grant.from_age, grant.place) == (18, "hukou")
    assert set(grant.children) == {"orphan", "hiv", "de_facto_unsupported"}
    assert "follow_up" in {point.rule for point in open_points(PROFILES["heilongjiang"])}


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


def test_r42_screenings_of_small_children() -> None:
    newborn = {"newborn_metabolism", "newborn_hearing", "newborn_heart"}
    small = {"autism", "eyesight"}
    named = newborn | small
    assert keys(EarlyScreening) == told(set(), set(), named, set(), set(), set())
    for screening in named:
        until = UNSET if screening in newborn else 84
        assert by_place(EarlyScreening, "before_months", screening)["tianmen"] == until
    # Where a text names none, and where it names one without an age, that is on the list.
    for place in PLACES:
        points = {one.rule for one in open_points(PROFILES[place]) if "early" in one.rule}
        wanted = {f"early_screening.{one}" for one in named}
        assert points == (wanted if place == "tianmen" else {"early_screening"})


def test_r28_r29_through_which_counter() -> None:
    cross, both = ("cross_province",), ("cross_province", "in_province")
    assert by_place(ApplicationPlace, "through", "basic_living_allowance") == told(
        both, both, cross, cross, (*both, "silent_certification", "proactive_notice"), cross
    )


def test_r34_an_annex_that_was_not_supplied_is_reported() -> None:
    missing = {
        place: [p.clause for p in open_points(PROFILES[place]) if p.setting == "text"]
        for place in PLACES
    }
    assert missing.pop("heilongjiang") == ["《黑龙江省流动儿童在居住地享有关爱服务清单(2024年版)》"]
    assert set(map(len, missing.values())) == {0}


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


def test_r60_the_roster_to_the_province() -> None:
    asked: set[str] = {"critical_illness_insurance"}
    assert keys(UpwardRoster) == told(set(), set(), set(), set(), asked, set())


@pytest.mark.parametrize("place", PLACES)
def test_every_rule_cites_its_clause_in_the_texts_own_words(place: str) -> None:
    for layer in PROFILES[place].layers:
        for (family, _), versions in layer.rules.items():
            for rule in versions:
                assert rule.clause and rule.wording, (family, rule)
                assert rule.family == family


def test_every_family_is_used_or_read_though_no_text_has_it_yet() -> None:
    """What only a place can set does something once it is set."""
    used = {family for place in PLACES for family, _, _ in PROFILES[place].effective()}
    told = SHIPPED / "families", SHIPPED / "typed.py", SHIPPED / "cadences.py"
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in SHIPPED.parent.rglob("*.py")
        if not any(path.is_relative_to(one) for one in told)
    )
    for family in TYPED.keys() - used:
        assert re.search(rf"\({TYPED[family].__name__}\b", code), family


@pytest.mark.parametrize(
    ("rule", "name", "wire"),
    [
        (AlertRule, "alert", AlertKind),
        (EarlyScreening, "screening", ScreeningKind),
        (FollowUp, "entitlement", Entitlement),
    ],
    ids=["alerts", "screenings", "entitlements"],
)
def test_rules_and_the_api_know_the_same_words(
    rule: type[Rule], name: str, wire: type[StrEnum]
) -> None:
    assert list(get_args(get_type_hints(rule)[name])) == list(map(str, wire))


def test_a_roster_in_a_workbook_has_a_title_for_each_word() -> None:
    for kind in RosterKind:
        words = layout_of(kind).words
        assert set(words["status"]) == set(Status)
        assert set(words["guardian_relation"]) == set(Relation)
        assert set(words["eligible"]) == set(Eligible)
