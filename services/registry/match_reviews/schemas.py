"""What crosses the wire about reviews."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.break_glass.schemas import SubjectOut
from services.registry.children.schemas import CHILD_EXAMPLE, ChildOut, KeyCareMark
from services.registry.links.schemas import Waterfall, Word
from services.registry.match_reviews.terms import Agreement, ReviewState, Verdict
from services.registry.rulings.schemas import Cursor, Reasoned, RulingOut
from services.registry.rulings.terms import RulingProblem
from shared.limits import MAX_PAGE

_MARK: dict[str, Any] = {
    "id": "5f0c9b1e-52a1-5f0e-9c1d-8e1f5f6b7a41",
    "state": "open",
    "children": [
        "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
        "0195f3f2-5a6e-7c1b-9a53-0242ac120003",
    ],
    "opened_at": "2026-03-02T04:00:00Z",
    "weight": 3.4,
    "key_care": False,
}


class MatchReviewMark(BaseModel):
    """One review (疑似待核) in a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MARK]})

    id: UUID
    state: ReviewState
    children: list[UUID] = Field(max_length=2, description="who may be one child")
    opened_at: datetime
    weight: float | None = Field(
        default=None, description="match weight in bits; absent where a child is shielded"
    )
    key_care: bool = Field(description="whether one of them is in key care (重点关爱)")
    assigned_to: SubjectOut | None = None
    deferred_until: date | None = Field(
        default=None, description="when it comes back, unless its evidence changes before"
    )
    returned: RulingProblem | None = Field(
        default=None, description="why an earlier ruling brought no end"
    )


class MatchReviewsOut(BaseModel):
    """A page of reviews."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reviews": [_MARK]}]})

    reviews: list[MatchReviewMark] = Field(max_length=MAX_PAGE)
    next: Cursor | None = Field(default=None, description="cursor of the next page")


class SideOut(BaseModel):
    """One of the two children, with its family as far as you may see it."""

    child: ChildOut
    siblings: list[UUID] = Field(
        max_length=50, description="children that share a guardian (同一监护人)"
    )
    key_care: list[KeyCareMark] = Field(max_length=50)


class MatchReviewOut(BaseModel):
    """A review with its two children side by side and the way to its match weight."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **{
                        key: value
                        for key, value in _MARK.items()
                        if key not in ("weight", "key_care")
                    },
                    "second_needed": False,
                    "sides": [
                        {"child": {**CHILD_EXAMPLE, "id": child}, "siblings": [], "key_care": []}
                        for child in _MARK["children"]
                    ],
                    "agreement": {"name": "same", "birth_on": "different"},
                    "evidence": {
                        "comparisons": [{"comparison": "name", "level": "exact", "weight": 12.1}],
                        "whole": True,
                        "prior": -18.0,
                        "weight": 3.4,
                    },
                    "rule_version": "hand-set-1+3f2a9c41d7be",
                    "rulings": [],
                }
            ]
        }
    )

    id: UUID
    state: ReviewState
    children: list[UUID] = Field(max_length=2)
    opened_at: datetime
    closed_at: datetime | None = None
    assigned_to: SubjectOut | None = None
    deferred_until: date | None = None
    returned: RulingProblem | None = None
    second_needed: bool = Field(
        description="whether `same` waits for a second person: both children are in key care"
    )
    sides: list[SideOut] = Field(
        max_length=2, description="in the order of `children`; one that is gone is left out"
    )
    agreement: dict[Word, Agreement] = Field(
        max_length=100, description="by field, how the two compare"
    )
    evidence: Waterfall
    rule_version: Word = Field(description="规则版本 of the linkage model")
    rulings: list[RulingOut] = Field(max_length=100, description="what people ruled, oldest first")


class MatchReviewDecisionIn(Reasoned):
    """What a person decides about a review, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"decision": "different", "reason": "twins", "note": "双胞胎，已走访"}]
        }
    )

    decision: Verdict
    until: date | None = Field(
        default=None,
        description="with `unsure`: the day on which it comes back; its evidence brings it back before",
    )
