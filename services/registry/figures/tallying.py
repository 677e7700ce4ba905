"""Tallying: a figure over any number of children, page by page, in memory that does not grow with them.

Within one county its own children are looked up by their records; for more than that every child that any entry ever spoke of
is gone through in order of id, and of those of whom no record speaks of the area nothing is opened.  What was known at an
instant does not change, so that each page may have a transaction of its own and the hub goes on working meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from services.registry.children.kit import Kit
from services.registry.figures.counting import Question, Tally, counted
from services.registry.past import gathering
from services.registry.planning import by_index
from services.registry.profiles import Profiles
from shared import divisions
from shared.database import SYSTEM, Database, raw
from shared.problems import Invalid

PAGE = 200
#: So many children of one county are looked up at once; of a larger one every child of the hub is gone through.
MOST_OF_COUNTY = 100_000


class TooLarge(Invalid):
    type = "figure-too-large"
    title = "There are too many children to be counted while you wait: publish the figure"
    title_zh = "儿童数量过多，无法即时统计，请改为发布统计数据"


async def tally(
    database: Database,
    kit: Kit,
    profiles: Profiles,
    question: Question,
    known_at: datetime,
    each_page: Callable[[], Awaitable[None]] | None = None,
    most: int | None = None,
    size: int = PAGE,
) -> Tally:
    """The children counted.  ``each_page`` is awaited between pages; TooLarge beyond ``most`` children gone through."""
    counts = Tally()
    gone_through = 0
    areas = (question.area, *profiles.former(question.area, question.on))
    async for page in _pages(database, areas, size, most):
        gone_through += len(page)
        if most is not None and gone_through > most:
            raise TooLarge
        broken: set[UUID] = set()
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            await by_index(connection)
            found = await gathering.known(connection, kit, page, known_at, broken, areas)
        counts.unreadable += len(broken)
        for child in sorted(found):
            if (one := counted(kit, profiles, question, child, found[child])) is not None:
                counts.add(one)
        await asyncio.sleep(0)  # others are waiting
        if each_page is not None:
            await each_page()
    return counts


async def _pages(
    database: Database, areas: Sequence[tuple[int, int]], size: int, most: int | None
) -> AsyncIterator[list[UUID]]:
    low, high = areas[0]
    if divisions.county_of(low) == divisions.county_of(high):
        counties = {divisions.area_of(divisions.county_of(one)) for one, _ in areas}
        found: set[UUID] = set()
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            await by_index(connection)
            largest = MOST_OF_COUNTY if most is None else most
            for county in sorted(counties):
                found |= {*await gathering.persons_of(connection, county, largest + 1)}
        own = sorted(found)
        if most is not None and len(own) > most:
            raise TooLarge
        if len(own) <= MOST_OF_COUNTY:
            for start in range(0, len(own), size):
                yield own[start : start + size]
            return
    after = UUID(int=0)
    while True:
        async with database.transaction(SYSTEM) as session:
            page = await gathering.persons(await raw(session), after, size)
        if page:
            yield page
        if len(page) < size:
            return
        after = page[-1]
