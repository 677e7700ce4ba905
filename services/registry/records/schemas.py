"""What crosses the wire about records: results of pushes and recalls, a source's own record, feeds and their lateness."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.records.results import Result
from shared.problems import FlawOut
from shared.vocabulary import Department

Text = Annotated[str, StringConstraints(max_length=300)]
SourceId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


ITEM_EXAMPLES: list[dict[str, Any]] = [
    {
        "index": 0,
        "source_id": "SL-XJ-2025-000123",
        "status": "created",
        "code": 201,
        "record": "0195f3f2-5a6e-7c1b-9a53-0242ac120011",
        "entry": "5f0c9b1e-52a1-8f0e-9c1d-8e1f5f6b7a11",
        "findings": ["id_checksum_wrong"],
    },
    {
        "index": 1,
        "source_id": "SL-XJ-2025-000124",
        "status": "refused",
        "code": 422,
        "errors": [{"pointer": "/division", "code": "division_outside_grant", "detail": ""}],
    },
]


class ItemStatus(StrEnum):
    """What became of an item: `created` 已存入, `unchanged` 已有且相同, `superseded` 已存入但已有更新版本, `refused` 未接收."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    REFUSED = "refused"


class RecordKind(StrEnum):
    """Whether a record states something (`fact` 事实) or takes its entry back (`recall` 撤回)."""

    FACT = "fact"
    RECALL = "recall"


class ItemResult(BaseModel):
    """What became of one item, in the order of the request."""

    model_config = ConfigDict(json_schema_extra={"examples": [*ITEM_EXAMPLES]})

    index: int = Field(ge=0, le=999, description="its place in the request, counted from 0")
    source_id: Annotated[str, StringConstraints(max_length=128)]
    status: ItemStatus
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
    """One result an item, in the order of the request."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"results": [*ITEM_EXAMPLES]}]})

    results: list[ItemResult] = Field(max_length=1000)


class RecallIn(BaseModel):
    """Entries to take back, by your own ids."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"source_ids": ["SL-XJ-2025-000123"]}]}
    )

    source_ids: list[SourceId] = Field(min_length=1, max_length=1000)
    source: SourceId | None = None


class RecordOut(BaseModel):
    """A record (数据记录) as its own source sees it."""

    id: UUID
    entry: UUID
    version: int
    kind: RecordKind
    feed: Text
    source: Text
    observed_on: date
    received_at: datetime
    findings: list[Text] = Field(max_length=50)
    item: dict[str, Any] | None = Field(default=None, max_length=100)


FEED_EXAMPLE: dict[str, Any] = {
    "feed": "enrolments",
    "title": "School enrolments",
    "title_zh": "就学信息",
    "departments": ["education"],
    "legal_basis": "未成年人保护法 第28条",
    "expected_every_days": 180,
    "sources": [
        {
            "source": "cq-education",
            "division": "500103000000",
            "received_at": "2026-11-20T08:00:00Z",
            "observed_on": "2026-11-19",
            "records": 1200,
            "late": False,
        }
    ],
}


class FeedOut(BaseModel):
    """A feed (数据类别) and how timely each of your sources is on it (R11)."""

    feed: Text = Field(description="wire name, as in `POST /v1/{feed}`")
    title: Text
    title_zh: Text = Field(description="中文名称")
    departments: list[Department] = Field(max_length=10, description="who pushes it (数据来源部门)")
    legal_basis: Annotated[str, StringConstraints(max_length=1000)] = Field(
        description="the ground of asking for it (法律依据)"
    )
    expected_every_days: int | None = Field(
        default=None, description="its rhythm (频次); absent where none is set"
    )
    sources: list["SourceOut"] = Field(max_length=10_000, description="those of your area")


class SourceOut(BaseModel):
    """One source system (来源系统) at one place."""

    source: Text
    division: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] = Field(
        description="place of the pushing office (行政区划代码)"
    )
    received_at: datetime = Field(description="when it was last heard")
    observed_on: date = Field(description="the newest day that it reported on")
    records: int
    late: bool = Field(description="(逾期) silent for longer than the feed's rhythm")


class FeedsOut(BaseModel):
    """Every feed, with how late its sources are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"feeds": [FEED_EXAMPLE]}]})

    feeds: list[FeedOut] = Field(max_length=50)
