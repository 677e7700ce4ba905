"""The value types every pushed item is built from: bounded, and hostile to what cannot be stored.

Structure is refused here (a wrong type, a text too long, U+0000, a lone surrogate, an impossible
day); dirt is not (a wrong checksum, a birth date that never was): those texts pass as received.
"""

from datetime import date, datetime
from re import compile as pattern
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# U+0000 cannot be stored by PostgreSQL. Lone surrogates need no pattern: pydantic refuses them.
STORABLE = r"^[^\x00]*$"
WRITTEN_DAY = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Wire(BaseModel):
    """A piece of an item: immutable, closed to unknown fields, and mute about its values.

    Values are personal, so neither a validation error nor `repr` may show them.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Nothing: an item that slips into a log must not name a child."""
        return []


def _only_a_written_day(value: object) -> object:
    """Refuse what pydantic would gladly convert: timestamps, and days with a time of day."""
    if isinstance(value, str) and WRITTEN_DAY.fullmatch(value):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise PydanticCustomError("day_format", "A day is written YYYY-MM-DD")


class WrittenDay:
    """Marks a day that is written YYYY-MM-DD and no other way.

    JSON is read by pydantic's own strict parser, which knows no other way; a call into Python for every day of every item
    cost a third of all validation.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        lax = handler(source)
        return core_schema.json_or_python_schema(
            json_schema={**lax, "strict": True},
            python_schema=core_schema.no_info_before_validator_function(_only_a_written_day, lax),
        )


class NullAsEmpty:
    """Marks an array that a source may also send as null, meaning an empty one."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: () if value is None else value, handler(source)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        if handler.mode == "serialization":
            return handler(schema)
        return {"anyOf": [handler(schema), {"type": "null"}]}


def _text(longest: int, shortest: int = 0) -> StringConstraints:
    return StringConstraints(min_length=shortest, max_length=longest, pattern=STORABLE)


Day = Annotated[
    date,
    Field(
        ge=date(1900, 1, 1),
        le=date(2199, 12, 31),
        json_schema_extra={"pattern": "^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$"},
    ),
    WrittenDay(),
]
"""A day in Asia/Shanghai, written YYYY-MM-DD."""

SourceId = Annotated[str, _text(128, shortest=1)]
Name = Annotated[str, _text(100)]
Number = Annotated[str, _text(64)]
Phone = Annotated[str, _text(32)]
DateText = Annotated[str, _text(32)]
Label = Annotated[str, _text(64)]
Code = Annotated[str, _text(64, shortest=1)]
Title = Annotated[str, _text(128)]
Address = Annotated[str, _text(256)]

DivisionText = Annotated[
    str,
    StringConstraints(max_length=12, pattern=r"^[1-9][0-9]{5}(?:[0-9]{3}){0,2}$"),
]
"""A GB/T 2260 code of 6, 9 or 12 digits; shorter ones are widened with zeros when read."""

Flag = Annotated[bool, Field(strict=True)]
Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
