"""What crosses the wire about cases."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.cases.terms import (
    AnswerDue,
    CaseActKind,
    CaseDemand,
    CaseKind,
    CaseOutcome,
    CaseState,
    Issuer,
    Sender,
    Topic,
)
from shared.vocabulary import Department

Short = Annotated[str, StringConstraints(max_length=300)]
NO_NUL = r"^[^\x00]*$"
Told = Literal["dissuade", "stop", "explain_liability", "serious", "law_must_act"]
TOLD = "`dissuade` 劝诫, `stop` 制止, `explain_liability` 告知法律责任; `serious` 情节严重, `law_must_act` 需要法律介入"
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]


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
    demands: list[CaseDemand] = Field(
        default=[],
        max_length=6,
        description="what is still asked of somebody, and holds nothing up: tell it by the act of that name, a ground by `serious`"
        " or `law_must_act`; a review by `follow_up`, or by closing",
    )


class CaseEvidence(BaseModel):
    """A record that the child is insured in the year: whoever has the case may complete and close it."""

    on: date = Field(description="the day of enrolment, or on which the source saw it")
    record: UUID | None = None


class CaseHotline(BaseModel):
    """A line of the place's own (热线)."""

    name: Short
    number: Short | None = Field(default=None, description="absent: the text names none")


class CaseMeasure(BaseModel):
    """A measure that the place's text knows."""

    measure: CaseActKind
    force: Literal["may", "shall"] | None = Field(
        default=None, description="`may` 可以, `shall` 应当; absent: the text says neither"
    )


class CaseAsked(BaseModel):
    """What the place's text asks of whoever reports such an event; what of it is missing stands under `demands`."""

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


_REPORT: dict[str, Any] = {
    **_EXAMPLE,
    "clause": "《示例方案》二(三)1",
    "asked": {"urgency": "immediately", "before": ["dissuade", "stop"]},
    "told": ["dissuade"],
    "demands": ["stop"],
    "hotlines": [{"name": "示例热线", "number": "12345"}],
    "measures": [{"measure": "admonition", "force": "shall"}],
    "lacking": [],
    "account": "邻居反映该儿童独自居住两周。",
    "child": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
    "record": "0195f3f2-5a6e-7c1b-9a53-0242ac120011",
    "acts": [],
}
_REFERRAL: dict[str, Any] = {
    **_EXAMPLE,
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120022",
    "kind": "referral",
    "topic": "community_rehabilitation",
    "from": "health",
    "to": "disabled_federation",
    "state": "accepted",
    "waiting": "no",
    "clause": "《示例方案》二(三)2",
    "force": "shall",
    "account": "出院后需社区康复。",
    "acts": [
        {
            "act": "accept",
            "department": "disabled_federation",
            "actor": "staff-12",
            "at": "2026-11-21T02:00:00Z",
        }
    ],
}
del _REFERRAL["waiting_since"]


class CaseOut(CaseMark):
    """A case with its acts."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [_REPORT, _REFERRAL]}, populate_by_name=True
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
    due_clause: Short | None = Field(
        default=None,
        description="the rule that sets the limit, where none did when the case was opened: `due_at` counts from when it was set",
    )
    asked: CaseAsked | None = Field(
        default=None, description="of a report: what the text asks of whoever makes it"
    )
    told: list[Told] = Field(
        default=[],
        max_length=5,
        description=f"of a report: what its opener told with it, of what is `asked`: {TOLD}",
    )
    sender: Sender | None = None
    hotline: Short | None = Field(default=None, description="of a sender `hotline`: which one")
    force: Literal["may", "shall"] | None = Field(
        default=None,
        description="of a referral: whether the place's text lets or has eligible children be taken up: `may` 可以, `shall` 应当",
    )
    hotlines: list[CaseHotline] | None = Field(
        default=None,
        max_length=50,
        description="of a report or referral: the place's own lines (热线), to be called",
    )
    record: UUID | None = Field(
        default=None, description="the record that gave cause, where you may see origins"
    )
    year: int | None = Field(default=None, description="of assistance: the insured year (参保年度)")
    evidence: CaseEvidence | None = Field(
        default=None,
        description="what a department reported since, which proposes that a case of assistance is done (可办结)",
    )
    measures: list[CaseMeasure] | None = Field(
        default=None,
        max_length=10,
        description="of a report: what the place's text lets or has be taken with the guardians (训诫等)",
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
