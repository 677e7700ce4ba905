"""Duties: what is owed to whom, by when, and how late, by each place's texts; pure."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.duties.acts import act_of
from services.registry.duties.owing import Duty, next_turn, owed
from services.registry.duties.standing import Belonging, Home, Pupil, Standing
from services.registry.profiles import SHIPPED, Profile, Profiles, open_points
from tests.registry.test_cadences import PROFILES

JAN_15 = date(2026, 1, 15)
FAR = date(2025, 12, 1)
"""Every text is in force by then."""


def standing(
    place: str,
    *,
    migrant: date | None = None,
    care: date | None = None,
    category: str = "family_hardship",
    stage: str = "",
    grade: int | None = None,
    enrolled: date | None = None,
    home: date = FAR,
) -> Standing:
    belongings = []
    if migrant:
        belongings.append(Belonging("migrant", migrant))
    if enrolled:
        belongings.append(Belonging("enrolled", enrolled))
    if care:
        belongings.append(Belonging("key_care", care, None, category))
    pupil = Pupil(stage, grade, enrolled or FAR)
    return Standing((Home(home, PROFILES[place]),), tuple(belongings), pupil)


def by_name(one: Standing, day: date, **done: tuple[date, ...]) -> dict[str, Duty]:
    return {d.cadence.duty: d for d in owed(one, done, day)}


def due(one: Standing, duty: str, day: date, *done: date) -> tuple[str, date | None]:
    found = by_name(one, day, **{act_of(duty).name: done})[duty]
    return found.state, found.due_on


R18_PLACES = [
    # place, duty, state, due after care began on 15 January and nothing was done
    ("inner_mongolia", "key_care_contact", "pending", date(2026, 2, 15)),
    ("inner_mongolia", "key_care_home_visit", "pending", date(2026, 4, 15)),
    ("baotou", "key_care_contact", "pending", date(2026, 2, 15)),
    ("baotou", "key_care_home_visit", "pending", date(2026, 4, 15)),
    ("tianmen", "key_care_contact", "pending", date(2026, 2, 15)),
    ("heze", "key_care_home_visit", "interval_not_configured", None),
    ("heilongjiang", "key_care_home_visit", "interval_not_configured", None),
    ("chongqing", "key_care_home_visit", "interval_not_configured", None),
]


@pytest.mark.parametrize(("place", "duty", "state", "day"), R18_PLACES)
def test_r18_key_care_is_visited_as_often_as_its_places_text_says(
    place: str, duty: str, state: str, day: date | None
) -> None:
    one = standing(place, care=JAN_15)
    assert due(one, duty, JAN_15) == (state, day)


def test_r18_tianmen_visits_every_migrant_child_at_home_and_others_none() -> None:
    for place in PROFILES:
        found = by_name(standing(place, migrant=JAN_15), JAN_15)
        assert ("migrant_home_visit" in found) is (place == "tianmen"), place
    visit = by_name(standing("tianmen", migrant=JAN_15), JAN_15)["migrant_home_visit"]
    assert (visit.due_on, visit.cadence.clause[-4:]) == (date(2026, 4, 15), "三(二)")


def test_r18_the_same_child_is_overdue_under_one_text_and_on_the_red_list_under_another() -> None:
    """In key care and migrant since 15 January, visited at home on 1 February and never again; today is 10 May."""
    day, visited = date(2026, 5, 10), (date(2026, 2, 1),)

    def states(place: str) -> dict[str, str]:
        one = standing(place, migrant=JAN_15, care=JAN_15)
        # A home visit is a contact too.
        found = by_name(one, day, home_visit=visited, contact=visited)
        return {name: duty.state for name, duty in found.items()}

    overdue, red, fine = "overdue", "interval_not_configured", "pending"
    assert states("baotou") == {
        "survey": fine,
        "key_care_contact": overdue,
        "key_care_home_visit": overdue,
    }
    assert states("tianmen") == {
        "survey": fine,
        "migrant_home_visit": overdue,
        "key_care_contact": overdue,
    }
    assert states("heze") == {"survey": fine, "key_care_home_visit": red}
    assert states("heilongjiang") == {"survey": fine, "key_care_home_visit": red}
    assert states("chongqing") == {"survey": overdue, "key_care_home_visit": red}


@pytest.mark.parametrize(
    ("place", "day"),
    [
        ("chongqing", date(2026, 4, 15)),
        ("heze", date(2026, 7, 15)),
        ("tianmen", date(2026, 7, 15)),
        ("heilongjiang", date(2026, 7, 15)),
        ("baotou", date(2026, 7, 15)),
    ],
)
def test_r7_a_survey_is_due_by_the_places_cycle(place: str, day: date) -> None:
    assert due(standing(place, migrant=JAN_15), "survey", JAN_15) == ("pending", day)


@pytest.mark.parametrize("category", ["self_request", "vagrancy"])
def test_r18_baotous_list_names_five_categories_and_the_regions_interval_holds_for_the_sixth(
    category: str,
) -> None:
    found = by_name(standing("baotou", care=JAN_15, category=category), JAN_15)
    name = "key_care_home_visit" + ("_self_request" if category == "self_request" else "")
    assert {d for d in found if "home_visit" in d} == {name}


R19 = [
    # place, visited, due, by the assumed terms of 1 September and 1 March
    ("inner_mongolia", (), date(2026, 2, 28)),
    ("inner_mongolia", (date(2026, 2, 1),), date(2026, 8, 31)),
    ("inner_mongolia", (date(2025, 10, 1), date(2026, 2, 1)), date(2026, 8, 31)),
    ("tianmen", (), date(2026, 8, 31)),
    ("tianmen", (date(2026, 2, 1),), date(2027, 8, 31)),
]


@pytest.mark.parametrize(("place", "visited", "day"), R19)
def test_r19_schools_visit_homes_each_semester_or_each_school_year(
    place: str, visited: tuple[date, ...], day: date
) -> None:
    one = standing(place, migrant=JAN_15, enrolled=JAN_15, stage="junior")
    assert due(one, "school_home_visit", date(2026, 2, 20), *visited) == ("pending", day)


def test_r19_a_missed_semester_stays_overdue_until_a_visit_and_that_counts_for_its_own() -> None:
    one = standing("inner_mongolia", migrant=JAN_15, enrolled=JAN_15, stage="junior")
    may = date(2026, 5, 10)
    assert due(one, "school_home_visit", may) == ("overdue", date(2026, 2, 28))
    assert due(one, "school_home_visit", may, may) == ("pending", date(2027, 2, 28))


def test_r19_a_dated_school_calendar_outranks_the_assumed_terms(tmp_path: Path) -> None:
    text = (SHIPPED / "tianmen.toml").read_text(encoding="utf-8")
    text += """
[[rules.school_calendar]]
clause = "市教育局校历"
school_year = "2025-2026"
first = 2025-09-01
last = 2026-07-10
semesters = [
    { first = 2025-09-01, last = 2026-01-23 },
    { first = 2026-03-02, last = 2026-07-10 },
]
"""
    (tmp_path / "tianmen.toml").write_text(text, encoding="utf-8")
    profile = Profiles.load(tmp_path).by_id["tianmen"]
    belongings = (Belonging("migrant", JAN_15), Belonging("enrolled", JAN_15))
    one = Standing((Home(FAR, profile),), belongings, Pupil("junior"))
    assert due(one, "school_home_visit", JAN_15) == ("pending", date(2026, 7, 10))


R23 = [
    ("baotou", "junior", None, "pending", ()),
    ("baotou", "kindergarten", None, None, ()),
    ("tianmen", "junior", None, "pending", ()),
    ("tianmen", "primary", 5, "interval_not_configured", ("from_grade",)),
    ("heze", "primary", 2, "interval_not_configured", ("period",)),
    ("heilongjiang", "junior", None, "interval_not_configured", ("period",)),
    ("chongqing", "junior", None, None, ()),
]


@pytest.mark.parametrize(("place", "stage", "grade", "state", "missing"), R23)
def test_r23_pupils_are_screened_where_and_as_often_as_their_text_says(
    place: str, stage: str, grade: int | None, state: str | None, missing: tuple[str, ...]
) -> None:
    one = standing(place, migrant=JAN_15, enrolled=JAN_15, stage=stage, grade=grade)
    found = by_name(one, JAN_15).get("psychological_screening")
    assert (found and found.state) == state
    assert (found.missing if found else ()) == missing


def test_r18_due_days_stand_still_on_weekends_and_month_ends() -> None:
    one = standing("tianmen", care=date(2026, 1, 31))
    assert due(one, "key_care_contact", date(2026, 2, 1)) == (
        "pending",
        date(2026, 2, 28),
    )  # Saturday
    assert due(one, "key_care_contact", date(2026, 3, 1)) == ("overdue", date(2026, 2, 28))


@pytest.mark.parametrize(
    ("late", "step"),
    [
        (0, "village"),
        (1, "village"),
        (7, "village"),
        (8, "township"),
        (14, "township"),
        (15, "county"),
    ],
)
def test_r18_what_is_overdue_goes_from_the_village_to_the_township_to_the_county(
    late: int, step: str
) -> None:
    one = standing("tianmen", care=JAN_15)
    found = by_name(one, date(2026, 2, 15) + timedelta(days=late))["key_care_contact"]
    assert found.step == step


def test_r18_the_days_of_escalation_are_listed_as_assumed() -> None:
    for profile in PROFILES.values():
        assumed = {p.setting for p in open_points(profile) if p.kind == "assumed"}
        assert assumed >= {
            "township_after_days",
            "county_after_days",
            "autumn_term_begins",
            "spring_term_begins",
        }


def test_r18_moving_between_places_that_both_ask_for_it_keeps_the_clock() -> None:
    stayed = standing("tianmen", care=JAN_15)
    moved = Standing(
        (Home(FAR, PROFILES["baotou"]), Home(date(2026, 2, 5), PROFILES["tianmen"])),
        stayed.belongings,
    )
    day = date(2026, 2, 10)
    assert due(moved, "key_care_contact", day) == due(stayed, "key_care_contact", day)
    visited = date(2026, 1, 20)
    assert due(moved, "key_care_contact", day, visited)[1] == date(2026, 2, 20)


def test_r18_a_duty_that_only_the_new_place_knows_begins_on_arrival() -> None:
    moved = Standing(
        (Home(FAR, PROFILES["baotou"]), Home(date(2026, 4, 5), PROFILES["tianmen"])),
        (Belonging("migrant", JAN_15),),
    )
    assert due(moved, "migrant_home_visit", date(2026, 4, 6)) == ("pending", date(2026, 7, 5))


def test_r18_an_interval_set_at_last_counts_from_its_first_day(tmp_path: Path) -> None:
    profile = heze_with(
        tmp_path,
        [
            ("2025-02-20", "2026-05-31", '"not_configured"'),
            ("2026-06-01", "", "{ unit = 'month', count = 2 }"),
        ],
    )
    one = Standing((Home(FAR, profile),), (Belonging("key_care", JAN_15, None, "vagrancy"),))
    assert due(one, "key_care_home_visit", date(2026, 5, 31)) == ("interval_not_configured", None)
    assert next_turn(one, date(2026, 5, 31)) == date(2026, 6, 1)
    assert due(one, "key_care_home_visit", date(2026, 6, 1)) == ("pending", date(2026, 8, 1))


def test_r18_a_shorter_interval_never_reaches_back_and_forgives_nothing(tmp_path: Path) -> None:
    profile = heze_with(
        tmp_path,
        [
            ("2025-02-20", "2026-05-31", "{ unit = 'month', count = 6 }"),
            ("2026-06-01", "", "{ unit = 'month', count = 1 }"),
        ],
    )
    one = Standing((Home(FAR, profile),), (Belonging("key_care", JAN_15, None, "vagrancy"),))
    june = date(2026, 6, 1)
    # Under the new rule alone it would have been due on 15 February, under the old one on 15 July.
    assert due(one, "key_care_home_visit", june) == ("pending", date(2026, 7, 1))
    early = Standing(one.homes, (Belonging("key_care", date(2025, 11, 1), None, "vagrancy"),))
    early = Standing((Home(date(2025, 6, 1), profile),), early.belongings)
    assert due(early, "key_care_home_visit", june) == ("overdue", date(2026, 5, 1))


def heze_with(folder: Path, versions: list[tuple[str, str, str]]) -> Profile:
    """Heze with other intervals for its home visits: first day, last day, period."""
    text = (SHIPPED / "heze.toml").read_text(encoding="utf-8")
    blocks = text.split("[[rules.cadence]]")
    kept = [b for b in blocks if 'duty = "key_care_home_visit"' not in b]
    (old,) = [b for b in blocks if 'duty = "key_care_home_visit"' in b]
    tail = old[old.index("performers") :].split("\n", 1)[1]
    made = kept[0]
    for block in kept[1:]:
        made += "[[rules.cadence]]" + block
    for first, last, period in versions:
        until = f"valid_until = {last}\n" if last else ""
        made += (
            f'\n[[rules.cadence]]\nduty = "key_care_home_visit"\nclause = "二(五)"\n'
            f"valid_from = {first}\n{until}"
            f'population = "key_care"\nwording = "定期走访探视"\nperiod = {period}\n'
            'performers = "not_configured"\n'
        )
    (folder / "heze.toml").write_text(made + tail, encoding="utf-8")
    return Profiles.load(folder).by_id["heze"]


def test_r19_who_is_enrolled_from_september_on_is_looked_at_in_september() -> None:
    september = date(2026, 9, 1)
    one = standing("tianmen", migrant=JAN_15, enrolled=september, stage="junior")
    assert next_turn(one, date(2026, 8, 1)) == september
    assert "school_home_visit" not in by_name(one, date(2026, 8, 31))
    assert due(one, "school_home_visit", september) == ("pending", date(2027, 8, 31))


DAYS = st.dates(date(2025, 12, 1), date(2027, 6, 30))
PLACES = st.sampled_from(sorted(PROFILES))


@given(PLACES, st.lists(DAYS, max_size=6), DAYS, DAYS)
def test_r18_another_visit_never_makes_anything_due_sooner(
    place: str, visits: list[date], another: date, today: date
) -> None:
    one = standing(place, migrant=JAN_15, care=JAN_15, enrolled=JAN_15, stage="junior", home=FAR)
    acts = {act_of(d.cadence.duty).name for d in owed(one, {}, date(2026, 2, 1))}
    with_another = tuple(sorted({*visits, another}))
    before = {
        d.cadence.duty: d for d in owed(one, dict.fromkeys(acts, tuple(sorted(set(visits)))), today)
    }
    after = {d.cadence.duty: d for d in owed(one, dict.fromkeys(acts, with_another), today)}
    assert before.keys() == after.keys()
    for name, duty in before.items():
        if duty.due_on is not None:
            later = after[name].due_on
            assert later is not None and later >= duty.due_on


@given(
    st.lists(st.tuples(DAYS, PLACES), min_size=1, max_size=5, unique_by=lambda one: one[0]),
    st.lists(DAYS, max_size=4),
    DAYS,
    st.integers(0, 120),
)
def test_r18_no_clock_is_reset_as_days_pass_or_by_moves_and_what_is_due_stays_due(
    moves: list[tuple[date, str]], visits: list[date], today: date, wait: int
) -> None:
    """Without another visit, move or rule a due day stays; with a move, what was overdue before it stays so as long as
    the new place asks for the same."""
    homes = tuple(Home(day, PROFILES[place]) for day, place in sorted(moves))
    one = Standing(
        homes, (Belonging("migrant", JAN_15), Belonging("key_care", JAN_15, None, "vagrancy"))
    )
    done = dict.fromkeys(
        ("contact", "home_visit", "survey"), tuple(sorted(v for v in set(visits) if v <= today))
    )
    later = today + timedelta(days=wait)
    before = {d.cadence.duty: d for d in owed(one, done, today)}
    after = {d.cadence.duty: d for d in owed(one, done, later)}
    moved = any(today < home.since <= later for home in homes)
    for name, duty in before.items():
        if not moved:
            assert after[name].due_on == duty.due_on
        elif (
            name in after and duty.state == "overdue" and _owed_throughout(one, name, today, later)
        ):
            assert after[name].due_on is None or after[name].due_on <= duty.due_on


def _owed_throughout(one: Standing, name: str, first: date, last: date) -> bool:
    days = [first, last, *(h.since for h in one.homes if first < h.since <= last)]
    acts = [{act_of(d.cadence.duty).name for d in owed(one, {}, day)} for day in days]
    return all(act_of(name).name in found for found in acts)
