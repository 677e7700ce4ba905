"""Reviews, as a feed that the registry mirrors: it knows who may see and decide them."""

from typing import Annotated

from fastapi import Query
from sqlmodel import col, select

from services.matching.links.endpoints import Registry, comparisons
from services.matching.reviews.models import Review
from services.matching.reviews.schemas import ReviewChangeOut, ReviewChangesOut
from shared.application import USUAL, Router, Transaction
from shared.limits import MAX_PAGE

router = Router(prefix="/v1", tags=["reviews"], responses=USUAL)


@router.get("/review-changes", summary="List changed reviews", response_model_exclude_none=True)
async def list_review_changes(
    caller: Registry,
    session: Transaction,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
) -> ReviewChangesOut:
    """Reviews that were opened, closed or changed, in that order."""
    found = await session.exec(
        select(Review)
        .where(Review.review_seq > after)
        .order_by(col(Review.review_seq))
        .limit(limit)
    )
    items = [_out(review) for review in found]
    return ReviewChangesOut(items=items, next=items[-1].review_seq if items else after)


def _out(review: Review) -> ReviewChangeOut:
    return ReviewChangeOut(
        review=review.review,
        review_seq=review.review_seq,
        one=review.one,
        other=review.other,
        entry=review.entry,
        weight=round(review.weight, 6),
        rule_version=review.rule_version,
        comparisons=comparisons(review.levels.split(), review.weights),
        opened_at=review.opened_at,
        closed_at=review.closed_at,
    )
