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
    bound = await _rulings_of(session, entries)
    return [
        Explanation(link, about[link.person], bound[link.entry])
        for link in links
        if link.person is not None
    ]


async def _rulings_of(
    session: AsyncSession, entries: Collection[UUID]
) -> defaultdict[UUID, list[Ruling]]:
    """By entry, the rulings that name it; the first of them."""
    found = await session.exec(
        select(RulingEntry.entry, Ruling)
        .join(Ruling, col(RulingEntry.ruling) == Ruling.ruling)
        .where(col(RulingEntry.entry).in_(entries))
        .order_by(col(Ruling.ruling))
    )
    bound: defaultdict[UUID, list[Ruling]] = defaultdict(list)
    for entry, ruling in found:
        if len(bound[entry]) < MAX_RULINGS and ruling not in bound[entry]:
            bound[entry].append(ruling)
    return bound


async def changes_after(session: AsyncSession, after: int, limit: int) -> list[LinkChange]:
    """Link changes in order; committed ones are never preceded by one still to come."""
    found = await session.exec(
        select(LinkChange)
        .where(LinkChange.link_seq > after)
        .order_by(col(LinkChange.link_seq))
        .limit(limit)
    )
    return list(found)
