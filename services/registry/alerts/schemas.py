"""What crosses the wire about alerts."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.registry.alerts.terms import (
    OUTCOMES,
    AlertActKind,
    AlertKind,
    AlertOutcome,
    AlertState,
)
from services.registry.cases.terms import CaseKind, Topic
from services.registry.children.schemas import Division, Text
from services.registry.key_care.terms import Category
from services.registry.left_behind.terms import LeftBehindReview
from services.registry.posts.terms import PostKind
from services.registry.records.feeds.health_checks import ScreeningKind
from shared.vocabulary import Department

_NO_NUL = r"^[^\x00]*$"
Note = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_NUL)]

ALERT_EXAMPLE: dict[str, Any] = {
    "id": "5f0c9b1e-52a1-4f0e-9c1d-8e1f5f6b7a10",
    "kind": "vaccination_gap",
    "state": "open",
    "owner": "disease_control",
    "raised_on": "2026-03-01",
    "due_on": "2026-03-31",
    "clause": "《示例方案》二(二)6",
    "wording": "加强漏种补种",
    "about": {"vaccine": "MMR", "dose": 2},
    "child": {"id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002", "name": "示小满"},
    "division": "500103001001",
    "place": "渝中区",
    "shielded": False,
}


class Concerned(BaseModel):
    """The child, as far as you may see it; of one that is not registered yet, what the record itself says."""

    id: UUID | None = Field(
        default=None, description="read it at `/v1/children/{id}`; absent while unregistered"
    )
    name: Text | None = Field(default=None, description="姓名, masked or full")
    guardian: Text | None = Field(
        default=None, description="监护人, of an unregistered child, as its record names one"
    )
    phone: Text | None = Field(default=None, description="联系方式, likewise")


class AlertAbout(BaseModel):
    """What it is about, by its kind; only what the access matrix opens to you."""

    vaccine: Text | None = None
    dose: int | None = None
    screening: ScreeningKind | None = None
    year: int | None = None
    accepted: list[Text] | None = Field(
        default=None, max_length=5, description="with which proof the place insures (参保凭证)"
    )
    first: Text | None = Field(
        default=None, description="`residence_permit`: the child needs one first (须先办居住证)"
    )
    assisted: bool | None = Field(default=None, description="帮办代办")
    subsidised: bool | None = Field(default=None, description="资助参保")
    clause: Text | None = None
    incurred_on: date | None = None
    left_on: date | None = None
    found_on: date | None = Field(default=None, description="走访发现未在学的日期")
    ends_on: date | None = None
    heard_on: date | None = None
    matter: Text | None = Field(default=None, description="what sources contradict each other on")
    missing: list[Text] | None = Field(default=None, max_length=20)
    duty: Text | None = None
    due_on: date | None = None
    department: Department | None = None
    birthday: date | None = None
    age: int | None = None
    category: Category | None = None
    returned_on: date | None = Field(default=None, description="返回户籍地日期")
    parents: Text | None = Field(
        default=None,
        description="`both_away` 父母均不在身边, `one_away` 一方外出, `unsaid` 未知，须走访评估",
    )
    review: LeftBehindReview | None = None
    decided_on: date | None = None
    evidence_on: date | None = Field(
        default=None, description="the day of what closed it, as a late dose's"
    )


class AlertProposal(BaseModel):
    """The case that it suggests: open it at `/v1/cases`, with one of the topics."""

    kind: CaseKind
    topics: list[Topic] = Field(max_length=5)
    to: Department
    year: int


class AlertOut(BaseModel):
    """One alert (预警)."""

    id: UUID
    kind: AlertKind
    state: AlertState
    owner: Department = Field(description="责任部门")
    post: PostKind | None = Field(default=None, description="责任岗位, where the rule names one")
    raised_on: date
    due_on: date | None = Field(
        default=None, description="absent: no limit is configured (期限未设定)"
    )
    closed_on: date | None = None
    clause: Text
    wording: Text | None = None
    missing: list[Text] | None = Field(default=None, max_length=5, description="未设定")
    about: AlertAbout | None = None
    proposes: AlertProposal | None = Field(
        default=None,
        description="of an insurance gap, where the place's rules offer help (帮办代办)",
    )
    record: UUID | None = Field(default=None, description="the record that it rests on")
    closed_by: UUID | None = Field(default=None, description="the record that closed it")
    ground: Text | None = Field(
        default=None, description="`gone`: no record gives a reason for it any more"
    )
    child: Concerned
    division: Division | None = Field(
        default=None, description="where it is handled; of a shielded child the county alone"
    )
    place: Text | None = Field(default=None, description="name of the county-level division")
    shielded: bool = Field(description="地址保密")


class AlertsOut(BaseModel):
    """A page of alerts, county by county, what is due first before the rest."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"alerts": [ALERT_EXAMPLE]}]})

    alerts: list[AlertOut] = Field(max_length=500)
    next: Text | None = Field(default=None, description="cursor of the next page", max_length=500)


class AlertActOut(BaseModel):
    """What a person did about it."""

    act: AlertActKind
    outcome: AlertOutcome | None = None
    note: Note | None = None
    department: Department
    actor: Text
    at: datetime


class AlertWholeOut(AlertOut):
    """An alert with what was done about it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**ALERT_EXAMPLE, "acts": []}]})

    acts: list[AlertActOut] = Field(max_length=200)


class AlertActIn(BaseModel):
    """Take it up, handle it with an outcome, dismiss it with a reason, or open it again."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [{"act": "handle", "outcome": "vaccinated", "note": "3月12日已补种"}]
        },
    )

    act: AlertActKind
    outcome: AlertOutcome | None = Field(
        default=None, description="asked for to handle and to dismiss, by nothing else"
    )
    note: Note = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        fitting = OUTCOMES[self.act]
        if (self.outcome is None) is bool(fitting) or (
            self.outcome is not None and self.outcome not in fitting
        ):
            raise PydanticCustomError("unfitting_outcome", "The outcome does not fit the act.")
        if self.outcome == AlertOutcome.OTHER and not self.note.strip():
            raise PydanticCustomError("note_required", "Say in the note what the other outcome is.")
        return self


class AlertRulePreviewIn(BaseModel):
    """A rule as it might be activated: of a kind, with other numbers."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"kind": "silence", "months": 6}]},
    )

    kind: AlertKind
    days: Annotated[int, Field(ge=0, le=3660)] | None = None
    months: Annotated[int, Field(ge=0, le=240)] | None = None
    known_by: (
        Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
        | None
    ) = None


class AlertRulePreviewOut(BaseModel):
    """How many alerts the rule would raise in your area today; counts of one to four are not told."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "silence", "children": 1800, "alerts": 42, "complete": True}]
        }
    )

    kind: AlertKind
    children: int = Field(ge=0, description="children looked at")
    alerts: int | None = Field(
        default=None, ge=0, description="alerts that would wait today; absent: one to four"
    )
    children_alerted: int | None = Field(default=None, ge=0, description="likewise")
    complete: bool = Field(description="whether every child of the area was looked at")
