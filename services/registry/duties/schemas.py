"""What crosses the wire about duties."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.children.schemas import Division, DutyMark, Text
from services.registry.duties.terms import Step
from services.registry.posts.terms import Layer, PostKind

DutyName = Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]


class ResponsibleOut(BaseModel):
    """Who answers for it: a post, never a person.  Of a shielded child, the county alone."""

    step: Step
    division: Division
    kind: PostKind | None = Field(
        default=None, description="absent: the county's department itself (县级主管部门)"
    )
    post: UUID | None = Field(default=None, description="read it at `/v1/posts/{post}`")
    vacant: list[PostKind] | None = Field(
        default=None, max_length=5, description="空缺岗位 that were passed over"
    )


class OwedTo(BaseModel):
    """The child, as far as the access matrix shows its name."""

    id: UUID = Field(description="read it at `/v1/children/{id}`")
    name: Text | None = Field(default=None, description="姓名, masked or full")


DUTY_EXAMPLE: dict[str, Any] = {
    "id": "5f0c9b1e-52a1-4f0e-9c1d-8e1f5f6b7a09",
    "duty": "key_care_home_visit",
    "department": "civil_affairs",
    "population": "key_care",
    "state": "overdue",
    "begun_on": "2026-01-15",
    "due_on": "2026-04-15",
    "clause": "《示例方案》二(二)",
    "wording": "每三个月入户走访一次",
    "child": {"id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002", "name": "示小满"},
    "division": "500103001001",
    "place": "渝中区",
    "responsible": {
        "step": "village",
        "division": "500103001001",
        "kind": "child_director",
        "post": "0195f3f2-5a6e-7c1b-9a53-0242ac120055",
    },
    "shielded": False,
}


class DutyOut(DutyMark):
    """One duty toward one child."""

    child: OwedTo
    division: Division = Field(description="where the child lives; a shielded one's county alone")
    place: Text = Field(description="name of the county-level division")
    responsible: ResponsibleOut
    shielded: bool = Field(description="地址保密")


class DutiesOut(BaseModel):
    """A page of duties, county by county, what was due first before the rest."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"duties": [DUTY_EXAMPLE]}]})

    duties: list[DutyOut] = Field(max_length=500)
    next: Text | None = Field(default=None, description="cursor of the next page", max_length=500)


class CompletionOut(BaseModel):
    """One duty in one place."""

    division: Division
    place: Text
    duty: Text
    owed: int = Field(ge=0, description="children to whom it is owed (应办)")
    done: int = Field(ge=0, description="of these, for whom it was done in the period (已办)")
    overdue: int = Field(ge=0, description="逾期, today")
    interval_not_configured: int = Field(ge=0, description="频次未设定, today")


class SchoolOut(BaseModel):
    """One duty toward the pupils of one school."""

    division: Division = Field(description="the county where the pupils live")
    place: Text
    school: Text | None = Field(
        default=None, description="学校名称; absent: unknown, or withheld for shielded pupils"
    )
    owed: int = Field(ge=0, description="pupils to whom it is owed (应办)")
    done: int = Field(ge=0, description="of these, for whom it was done in the period (已办)")
    gap: int = Field(ge=0, description="for whom it was not (缺口)")
    overdue: int = Field(ge=0, description="逾期, today")
    interval_not_configured: int = Field(ge=0, description="频次未设定, today")


class SchoolsOut(BaseModel):
    """Coverage by school (分学校覆盖情况), the largest gap first."""

    since: date
    until: date
    duty: Text
    schools: list[SchoolOut] = Field(max_length=20_000)


class CompletionsOut(BaseModel):
    """Completion (完成情况) by place and duty."""

    since: date
    until: date
    by: Layer
    places: list[CompletionOut] = Field(max_length=20_000)
