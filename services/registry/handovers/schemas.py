"""What crosses the wire about handovers."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.registry.children.schemas import Division, FileOut, Text
from services.registry.handovers.terms import (
    REASONS,
    HandoverActKind,
    HandoverReason,
    HandoverSide,
    HandoverState,
)
from services.registry.records.feeds.wire import DivisionText
from shared.days import AskedDay
from shared.vocabulary import Department

Note = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


class ProposalIn(BaseModel):
    """A proposal to hand a child's file over, by the county that has it or by the one that would take it."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "child_id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "to": "500107",
                    "reason": "moved",
                }
            ]
        },
    )

    child_id: UUID
    to: DivisionText = Field(
        description="the county that is to take it (接收地), here or elsewhere"
    )
    reason: HandoverReason
    note: Note = Field(default="", description="Sealed.  Required with `other`.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _check(HandoverActKind.PROPOSE, self.reason, self.note)
        return self


class HandoverActIn(BaseModel):
    """One act on a handover that was proposed."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"act": "accept", "effective_on": "2026-12-01"}]},
    )

    act: HandoverActKind
    effective_on: AskedDay | None = Field(
        default=None,
        description="of an acceptance, and required there: the first day on which the taking county answers; today or later",
    )
    reason: HandoverReason | None = Field(
        default=None, description="of a rejection or a revocation, and required there"
    )
    note: Note = Field(default="", description="Sealed.  Required with `other`.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.act == HandoverActKind.PROPOSE:
            raise ValueError("Propose a handover of its own.")
        if (self.effective_on is not None) != (self.act == HandoverActKind.ACCEPT):
            raise ValueError("An acceptance has its day, and nothing else has.")
        if self.act == HandoverActKind.ACCEPT:
            if self.reason is not None:
                raise ValueError("An acceptance needs no reason.")
        else:
            _check(self.act, self.reason, self.note)
        return self


def _check(act: HandoverActKind, reason: HandoverReason | None, note: str) -> None:
    if reason not in REASONS[act]:
        raise ValueError(f"For this act: {', '.join(REASONS[act])}.")
    if reason == HandoverReason.OTHER and not note.strip():
        raise ValueError("Say what the other reason is.")


class HandoverActOut(BaseModel):
    """One act, with who did it."""

    act: HandoverActKind
    side: HandoverSide = Field(description="for which county")
    reason: HandoverReason | None = None
    effective_on: date | None = None
    department: Department
    actor: Text
    at: datetime
    note: Annotated[str, StringConstraints(max_length=2000)] | None = None


_EXAMPLE: dict[str, Any] = {
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120041",
    "child": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
    "state": "proposed",
    "giving": "500103000000",
    "taking": "500107000000",
    "proposed_by": "giving",
    "begun_on": "2026-11-20",
}


class HandoverMark(BaseModel):
    """A handover as a list shows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    child: UUID
    state: HandoverState
    giving: Division = Field(description="the county that has the file (移交地)")
    taking: Division = Field(description="the county that is to take it (接收地)")
    proposed_by: HandoverSide | None = Field(default=None, description="absent while it is due")
    begun_on: date = Field(description="day of the proposal; of one that is due, of the move")
    effective_on: date | None = Field(
        default=None, description="the first day on which the taking county answers"
    )


class HandoverOut(HandoverMark):
    """A handover with its acts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE,
                    "acts": [
                        {
                            "act": "propose",
                            "side": "giving",
                            "department": "civil_affairs",
                            "actor": "staff-7",
                            "at": "2026-11-20T02:00:00Z",
                            "reason": "moved",
                        }
                    ],
                }
            ]
        }
    )

    acts: list[HandoverActOut] = Field(max_length=100)


class HandoversOut(BaseModel):
    """A page of handovers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"handovers": [_EXAMPLE]}]})

    handovers: list[HandoverMark] = Field(max_length=500)
    next: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="cursor of the next page"
    )


class ResponsibleCountyOut(FileOut):
    """The county that answers for the child's file on the day asked for."""

    on: date


class HandoverAnswerIn(BaseModel):
    """What was said to a notice of handover: by another place to ours (``handover``), or by ours to another hub's (``entry``)."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "notice": "0198c1ef-1111-7000-8000-000000000001",
                    "handover": "0195f3f2-5a6e-7c1b-9a53-0242ac120041",
                    "giving": "500103000000",
                    "taking": "371721000000",
                    "act": "accept",
                    "effective_on": "2026-12-01",
                }
            ]
        },
    )

    notice: UUID
    handover: UUID | None = None
    entry: UUID | None = Field(
        default=None, description="of the peer facts that came with the notice"
    )
    giving: DivisionText
    giving_area: DivisionText | None = Field(
        default=None, description="the territory of the other hub, within which it knows best"
    )
    taking: DivisionText
    act: HandoverActKind
    effective_on: AskedDay | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.handover is None) == (self.entry is None):
            raise ValueError("Either an answer to a handover of ours, or ours about an entry.")
        barred = HandoverActKind.PROPOSE if self.entry is None else HandoverActKind.REJECT
        if self.act == barred:
            raise ValueError("Ours is proposed here, and theirs rejected there.")
        if (self.effective_on is not None) != (self.act == HandoverActKind.ACCEPT):
            raise ValueError("An acceptance has its day, and nothing else has.")
        return self


class HandoverTakenOut(BaseModel):
    """The handover that the answer is part of now."""

    handover: UUID
    kept: bool = Field(
        default=True, description="false: the handover had ended before, and the answer is void"
    )
