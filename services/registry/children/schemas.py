"""What crosses the wire about a child."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.limits import MAX_FOUND_CHILDREN, MAX_REFERENCES_READ

Text = Annotated[str, StringConstraints(max_length=300)]
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]


class Provenance(BaseModel):
    """The record a value comes from; shown where the access matrix opens ``provenance``."""

    record: UUID | None = None
    feed: Text | None = None
    department: Text | None = None
    observed_on: date | None = None


class FieldOut(Provenance):
    value: Text


class PlaceOut(BaseModel):
    division: Division
    place: Text = Field(description="name of the county-level division")
    since: date | None = None
    until: date | None = None
    accompanied: bool | None = None
    confirmed: bool | None = None
    address: Text | None = None
    records: list[UUID] | None = Field(default=None, max_length=1000)


class GuardianOut(Provenance):
    name: Text | None = None
    relation: Text | None = None
    id_number: Text | None = None
    phone: Text | None = None


class ReasonOut(BaseModel):
    code: Text
    clause: Text
    detail: dict[str, Text | int | bool | None] = Field(default={}, max_length=50)


class StatusOut(BaseModel):
    """The status (流动儿童认定状态) with its reasons, and the day on which it changes by itself next."""

    status: Text
    reasons: list[ReasonOut] = Field(max_length=50)
    missing: list[Text] = Field(max_length=50)
    next_change_on: date | None = None
    rule_version: Text | None = None


class KeyCareMark(BaseModel):
    id: UUID
    category: Text
    state: Text
    since: datetime


class ChildOut(BaseModel):
    """A child, as far as the caller's department and purpose may see it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "fields": {"name": {"value": "示小明", "feed": "enrolments"}},
                    "status": {"status": "migrant", "reasons": [], "missing": []},
                }
            ]
        }
    )

    id: UUID
    fields: dict[str, FieldOut] = Field(max_length=100)
    hukou: list[PlaceOut] | None = Field(default=None, max_length=100)
    episodes: list[PlaceOut] | None = Field(default=None, max_length=500)
    unconfirmed: list[PlaceOut] | None = Field(
        default=None,
        max_length=500,
        description="counties where one department alone says that the child lives, of which no episode was made",
    )
    guardians: list[GuardianOut] | None = Field(default=None, max_length=100)
    siblings: list[UUID] | None = Field(default=None, max_length=50)
    status: StatusOut | None = None
    key_care: list[KeyCareMark] | None = Field(default=None, max_length=50)
    shielded: bool | None = None


class ChildrenOut(BaseModel):
    children: list[ChildOut] = Field(max_length=MAX_FOUND_CHILDREN)


class SearchIn(BaseModel):
    """Find by ID number, or by name together with birth date.  It goes in the body: URLs are logged."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"name": "示小明", "birth_date": "2017-05-03"}]},
    )

    id_number: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]*$")] | None = None
    name: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")] | None = None
    birth_date: date | None = None


class ReferencesIn(BaseModel):
    """Opaque references from events and notices, read in one call."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"references": ["np5aqq3x2nobt4sl2xyrxubonzbm45gpajnjzf4mm4xv7yzhyasq"]}]
        },
    )

    references: list[Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{52}$")]] = Field(
        min_length=1, max_length=MAX_REFERENCES_READ
    )


class PlainPlace(BaseModel):
    division: Division | None = None
    address: Text | None = None
    since: date | None = None


class PlainGuardian(BaseModel):
    name: Text | None = None
    relation: Text | None = None
    id_number: Text | None = None
    phone: Text | None = None


class PlainChild(BaseModel):
    """A child in the shape of an intake item's common block, for systems that take it into their own."""

    id: UUID | None = None
    name: Text | None = None
    id_number: Text | None = None
    id_kind: Text | None = None
    sex: Text | None = None
    birth_date: Text | None = None
    hukou: PlainPlace | None = None
    residence: PlainPlace | None = None
    guardians: list[PlainGuardian] | None = Field(default=None, max_length=100)
    status: Text | None = None


class ReferenceOut(BaseModel):
    reference: Text
    found: bool
    child: PlainChild | None = None


class ReferencesOut(BaseModel):
    results: list[ReferenceOut] = Field(max_length=MAX_REFERENCES_READ)
