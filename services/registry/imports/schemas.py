"""What crosses the wire about imports."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.records.schemas import ItemStatus
from shared.problems import FlawOut

Text = Annotated[str, StringConstraints(max_length=300)]
Count = Annotated[int, Field(ge=0)]


class ImportState(StrEnum):
    """Where an import (批量导入) stands: `receiving` 接收中, `done` 已完成, `cancelled` 已取消, `interrupted` 已中断.

    After an interruption what had been stored stays, and sending all again is harmless.
    """

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
                    "blank": 0,
                    "started_at": "2026-11-20T08:00:00Z",
                    "ended_at": "2026-11-20T08:00:01Z",
                }
            ]
        }
    )

    id: UUID
    feed: Text = Field(description="the feed's wire name")
    state: ImportState
    lines: Count = Field(description="lines with a verdict so far")
    created: Count
    unchanged: Count
    superseded: Count
    refused: Count
    blank: Count = Field(default=0, description="blank lines (空行): skipped, without a verdict")
    started_at: datetime
    ended_at: datetime | None = None

    @classmethod
    def of(cls, row: Any) -> "ImportOut":
        return cls.model_validate(dict(row))


class ImportsOut(BaseModel):
    """Your newest imports (批量导入)."""

    imports: list[ImportOut] = Field(max_length=100)


VERDICT_EXAMPLES: list[dict[str, Any]] = [
    {
        "line": 1,
        "status": "created",
        "record": "0195f3f2-5a6e-7c1b-9a53-0242ac120011",
        "entry": "5f0c9b1e-52a1-8f0e-9c1d-8e1f5f6b7a11",
        "findings": ["id_checksum_wrong"],
    },
    {
        "line": 2,
        "status": "refused",
        "errors": [{"pointer": "/observed_on", "code": "date_type", "detail": ""}],
    },
]


class ImportVerdictOut(BaseModel):
    """What became of one line (逐行结果); your own ids are not kept, the line's number is."""

    model_config = ConfigDict(json_schema_extra={"examples": [*VERDICT_EXAMPLES]})

    line: int = Field(ge=1, description="counted from 1")
    status: ItemStatus
    record: UUID | None = Field(default=None, description="what was stored, or was there already")
    entry: UUID | None = Field(default=None, description="all versions of one source id")
    findings: list[Text] | None = Field(
        default=None,
        max_length=50,
        description="quality findings (数据质量问题): stored all the same",
    )
    errors: list[FlawOut] | None = Field(
        default=None, max_length=20, description="why it was refused"
    )
