"""Tables: what is missing by each text, place by place and situation by situation, through the real app."""

from pathlib import Path
from typing import Any

import pytest

from tests.registry.conftest import Registry
from tests.registry.key_care import survey, surveyed
from tests.registry.test_alert_gaps import AGES
from tests.registry.test_alerts import alerts, amended, check, dose, entry, on, told

#: A county of each text.
PLACES = {
    "inner_mongolia": "150102",
    "baotou": "150203",
    "tianmen": "429006",
    "heilongjiang": "230102",
    "heze": "371702",
    "chongqing": "500103",
}


# R42: 国家免疫规划 in five texts, 儿童免疫规划 of its own in Chongqing's, which no text lays out: nobody guesses that one

FIRST, SECOND, LATE = ("2025-02-10", 1), ("2025-12-10", 2), ("2026-06-10", 2)


@pytest.mark.parametrize(
    ("doses", "day", "state"),
    [
        ([FIRST], "2026-05-02", None),  # due before the age of 24 months, which is tomorrow
        ([FIRST], "2026-05-03", "open"),
        ([FIRST, SECOND], "2026-05-03", None),
        ([SECOND], "2026-05-03", None),  # a later dose means that the earlier was given elsewhere
        ([], "2026-05-03", None),  # of a child of whom no clinic speaks nothing is known
        ([FIRST, LATE], "2026-06-11", "closed_by_evidence"),
    ],
)
@pytest.mark.parametrize("place", PLACES)
async def test_r42_a_dose_is_missing_by_the_schedule_that_the_text_follows(
    registry: Registry, place: str, doses: list[tuple[str, int]], day: str, state: str | None
) -> None:
    county = PLACES[place]
    born = {"name": "示童", "birth_date": "2024-05-03"}
    home = survey(f"{county}000000", child=born, living_security={})
    (child,) = await surveyed(registry, home)
    clinic = await registry(f"disease_control:{county}", purpose="service")
    late = [one for one in doses if one is LATE]
    for given, number in (one for one in doses if one is not LATE):
        item = dose(number, given, place=f"{county}000000")
        await told(registry, child, f"disease_control:{county}", "vaccinations", item)
    if late:
        await on(registry, "2026-05-03")
    await on(registry, day)
    for given, number in late:
        item = dose(number, given, place=f"{county}000000")
        await told(registry, child, f"disease_control:{county}", "vaccinations", item)
    gaps = await alerts(clinic, kind="vaccination_gap")
    found = [(g["about"]["dose"], g["state"]) for g in gaps if g["about"]["vaccine"] == "MMR"]
    expected = None if place == "chongqing" else state
    missed = [(2, expected)] if expected else []
    assert found == missed


@pytest.mark.parametrize(
    ("place", "screened", "missing"),
    [
        ("tianmen", [], {"autism", "eyesight"}),
        ("tianmen", ["eyesight"], {"autism"}),
        ("tianmen", ["autism", "eyesight"], set()),
        # The other texts name no screening; whoever has none is missed by none.
        *((place, [], set()) for place in PLACES if place != "tianmen"),
    ],
)
async def test_r42_an_early_screening_is_missing_where_the_text_names_it(
    registry: Registry, place: str, screened: list[str], missing: set[str]
) -> None:
    """孤独症、视力 up to seven years; those of newborns without an age, which stands on the red list instead."""
    county = f"{PLACES[place]}000000"
    born = {"name": "示童", "birth_date": "2019-05-03"}
    (child,) = await surveyed(registry, survey(county, child=born, living_security={}))
    done = check("2024-02-10", county, screenings=screened)
    await told(registry, child, f"health:{PLACES[place]}", "health-checks", done)
    await on(registry, "2026-05-03")
    clinic = await registry(f"health:{PLACES[place]}", purpose="service")
    gaps = await alerts(clinic, kind="screening_gap")
    assert {gap["about"]["screening"] for gap in gaps} == missing


# R44: 入学 and 控辍保学: an administrator of each place says between which ages, since no text does

ENROLLED = {"event": "enrolled", "on": "2025-09-01", "stage": "primary"}
LEFT = {"event": "dropped_out", "on": "2026-02-20", "stage": "primary"}
GRADUATED = {"event": "graduated", "on": "2025-07-01", "stage": "junior"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("ages", "born", "events", "kinds"),
    [
        (False, "2017-05-03", [], set()),  # not configured: nobody is guessed to be of school age
        (True, "2017-05-03", [], {"not_enrolled"}),
        (True, "2019-08-31", [], {"not_enrolled"}),  # six by the day that the place named
        (True, "2019-09-01", [], set()),
        (
            True,
            "2011-03-01",
            [],
            {"not_enrolled"},
        ),  # fifteen since yesterday: what was missed before stays told
        (True, "2010-03-01", [], set()),  # fifteen before it came
        (True, "2017-05-03", [ENROLLED], set()),
        (True, "2017-05-03", [ENROLLED, LEFT], {"dropped_out"}),
        (False, "2017-05-03", [ENROLLED, LEFT], {"dropped_out"}),
        (True, "2011-06-01", [ENROLLED, GRADUATED], set()),
    ],
)
async def test_r44_who_of_school_age_is_at_no_school(
    registry: Registry,
    tmp_path: Path,
    place: str,
    ages: bool,
    born: str,
    events: list[dict[str, Any]],
    kinds: set[str],
) -> None:
    county = PLACES[place]
    if ages:
        amended(registry, tmp_path, place, AGES)
    child_part = {"name": "示童", "birth_date": born}
    home = survey(f"{county}000000", child=child_part, living_security={})
    (child,) = await surveyed(registry, home)
    for event in events:
        item = entry(f"{county}000000", **event, child=child_part)
        await told(registry, child, f"education:{county}", "enrolments", item)
    school = await registry(f"education:{county}", purpose="service")
    found = await alerts(school, waiting=True)
    named = {one["kind"] for one in found if one["kind"] in ("not_enrolled", "dropped_out")}
    assert named == kinds
    assert all(one["owner"] == "education" for one in found if one["kind"] in kinds)
