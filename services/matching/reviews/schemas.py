"""Changes of reviews on the wire."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.matching.links.schemas import ComparisonOut, LinkSeq, RuleVersion
from shared.limits import MAX_PAGE


class ReviewChangeOut(BaseModel):
    """Two persons who may be one child, as the evidence stands after this change."""

    review: UUID
    review_seq: LinkSeq
    one: UUID
    other: UUID
    entry: UUID = Field(description="The entry of `one` whose evidence beside `other` this is.")
    weight: float
    rule_version: RuleVersion
    comparisons: list[ComparisonOut] = Field(max_length=50)
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = Field(
        default=None, description="Set where a ruling or other evidence has ended the doubt."
    )


class ReviewChangesOut(BaseModel):
    """Each review as it stands now, in the order of its last change; ``next`` is the ``after`` of the
    next page.
    """

    items: list[ReviewChangeOut] = Field(max_length=MAX_PAGE)
    next: LinkSeq
