"""What an OpenAPI document says beyond what FastAPI derives: answers without null, and every whole number with bounds.

Where absent values are left out of an answer, "or null" is untrue, and generators make double or dropped properties of it.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Any

#: What fits PostgreSQL's bigint, in which every number that is answered is kept.
LARGEST = 2**63 - 1
METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


def tidy(document: dict[str, Any], leaving_out: Set[str]) -> None:
    """Make the schemas of answers exact; ``leaving_out`` are the ids of operations that answer without nulls."""
    operations = [
        operation
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    ]
    schemas = document["components"]["schemas"]
    sent = _reached(schemas, [o.get("requestBody", {}) for o in operations])
    loud = [o["responses"] for o in operations if o["operationId"] not in leaving_out]
    with_nulls = _reached(schemas, loud)
    for name, schema in schemas.items():
        if name not in sent:
            _bound(schema)
            if name not in with_nulls:
                _drop_nulls(schema)


def _reached(schemas: Mapping[str, Any], parts: list[Any]) -> set[str]:
    """The names of the schemas that these parts of the document refer to, however far."""
    todo = [name for part in parts for name in _referred(part)]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += _referred(schemas.get(name, {}))
    return seen


def _referred(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(reference := part.get("$ref"), str):
            yield reference.rsplit("/", 1)[1]
        for inner in part.values():
            yield from _referred(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _referred(inner)


def _drop_nulls(schema: dict[str, Any]) -> None:
    """In properties alone: the values of a free-form object may well be null."""
    for held in schema.get("properties", {}).values():
        alternatives = held.get("anyOf", [])
        kept = [one for one in alternatives if one.get("type") != "null"]
        if len(kept) == len(alternatives):
            continue
        del held["anyOf"]
        held |= kept[0] if len(kept) == 1 else {"anyOf": kept}
        if held.get("default", ...) is None:
            del held["default"]


def _bound(part: Any) -> None:
    if isinstance(part, list):
        for inner in part:
            _bound(inner)
    elif isinstance(part, dict):
        if part.get("type") == "integer" and not {"enum", "const"} & set(part):
            part.setdefault("minimum", -LARGEST - 1)
            part.setdefault("maximum", LARGEST)
        for key, inner in part.items():
            if key not in ("example", "examples", "default"):
                _bound(inner)
