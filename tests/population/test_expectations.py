"""The truth and the registry's rules, written apart, agree about every child."""

from collections import Counter
from datetime import timedelta

import pytest

from services.population import Population, crossings, generate, hardships_in, status_on
from services.population.people import Child
from services.registry.profiles.loading import SHIPPED, Profiles
from services.registry.records.feeds import FEEDS
from services.registry.records.feeds.assistance import Assistance
from services.registry.records.feeds.disability_certificates import DisabilityCertificate
from services.registry.records.feeds.enrolments import Enrolment
from services.registry.records.feeds.health_checks import HealthCheck, PsychologicalFinding
from services.registry.records.feeds.insurance_enrolments import InsuranceEnrolment
from services.registry.records.feeds.item import Item
from services.registry.records.feeds.surveys import GuardianCapacity, Survey
from services.registry.status.deciding import decide
from services.registry.status.facts import ChildFacts, Episode, HukouSpell


@pytest.fixture(scope="module")
def population() -> Population:
    return generate(2500, seed=5, factor=0)


def facts_of(child: Child) -> ChildFacts:
    return ChildFacts(
        birth_on=child.born,
        hukou=tuple(HukouSpell(spell.place.code, spell.since) for spell in child.hukou),
        episodes=tuple(
            Episode(stay.place.code, stay.since, stay.until, stay.company != "none")
            for stay in child.stays
        ),
    )


def test_the_rules_of_both_places_say_what_is_true(population: Population) -> None:
    profiles = Profiles.load(SHIPPED)
    seen: Counter[str] = Counter()
    for hub in population.places.hubs:
        for child in population.children:
            expected = status_on(child, hub, population.on)
            if expected is None:
                continue
            stay = child.stay_on(population.on)
            assert stay is not None
            profile = profiles.for_division(stay.place.code, population.on)
            assert decide(facts_of(child), profile, population.on).status == expected
            seen[expected] += 1
    assert seen.keys() == {
        "migrant",
        "not_yet",
        "excluded",
        "unaccompanied",
        "not_cross_county",
        "aged_out",
        "cannot_tell",
    }


def test_no_child_lives_in_two_hubs(population: Population) -> None:
    first, second = population.places.hubs
    for child in population.children:
        for back in (0, 200, 800):
            day = population.on - timedelta(days=back)
            assert None in (status_on(child, first, day), status_on(child, second, day))


def test_children_cross_in_both_directions(population: Population) -> None:
    directions = Counter((lives, registered) for _, lives, registered in crossings(population))

    assert directions.keys() == {("chongqing", "heze"), ("heze", "chongqing")}
    assert min(directions.values()) > 50


def reported_by(item: Item) -> set[str]:
    """The hardships that one item gives evidence of."""
    match item:
        case Assistance():
            return {
                {
                    "minimum_living": "family_hardship",
                    "de_facto_unsupported": "missing_guardianship",
                    "vagrancy_rescue": "vagrancy",
                }[item.kind]
            }
        case DisabilityCertificate():
            return {"disability"}
        case Enrolment():
            return {"out_of_school"} if item.event == "dropped_out" else set()
        case HealthCheck():
            confirmed = item.psychological_finding is PsychologicalFinding.CONFIRMED
            return {"psychological_behavioural"} if confirmed else set()
        case InsuranceEnrolment():
            return set() if item.enrolled else {"insurance_status"}
        case Survey():
            return _surveyed(item)
    return set()


def _surveyed(survey: Survey) -> set[str]:
    living, guarded, family = survey.living_security, survey.guardianship, survey.family_life
    assert living is not None
    assert guarded is not None
    assert family is not None
    signs = {
        "family_hardship": bool(living.hardships),
        "missing_guardianship": guarded.capacity is GuardianCapacity.NONE,
        "vagrancy": bool(living.vagrant),
        "psychological_behavioural": bool(living.behaviour_concern),
        "self_request": bool(living.requests_help),
        "insurance_status": living.insured is False,
        "out_of_school": family.attending_school is False,
    }
    return {category for category, shown in signs.items() if shown}


def test_every_hardship_is_reported_and_nothing_else_is(population: Population) -> None:
    for hub in population.places.hubs:
        reported: dict[str, set[str]] = {}
        for push in population.pushes:
            if push.hub == hub.name:
                item = FEEDS[push.feed].model.model_validate(push.item)
                if found := reported_by(item):
                    reported.setdefault(push.truth_child, set()).update(found)
        assert reported == hardships_in(population, hub)


def test_every_category_of_hardship_occurs(population: Population) -> None:
    categories = {one.category for child in population.children for one in child.hardships}

    assert len(categories) == 8
