"""What is asked of cases: one to be opened, one act in one."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.registry.cases.schemas import NO_NUL, TOLD, Told
from services.registry.cases.terms import (
    ADDRESSEES,
    MEASURES,
    OUTCOMES,
    REASONED,
    TOPICS,
    CaseActKind,
    CaseKind,
    CaseOutcome,
    Issuer,
    Sender,
    Topic,
)
from services.registry.records.feeds.wire import DivisionText
from shared.vocabulary import Department

Account = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=NO_NUL)
]
Note = Annotated[str, StringConstraints(max_length=2000, pattern=NO_NUL)]
Value = Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)]
HotlineName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL)]


class ParticularsIn(BaseModel):
    """Who the child is, as far as anybody knows; sealed, and no reason to refuse a report."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Value | None = None
    id_number: Value | None = None
    birth_date: Value | None = None
    sex: Value | None = None
    address: Annotated[str, StringConstraints(max_length=300, pattern=NO_NUL)] | None = None


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
                    "told": ["dissuade"],
                    "account": "邻居反映该儿童独自居住两周。",
                },
                {
                    "kind": "referral",
                    "topic": "medical_treatment",
                    "place": "500103",
                    "to": "health",
                    "child_id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "sender": "school",
                    "account": "学校心理辅导室建议就医。",
                },
                {
                    "kind": "referral",
                    "topic": "community_rehabilitation",
                    "place": "500103",
                    "to": "disabled_federation",
                    "child_id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "account": "医院：出院后需社区康复。",
                },
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
    record: UUID | None = Field(
        default=None,
        description="the record that gave cause, a visit's say, of a child that you may see; it names the child by itself",
    )
    told: list[Told] = Field(
        default=[],
        max_length=5,
        description="of a report: what its place's text asks of whoever reports, as far as it was done or is so; what is"
        f" missing refuses no report: {TOLD}",
    )
    sender: Sender | None = Field(
        default=None,
        description="of a referral: who passes the child on, not the department that opens it; one of those whom the place's text"
        " names, where it closes its list",
    )
    hotline: HotlineName | None = Field(
        default=None,
        description="of a sender `hotline`, and required there: one of the place's own, by name",
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
        if about_one and not (self.child_id or self.child or self.record):
            raise PydanticCustomError("unfitting_child", "Such a case is about a child.")
        if (self.year is not None) != (self.kind == CaseKind.ASSISTANCE):
            raise PydanticCustomError(
                "unfitting_year", "Assistance is for an insured year, and nothing else is."
            )
        if self.told and self.kind != CaseKind.REPORT:
            raise PydanticCustomError("unfitting_told", "Of a report alone.")
        if self.record and (self.child or self.kind == CaseKind.SUGGESTION):
            raise PydanticCustomError("unfitting_record", "A record is of a registered child.")
        if self.sender and self.kind != CaseKind.REFERRAL:
            raise PydanticCustomError("unfitting_sender", "Of a referral alone.")
        if (self.hotline is not None) != (self.sender == Sender.HOTLINE):
            raise PydanticCustomError(
                "unfitting_hotline", "Who refers as a hotline says which one, and nobody else does."
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

    def says_why(self, kind: CaseKind, force: str | None) -> bool:
        """Who hands back what it was asked to do says why; so does who declines what the place's text commands (应当)."""
        commanded = (
            kind == CaseKind.REFERRAL and force == "shall" and self.act == CaseActKind.DECLINE
        )
        asked = kind == CaseKind.ASSISTANCE and self.act in REASONED
        return not (asked or commanded) or bool(self.note.strip())
