"""What matching is told of an item, feed by feed."""

from typing import Any

import pytest

from services.matching.entries.schemas import FeaturesIn
from services.population import generate
from services.registry.records.features import features_of
from services.registry.records.feeds import FEEDS, Item

COMMON: dict[str, Any] = {
    "source_id": "one",
    "version": 1,
    "observed_on": "2025-09-03",
    "division": "500103001",
    "child": {"name": "示小满"},
}
ID = "371721201705030126"


def item(feed: str, **own: Any) -> Item:
    return FEEDS[feed].model.model_validate({**COMMON, **own})


def test_an_empty_child_has_no_features() -> None:
    permit = item("residence-permits", event="registered", role="holder", child={})

    assert features_of(permit) == {}


def test_addresses_go_with_their_divisions() -> None:
    features = features_of(
        item(
            "residence-permits",
            event="registered",
            role="accompanying",
            holder={"name": "示大山", "relation": "father", "phone": "14200000001"},
            hukou={"division": "371721", "address": "示例村1组"},
            residence={"division": "500103001", "address": "示例路1号"},
        )
    )

    assert features == {
        "name": "示小满",
        "hukou_division": "371721000000",
        "hukou_address": "示例村1组",
        "residence_division": "500103001000",
        "residence_address": "示例路1号",
        "guardians": [{"name": "示大山", "relation": "father", "phone": "14200000001"}],
    }


@pytest.mark.parametrize(
    ("own", "school"),
    [
        ({"school_name": "示例小学", "school_code": "2150000001"}, "示例小学"),
        ({"school_code": "2150000001"}, "2150000001"),
    ],
)
def test_an_enrolment_tells_school_and_grade_on_its_day(own: dict[str, Any], school: str) -> None:
    enrolment = item(
        "enrolments", event="enrolled", on="2025-09-01", stage="junior", grade="一年级2班", **own
    )

    assert features_of(enrolment) == {
        "name": "示小满",
        "school": school,
        "school_division": "500103001000",
        "grade": "初中一年级2班",
        "observed_on": "2025-09-01",
    }


@pytest.mark.parametrize(
    ("child", "certificate", "number"),
    [
        ({}, ID + "42", ID),
        ({"id_number": "371721201705030118"}, ID + "42", "371721201705030118"),
        ({}, "37172120170503012742", None),
        ({}, "CJ-17", None),
    ],
)
def test_a_disability_certificate_may_hold_the_number(
    child: dict[str, Any], certificate: str, number: str | None
) -> None:
    granted = item(
        "disability-certificates",
        event="granted",
        on="2024-09-10",
        certificate_number=certificate,
        child=child,
    )

    assert features_of(granted).get("id_number") == number


def test_heads_of_households_and_parents_are_guardians() -> None:
    registered = item(
        "household-registrations",
        event="registered",
        on="2017-06-01",
        head={"name": "示大山", "relation": "grandfather"},
    )
    survey = item(
        "surveys",
        channel="phone",
        surveyed_on="2025-08-15",
        parents={"mother": {"name": "例春兰", "id_number": "371721198804120114"}, "father": {}},
    )

    assert features_of(registered)["guardians"] == [{"name": "示大山", "relation": "grandfather"}]
    assert features_of(survey)["guardians"] == [
        {"name": "例春兰", "relation": "mother", "id_number": "371721198804120114"}
    ]


def test_a_hukou_answer_tells_the_division() -> None:
    answer = item("hukou-answers", outcome="confirmed", hukou_division="371721")

    assert features_of(answer)["hukou_division"] == "371721000000"


def test_matching_takes_the_features_of_every_feed() -> None:
    seen = set()
    for push in generate(60, seed=5).pushes:
        features = features_of(FEEDS[push.feed].model.model_validate(push.item))

        assert FeaturesIn.model_validate(features).plain() == features
        seen.add(push.feed)
    assert len(seen) >= 8
