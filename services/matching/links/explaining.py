"""Why an entry stands where it does, from what was stored when it was decided."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.models import Entry
from services.matching.links.models import LinkChange
from services.matching.reviews.models import Review
from services.matching.rulings.models import Ruling, RulingEntry
from shared.problems import NotFound

MAX_RULINGS = 100


@dataclass(frozen=True, slots=True)
class Explanation:
    link: Entry
    reviews: list[Review]
    rulings: list[Ruling]


async def explain(session: AsyncSession, entry: UUID) -> Explanation:
    """NotFound for an entry that is linked to nobody."""
    link = (await session.exec(select(Entry).where(Entry.entry == entry))).one_or_none()
    if link is None or link.person is None:
        raise NotFound
    reviews = await session.exec(
        select(Review)
        .where(or_(Review.one == link.person, Review.other == link.person))
        .where(col(Review.closed_at).is_(None))
        .order_by(col(Review.weight).desc(), col(Review.review))
    )
    rulings = await session.exec(
        select(Ruling)
        .join(RulingEntry, col(RulingEntry.ruling) == Ruling.ruling)
        .where(RulingEntry.entry == entry)
        .order_by(col(Ruling.ruling))
        .limit(MAX_RULINGS)
    )
    return Explanation(link, list(reviews), list(rulings))


async def changes_after(session: AsyncSession, after: int, limit: int) -> list[LinkChange]:
    """Link changes in order; committed ones are never preceded by one still to come."""
    found = await session.exec(
        select(LinkChange)
        .where(LinkChange.link_seq > after)
        .order_by(col(LinkChange.link_seq))
        .limit(limit)
    )
    return list(found)
