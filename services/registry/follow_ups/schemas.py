"""What crosses the wire about prompts."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.children.schemas import Division, FollowUpOut, Text
from shared.limits import MAX_PAGE


class Entitlement(StrEnum):
    """What reaches past the age at which counting ends (后续权益).

    `senior_high` 普通高中, `vocational` 中等职业教育, `study_grant` 年满18周岁后的助学金.
    """

    SENIOR_HIGH = "senior_high"
    VOCATIONAL = "vocational"
    STUDY_GRANT = "study_grant"


_EXAMPLE: dict[str, Any] = {
    "follow_ups": [
        {
            "child": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
            "name": "示小满",
            "division": "429006001000",
            "shielded": False,
            "follow_up": {
                "entitlement": "study_grant",
                "place": "hukou",
                "since": "2028-05-03",
                "clause": "《示例方案》附件第10项",
                "state": "coming",
            },
        }
    ],
    "from": "2026-11-22",
    "until": "2028-11-22",
}


class PromptOut(BaseModel):
    """One child to be prompted (提醒) of one entitlement."""

    child: UUID = Field(description="read it at `/v1/children/{id}`")
    name: Text | None = Field(default=None, description="姓名, masked or full")
    division: Division | None = Field(
        default=None,
        description="where it lives, or lived last; the county alone of a shielded child, and for who sees no addresses",
    )
    shielded: bool = Field(description="地址保密")
    follow_up: FollowUpOut


class PromptsOut(BaseModel):
    """The prompts of a page, child by child; a page may be short, or empty, and have a next one."""

    model_config = ConfigDict(populate_by_name=True, json_schema_extra={"examples": [_EXAMPLE]})

    follow_ups: list[PromptOut] = Field(max_length=10 * MAX_PAGE)
    since: date = Field(alias="from", description="send it with `cursor`: without it, days pass")
    until: date = Field(description="likewise")
    next: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="cursor of the next page"
    )
