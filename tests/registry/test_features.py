"""What matching is told of an item, feed by feed."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.entries.schemas import FeaturesIn
from services.population import generate
from services.registry.records.features import features_of
from services.registry.records.feeds import FEEDS, Item
from services.registry.records.listing import SEASON, marks

COMMON: dict[str, Any] = {
    "source_id": "one",
    "version": 1,
    "observed_on": "2025-09-03",
    "division": "500103001",
    "child": {"name": "示小满"},
}
ID = "371721201705030126"
PERMIT = {"event": "registered", "role": "holder"}


def item(feed: str, **own: Any) -> Item:
    return FEEDS[feed].model.model_validate({**COMMON, **own})


def listed(
    key: bytes = b"k", source: str = "schools", feed: str = "residence-permits", **own: Any
) -> set[int]:
    child = {"name": "示小满", "birth_date": "2017-05-03"}
    permit = item("residence-permits", **PERMIT, **{"child": child, **own})
    return set(marks(key, source, feed, permit))


@given(first=st.dates(date(2000, 1, 1), date(2100, 1, 1)), days=st.integers(0, 3 * SEASON))
def test_records_of_one_register_and_season_share_a_mark(first: date, days: int) -> None:
    one, other = listed(observed_on=first), listed(observed_on=first + timedelta(days))

    if days <= SEASON:
        assert one & other
    if days >= 2 * SEASON:
        assert not one & other


def test_a_mark_is_of_one_register_and_one_birth_date() -> None:
    same: dict[str, Any] = {"name": "示大满", "birth_date": "2017年5月3日"}
    assert listed() == listed(child=same) == listed(child={"name": "示小满", "id_number": ID})
    for other in (
        listed(key=b"other"),
        listed(source="police"),
        listed(feed="enrolments"),
        listed(child={"name": "示小满", "birth_date": "2017-05-04"}),
    ):
        assert len(other) == 2
        assert not listed() & other
    assert not listed(child={"name": "示小满", "birth_date": "不详", "id_number": "0"})


def test_other_hubs_are_no_register() -> None:
    """All of them speak as one source, and may each know one child by another name; an answer repeats our own."""
    child = {"name": "示小满", "birth_date": "2017-05-03"}
    told = item("peer-facts", hub="other-city", child=child)
    answer = item("hukou-answers", outcome="confirmed", child=child)

    assert marks(b"k", "peer-hubs", "peer-facts", told) == []
    assert marks(b"k", "peer-hubs", "hukou-answers", answer) == []


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
