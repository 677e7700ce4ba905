"""What crosses the wire about cases."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.registry.cases.terms import (
    ADDRESSEES,
    MEASURES,
    OUTCOMES,
    REASONED,
    TOPICS,
    AnswerDue,
    CaseActKind,
    CaseKind,
    CaseOutcome,
    CaseState,
    Issuer,
    Topic,
)
from services.registry.records.feeds.wire import DivisionText
from shared.vocabulary import Department

Short = Annotated[str, StringConstraints(max_length=300)]
_NO_NUL = r"^[^\x00]*$"
Account = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=_NO_NUL)
]
Note = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_NUL)]
Value = Annotated[str, StringConstraints(max_length=100, pattern=_NO_NUL)]
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]


class ParticularsIn(BaseModel):
    """Who the child is, as far as anybody knows; sealed, and no reason to refuse a report."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Value | None = None
    id_number: Value | None = None
    birth_date: Value | None = None
    sex: Value | None = None
    address: Annotated[str, StringConstraints(max_length=300, pattern=_NO_NUL)] | None = None


class CaseIn(BaseModel):
    """A report, a referral, a suggestion, a task for an office.  ``child_id`` where the child is registered and you may see it."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "kind": "report",
                    "topic": "lives_alone",
                    "place": "500103",
                    "to": "police",
                    "child": {"name": "示小满", "address": "示例街9号"},
                    "account": "邻居反映该儿童独自居住两周。",
                }
            ]
        },
    )

    kind: CaseKind
    topic: Topic
    place: DivisionText = Field(description="where it happens (发生地), inside your area")
    to: Department = Field(description="who is to answer; police, for a report")
    child_id: UUID | None = Field(
        default=None, description="of a registered child that you may see"
    )
    child: ParticularsIn | None = Field(
        default=None, description="of a child that is not registered"
    )
    year: Annotated[int, Field(strict=True, ge=2000, le=2199)] | None = Field(
        default=None, description="of assistance, and required there: the insured year (参保年度)"
    )
    account: Account = Field(description="What happened (情况说明); sealed.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.topic not in TOPICS[self.kind]:
            raise PydanticCustomError(
                "unfitting_topic", "The topic is not one of this kind of case."
            )
        if self.to not in ADDRESSEES[self.kind]:
            raise PydanticCustomError(
                "unfitting_addressee", "A case of this kind is not sent there."
            )
        if self.kind == CaseKind.SUGGESTION and (self.child_id or self.child):
            raise PydanticCustomError(
                "unfitting_child", "A suggestion is about a unit, not about a child."
            )
        about_one = self.kind in (CaseKind.CORRECTION, CaseKind.ASSISTANCE)
        if about_one and not (self.child_id or self.child):
            raise PydanticCustomError("unfitting_child", "Such a case is about a child.")
        if (self.year is not None) != (self.kind == CaseKind.ASSISTANCE):
            raise PydanticCustomError(
                "unfitting_year", "Assistance is for an insured year, and nothing else is."
            )
        return self


class CaseActIn(BaseModel):
    """One act in a case."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"act": "answer", "outcome": "established"}]},
    )

    act: CaseActKind
    outcome: CaseOutcome | None = Field(
        default=None, description="of an answer, and required there"
    )
    issuer: Issuer | None = Field(default=None, description="of a measure, and required there")
    note: Note = Field(default="", description="Sealed.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.outcome is not None) != (self.act == CaseActKind.ANSWER):
            raise PydanticCustomError(
                "unfitting_outcome", "An answer has an outcome, and nothing else has."
            )
        if (self.issuer is not None) != (self.act in MEASURES):
            raise PydanticCustomError(
                "unfitting_issuer", "A measure has an issuer, and nothing else has."
            )
        if self.outcome == CaseOutcome.NOT_CORRECTED and not self.note.strip():
            raise PydanticCustomError("note_required", "Who corrects nothing says why in the note.")
        return self

    def fits(self, kind: CaseKind) -> bool:
        return self.outcome is None or self.outcome in OUTCOMES[kind]

    def says_why(self, kind: CaseKind) -> bool:
        asked = kind == CaseKind.ASSISTANCE and self.act in REASONED
        return not asked or bool(self.note.strip())


class CaseActOut(BaseModel):
    """One act, with who told of it."""

    act: CaseActKind
    outcome: CaseOutcome | None = None
    issuer: Issuer | None = None
    department: Department
    actor: Short
    at: datetime
    note: Annotated[str, StringConstraints(max_length=2000)] | None = None


_EXAMPLE: dict[str, Any] = {
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120021",
    "kind": "report",
    "topic": "lives_alone",
    "place": "500103000000",
    "from": "education",
    "to": "police",
    "state": "sent",
    "opened_at": "2026-11-20T09:00:00Z",
    "waiting": "no_limit_configured",
    "waiting_since": "2026-11-20T09:00:00Z",
}


class CaseMark(BaseModel):
    """A case as a list shows it: nothing of what was written."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]}, populate_by_name=True)

    id: UUID
    kind: CaseKind
    topic: Topic
    place: Division
    by: Department = Field(alias="from", description="who opened it")
    to: Department
    state: CaseState
    opened_at: datetime
    waiting: AnswerDue
    waiting_since: datetime | None = None
    due_at: datetime | None = Field(
        default=None, description="when the answer is due, where the place's rules set a limit"
    )


class CaseEvidence(BaseModel):
    """A record that the child is insured in the year: whoever has the case may complete and close it."""

    on: date = Field(description="the day of enrolment, or on which the source saw it")
    record: UUID | None = None


class CaseAsked(BaseModel):
    """What the place's text asks of whoever reports such an event; shown, not enforced."""

    urgency: Literal["immediately", "promptly"] = Field(
        description="`immediately` 第一时间, `promptly` 及时"
    )
    only_if: list[Literal["serious", "law_must_act"]] = Field(
        default=[],
        max_length=2,
        description="any one of them must be the case beside the event: `serious` 情节严重, `law_must_act` 需要法律介入",
    )
    before: list[Literal["dissuade", "stop", "explain_liability"]] = Field(
        default=[],
        max_length=3,
        description="what comes first: `dissuade` 劝诫, `stop` 制止, `explain_liability` 告知法律责任",
    )


class CaseOut(CaseMark):
    """A case with its acts."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "acts": []}]}, populate_by_name=True
    )

    child: UUID | None = Field(
        default=None, description="the registered child, where you may see it"
    )
    particulars: dict[Short, Short] | None = Field(
        default=None, max_length=10, description="of the child, as `child` of the request said them"
    )
    account: Annotated[str, StringConstraints(max_length=4000)] | None = None
    clause: Short | None = Field(
        default=None,
        description="the rule of the place behind it; absent of an event that its text does not name",
    )
    asked: CaseAsked | None = Field(
        default=None, description="of a report: what the text asks of whoever makes it"
    )
    year: int | None = Field(default=None, description="of assistance: the insured year (参保年度)")
    evidence: CaseEvidence | None = Field(
        default=None,
        description="what a department reported since, which proposes that a case of assistance is done (可办结)",
    )
    lacking: list[CaseActKind] = Field(
        default=[], max_length=10, description="measures that must be taken before it can be closed"
    )
    acts: list[CaseActOut] = Field(max_length=1000)


class CasesOut(BaseModel):
    """A page of cases, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"cases": [_EXAMPLE]}]})

    cases: list[CaseMark] = Field(max_length=500)
    next: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="cursor of the next page"
    )
