"""How often something is due: what each text says, to whom it is owed, and what waits for a value."""

from datetime import date
from pathlib import Path

import pytest

from services.registry.profiles import (
    NOT_CONFIGURED,
    SHIPPED,
    Cadence,
    Period,
    ProfileError,
    Profiles,
    open_points,
)

TODAY = date(2026, 3, 1)
PROFILES = Profiles.load(SHIPPED).by_id
MONTHLY, QUARTERLY, HALF_YEARLY = Period("month"), Period("month", 3), Period("month", 6)
SEMESTER, SCHOOL_YEAR, YEAR = Period("semester"), Period("school_year"), Period("calendar_year")
BEFORE_HOLIDAYS = Period("occasion", occasions=("before_winter_holiday", "before_summer_holiday"))
PUPILS = ("primary", "junior", "senior")


def of(place: str, duty: str) -> Cadence:
    rule = PROFILES[place].cadence(duty, TODAY)
    assert rule is not None, (place, duty)
    return rule


@pytest.mark.parametrize(
    ("place", "duty", "population", "period", "performers"),
    [
        ("inner_mongolia", "key_care_contact", "key_care", MONTHLY, ("child_director",)),
        ("inner_mongolia", "key_care_home_visit", "key_care", QUARTERLY, ("child_director",)),
        ("baotou", "key_care_contact", "key_care", MONTHLY, ("child_director",)),
        ("baotou", "key_care_home_visit", "key_care", QUARTERLY, ("child_director",)),
        ("tianmen", "migrant_home_visit", "migrant", QUARTERLY, NOT_CONFIGURED),
        ("tianmen", "key_care_contact", "key_care", MONTHLY, NOT_CONFIGURED),
        ("heilongjiang", "key_care_home_visit", "key_care", NOT_CONFIGURED, NOT_CONFIGURED),
        ("heze", "key_care_home_visit", "key_care", NOT_CONFIGURED, NOT_CONFIGURED),
        ("chongqing", "key_care_home_visit", "key_care", NOT_CONFIGURED, NOT_CONFIGURED),
    ],
)
def test_r18_contacts_and_visits(
    place: str, duty: str, population: str, period: object, performers: object
) -> None:
    rule = of(place, duty)
    assert (rule.level, rule.population) == ("child", population)
    assert rule.period == period
    assert rule.performers == performers


def test_r7_r18_how_a_quarter_is_read_is_listed_as_assumed() -> None:
    assumed = {
        (place, point.rule)
        for place, profile in PROFILES.items()
        for point in open_points(profile)
        if point.kind == "assumed" and point.rule.startswith("cadence.")
    }
    assert assumed == {("baotou", "cadence.key_care_home_visit"), ("chongqing", "cadence.survey")}


@pytest.mark.parametrize(
    ("place", "period", "stages"),
    [
        ("inner_mongolia", SEMESTER, PUPILS),
        ("baotou", SEMESTER, PUPILS),  # inherited
        ("tianmen", SCHOOL_YEAR, ()),
        ("heilongjiang", None, ()),
        ("heze", None, ()),
        ("chongqing", None, ()),
    ],
)
def test_r19_school_home_visits(place: str, period: Period | None, stages: tuple[str, ...]) -> None:
    rule = PROFILES[place].cadence("school_home_visit", TODAY)
    assert (rule.period if rule else None) == period
    if rule is not None:
        assert (rule.level, rule.population, rule.stages) == ("child", "enrolled", stages)


@pytest.mark.parametrize(
    ("place", "period", "stages", "from_grade"),
    [
        ("inner_mongolia", None, (), None),
        ("baotou", YEAR, PUPILS, None),
        ("tianmen", SCHOOL_YEAR, (*PUPILS, "vocational"), NOT_CONFIGURED),
        ("heilongjiang", NOT_CONFIGURED, (), None),
        ("heze", NOT_CONFIGURED, (), None),
        ("chongqing", None, (), None),
    ],
)
def test_r23_psychological_screening(
    place: str, period: object, stages: tuple[str, ...], from_grade: object
) -> None:
    rule = PROFILES[place].cadence("psychological_screening", TODAY)
    assert (rule.period if rule else None) == period
    if rule is not None:
        assert (rule.population, rule.stages, rule.from_grade) == ("enrolled", stages, from_grade)


@pytest.mark.parametrize(
    ("place", "duty", "level", "period"),
    [
        ("tianmen", "family_education_activity", "school", SEMESTER),
        ("tianmen", "law_lesson", "school", SEMESTER),
        ("tianmen", "safety_lecture", "school", BEFORE_HOLIDAYS),
        (
            "tianmen",
            "psychological_education",
            "place",
            Period("occasion", occasions=("psychology_month",)),
        ),
        (
            "baotou",
            "psychological_education",
            "place",
            Period(
                "occasion",
                occasions=("psychology_day", "psychology_month", "term_start", "entrance_exams"),
            ),
        ),
    ],
)
def test_r58_calendar_duties(place: str, duty: str, level: str, period: Period) -> None:
    rule = of(place, duty)
    assert (rule.level, rule.period) == (level, period)


@pytest.mark.parametrize("place", sorted(PROFILES))
def test_r58_what_follows_the_school_calendar_waits_for_one(place: str) -> None:
    """No text dates semesters or holidays: where a duty follows them, an administrator must."""
    waiting = any(rule.by_school_calendar for rule in PROFILES[place].cadences(TODAY))
    points = [one for one in open_points(PROFILES[place]) if one.rule == "school_calendar"]
    assert [one.needed for one in points] == ([True] if waiting else [])
    assert waiting is (place in {"inner_mongolia", "baotou", "tianmen"})


@pytest.mark.parametrize("place", sorted(PROFILES))
def test_every_period_that_is_not_configured_is_needed(place: str) -> None:
    missing = {
        f"cadence.{rule.duty}"
        for rule in PROFILES[place].cadences(TODAY)
        if rule.period is NOT_CONFIGURED
    }
    points = open_points(PROFILES[place])
    assert {p.rule for p in points if p.setting == "period" and p.needed} == missing


PLACE = """
id = "seventh"
name_zh = "第七市"
name_en = "Seventh"
covers = ["4403"]

[documents.main]
name = "七民发〔2026〕1号"
valid_from = 2026-01-01

[[rules.cadence]]
duty = "screening"
clause = "一"
wording = "每学年"
population = "enrolled"
stages = ["primary", "junior"]
from_grade = 5
period = { unit = "school_year", times = 2 }
performers = ["school"]

[[rules.school_calendar]]
school_year = "2025-2026"
clause = "二"
first = 2025-09-01
last = 2026-08-31

[[rules.school_calendar.semesters]]
first = 2025-09-01
last = 2026-01-30

[[rules.school_calendar.semesters]]
first = 2026-03-02
last = 2026-07-03

[[rules.school_calendar.occasions]]
occasion = "winter_holiday"
first = 2026-01-31
last = 2026-03-01
"""


def load(folder: Path, text: str) -> Profiles:
    (folder / "seventh.toml").write_text(text, encoding="utf-8")
    return Profiles.load(folder)


def test_a_school_calendar_that_is_set_is_no_open_point(tmp_path: Path) -> None:
    city = load(tmp_path, PLACE).by_id["seventh"]
    assert "school_calendar" not in {point.rule for point in open_points(city)}
    year = city.school_year(date(2026, 8, 31))
    assert year is not None
    assert [one.first for one in year.semesters] == [date(2025, 9, 1), date(2026, 3, 2)]
    assert year.occasions[0].occasion == "winter_holiday"
    assert city.school_year(date(2026, 9, 1)) is None
    assert of_city(city.cadence("screening", TODAY)) == (Period("school_year", times=2), 5)


def of_city(rule: Cadence | None) -> tuple[object, object]:
    assert rule is not None
    return rule.period, rule.from_grade


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('unit = "school_year"', 'unit = "fortnight"', "rules.cadence[1].period.unit"),
        ('unit = "school_year"', 'unit = "occasion"', "rules.cadence[1].period.occasions"),
        ("times = 2", 'occasions = ["winter_holiday"]', "rules.cadence[1].period.occasions"),
        ("times = 2", "times = 0", "rules.cadence[1].period"),
        ("times = 2", "time = 2", "rules.cadence[1].period.time"),
        ('"enrolled"', '"pupils"', "rules.cadence[1].population"),
        ('"enrolled"', '"migrant"', "rules.cadence[1].stages"),
        ('["primary", "junior"]', '["junior"]', "rules.cadence[1].from_grade"),
        ('["primary", "junior"]', '["primary", "primary"]', "rules.cadence[1].stages"),
        ('performers = ["school"]\n', "", "rules.cadence[1].performers"),
        ("last = 2026-01-30", "last = 2026-03-30", "rules.school_calendar[1].semesters"),
        ("last = 2026-08-31", "last = 2025-08-31", "rules.school_calendar[1].last"),
        ("last = 2026-03-01", "last = 2026-01-01", "rules.school_calendar[1].occasions"),
    ],
)
def test_a_cadence_that_cannot_be_followed_is_refused(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    assert old in PLACE
    with pytest.raises(ProfileError) as caught:
        load(tmp_path, PLACE.replace(old, new))
    assert caught.value.key == key
