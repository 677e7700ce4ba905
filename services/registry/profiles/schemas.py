"""What crosses the wire about a place's rules."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.children.schemas import Division, Text

Prefix = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,12}$")]
LongText = Annotated[str, StringConstraints(max_length=2000)]


class CityOut(BaseModel):
    """The central districts (中心城区的市辖区) of one city; or `not_configured`."""

    area: Prefix
    members: Annotated[list[Division], Field(max_length=500)] | Text


Single = bool | int | LongText
Many = Annotated[list[LongText], Field(max_length=500)]
Nested = Annotated[dict[str, Single | Many], Field(max_length=30)]
Setting = (
    Single
    | Many
    | Annotated[list[CityOut], Field(max_length=500)]
    | Nested
    | Annotated[list[Nested], Field(max_length=500)]
)


class RuleOut(BaseModel):
    """One rule in force.  Without `clause` it is an assumption of this software, listed among the open points."""

    family: Text
    key: Text | None = None
    profile: Text | None = Field(default=None, description="the place whose text it is")
    clause: Text | None = None
    valid_from: date | None = None
    valid_until: date | None = Field(default=None, description="the last day")
    wording: LongText | None = Field(default=None, description="the phrase of the text itself")
    note: LongText | None = None
    assumed: LongText | None = Field(
        default=None, description="how a phrase is read that can be read in two ways"
    )
    settings: dict[str, Setting] = Field(
        max_length=30, description="`not_configured`: no text says, nobody has decided"
    )


class LocalDivisionOut(BaseModel):
    """A county-level unit without a national code; `code` may be `not_configured`."""

    code: Text
    name: Text
    basis: LongText
    superseded_by: Division | None = None


class OpenPointOut(BaseModel):
    """What an administrator should settle: a silence, a value assumed, or texts that contradict each other."""

    kind: Literal["not_configured", "assumed", "contradiction"] = Field(
        description="`not_configured` 未配置, `assumed` 暂按假定, `contradiction` 规定冲突"
    )
    rule: Text
    setting: Text
    value: LongText
    clause: LongText
    needed: bool = Field(description="whether some child or duty waits for it")


class ProfileOut(BaseModel):
    """The rules (地方规则) for children living in one place, on one day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "division": "500103000000",
                    "on": "2026-11-22",
                    "id": "example-city",
                    "name_zh": "示例市",
                    "name_en": "Example City",
                    "covers": ["50"],
                    "inherits": [],
                    "amended_by": [],
                    "fingerprint": "0" * 64,
                    "rules": [
                        {
                            "family": "migrant_child",
                            "profile": "example-city",
                            "clause": "渝民发〔2024〕13号 二(一)1",
                            "settings": {"cross_county": True, "months": 6, "age_below": 16},
                        }
                    ],
                    "local_divisions": [],
                    "open_points": [
                        {
                            "kind": "assumed",
                            "rule": "day_counting",
                            "setting": "arrival_day",
                            "value": "counted",
                            "clause": "",
                            "needed": False,
                        }
                    ],
                }
            ]
        }
    )

    division: Division
    on: date
    id: Text
    name_zh: Text
    name_en: Text
    covers: list[Prefix] = Field(max_length=500)
    inherits: list[Text] = Field(
        max_length=10, description="profiles that speak where it is silent"
    )
    amended_by: list[Text] = Field(
        max_length=100,
        description="files in which administrators settled what the texts leave open",
    )
    fingerprint: Text = Field(
        description="version of these rules, as `rule_version` of a child's status names it"
    )
    rules: list[RuleOut] = Field(max_length=500)
    local_divisions: list[LocalDivisionOut] = Field(max_length=500)
    open_points: list[OpenPointOut] = Field(max_length=1000)
