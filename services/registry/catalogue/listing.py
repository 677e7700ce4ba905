"""Listing: the catalogue, made from the access matrix, the feeds and the API's own document; pure.

Nothing is said here that another place decides: whoever opens a field in the matrix, or adds an operation, changes it.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from services.registry.access.matrix import MASKED, matrix, open_groups
from services.registry.catalogue.terms import ResourceKind, SharingKind
from services.registry.children.viewing import GROUPS
from services.registry.key_care.terms import CATEGORY_TITLES
from services.registry.records.feeds import FEEDS, Feed
from shared.vocabulary import SERVICE_SCOPES, Department

FILE = Path(__file__).with_name("catalogue.toml")
METHODS = ("get", "post", "put", "patch", "delete")


@cache
def names() -> Mapping[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def catalogue(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every resource, in a stable order; ``document`` is the OpenAPI document of this service."""
    return [*_records(), *_fields(), *_categories(), *_operations(document)]


def _records() -> Iterator[dict[str, Any]]:
    """What each department pushes; as it was sent it stays that department's own."""
    for feed in FEEDS.values():
        if not feed.internal:
            yield _resource(
                f"records.{feed.name}",
                ResourceKind.RECORDS,
                (feed.title_zh, feed.title_en),
                SharingKind.NOT_SHARED,
                items=sorted(feed.model.model_fields),
                **_behind([feed]),
                ways=[f"POST /v1/{feed.name}"],
            )


def _fields() -> Iterator[dict[str, Any]]:
    """Field groups of the folded child, each with who sees it for what."""
    cells = matrix()["cells"]
    groups = dict.fromkeys(
        name.removeprefix("~") for of in cells.values() for cell in of.values() for name in cell
    )
    for group in groups:
        said = names()["groups"].get(group, {"zh": group, "en": group, "feeds": []})
        conditions = [
            {"department": department, "purpose": purpose, "masked": seen[group] == MASKED}
            for department, purposes in cells.items()
            for purpose in purposes
            if group in (seen := open_groups(Department(department), purpose))
        ]
        yield _resource(
            f"fields.{group}",
            ResourceKind.FIELDS,
            (said["zh"], said["en"]),
            _sharing({one["department"] for one in conditions}),
            items=sorted(field for field, of in GROUPS.items() if of == group) or [group],
            **_behind([FEEDS[name] for name in said["feeds"]]),
            conditions=conditions,
            ways=["GET /v1/children/{child_id}"],
        )


def _categories() -> Iterator[dict[str, Any]]:
    for category, departments in matrix()["categories"].items():
        yield _resource(
            f"key-care.{category}",
            ResourceKind.KEY_CARE,
            (CATEGORY_TITLES.get(category, category), category.replace("_", " ").capitalize()),
            _sharing(set(departments)),
            items=["state", "since", "clause"],
            providers=[str(Department.CIVIL_AFFAIRS)],
            conditions=[
                {"department": department, "purpose": purpose, "masked": False}
                for department in departments
                for purpose in ("key_care", "service")
                if open_groups(Department(department), purpose)
            ],
            ways=["GET /v1/key-care"],
        )


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation that a department's client may call, with the scope that its grant must hold."""
    internal = {str(one) for one in SERVICE_SCOPES}
    for path, item in document["paths"].items():
        for method in METHODS:
            one = item.get(method)
            scopes = _scopes(one) if one else []
            if not one or not scopes or set(scopes) & internal:
                continue
            tag = one.get("tags", [""])[0]
            asks = any(p["name"] == "Hutong-Purpose" for p in one.get("parameters", ()))
            yield _resource(
                f"operations.{one['operationId']}",
                ResourceKind.OPERATION,
                (names()["operations"].get(tag, tag), one["summary"]),
                SharingKind.CONDITIONAL if asks else SharingKind.UNCONDITIONAL,
                scopes=scopes,
                purpose_needed=asks,
                ways=[f"{method.upper()} {path}"],
            )


def _scopes(operation: Mapping[str, Any]) -> list[str]:
    return sorted(
        {scope for one in operation.get("security", ()) for held in one.values() for scope in held}
    )


def _sharing(departments: set[str]) -> SharingKind:
    """Personal data is shared on condition at most; what one department alone sees is not shared."""
    return SharingKind.CONDITIONAL if len(departments) > 1 else SharingKind.NOT_SHARED


def _behind(feeds: list[Feed]) -> dict[str, Any]:
    """Who provides it, on which ground, and how often the most frequent of them is to push."""
    rhythms = [feed.expected_every_days for feed in feeds if feed.expected_every_days]
    behind: dict[str, Any] = {
        "providers": sorted({str(one) for feed in feeds for one in feed.departments}),
        "legal_basis": list(dict.fromkeys(feed.legal_basis for feed in feeds)),
    }
    if rhythms:
        behind["updated_every_days"] = min(rhythms)
    return behind


def _resource(
    identity: str,
    kind: ResourceKind,
    titles: tuple[str, str],
    sharing: SharingKind,
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": identity,
        "kind": kind,
        "title_zh": titles[0],
        "title_en": titles[1],
        "sharing": sharing,
        "sharing_zh": names()["sharing"][sharing],
        **more,
    }
