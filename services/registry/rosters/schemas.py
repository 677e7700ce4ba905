"""What crosses the wire about rosters."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.registry.records.feeds.wire import DivisionText
from services.registry.rosters.terms import (
    AnswerDue,
    LineOutcome,
    RosterKind,
    RosterVerdict,
    SyncState,
)
from shared.limits import MAX_BULK_ITEMS, MAX_PAGE, MAX_SHEET_ROWS
from shared.vocabulary import Department

Short = Annotated[str, StringConstraints(max_length=500)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
RefusalCode = Annotated[
    str, StringConstraints(max_length=64, pattern=r"^(?:[a-z0-9][a-z0-9._-]{0,63})?$")
]
Topic = Annotated[str, StringConstraints(max_length=64, pattern=r"^(?:[a-z][a-z0-9_]{0,63})?$")]
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Value = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Cursor = Annotated[str, StringConstraints(max_length=500)]


class RosterIn(BaseModel):
    """For whom, and of which place."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "national_system", "division": "500103"}]},
    )

    kind: RosterKind
    division: DivisionText = Field(description="the children living in this place, in your area")
    topic: Topic = Field(
        default="", description="of an upward roster: the purpose that the place's rules name"
    )
    to: Department | None = Field(
        default=None, description="of a feedback roster: the department that verifies it"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if bool(self.topic) != (self.kind == RosterKind.UPWARD):
            raise PydanticCustomError(
                "unfitting_topic", "An upward roster has a topic, and no other has."
            )
        if (self.to is not None) != (self.kind == RosterKind.FEEDBACK):
            raise PydanticCustomError(
                "unfitting_addressee", "A feedback roster is addressed, and no other is."
            )
        if self.to in (Department.CIVIL_AFFAIRS, Department.HUB, Department.SERVICE):
            raise PydanticCustomError("unfitting_addressee", "Not to this department.")
        return self


_EXAMPLE: dict[str, Any] = {
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120031",
    "kind": "national_system",
    "division": "500103000000",
    "to": "civil_affairs",
    "clause": "二(一)1, 二(一)3",
    "made_at": "2026-11-20T09:00:00Z",
    "rows": 120,
    "taken": 120,
    "accepted": 117,
    "refused": 2,
    "differs": 1,
    "waiting": "no",
}


class RosterMark(BaseModel):
    """A roster as a list shows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    kind: RosterKind
    topic: Short | None = None
    division: Division
    to: Department = Field(description="who reads and answers it")
    clause: Short
    made_at: datetime
    rows: int = Field(description="children on it; to another department, those that it has read")
    taken: int = Field(description="rows that have left the hub")
    accepted: int
    refused: int
    differs: int
    waiting: AnswerDue = Field(description="whether answers are owed (答复时限)")
    due_at: datetime | None = None


class ReadingOut(BaseModel):
    """One whole reading; with `received_at` its receipt (回执)."""

    id: UUID
    client: Short
    department: Department
    actor: Short
    at: datetime
    rows: int
    sha256: Digest
    received_by: Short | None = None
    received_at: datetime | None = None


class RosterOut(RosterMark):
    """A roster with its readings and receipts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{**_EXAMPLE, "columns": {"name": "儿童姓名"}, "readings": []}]
        }
    )

    columns: dict[Short, Short] = Field(max_length=100, description="wire name: 中文列名")
    readings: list[ReadingOut] = Field(max_length=500)


class RostersOut(BaseModel):
    """A page of rosters, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rosters": [_EXAMPLE]}]})

    rosters: list[RosterMark] = Field(max_length=MAX_PAGE)
    next: Cursor | None = None


class ReceiptIn(BaseModel):
    """That the whole file arrived: the digest over its lines, as your own reading ended with it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"sha256": "0" * 64}]}
    )

    sha256: Digest


class RosterLineIn(BaseModel):
    """What came back about one row.  `held`: what the other system holds, column by column, to be compared here."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    row: UUID
    verdict: RosterVerdict
    reason: RefusalCode = Field(
        default="", description="why not, as a code of the other system; never a text about a child"
    )
    held: dict[Code, Value] = Field(default={}, max_length=100)


class RosterVerdictsIn(BaseModel):
    """A return file, or a part of it; sending it again is harmless."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "verdicts": [
                        {
                            "row": "0195f3f2-5a6e-7c1b-9a53-0242ac120032",
                            "verdict": "refused",
                            "reason": "id_number_missing",
                        }
                    ]
                }
            ]
        },
    )

    verdicts: list[RosterLineIn] = Field(min_length=1, max_length=MAX_BULK_ITEMS)


class RosterLineOut(BaseModel):
    """What became of one line."""

    row: UUID
    outcome: LineOutcome
    verdict: RosterVerdict | None = None
    differing: list[Short] = Field(default=[], max_length=100, description="columns that differ")


class RosterVerdictsOut(BaseModel):
    """One result a line, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "results": [
                        {
                            "row": "0195f3f2-5a6e-7c1b-9a53-0242ac120032",
                            "outcome": "applied",
                            "verdict": "refused",
                        }
                    ]
                }
            ]
        }
    )

    results: list[RosterLineOut] = Field(max_length=MAX_BULK_ITEMS)


class RosterSheetLineOut(BaseModel):
    """What became of one row of a workbook; `flaws` are the columns that cannot be read."""

    number: int = Field(description="the row's number in the sheet, its titles being row 1")
    row: UUID | None = None
    outcome: LineOutcome
    verdict: RosterVerdict | None = None
    differing: list[Short] = Field(default=[], max_length=100, description="columns that differ")
    flaws: list[Short] = Field(
        default=[],
        max_length=100,
        description="`row` 回执编号, `verdict` 回执结果, `reason` 原因代码, or a column of `held`",
    )


class RosterSheetOut(BaseModel):
    """One result for each row that came back, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "results": [
                        {
                            "number": 3,
                            "row": "0195f3f2-5a6e-7c1b-9a53-0242ac120032",
                            "outcome": "applied",
                            "verdict": "accepted",
                        },
                        {"number": 4, "outcome": "unreadable", "flaws": ["verdict"]},
                    ]
                }
            ]
        }
    )

    results: list[RosterSheetLineOut] = Field(max_length=MAX_SHEET_ROWS)


class SyncOut(BaseModel):
    """How one child stands with the national system; `version` counts what all who see the child were told by then."""

    child: UUID
    state: SyncState
    roster: UUID | None = None
    version: int | None = None
    sent_at: datetime | None = None
    reason: Short | None = None
    differing: list[Short] = Field(default=[], max_length=100)


class SyncsOut(BaseModel):
    """A page of children in the order of places.  It may be short, or empty, while `next` leads on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "children": [
                        {
                            "child": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                            "state": "unsynced",
                            "roster": "0195f3f2-5a6e-7c1b-9a53-0242ac120031",
                            "version": 7,
                            "sent_at": "2026-11-20T09:00:00Z",
                        }
                    ]
                }
            ]
        }
    )

    children: list[SyncOut] = Field(max_length=MAX_PAGE)
    next: Cursor | None = None
