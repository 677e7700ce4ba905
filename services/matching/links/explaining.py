"""Why an entry stands where it does, from what was stored when it was decided."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.links.models import Link, LinkChange
from services.matching.reviews.models import Review
from shared.problems import NotFound


@dataclass(frozen=True, slots=True)
class Explanation:
    link: Link
    reviews: list[Review]


async def explain(session: AsyncSession, entry: UUID) -> Explanation:
    """NotFound for an entry that is linked to nobody."""
    link = (await session.exec(select(Link).where(Link.entry == entry))).one_or_none()
    if link is None or link.person is None:
        raise NotFound
    reviews = await session.exec(
        select(Review)
        .where(Review.entry == entry)
        .order_by(col(Review.weight).desc(), col(Review.candidate))
    )
    return Explanation(link, list(reviews))


async def changes_after(session: AsyncSession, after: int, limit: int) -> list[LinkChange]:
    """Link changes in order; committed ones are never preceded by one still to come."""
    found = await session.exec(
        select(LinkChange)
        .where(LinkChange.link_seq > after)
        .order_by(col(LinkChange.link_seq))
        .limit(limit)
    )
    return list(found)
