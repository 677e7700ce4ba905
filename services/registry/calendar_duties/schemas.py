"""What crosses the wire about calendar duties."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.children.schemas import Division, Text
from services.registry.duties.schemas import DutyName
from services.registry.duties.terms import DutyState
from services.registry.records.feeds.wire import DivisionText
from shared.days import AskedDay

#: No control characters.
SchoolName = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Opaque = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9._:/-]*$")]

TASK_EXAMPLE: dict[str, Any] = {
    "duty": "law_lesson",
    "level": "school",
    "clause": "《示例方案》三(九)",
    "wording": "每学期至少开展1次法治专题教育",
    "performers": ["school"],
    "first": "2026-03-01",
    "due_on": "2026-08-31",
    "times": 1,
    "done": 12,
    "schools": 12,
    "known": 13,
    "fulfilled": 12,
    "unknown": 0,
    "state": "pending",
    "owing": [
        {
            "division": "500103000000",
            "place": "示例区",
            "school": "示例区示例小学",
            "done": 0,
        }
    ],
}


class OwingSchoolOut(BaseModel):
    """A school for which it was not yet reported as often as asked."""

    division: Division = Field(description="the county where its pupils live")
    place: Text
    school: Text = Field(description="学校名称")
    done: int = Field(ge=0, description="activities reported for it within the span")


class TaskOut(BaseModel):
    """One calendar duty in its present span."""

    duty: Text
    level: Text = Field(description="`school`: each school owes it; `place`: the place, once")
    tier: Text | None = Field(
        default=None,
        description="of level `place`: `province`, `prefecture` or `county`, which owe it",
    )
    clause: Text = Field(description="条款")
    wording: Text | None = None
    performers: list[Text] | None = Field(default=None, max_length=20, description="责任单位")
    occasion: Text | None = Field(default=None, description="as `before_summer_holiday`")
    state: DutyState | None = Field(
        default=None,
        description="absent once it was done as often as asked, by every known school where schools owe it",
    )
    first: date | None = Field(default=None, description="first day on which it counts")
    due_on: date | None = Field(default=None, description="last day on time")
    times: int = Field(ge=1, description="how often it is asked for within the span")
    done: int = Field(ge=0, description="activities reported within the span")
    schools: int = Field(ge=0, description="schools that reported one")
    known: int | None = Field(
        default=None, ge=0, description="of schools: those known from enrolments (应办)"
    )
    fulfilled: int | None = Field(
        default=None, ge=0, description="of these, those that did it as often as asked (已办)"
    )
    unknown: int | None = Field(
        default=None, ge=0, description="activities reported for no school that enrolments name"
    )
    owing: list[OwingSchoolOut] | None = Field(
        default=None, max_length=20_000, description="the schools that owe it (欠办学校)"
    )


class TasksOut(BaseModel):
    """The calendar (日历任务) of a place around a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"division": "500103000000", "on": "2026-05-10", "tasks": [TASK_EXAMPLE]}]
        }
    )

    division: Division
    on: date
    tasks: list[TaskOut] = Field(max_length=200)


class CalendarActIn(BaseModel):
    """An activity that was held."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "duty": "law_lesson",
                    "division": "500103000000",
                    "school": "示例区示例小学",
                    "done_on": "2026-03-10",
                    "participants": 420,
                    "evidence": "YZ-2026-FZ-017",
                }
            ]
        },
    )

    duty: DutyName
    occasion: DutyName | None = None
    division: DivisionText = Field(
        description="where it was held, inside your area; of a duty of level `place` its county, or what its `tier` says"
    )
    school: SchoolName = Field(
        default="",
        description="the school's name, as its enrolments have it (学校名称): by another it stays owing",
    )
    done_on: AskedDay
    participants: int = Field(default=0, ge=0, le=1_000_000)
    evidence: Opaque = Field(default="", description="number of the file that shows it (佐证材料)")


class CalendarActOut(BaseModel):
    """An activity as it was kept."""

    id: UUID
