"""Finding notices, under the caller's reach: row-level security hides what is not its own."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.events.models import Case
from services.notifications.notices.models import Notice
from shared.auth import Caller
from shared.divisions import county_of
from shared.problems import NotFound
from shared.vocabulary import Department

#: The planner takes row security to hide nearly everything and would read and sort all of a side for each page; without
#: sorting it walks the side's index and stops at the limit.
_IN_INDEX_ORDER = select(func.set_config("enable_sort", "off", True))


def sides(caller: Caller) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Told by a place in the caller's area; issued to one.

    Both are for civil affairs alone.

    An area that is one county is asked for as that county: its notices then stand in the index in order.
    """
    if caller.department != Department.CIVIL_AFFAIRS:
        return false(), false()
    low, high = caller.grant.low, caller.grant.high
    origin, target = col(Notice.origin_county), col(Notice.target_county)
    if county_of(high) == low:
        return origin == low, and_(target == low, col(Notice.issued_at).is_not(None))
    return origin.between(low, high), and_(
        target.between(low, high), col(Notice.issued_at).is_not(None)
    )


def visible_to(caller: Caller) -> ColumnElement[bool]:
    """Either side is the caller's, who is civil affairs."""
    return or_(*sides(caller))


def _in_direction(caller: Caller, direction: str) -> ColumnElement[bool]:
    low, high = caller.grant.low, caller.grant.high
    side = Notice.target_county if direction == "incoming" else Notice.origin_county
    return or_(
        col(Notice.direction) == direction,
        and_(col(Notice.direction) == "local", col(side).between(low, high)),
    )


async def page(
    session: AsyncSession,
    caller: Caller,
    states: Sequence[str],
    direction: str | None,
    kind: str | None,
    after: UUID | None,
    limit: int,
    pressed: ColumnElement[bool] | None = None,
) -> list[Notice]:
    """The next notices by id, oldest first; ``pressed`` narrows them to what is to be pressed for, or to the others."""
    wanted: list[ColumnElement[bool]] = [] if pressed is None else [pressed]
    if states:
        wanted.append(col(Notice.state).in_(states))
    if direction is not None:
        wanted.append(_in_direction(caller, direction))
    if kind is not None:
        wanted.append(col(Notice.kind) == kind)
    if after is not None:
        wanted.append(col(Notice.id) > after)
    nearest: set[UUID] = set()
    await session.exec(_IN_INDEX_ORDER)
    for side in sides(caller):
        of_side = select(Notice.id).where(side, *wanted).order_by(col(Notice.id)).limit(limit)
        nearest.update(await session.exec(of_side))
    page = sorted(nearest)[:limit]
    found = await session.exec(select(Notice).where(col(Notice.id).in_(page)))
    return sorted(found, key=lambda notice: notice.id)


async def reload(session: AsyncSession, notices: Sequence[UUID]) -> None:
    """Bring rows that a statement has changed up to date where they were loaded."""
    if notices:
        await session.exec(
            select(Notice)
            .where(col(Notice.id).in_(notices))
            .execution_options(populate_existing=True)
        )


async def for_change(session: AsyncSession, caller: Caller, notice_id: UUID) -> Notice:
    """Lock the notice; one that the caller may not see reads as absent."""
    found = await session.exec(
        select(Notice).where(Notice.id == notice_id, visible_to(caller)).with_for_update()
    )
    if (notice := found.first()) is None:
        raise NotFound
    return notice


async def case_of(session: AsyncSession, caller: Caller, child: UUID) -> Case:
    """Where the child is said to be; a child of which no side is the caller's, or to any but civil affairs, reads as absent."""
    if caller.department != Department.CIVIL_AFFAIRS:
        raise NotFound
    low, high = caller.grant.low, caller.grant.high
    mine = or_(col(Case.residence).between(low, high), col(Case.hukou).between(low, high))
    found = await session.exec(select(Case).where(Case.child == child, mine))
    if (case := found.first()) is None:
        raise NotFound
    return case
