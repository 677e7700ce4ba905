"""The catalogue says what the matrix, the feeds and the API's document say, and leaves nothing out."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.registry.access.matrix import matrix, open_groups
from services.registry.catalogue.listing import catalogue, names
from services.registry.records.feeds import FEEDS
from shared.vocabulary import SERVICE_SCOPES, Department, Scope
from tests.registry.conftest import Registry

DOCUMENT = json.loads(
    (Path(__file__).parents[2] / "docs" / "openapi" / "registry.json").read_text(encoding="utf-8")
)
RESOURCES = {one["id"]: one for one in catalogue(DOCUMENT)}


def callable_by_clients() -> dict[str, Any]:
    internal = {str(scope) for scope in SERVICE_SCOPES}
    return {
        f"{method.upper()} {path}": one
        for path, item in DOCUMENT["paths"].items()
        for method, one in item.items()
        if any(
            held and not set(held) & internal
            for security in one.get("security", [])
            for held in security.values()
        )
    }


def test_every_operation_that_clients_may_call_is_in_it() -> None:
    offered = {
        way for one in RESOURCES.values() if one["kind"] == "operation" for way in one["ways"]
    }
    assert offered == set(callable_by_clients())
    assert len(offered) > 50


def test_what_asks_for_no_purpose_is_shared_without_condition() -> None:
    for one in RESOURCES.values():
        if one["kind"] == "operation":
            asked = callable_by_clients()[one["ways"][0]].get("parameters", ())
            needs = any(parameter["name"] == "Hutong-Purpose" for parameter in asked)
            assert (one["sharing"] == "conditional") is needs is one["purpose_needed"], one["id"]
    assert RESOURCES["operations.show_catalogue"]["sharing_zh"] == "无条件共享"


@pytest.mark.parametrize("department", [str(one) for one in matrix()["cells"]])
def test_conditions_are_the_matrix(department: str) -> None:
    for purpose in matrix()["cells"][department]:
        listed = {
            one["id"].removeprefix("fields."): condition["masked"]
            for one in RESOURCES.values()
            for condition in one.get("conditions", ())
            if one["kind"] == "fields"
            and (condition["department"], condition["purpose"]) == (department, purpose)
        }
        seen = open_groups(Department(department), purpose)
        assert listed == {group: how == "masked" for group, how in seen.items()}


def test_every_feed_has_its_ground_and_rhythm() -> None:
    for feed in FEEDS.values():
        if feed.internal:
            assert f"records.{feed.name}" not in RESOURCES
            continue
        one = RESOURCES[f"records.{feed.name}"]
        assert one["legal_basis"] == [feed.legal_basis]
        assert one.get("updated_every_days") == feed.expected_every_days
        assert one["sharing"] == "not_shared"  # as it was sent it stays its department's own


def test_all_is_named_in_chinese() -> None:
    """A new group or tag without a name fails here."""
    for one in RESOURCES.values():
        assert any("一" <= character <= "鿿" for character in one["title_zh"]), one["id"]
        assert one["title_en"]
    assert set(names()["groups"]) == {
        one.removeprefix("fields.") for one in RESOURCES if one.startswith("fields.")
    }


async def test_a_platform_reads_it_with_no_purpose(registry: Registry) -> None:
    platform = await registry(
        "civil_affairs:50", scopes=frozenset({Scope.ACCESS_READ}), purpose=None, actor=None
    )
    reply = await platform.get("/v1/catalogue")
    assert reply.status_code == 200
    assert {one["id"] for one in reply.json()["resources"]} == set(RESOURCES)
    assert reply.json()["regulation"]["in_force"] == "2025-08-01"
    blind = await registry("civil_affairs:50", scopes=frozenset({Scope.CHILDREN_READ}))
    assert (await blind.get("/v1/catalogue")).status_code == 403
