"""Why an entry stands where it does, from what was stored when it was decided."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.models import Entry
from services.matching.links.models import LinkChange
from services.matching.reviews.models import Review
from shared.problems import NotFound


@dataclass(frozen=True, slots=True)
class Explanation:
    link: Entry
    reviews: list[Review]


async def explain(session: AsyncSession, entry: UUID) -> Explanation:
    """NotFound for an entry that is linked to nobody."""
    found = await explain_all(session, [entry])
    if not found:
        raise NotFound
    return found[0]


async def explain_all(session: AsyncSession, entries: Collection[UUID]) -> list[Explanation]:
    """Those of the entries that are linked to somebody, by id."""
    links = list(
        await session.exec(
            select(Entry)
            .where(col(Entry.entry).in_(entries), col(Entry.person).is_not(None))
            .order_by(col(Entry.entry))
        )
    )
    persons = {link.person for link in links}
    reviews = await session.exec(
        select(Review)
        .where(or_(col(Review.one).in_(persons), col(Review.other).in_(persons)))
        .where(col(Review.closed_at).is_(None))
        .order_by(col(Review.weight).desc(), col(Review.review))
    )
    about: dict[UUID, list[Review]] = defaultdict(list)
    for review in reviews:
        for person in {review.one, review.other} & persons:
            about[person].append(review)
    return [Explanation(link, about[link.person]) for link in links if link.person is not None]


async def changes_after(session: AsyncSession, after: int, limit: int) -> list[LinkChange]:
    """Link changes in order; committed ones are never preceded by one still to come."""
    found = await session.exec(
        select(LinkChange)
        .where(LinkChange.link_seq > after)
        .order_by(col(LinkChange.link_seq))
        .limit(limit)
    )
    return list(found)
