"""Every operation of a service, read from its own OpenAPI document, with a request that fits it.

So a new route is guarded as soon as it exists; one that cannot be called from its document alone (a required parameter
or body without an example) fails here by name.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

Document = Mapping[str, Any]
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
NDJSON = "application/x-ndjson"
FORM = "application/x-www-form-urlencoded"


class NoExample(Exception):
    """The document does not say what a valid request looks like."""


@dataclass(frozen=True)
class Operation:
    """One operation of one service."""

    service: str
    method: str
    path: str
    spec: Mapping[str, Any]
    schemas: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    @property
    def id(self) -> str:
        return str(self.spec["operationId"])

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """What its token must hold; empty for an open operation."""
        return tuple(
            s for one in self.spec.get("security", []) for held in one.values() for s in held
        )

    @cached_property
    def parameters(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """By place (``path``, ``query``, ``header``) and name."""
        return {(one["in"], one["name"]): one for one in self.spec.get("parameters", [])}

    @property
    def reads(self) -> bool:
        """Whether it asks why and for whom."""
        return ("header", "Hutong-Purpose") in self.parameters

    @property
    def slots(self) -> tuple[str, ...]:
        """The names in its path that are filled per request."""
        return tuple(name for place, name in self.parameters if place == "path")

    @property
    def id_slots(self) -> tuple[str, ...]:
        """Those that name one thing among many that others may not know of."""
        return tuple(
            name
            for name in self.slots
            if self.parameters["path", name]["schema"].get("format") == "uuid"
        )

    @property
    def choices(self) -> list[dict[str, str]]:
        """The closed lists in its path, every way to choose from them."""
        lists = {}
        for name in self.slots:
            schema = self.parameters["path", name]["schema"]
            if "$ref" in schema:
                schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
            if "enum" in schema:
                lists[name] = schema["enum"]
        return [dict(zip(lists, chosen, strict=True)) for chosen in product(*lists.values())]

    @cached_property
    def media_type(self) -> str | None:
        content = self.spec.get("requestBody", {}).get("content", {})
        return next(iter(content), None)

    @cached_property
    def body(self) -> Any:
        """A body by the document's example; None where there is none."""
        if self.media_type is None:
            return None
        media = self.spec["requestBody"]["content"][self.media_type]
        if "example" in media:
            return media["example"]
        if "examples" in media:
            return next(iter(media["examples"].values()))["value"]
        return self.example(media["schema"])

    def example(self, schema: Mapping[str, Any]) -> Any:
        """The example that a schema carries, its own or its parts', else the simplest value; NoExample for a pattern."""
        if "$ref" in schema:
            return self.example(self.schemas[schema["$ref"].rsplit("/", 1)[1]])
        if "example" in schema:
            return schema["example"]
        if schema.get("examples"):
            return schema["examples"][0]
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        if schema.get("type") == "array":
            return [self.example(schema["items"])]
        if schema.get("type") == "object" and "properties" in schema:
            needed = schema.get("required", [])
            return {name: self.example(schema["properties"][name]) for name in needed}
        if schema.get("format") == "uuid":
            return str(uuid4())
        for alternative in schema.get("anyOf", []):
            if alternative.get("type") != "null":
                return self.example(alternative)
        simplest = {"integer": int(schema.get("minimum", 0)), "boolean": False, "object": {}}
        if schema.get("type") in simplest:
            return simplest[schema["type"]]
        if schema.get("type") == "string" and "pattern" not in schema:
            return "x" * max(1, schema.get("minLength", 1))
        raise NoExample(str(self))

    def request(
        self,
        path: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Arguments of ``httpx.AsyncClient.request``; ids are fresh, so nothing they name exists."""
        sent = {"Idempotency-Key": str(uuid4())} if self._takes("Idempotency-Key") else {}
        filled = self.path
        asked: dict[str, Any] = dict(query or {})
        for (place, name), parameter in self.parameters.items():
            if place == "path":
                value = (path or {}).get(name) or str(self.example(parameter["schema"]))
                filled = filled.replace("{" + name + "}", quote(value, safe=""))
            elif parameter.get("required") and place == "query":
                asked.setdefault(name, self.example(parameter["schema"]))
        made: dict[str, Any] = {"method": self.method.upper(), "url": filled}
        if asked:
            made["params"] = asked
        if self.media_type is not None:
            made["content"] = encode(self.media_type, self.body if body is None else body)
            sent["Content-Type"] = self.media_type
        made["headers"] = {**sent, **(headers or {})}
        return made

    def _takes(self, header: str) -> bool:
        return ("header", header) in self.parameters


def encode(media_type: str, body: Any) -> bytes:
    """A body as its type wants it; a text that is no JSON stands for itself."""
    if isinstance(body, str) and media_type in (FORM, NDJSON):
        return body.encode()
    if media_type == FORM:
        return urlencode(body).encode()
    return json.dumps(body, ensure_ascii=False).encode() + (b"\n" if media_type == NDJSON else b"")


def operations_of(service: str, document: Document) -> list[Operation]:
    """In the order of the document."""
    schemas = document.get("components", {}).get("schemas", {})
    return [
        Operation(service, method, path, spec, schemas)
        for path, item in document["paths"].items()
        for method, spec in item.items()
        if method in METHODS
    ]


Place = tuple[str | int, ...]


def leaves(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every scalar inside a JSON value and where it stands."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*at, index))
    else:
        yield at, value


def replaced(value: Any, at: Place, new: Any) -> Any:
    """A copy with another value in one place."""
    if not at:
        return new
    head, *rest = at
    if isinstance(value, list):
        return [replaced(v, tuple(rest), new) if i == head else v for i, v in enumerate(value)]
    return {k: replaced(v, tuple(rest), new) if k == head else v for k, v in value.items()}


def is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False
