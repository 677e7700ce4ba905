"""What crosses the wire about left-behind children."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.left_behind.terms import (
    LeftBehindDecision,
    LeftBehindReason,
    LeftBehindReview,
    LeftBehindState,
)

Note = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


class LeftBehindIn(BaseModel):
    """What a person decides on a child's being left behind (留守认定)."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [{"decision": "confirm", "reason": "assessed", "note": "父母均在外务工"}]
        },
    )

    decision: LeftBehindDecision
    reason: LeftBehindReason = Field(
        description="`confirm`: `assessed`, `found_by_visit`; `refuse`: `assessed`, `with_parents`, `not_so`; `end`:"
        " `parents_returned`, `joined_parents`, `of_age`, `not_so`; each: `other`"
    )
    note: Note = Field(default="", description="Sealed; required with `other`.")


class LeftBehindOut(BaseModel):
    """The decision (决定) that was made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "child": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "decision": "0195f3f2-5a6e-7c1b-9a53-0242ac120003",
                }
            ]
        }
    )

    child: UUID = Field(
        description="read how it stands now at `/v1/children/{id}`, as `left_behind`"
    )
    decision: UUID = Field(description="id of the decision")


class LeftBehindMark(BaseModel):
    """Whether a child is left behind (留守认定): beside its status, of which it is no part."""

    state: LeftBehindState
    since: date = Field(description="from when it stands so")
    review: LeftBehindReview | None = Field(default=None, description="why somebody looks again")
    clause: str | None = Field(
        default=None, max_length=1000, description="absent where the place's texts say nothing"
    )
