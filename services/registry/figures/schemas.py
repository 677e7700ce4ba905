"""What crosses the wire about figures."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.records.feeds.wire import DivisionText
from shared.days import AskedDay, AskedInstant
from shared.limits import MAX_PAGE

Text = Annotated[str, StringConstraints(max_length=100)]
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]


class FigureState(StrEnum):
    """How far a figure is (统计状态): `requested` 待统计, `published` 已发布."""

    REQUESTED = "requested"
    PUBLISHED = "published"


class FigurePublicationIn(BaseModel):
    """Which figure to freeze: an area, a day, and what was known at an instant."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"division": "500103", "on": "2026-06-30"}]},
    )

    division: DivisionText = Field(description="行政区划; all of it inside your area")
    on: AskedDay = Field(description="the day that is counted (统计时点), today or earlier")
    known_at: AskedInstant | None = Field(
        default=None,
        description="as the hub knew it then (数据截止时刻); the present, if absent",
    )
    pilot: bool = Field(
        default=False, description="only children who live in pilot areas (动态监测试点)"
    )


class FigureRevisionIn(BaseModel):
    """Count a published figure again, as known later."""

    model_config = ConfigDict(
        extra="forbid", hide_input_in_errors=True, json_schema_extra={"examples": [{}]}
    )

    known_at: AskedInstant | None = Field(
        default=None, description="later than the figure's own; the present, if absent"
    )


class CellOut(BaseModel):
    """How many children gave one answer."""

    answer: Text = Field(description="as `migrant`, `6-8`, `primary`, `insured`; `unreported` 未报")
    children: int | None = Field(
        default=None,
        ge=0,
        description="absent where it is hidden: too few, or it would betray such",
    )


class PartOut(BaseModel):
    """A division next below the area; its own code where no source knows finer, and for shielded children."""

    division: Division
    place: Text = Field(description="name of the county-level division")
    children: int | None = Field(default=None, ge=0, description="absent where it is hidden")
    cells: list[CellOut] = Field(max_length=100)


class BreakdownOut(BaseModel):
    """One question, asked of every child of a population."""

    name: Text = Field(
        description="of the ledger (台账): `status` 认定状态, `presence` 是否仍在本地, `left_behind` 留守认定,"
        " `key_care.…` 重点关爱类型, and where a place counts others besides, `besides.…` 另行统计;"
        " of migrant children: `age` 年龄, `sex` 性别, `health` 健康管理, `schooling` 就学, `guardianship` 监护,"
        " `insurance` 参保; the same of left-behind children, as `left_behind.age`"
    )
    population: Text = Field(
        description="`ledger` 台账儿童, `migrant` 流动儿童, `left_behind` 留守儿童"
    )
    children: int | None = Field(default=None, ge=0, description="absent where it is hidden")
    cells: list[CellOut] = Field(max_length=100)
    parts: list[PartOut] = Field(max_length=10_000)


_EXAMPLE: dict[str, Any] = {
    "division": "500103000000",
    "place": "渝中区",
    "on": "2026-06-30",
    "known_at": "2026-07-03T02:00:00Z",
    "pilot": False,
    "rule_version": "3b7c…",
    "method": "2026-11-22",
    "smallest_cell": 10,
    "smallest_cell_configured": False,
    "breakdowns": [
        {
            "name": "sex",
            "population": "migrant",
            "children": 412,
            "cells": [{"answer": "female", "children": 199}, {"answer": "male", "children": 213}],
            "parts": [
                {
                    "division": "500103001000",
                    "place": "渝中区",
                    "children": 34,
                    "cells": [{"answer": "female"}, {"answer": "male"}],
                }
            ],
        }
    ],
}


class FigureOut(BaseModel):
    """A figure with its two times and the rules by which it was counted; what is small is hidden."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID | None = Field(default=None, description="absent where it was counted for you alone")
    state: FigureState | None = None
    division: Division
    place: Text
    on: date = Field(description="统计时点")
    known_at: datetime = Field(description="数据截止时刻")
    pilot: bool
    rule_version: Text = Field(description="fingerprint of the rules of then (规则版本)")
    method: Text = Field(description="version of the way of counting (统计口径)")
    smallest_cell: int = Field(description="fewer children than this are hidden")
    smallest_cell_configured: bool = Field(
        description="whether an administrator set it, or nobody did"
    )
    requested_at: datetime | None = None
    published_at: datetime | None = None
    unreadable: int | None = Field(
        default=None, description="children left out, whose records were changed past the hub"
    )
    breakdowns: list[BreakdownOut] | None = Field(
        default=None, max_length=50, description="absent until it is published"
    )


class FiguresOut(BaseModel):
    """Publications, the newest first; without what they came to."""

    publications: list[FigureOut] = Field(max_length=MAX_PAGE)
    next: Annotated[str, StringConstraints(max_length=500)] | None = None


class FigureDifferenceOut(BaseModel):
    """A cell that is counted otherwise by what became known later."""

    division: Division
    breakdown: Text
    answer: Text
    frozen: int = Field(ge=0, description="as published")
    revised: int = Field(ge=0, description="as known at the revision's instant")


class FigureRevisionOut(BaseModel):
    """The same figure, by what was known later and the rules of then."""

    id: UUID
    state: FigureState
    known_at: datetime
    rule_version: Text
    requested_at: datetime
    published_at: datetime | None = None
    differences: list[FigureDifferenceOut] | None = Field(
        default=None, max_length=100_000, description="absent until it is counted"
    )


class FigureRevisionsOut(BaseModel):
    """Every revision of a figure, the newest first; the figure itself never changes."""

    figure: UUID
    revisions: list[FigureRevisionOut] = Field(max_length=MAX_PAGE)
    erased_since: int = Field(
        description="children of the area erased since (删除): the past has them no more, so that a count may lack them"
    )
