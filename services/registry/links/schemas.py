"""What crosses the wire about links and the evidence behind them."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.links.grading import Grade
from shared.vocabulary import Department

Word = Annotated[str, StringConstraints(max_length=100)]
MAX_LINKS = 200


class ComparisonOut(BaseModel):
    """One comparison (比较项): how well the two agree, and what that weighs in bits; never a value."""

    comparison: Word
    level: Word = Field(description="一致程度; `missing` where one side says nothing")
    weight: float


class Waterfall(BaseModel):
    """From the prior, comparison by comparison, to the match weight (匹配权重)."""

    comparisons: list[ComparisonOut] = Field(
        max_length=50,
        description="those of fields that are open to you; no place of a shielded child",
    )
    whole: bool = Field(description="whether these are all there are")
    prior: float | None = Field(default=None, description="bits before any comparison")
    weight: float | None = Field(default=None, description="the sum, where all is shown")


_LINK: dict[str, Any] = {
    "entry": "5f0c9b1e-52a1-8f0e-9c1d-8e1f5f6b7a01",
    "feed": "enrolments",
    "department": "education",
    "observed_on": "2026-09-03",
    "grade": "certain",
    "rule_version": "hand-set-1+3f2a9c41d7be",
    "by_person": False,
    "beside": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
    "evidence": {
        "comparisons": [{"comparison": "name", "level": "exact", "weight": 12.1}],
        "whole": True,
        "prior": -18.0,
        "weight": 21.7,
    },
}


class RivalOut(BaseModel):
    """Another child whom the entry may speak of as well: a review of the two waits."""

    child: UUID
    evidence: Waterfall


class LinkOut(BaseModel):
    """Why one entry (条目) is held to speak of the child."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LINK]})

    entry: UUID
    feed: Word
    department: Department
    observed_on: date = Field(description="of its newest version")
    grade: Grade
    rule_version: Word = Field(description="规则版本 under which it was decided")
    by_person: bool = Field(
        default=False,
        description="a person's standing ruling put it here (人工判定), whatever the weights say",
    )
    rulings: list[UUID] | None = Field(
        default=None,
        max_length=100,
        description="the standing rulings that bind it, here or away from another child: those that you may read",
    )
    beside: UUID | None = Field(
        default=None,
        description="the child it was compared with: this one, by all that its other entries say, or one it is kept apart from",
    )
    evidence: Waterfall | None = Field(
        default=None,
        description="absent where there was nobody to compare it with, or all its other entries say the same",
    )
    rivals: list[RivalOut] | None = Field(
        default=None, max_length=100, description="those whom you may see"
    )


class LinksOut(BaseModel):
    """The entries that speak of a child, as far as you may see them (关联说明)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"links": [_LINK]}]})

    links: list[LinkOut] = Field(max_length=MAX_LINKS)
    next: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="cursor of the next page; absent on the last"
    )
