"""Rulings on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from services.matching.entries.schemas import Mute
from services.matching.linkage.decisions import Ruling
from services.matching.links.schemas import EXAMPLE_ENTRY, LinkOut
from shared.limits import MAX_BULK_ITEMS

Entries = Annotated[list[UUID], Field(min_length=1, max_length=MAX_BULK_ITEMS)]


_EXAMPLE: dict[str, JsonValue] = {
    "ruling": "0192f3c4-8d1e-7c3a-9b57-3d2f1e0a6c41",
    "same": False,
    "one": [EXAMPLE_ENTRY],
    "other": ["7a1d2c3b-94e5-8f60-8a7b-1c2d3e4f5a6b"],
}
#: Links answered at most; whatever else moved is among the link changes.
MAX_RULED = 10 * MAX_BULK_ITEMS


class RulingIn(Mute):
    """What a person decided. The id is the registry's, so that sending it twice is harmless."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    ruling: UUID
    same: bool = Field(
        description="True: all these entries are of one child. False: none of `one` is of the same"
        " child as any of `other`."
    )
    one: Entries
    other: Entries

    @model_validator(mode="after")
    def sides_are_apart(self) -> "RulingIn":
        if set(self.one) & set(self.other):
            raise ValueError("an entry stands on one side only")
        return self

    def ruling_of(self) -> Ruling:
        return Ruling(self.ruling, self.same, frozenset(self.one), frozenset(self.other))


class RulingsIn(Mute):
    """What is to change at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"holds": [_EXAMPLE]}]})

    ends: list[UUID] = Field(
        default=[], max_length=MAX_BULK_ITEMS, description="Rulings that stand no more."
    )
    holds: list[RulingIn] = Field(
        default=[], max_length=MAX_BULK_ITEMS, description="Rulings that stand from now on."
    )

    @model_validator(mode="after")
    def each_is_named_once(self) -> "RulingsIn":
        named = [*self.ends, *(one.ruling for one in self.holds)]
        if len(set(named)) < len(named):
            raise ValueError("a ruling is named once only")
        return self


class RuledOut(BaseModel):
    """The links of the entries that the rulings name, those of `holds` first."""

    items: list[LinkOut] = Field(max_length=MAX_RULED)
