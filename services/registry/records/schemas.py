"""What crosses the wire about records: results of pushes and recalls, a source's own record, feeds and their lateness."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.records.storing import Result
from shared.problems import FlawOut

Text = Annotated[str, StringConstraints(max_length=300)]
SourceId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


class ItemResult(BaseModel):
    """What became of one item, in the order of the request."""

    index: int = Field(ge=0, le=999)
    source_id: Annotated[str, StringConstraints(max_length=128)]
    status: Text = Field(
        description="created, unchanged, superseded or refused", examples=["created"]
    )
    code: int = Field(description="the HTTP status this item alone would have had", examples=[201])
    record: UUID | None = None
    entry: UUID | None = None
    findings: list[Text] | None = Field(
        default=None, max_length=50, description="quality findings: stored all the same"
    )
    errors: list[FlawOut] | None = Field(default=None, max_length=1000)

    @classmethod
    def of(cls, result: Result) -> "ItemResult":
        return cls.model_validate(written(result))


_CODES = {"created": 201, "unchanged": 200, "superseded": 201, "refused": 422}


def written(result: Result) -> dict[str, Any]:
    """A result as JSON, in the shape of ``ItemResult``; absent values are left out."""
    shown: dict[str, Any] = {
        "index": result.index,
        "source_id": result.source_id,
        "status": result.outcome,
        "code": _CODES[result.outcome],
    }
    if result.record is not None:
        shown["record"] = str(result.record)
        shown["entry"] = str(result.entry)
    elif result.entry is not None:
        shown["entry"] = str(result.entry)
    if result.findings:
        shown["findings"] = result.findings
    if result.flaws:
        shown["errors"] = [flaw.as_json() for flaw in result.flaws]
        if any(flaw.code == "version_conflict" for flaw in result.flaws):
            shown["code"] = 409
    return shown


class BulkOut(BaseModel):
    results: list[ItemResult] = Field(max_length=1000)


class RecallIn(BaseModel):
    """Entries to take back, by your own ids."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"source_ids": ["SL-XJ-2025-000123"]}]}
    )

    source_ids: list[SourceId] = Field(min_length=1, max_length=1000)
    source: SourceId | None = None


class RecordOut(BaseModel):
    """A record as its own source sees it."""

    id: UUID
    entry: UUID
    version: int
    kind: Text = Field(description="fact or recall")
    feed: Text
    source: Text
    observed_on: date
    received_at: datetime
    findings: list[Text] = Field(max_length=50)
    item: dict[str, Any] | None = Field(default=None, max_length=100)


class FeedOut(BaseModel):
    """A feed and how timely each of your sources is on it (R11)."""

    feed: Text
    title: Text
    title_zh: Text
    departments: list[Text] = Field(max_length=10)
    legal_basis: Annotated[str, StringConstraints(max_length=1000)]
    expected_every_days: int | None = None
    sources: list["SourceOut"] = Field(max_length=10_000)


class SourceOut(BaseModel):
    source: Text
    division: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
    received_at: datetime
    observed_on: date
    records: int
    late: bool = Field(description="silent for longer than the feed's rhythm")


class FeedsOut(BaseModel):
    feeds: list[FeedOut] = Field(max_length=50)
