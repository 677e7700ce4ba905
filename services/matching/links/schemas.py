"""Resolutions, retractions, link changes and explanations on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.matching.entries.schemas import EXAMPLE_FEATURES, FeaturesIn, Mute
from services.matching.links.grades import Grade
from services.matching.links.linking import Item
from services.matching.links.queries import StoredLink
from services.matching.links.retracting import Retraction
from shared.limits import MAX_BULK_ITEMS, MAX_PAGE

MAX_REVIEWS = 100
MAX_EXPLANATIONS = 200
EXAMPLE_ENTRY = "5f0c9b1e-52a1-8f0e-9c1d-8e1f5f6b7a01"
RuleVersion = Annotated[str, Field(max_length=100, examples=["hand-set-1+3f2a9c41d7be"])]
LinkSeq = Annotated[int, Field(ge=0, le=2**63 - 1)]


class ResolutionIn(Mute):
    entry: UUID
    version: int = Field(
        ge=1, le=2**63 - 1, description="Grows with every change of the entry's features."
    )
    features: FeaturesIn

    def item(self) -> Item:
        return Item(self.entry, self.version, self.features.plain())


class ResolutionsIn(Mute):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"items": [{"entry": EXAMPLE_ENTRY, "version": 1, "features": EXAMPLE_FEATURES}]}
            ]
        }
    )

    items: list[ResolutionIn] = Field(min_length=1, max_length=MAX_BULK_ITEMS)


class LinkOut(BaseModel):
    """An entry's person. ``possible``: a person of its own, while a review waits. A retracted or
    erased entry has nobody.
    """

    entry: UUID
    person: UUID | None
    grade: Grade
    weight: float = Field(description="Match weight in bits; 0 where nothing was compared.")
    rule_version: RuleVersion
    link_seq: LinkSeq

    @classmethod
    def of(cls, link: StoredLink) -> "LinkOut":
        return cls(
            entry=link.entry,
            person=link.person,
            grade=link.grade,
            weight=round(link.weight, 6),
            rule_version=link.rule_version,
            link_seq=link.link_seq,
        )


class LinksOut(BaseModel):
    """In the order of the items sent."""

    items: list[LinkOut] = Field(max_length=MAX_BULK_ITEMS)


class RetractionIn(Mute):
    entry: UUID
    erased: bool = Field(
        default=False, description="Never link this entry again, however late a copy arrives."
    )

    def retraction(self) -> Retraction:
        return Retraction(self.entry, self.erased)


class RetractionsIn(Mute):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"entry": EXAMPLE_ENTRY}]}]}
    )

    items: list[RetractionIn] = Field(min_length=1, max_length=MAX_BULK_ITEMS)


class LinkChangesOut(BaseModel):
    """Changes in order; ``next`` is the ``after`` of the next page and does not move when there
    is nothing new.
    """

    items: list[LinkOut] = Field(max_length=MAX_PAGE)
    next: LinkSeq


class ComparisonOut(BaseModel):
    """One comparison: the level found and what it weighs, in bits; never a value."""

    comparison: str = Field(max_length=40)
    level: str = Field(max_length=40)
    weight: float


class ReviewOut(BaseModel):
    """A person whom the entry may also belong to, and why."""

    candidate: UUID
    weight: float
    comparisons: list[ComparisonOut] = Field(max_length=50)


class BindingOut(BaseModel):
    """A standing ruling of a person that binds where the entry stands, whatever the weights say."""

    ruling: UUID
    same: bool = Field(description="Of one child with what it names; else of another than that.")


class ExplanationOut(BaseModel):
    """Why an entry stands where it does: ``against`` is the person it was weighed against,
    joined or not.
    """

    link: LinkOut
    against: UUID | None
    prior: float = Field(description="Bits before any comparison; already in the link's weight.")
    crowded: int = Field(
        description="Blocking keys of this entry that too many persons share to be looked under alone."
    )
    comparisons: list[ComparisonOut] = Field(max_length=50)
    reviews: list[ReviewOut] = Field(max_length=MAX_REVIEWS, description="the weightiest first")
    rulings: list[BindingOut] = Field(max_length=100)


class ExplanationsIn(Mute):
    model_config = ConfigDict(json_schema_extra={"examples": [{"entries": [EXAMPLE_ENTRY]}]})

    entries: list[UUID] = Field(min_length=1, max_length=MAX_EXPLANATIONS)


class ExplanationsOut(BaseModel):
    """By entry, in the order of their ids."""

    items: list[ExplanationOut] = Field(max_length=MAX_EXPLANATIONS)
