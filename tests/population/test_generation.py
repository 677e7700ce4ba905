"""The population is reproducible, fits the feeds, and moves both ways between the hubs."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.population import CHONGQING_AND_HEZE, Population, Rates, generate
from services.population.rates import NOT_ERRORS
from services.registry.records import quality
from services.registry.records.feeds import FEEDS
from shared import divisions, resident_id
from shared.vocabulary import Department

CHILDREN = 1500


@pytest.fixture(scope="module")
def population() -> Population:
    return generate(CHILDREN, seed=7)


@pytest.fixture(scope="module")
def flawless() -> Population:
    return generate(CHILDREN, seed=7, factor=0)


def test_the_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    assert generate(60, seed=3) == generate(60, seed=3)
    assert generate(60, seed=3) != generate(60, seed=4)


def test_every_item_fits_its_feed_and_comes_from_a_department_that_may_push_it(
    population: Population,
) -> None:
    for push in population.pushes:
        feed = FEEDS[push.feed]
        item = feed.model.model_validate_json(json.dumps(push.item))
        assert Department(push.department) in feed.departments
        assert item.division == push.division
        assert item.observed_on == push.day


@given(
    children=st.integers(0, 40),
    seed=st.integers(0, 2**32),
    factor=st.sampled_from([0, 1, 5, 40]),
    on=st.dates(date(2025, 1, 1), date(2030, 12, 31)),
)
@settings(max_examples=30)
def test_every_world_is_well_formed(children: int, seed: int, factor: float, on: date) -> None:
    population = generate(children, seed, on=on, factor=factor)

    assert len(population.children) == children
    for push in population.pushes:
        FEEDS[push.feed].model.model_validate(push.item)
        assert push.day <= on
    for child in population.children:
        assert child.born <= on
        assert child.stay_on(on) is not None
        for stay, following in zip(child.stays, child.stays[1:], strict=False):
            assert stay.until == following.since


def test_no_entry_has_two_owners_and_its_versions_count_up(population: Population) -> None:
    owners: dict[tuple[str, str, str], str] = {}
    versions: Counter[tuple[str, str, str]] = Counter()
    for push in population.pushes:
        entry = (push.source, push.feed, push.item["source_id"])
        assert owners.setdefault(entry, push.truth_child) == push.truth_child
        versions[entry] += 1
        assert push.item["version"] == versions[entry]
    assert max(versions.values()) == 2


def test_pushes_come_in_the_order_of_days_and_only_from_inside_the_hub(
    population: Population,
) -> None:
    areas = {hub.name: hub.area for hub in population.places.hubs}

    assert list(population.pushes) == sorted(population.pushes, key=lambda push: push.day)
    for push in population.pushes:
        low, high = areas[push.hub]
        assert low <= divisions.widen(push.division) <= high


def test_all_departments_of_both_hubs_speak_and_children_are_seen_from_several_sides(
    population: Population,
) -> None:
    speaking = {(push.hub, push.department) for push in population.pushes}
    departments = {department for feed in FEEDS.values() for department in feed.departments}

    assert speaking == {
        (hub.name, department)
        for hub in population.places.hubs
        for department in departments - {Department.HUB}
    }
    assert 3 * CHILDREN <= len(population.pushes) <= 7 * CHILDREN


def test_about_half_live_away_and_some_are_twins(population: Population) -> None:
    on = population.on
    away = sum(
        stay.place != child.hukou_on(on).place
        for child in population.children
        if (stay := child.stay_on(on))
    )
    twins = sum(child.twin for child in population.children)

    assert 0.4 < away / CHILDREN < 0.65
    assert 0.005 < twins / CHILDREN < 0.04


def test_people_are_told_apart_by_their_true_numbers(population: Population) -> None:
    numbers = [child.number for child in population.children]
    guardians = {one.number for child in population.children for one in child.guardians}

    assert len(set(numbers)) == CHILDREN
    assert guardians.isdisjoint(numbers)
    for child in population.children:
        identity = resident_id.read(child.number)
        assert identity.valid
        assert (identity.birth_on, identity.sex) == (child.born, child.sex)
    assert all(resident_id.read(number).valid for number in guardians)


def test_siblings_share_guardians_and_no_name(population: Population) -> None:
    names = Counter((child.family, child.name) for child in population.children)

    assert max(names.values()) == 1
    assert len({child.name for child in population.children}) < CHILDREN


def test_phones_belong_to_nobody(population: Population) -> None:
    phones = {
        phone
        for child in population.children
        for one in child.guardians
        for phone in (one.phone, one.earlier_phone)
    }

    assert {phone[:3] for phone in phones} == {"142", "143", "154"}


def test_every_place_is_in_the_division_table() -> None:
    for place in CHONGQING_AND_HEZE.counties:
        assert divisions.known(place.code, date(2026, 6, 1))
        assert divisions.name_of(place.code) == place.name
        assert divisions.known(divisions.widen(place.text_on(date(2024, 6, 1))), date(2024, 6, 1))


MISSING = {"residence_missing", "hukou_missing", "guardian_missing"}


def test_a_world_without_errors_is_without_findings(flawless: Population) -> None:
    """Only what a feed never carries is missing."""
    found = {
        finding
        for push in flawless.pushes
        for finding in quality.findings(FEEDS[push.feed].model.model_validate(push.item))
    }

    assert found == MISSING
    assert not any(push.dirt for push in flawless.pushes)


FINDING_OF = {
    "id_missing": {"id_missing", "id_not_a_number", "id_length_wrong"},
    "id_birth_certificate": {"id_birth_certificate"},
    "id_truncated": {"id_length_wrong"},
    "name_missing": {"name_missing"},
    "name_pinyin": {"name_not_hanzi"},
    "id_passport": {"id_of_other_kind"},
    "birth_missing": {"birth_date_missing", "birth_date_impossible"},
    "hukou_missing": {"hukou_missing"},
    "hukou_former": {"hukou_division_ended"},
    "residence_missing": {"residence_missing"},
    "guardians_missing": {"guardian_missing"},
    "guardian_id_fifteen": {"guardian_id_invalid"},
}
HARD_TO_SEE = {"name_homophone", "name_look_alike", "id_of_sibling", "phone_earlier", "name_former"}


def test_every_error_of_the_table_is_made_and_obvious_ones_are_found() -> None:
    population = generate(CHILDREN, seed=11, factor=3)
    made = {label for push in population.pushes for label in push.dirt}
    table = set(Rates.__dataclass_fields__) - NOT_ERRORS

    assert made == table
    assert made > HARD_TO_SEE
    for push in population.pushes:
        findings = quality.findings(FEEDS[push.feed].model.model_validate(push.item))
        for label in set(push.dirt) & FINDING_OF.keys():
            assert FINDING_OF[label] & set(findings), label


def test_errors_do_not_change_lives(population: Population, flawless: Population) -> None:
    assert population.children == flawless.children
    assert Counter(push.source for push in flawless.pushes) == Counter(
        push.source for push in population.pushes if push.item["version"] == 1
    )


def test_a_child_alone_accompanies_nobody(flawless: Population) -> None:
    children = {child.id: child for child in flawless.children}
    companies: dict[str, set[str]] = {}
    for push in flawless.pushes:
        if push.feed == "residence-permits" and push.item["event"] == "registered":
            child = children[push.truth_child]
            registered_on = date.fromisoformat(push.item["registered_on"])
            stay = child.stay_on(registered_on)
            if stay and child.age_on(registered_on) < 16:
                companies.setdefault(push.item["role"], set()).add(stay.company)

    assert companies == {
        "accompanying": {"both_parents", "one_parent", "other_guardian"},
        "holder": {"none"},
    }


def test_a_higher_factor_makes_more_errors(population: Population) -> None:
    def errors(world: Population) -> float:
        return sum(len(push.dirt) for push in world.pushes) / len(world.pushes)

    assert 0 < errors(population) < errors(generate(CHILDREN, seed=7, factor=2))


def test_the_files_hold_every_push_and_every_entrys_child(
    population: Population, tmp_path: Path
) -> None:
    population.to_ndjson(tmp_path)

    for hub in population.places.hubs:
        pushed = [push for push in population.pushes if push.hub == hub.name]
        entries = {
            (push.source, push.feed, push.item["source_id"]): push.truth_child for push in pushed
        }
        truth = _lines(tmp_path / hub.name / "truth.ndjson")
        assert entries == {
            (line["source"], line["feed"], line["source_id"]): line["child"] for line in truth
        }
        for feed in {push.feed for push in pushed}:
            written = _lines(tmp_path / hub.name / f"{feed}.ndjson")
            assert written == [push.item for push in pushed if push.feed == feed]


def test_the_values_to_search_for_hold_people_and_nothing_public(
    population: Population, flawless: Population
) -> None:
    reported = {push.truth_child for push in flawless.pushes}
    children = [child for child in flawless.children if child.id in reported]
    values = flawless.personal_values()

    assert {child.number for child in children} <= values
    assert {child.name for child in children} <= values
    assert (values | population.personal_values()).isdisjoint(
        {*FEEDS, *(place.name for place in CHONGQING_AND_HEZE.counties)}
    )


def _lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
