"""What crosses the wire about rulings."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.break_glass.schemas import SubjectOut
from services.registry.rulings.terms import (
    RulingGround,
    RulingKind,
    RulingProblem,
    RulingState,
    Second,
)
from shared.limits import MAX_BULK_ITEMS, MAX_PAGE

Note = Annotated[
    str,
    StringConstraints(max_length=2000, pattern=r"^[^\x00]*$"),
    Field(description="In the person's own words; sealed, and shown to civil affairs alone."),
]
Cursor = Annotated[str, StringConstraints(max_length=500)]

_RULING: dict[str, Any] = {
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120041",
    "kind": "same",
    "state": "standing",
    "review": "5f0c9b1e-52a1-5f0e-9c1d-8e1f5f6b7a41",
    "children": [
        "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
        "0195f3f2-5a6e-7c1b-9a53-0242ac120003",
    ],
    "entries": [
        "5f0c9b1e-52a1-8f0e-9c1d-8e1f5f6b7a01",
        "5f0c9b1e-52a1-8f0e-9c1d-8e1f5f6b7a02",
    ],
    "reason": "same_papers",
    "by": {"client": "civil-affairs-500103", "actor": "staff-7"},
    "made_at": "2026-03-02T04:00:00Z",
    "settled_at": "2026-03-02T04:00:01Z",
}


class Reasoned(BaseModel):
    """Why a person decides so."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    reason: RulingGround
    note: Note = ""


class PartIn(Reasoned):
    """Which of a child's entries speak of different children (拆分)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "groups": [
                        ["5f0c9b1e-52a1-8f0e-9c1d-8e1f5f6b7a01"],
                        ["5f0c9b1e-52a1-8f0e-9c1d-8e1f5f6b7a02"],
                    ],
                    "reason": "wrongly_joined",
                }
            ]
        }
    )

    groups: list[Annotated[list[UUID], Field(min_length=1, max_length=200)]] = Field(
        min_length=2,
        max_length=8,
        description="entries by group, as `/v1/children/{child}/links` names them; others go where they fit best",
    )


class MoveIn(Reasoned):
    """Which entry of this child speaks of which other (改挂)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "entry": "5f0c9b1e-52a1-8f0e-9c1d-8e1f5f6b7a01",
                    "to": "0195f3f2-5a6e-7c1b-9a53-0242ac120003",
                    "reason": "record_of_another",
                }
            ]
        }
    )

    entry: UUID
    to: UUID = Field(description="the child it speaks of")


class WithdrawalIn(Reasoned):
    """Why a ruling is taken back (撤回判定)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "mistaken"}]})


class SecondIn(Reasoned):
    """What the second person says of a proposal (复核)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"answer": "agree", "reason": "agreed"}]}
    )

    answer: Second


class SecondOut(BaseModel):
    """What the second person said."""

    answer: Second
    reason: RulingGround
    note: Note | None = None
    by: SubjectOut
    at: datetime


class RulingOut(BaseModel):
    """A ruling (人工判定): what a person decided about who is whom, and how far it has come."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RULING]})

    id: UUID
    kind: RulingKind
    state: RulingState
    review: UUID | None = Field(default=None, description="the review it answers (疑似待核)")
    target: UUID | None = Field(default=None, description="the ruling it takes back")
    children: list[UUID] = Field(max_length=2, description="as they were when it was made")
    entries: list[UUID] = Field(max_length=MAX_BULK_ITEMS, description="the records it names")
    reason: RulingGround | None = Field(default=None, description="absent once a child was erased")
    note: Note | None = None
    by: SubjectOut | None = Field(
        default=None, description="absent where nobody decided it: such a ruling takes no effect"
    )
    made_at: datetime
    second: SecondOut | None = None
    settled_at: datetime | None = Field(
        default=None, description="when it came into force, or ended"
    )
    problem: RulingProblem | None = Field(default=None, description="why it has no effect")


class RulingsOut(BaseModel):
    """A page of rulings, the oldest first."""

    rulings: list[RulingOut] = Field(max_length=MAX_PAGE)
    next: Cursor | None = Field(default=None, description="cursor of the next page")
