"""Flaws: what is wrong with a request, place by place, and never what was sent there.

Cast: a *form* is what a body, or one item of it, may hold.  An unknown field is reported at its parent, since its name is
input too, with the names that belong there; only a name that the form knows elsewhere is a word of ours and pointed at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from pydantic import TypeAdapter

MAX_FLAWS = 1000
_MAX_DETAIL = 300
_MAX_POINTER = 300
#: Pydantic error types whose own message is safe and useful, and our own; any other is described by its type alone.
_SAFE_MESSAGES = {
    "missing",
    "string_type",
    "int_type",
    "int_parsing",
    "list_type",
    "bool_type",
    "too_short",
    "too_long",
    "string_too_long",
    "string_too_short",
    "greater_than_equal",
    "less_than_equal",
    "enum",
    "literal_error",
    "extra_forbidden",
    "model_type",
    "dict_type",
    "one_child",
    "note_required",
    "unfitting_addressee",
    "unfitting_child",
    "unfitting_evidence",
    "unfitting_finding",
    "unfitting_issuer",
    "unfitting_level",
    "unfitting_office",
    "unfitting_outcome",
    "unfitting_topic",
}

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One place in the request that is wrong: a JSON pointer and a code, never the value."""

    pointer: str
    code: str
    detail: str = ""

    def as_json(self) -> dict[str, str]:
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


class Form:
    """The names that a body may hold, and where."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._definitions: Schema = schema.get("$defs", {})
        self._told: dict[tuple[Any, ...], str] = {}

    @cached_property
    def words(self) -> frozenset[str]:
        """Every name that it knows anywhere."""
        parts = (self._schema, *self._definitions.values())
        return frozenset(name for part in parts for name in part.get("properties", {}))

    def allowed(self, location: Sequence[str | int]) -> str:
        """The names that belong at this place, as a sentence; nothing where none are known."""
        place = tuple("" if isinstance(part, int) else part for part in location)
        if place not in self._told:
            self._told[place] = _listed(self._names(location))
        return self._told[place]

    def _names(self, location: Sequence[str | int]) -> list[str]:
        here = list(self._options(self._schema))
        for part in location:
            found = [after for one in here for after in self._after(one, part)]
            here = [option for one in found for option in self._options(one)]
        return list(dict.fromkeys(name for one in here for name in one.get("properties", {})))

    def _after(self, schema: Schema, part: str | int) -> Iterator[Schema]:
        if isinstance(part, int):
            yield from [schema["items"]] if "items" in schema else []
        elif part in schema.get("properties", {}):
            yield schema["properties"][part]

    def _options(self, schema: Schema) -> Iterator[Schema]:
        """The schema, or those that it leaves the choice of."""
        if "$ref" in schema:
            yield from self._options(self._definitions[schema["$ref"].rsplit("/", 1)[1]])
            return
        choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
        for choice in choices:
            yield from self._options(choice)
        if not choices:
            yield schema


@lru_cache(maxsize=256)
def form_of(kind: Any) -> Form:
    """The form of a model, or of whatever else pydantic reads."""
    return Form(TypeAdapter(kind).json_schema())


def _listed(names: Sequence[str]) -> str:
    if not names:
        return ""
    said, most = "Allowed here: ", _MAX_DETAIL - len(", ….")
    for at, name in enumerate(names):
        more = f", {name}" if at else name
        if len(said) + len(more) > most:
            return f"{said}, …."
        said += more
    return f"{said}."


def flaws_of(
    errors: Sequence[Mapping[str, Any]], skip: int = 0, at: str = "", form: Form | None = None
) -> list[Flaw]:
    """Pydantic's error list as flaws: where and what kind, with the submitted value stripped.

    ``skip`` drops leading location parts, ``at`` stands before every pointer; ``form`` is what the rest of a location
    leads through.
    """
    flaws = [_flaw(error, list(error["loc"])[skip:], at, form) for error in errors]
    return list(dict.fromkeys(flaws))[:MAX_FLAWS]


def _flaw(error: Mapping[str, Any], location: list[Any], at: str, form: Form | None) -> Flaw:
    kind = str(error["type"])
    message = str(error["msg"]) if kind in _SAFE_MESSAGES else ""
    if kind == "extra_forbidden":
        parent, name = location[:-1], str(location[-1]) if location else ""
        if form is not None:
            message = form.allowed(parent) or message
        if form is None or name not in form.words:
            location = parent
    return Flaw((at + _pointer(location))[:_MAX_POINTER], kind[:100], message[:_MAX_DETAIL])


def _pointer(location: Sequence[Any]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
