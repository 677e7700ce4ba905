"""What crosses the wire about imports."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.problems import FlawOut

Text = Annotated[str, StringConstraints(max_length=300)]
Count = Annotated[int, Field(ge=0)]


class ImportState(StrEnum):
    """``interrupted``: the upload broke off; what had been stored stays, and sending all again is harmless."""

    RECEIVING = "receiving"
    DONE = "done"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class ImportOut(BaseModel):
    """An import job: how far it is and what became of its lines."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "feed": "enrolments",
                    "state": "done",
                    "lines": 3,
                    "created": 2,
                    "unchanged": 0,
                    "superseded": 0,
                    "refused": 1,
                    "started_at": "2026-11-20T08:00:00Z",
                    "ended_at": "2026-11-20T08:00:01Z",
                }
            ]
        }
    )

    id: UUID
    feed: Text
    state: ImportState
    lines: Count = Field(description="lines with a verdict so far")
    created: Count
    unchanged: Count
    superseded: Count
    refused: Count
    started_at: datetime
    ended_at: datetime | None = None

    @classmethod
    def of(cls, row: Any) -> "ImportOut":
        return cls.model_validate(dict(row))


class ImportsOut(BaseModel):
    imports: list[ImportOut] = Field(max_length=100)


class VerdictOut(BaseModel):
    """What became of one line; your own ids are not kept, the line's number is."""

    line: int = Field(ge=1)
    status: Text = Field(
        description="created, unchanged, superseded or refused", examples=["created"]
    )
    record: UUID | None = None
    entry: UUID | None = None
    findings: list[Text] | None = Field(default=None, max_length=50)
    errors: list[FlawOut] | None = Field(default=None, max_length=20)
