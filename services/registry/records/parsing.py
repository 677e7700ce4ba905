"""Parsing: a bulk body as items, and refusals where single items do not fit their feed."""

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from services.registry.records.feeds import Feed, Item
from services.registry.records.results import Result
from shared.flaws import form_of
from shared.limits import MAX_BULK_ITEMS, MAX_BULK_KEYS, MAX_LISTED_FLAWS
from shared.problems import Flaw, Invalid, Malformed, flaws_of

_ADAPTERS: dict[str, TypeAdapter[list[Item]]] = {}


def parse(feed: Feed, body: bytes) -> tuple[list[tuple[int, Item]], list[Result]]:
    """A bulk body as items by index, and the refusals.

    Raises ``Malformed`` when it is not JSON and ``Invalid`` when it is not an array of 1–1000 items.
    """
    if body.count(b'":') > MAX_BULK_KEYS:
        # Each unknown name would become an error of its own, a thousand times its size in memory.
        raise Invalid(
            flaws=[Flaw("/body", "too_many_fields", "The items have more fields than any feed.")]
        )
    try:
        items = _adapter(feed).validate_json(body)
        _check_count(len(items))
        return list(enumerate(items)), []
    except ValidationError as error:
        flawed = error
    return _one_by_one(feed, body, flawed)


def _adapter(feed: Feed) -> TypeAdapter[list[Item]]:
    return _ADAPTERS.get(feed.name) or _ADAPTERS.setdefault(
        feed.name,
        TypeAdapter(Annotated[list[feed.model], Field(max_length=MAX_BULK_ITEMS)]),  # type: ignore[arg-type,name-defined]
    )


def _one_by_one(
    feed: Feed, body: bytes, flawed: ValidationError
) -> tuple[list[tuple[int, Item]], list[Result]]:
    try:
        values = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Malformed("The body is not JSON.") from error
    if not isinstance(values, list):
        raise Invalid(flaws=[Flaw("/body", "list_type", "The body is an array of items.")])
    _check_count(len(values))
    if flawed.error_count() > MAX_LISTED_FLAWS:
        raise Invalid(
            flaws=[
                Flaw("/body", "too_many_flaws", "Hardly anything here fits the feed; send fewer.")
            ]
        )
    by_index: dict[int, list[Any]] = {}
    for detail in flawed.errors(include_url=False, include_input=False, include_context=False):
        by_index.setdefault(int(detail["loc"][0]), []).append(detail)
    good = [(i, v) for i, v in enumerate(values) if i not in by_index]
    one: TypeAdapter[Item] = TypeAdapter(feed.model)
    refused = [
        Result(
            i,
            _source_id(values[i]),
            "refused",
            flaws=tuple(flaws_of(details, skip=1, form=form_of(feed.model))),
        )
        for i, details in by_index.items()
    ]
    return [(i, one.validate_python(v)) for i, v in good], refused


def _check_count(count: int) -> None:
    if not 1 <= count <= MAX_BULK_ITEMS:
        raise Invalid(flaws=[Flaw("/body", "item_count", f"Send 1 to {MAX_BULK_ITEMS} items.")])


def _source_id(value: Any) -> str:
    """The client's own item id, given back to it so that it can tell refusals apart."""
    found = value.get("source_id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 128 else ""
