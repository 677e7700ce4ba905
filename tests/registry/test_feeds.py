"""The feeds refuse structure and keep dirt, whatever order, absence or notation a source chose."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from services.registry.records import quality
from services.registry.records.feeds import FEEDS, Department, Feed, Item

EVERY_FEED = [pytest.param(feed, id=feed.name) for feed in FEEDS.values()]
INTERNAL = {"hukou-answers", "peer-facts"}
COMMON = {
    "source_id",
    "version",
    "observed_on",
    "division",
    "source",
    "child",
    "guardians",
    "hukou",
    "residence",
}
SECRET = "示大山的秘密"


def example_of(feed: Feed) -> dict[str, Any]:
    extra = feed.model.model_config["json_schema_extra"]
    assert isinstance(extra, dict)
    examples = extra["examples"]
    assert isinstance(examples, list)
    item = json.loads(json.dumps(examples[0]))
    assert isinstance(item, dict)
    return item


def refusals(feed: Feed, item: object) -> list[tuple[str, str]]:
    """Pointer and type of every refusal; both ways in must agree that there is one."""
    with pytest.raises(ValidationError) as refused:
        feed.model.model_validate(item)
    if not _has_surrogate(item):
        with pytest.raises(ValidationError):
            feed.model.model_validate_json(json.dumps(item))
    assert SECRET not in str(refused.value)
    return [
        ("/".join(map(str, error["loc"])), error["type"])
        for error in refused.value.errors(include_input=False)
    ]


def _has_surrogate(item: object) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in json.dumps(item, ensure_ascii=False))


@pytest.mark.parametrize("feed", EVERY_FEED)
def test_the_example_is_a_flawless_item_of_its_feed(feed: Feed) -> None:
    item = feed.model.model_validate(example_of(feed))

    assert item == feed.model.model_validate_json(json.dumps(example_of(feed)))
    assert quality.findings(item) == ()


@pytest.mark.parametrize("feed", EVERY_FEED)
def test_an_item_survives_the_journey_through_json(feed: Feed) -> None:
    item = feed.model.model_validate(example_of(feed))

    assert feed.model.model_validate_json(item.model_dump_json()) == item
    assert feed.model.model_validate(item.model_dump()) == item


def test_r11_every_feed_says_who_may_push_it_and_on_what_ground() -> None:
    assert {feed.name for feed in FEEDS.values() if feed.internal} == INTERNAL
    for name, feed in FEEDS.items():
        assert name == feed.name
        assert feed.departments
        assert Department.SERVICE not in feed.departments
        assert len(feed.legal_basis) > 40
        assert feed.internal or (feed.expected_every_days or 0) > 0
        assert set(feed.model.model_fields) > COMMON


def test_every_department_has_a_feed() -> None:
    pushing = {department for feed in FEEDS.values() for department in feed.departments}

    assert pushing == set(Department) - {Department.SERVICE, Department.POLITICAL_LEGAL}


@pytest.mark.parametrize("feed", EVERY_FEED)
def test_what_a_source_does_not_know_may_be_absent_or_null(feed: Feed) -> None:
    full = example_of(feed)
    required = {name for name, field in feed.model.model_fields.items() if field.is_required()}
    absent = {name: value for name, value in full.items() if name in required} | {"child": {}}
    null = {name: absent.get(name) for name in feed.model.model_fields}

    item = feed.model.model_validate(absent)

    assert feed.model.model_validate(null) == item
    assert feed.model.model_validate_json(json.dumps(null)) == item
    assert item.guardians == ()


@pytest.mark.parametrize("feed", EVERY_FEED)
def test_a_required_field_cannot_be_left_out(feed: Feed) -> None:
    for name, field in feed.model.model_fields.items():
        if field.is_required():
            item = {key: value for key, value in example_of(feed).items() if key != name}
            assert refusals(feed, item) == [(name, "missing")]


BROKEN = [
    ({"surprise": SECRET}, "surprise"),
    ({"source_id": ""}, "source_id"),
    ({"source_id": "a" * 129}, "source_id"),
    ({"source_id": "a\x00b"}, "source_id"),
    ({"source_id": 7}, "source_id"),
    ({"version": 0}, "version"),
    ({"version": 2**31}, "version"),
    ({"version": "1"}, "version"),
    ({"version": True}, "version"),
    ({"version": 1.0}, "version"),
    ({"observed_on": "2025-02-30"}, "observed_on"),
    ({"observed_on": "2025-2-3"}, "observed_on"),
    ({"observed_on": "20250203"}, "observed_on"),
    ({"observed_on": "1025-02-03"}, "observed_on"),
    ({"observed_on": "2025-02-03T00:00:00"}, "observed_on"),
    ({"observed_on": 1738540800}, "observed_on"),
    ({"division": "50010"}, "division"),
    ({"division": "５００１０３"}, "division"),
    ({"division": "000000"}, "division"),
    ({"division": 500103}, "division"),
    ({"child": None}, "child"),
    ({"child": [SECRET]}, "child"),
    ({"child": {"name": SECRET, "shoe_size": 31}}, "child/shoe_size"),
    ({"child": {"name": SECRET * 20}}, "child/name"),
    ({"child": {"name": f"{SECRET}\ud800"}}, "child/name"),
    ({"child": {"name": f"{SECRET}\x00"}}, "child/name"),
    ({"child": {"name": 5}}, "child/name"),
    ({"child": {"sex": SECRET}}, "child/sex"),
    ({"child": {"id_kind": "driving_licence"}}, "child/id_kind"),
    ({"guardians": [{}] * 9}, "guardians"),
    ({"guardians": {"name": SECRET}}, "guardians"),
    ({"guardians": [{"relation": "neighbour"}]}, "guardians/0/relation"),
    ({"guardians": [{}, {"phone": "1" * 33}]}, "guardians/1/phone"),
    ({"hukou": {"division": "曹县"}}, "hukou/division"),
    ({"residence": {"since": "2025-13-01"}}, "residence/since"),
    ({"residence": {"until": "2200-01-01"}}, "residence/until"),
]


@pytest.mark.parametrize(("change", "pointer"), BROKEN)
def test_structure_is_refused_with_its_place_and_without_its_value(
    change: dict[str, Any], pointer: str
) -> None:
    feed = FEEDS["enrolments"]

    assert [where for where, _ in refusals(feed, example_of(feed) | change)] == [pointer]


OWN_BROKEN = [
    ("enrolments", {"event": "expelled"}, "event"),
    ("enrolments", {"boarding": "yes"}, "boarding"),
    ("residence-permits", {"holder": {"age": 37}}, "holder/age"),
    ("household-registrations", {"on": None}, "on"),
    ("health-checks", {"findings": ["a"] * 33}, "findings"),
    ("health-checks", {"findings": [""]}, "findings/0"),
    ("vaccinations", {"dose": 0}, "dose"),
    ("insurance-enrolments", {"enrolled": 1}, "enrolled"),
    ("medical-cost-alerts", {"amount_fen": -1}, "amount_fen"),
    ("medical-cost-alerts", {"amount_fen": 10**13}, "amount_fen"),
    ("disability-certificates", {"grade": 5}, "grade"),
    ("disability-certificates", {"kinds": ["visual"] * 8}, "kinds"),
    ("assistance", {"kind": "lottery"}, "kind"),
    ("surveys", {"parents": {"uncle": {}}}, "parents/uncle"),
    ("surveys", {"living_security": {"hardships": ["bad luck"]}}, "living_security/hardships/0"),
    ("hukou-answers", {"outcome": "maybe"}, "outcome"),
]


@pytest.mark.parametrize(("name", "change", "pointer"), OWN_BROKEN)
def test_a_feeds_own_structure_is_refused(name: str, change: dict[str, Any], pointer: str) -> None:
    feed = FEEDS[name]

    assert [where for where, _ in refusals(feed, example_of(feed) | change)] == [pointer]


DIRT = {
    "name": "zhang xiaoman??",
    "id_number": "37172120170503012",
    "sex": "unknown",
    "birth_date": "2017-02-31",
    "ethnicity": "",
    "phone": "call the neighbour",
}


@pytest.mark.parametrize("feed", EVERY_FEED)
def test_dirt_is_kept_as_it_came(feed: Feed) -> None:
    item = feed.model.model_validate(example_of(feed) | {"child": DIRT})

    assert item.child.model_dump(exclude_none=True) == DIRT


@given(st.text(max_size=100, alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_storable_text_is_kept_and_nothing_else_is(name: str) -> None:
    feed = FEEDS["vaccinations"]
    raw = example_of(feed) | {"child": {"name": name}}

    if "\x00" in name:
        assert refusals(feed, raw) == [("child/name", "string_pattern_mismatch")]
    else:
        assert feed.model.model_validate_json(json.dumps(raw)).child.name == name


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_day_is_read_as_written(day: date) -> None:
    feed = FEEDS["vaccinations"]
    raw = example_of(feed) | {"given_on": day.isoformat()}

    assert feed.model.model_validate(raw).model_dump(mode="json")["given_on"] == day.isoformat()


@pytest.mark.parametrize("feed", EVERY_FEED)
def test_an_item_cannot_be_changed_and_does_not_print_a_child(feed: Feed) -> None:
    item = feed.model.model_validate(example_of(feed))

    with pytest.raises(ValidationError):
        setattr(item, "child", item.child)  # noqa: B010
    assert "示" not in repr(item) + str(item) + repr(item.child)


@pytest.mark.parametrize("feed", EVERY_FEED)
def test_integrators_are_told_what_each_field_is_and_how_long_it_may_be(feed: Feed) -> None:
    schema = feed.model.model_json_schema()
    objects = [schema, *(part for part in schema["$defs"].values() if "properties" in part)]

    for part in objects:
        assert part["additionalProperties"] is False
        for name, field in part["properties"].items():
            assert field.get("description"), f"{part['title']}.{name} is not described"
            for shape in field.get("anyOf", [field]):
                assert _bounded(shape), f"{part['title']}.{name} has no bound"


def _bounded(shape: dict[str, Any]) -> bool:
    match shape.get("type"):
        case "string":
            return bool({"maxLength", "format", "enum", "const"} & shape.keys())
        case "array":
            return "maxItems" in shape and _bounded(shape["items"])
        case "integer":
            return {"minimum", "maximum"} <= shape.keys()
        case "boolean" | "null":
            return True
    return "$ref" in shape


def test_items_share_one_base() -> None:
    assert all(issubclass(feed.model, Item) for feed in FEEDS.values())
    assert issubclass(Item, BaseModel)
