"""Ruling: a person's decision becomes a constraint, and what it touches is clustered afresh.

Guaranteed: while a ruling stands, every clustering honours it; once it is withdrawn, the entries
stand as if it had never been made. Repeating a ruling or a withdrawal changes nothing.
"""

from collections.abc import Collection
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.linkage.decisions import Ruling
from services.matching.links import queries as links
from services.matching.links.neighbourhood import Linker, Neighbourhood
from services.matching.links.queries import Connection, StoredLink
from services.matching.rulings import queries
from services.matching.rulings.contradicting import contradict
from shared.database import raw
from shared.problems import Conflict, NotFound


async def rule(session: AsyncSession, linker: Linker, ruling: Ruling) -> list[StoredLink]:
    """The links of the ruled entries as they stand now, by entry.

    NotFound where an entry is linked to nobody; Conflict where the ruling's id was used for another,
    or a standing ruling says the opposite.
    """
    connection = await raw(session)
    await links.lock_linker(connection)
    linker = await linker.current(session)
    known = await queries.find(connection, ruling.ruling)
    if known is None:
        stored = await _standing(connection, ruling)
        if any(link.person is None for link in stored.values()):
            raise NotFound
        if contradict([ruling, *await _standing_near(connection, ruling)]):
            raise Conflict("A standing ruling says the opposite; withdraw it first.")
        await queries.store(connection, ruling, linker.clock.now())
        await _cluster_afresh(connection, linker, stored)
    elif known != ruling:
        raise Conflict("This ruling's id stands for another ruling.")
    stored = await _standing(connection, ruling)
    if known is None and await _contradicts(connection, ruling):
        raise Conflict("A standing ruling says the opposite; withdraw it first.")
    return [stored[entry] for entry in sorted(stored)]


async def withdraw(session: AsyncSession, linker: Linker, ruling: UUID) -> list[StoredLink]:
    """The links of the entries it bound, as they stand now; NotFound for an unknown ruling."""
    connection = await raw(session)
    await links.lock_linker(connection)
    linker = await linker.current(session)
    known = await queries.find(connection, ruling)
    if known is None:
        raise NotFound
    if await queries.withdraw(connection, ruling, linker.clock.now()):
        stored = await links.links_of(connection, list(known.one | known.other))
        await _cluster_afresh(connection, linker, stored)
    stored = await links.links_of(connection, list(known.one | known.other))
    return [stored[entry] for entry in sorted(stored)]


async def _standing(connection: Connection, ruling: Ruling) -> dict[UUID, StoredLink]:
    wanted = ruling.one | ruling.other
    stored = await links.links_of(connection, list(wanted))
    if len(stored) < len(wanted):
        raise NotFound
    return stored


async def _standing_near(connection: Connection, ruling: Ruling) -> list[Ruling]:
    """The rulings that bind the same entries, directly or through others."""
    found: list[Ruling] = []
    entries = ruling.one | ruling.other
    while news := await links.rulings_on(connection, sorted(entries)):
        if len(news) == len(found):
            break
        found = news
        entries = entries.union(*(r.one | r.other for r in found))
    return found


async def _cluster_afresh(
    connection: Connection, linker: Linker, stored: dict[UUID, StoredLink]
) -> None:
    persons = {link.person for link in stored.values() if link.person}
    near = Neighbourhood(connection, linker)
    await near.fetch(persons)
    near.doubt(persons)
    await near.fetch_bound()
    await near.fetch_ended()
    await near.decide_and_store((), {}, disturbed=[persons])


async def _contradicts(connection: Connection, ruling: Ruling) -> bool:
    """Whether this ruling, or one that hangs together with it, does not hold now: a new *same* may bind what
    another ruling keeps apart, be it through others.
    """
    bound: set[UUID] = set()
    more = set(ruling.one | ruling.other)
    standing: list[Ruling] = []
    while more:
        bound |= more
        standing = await links.rulings_on(connection, list(bound))
        more = {e for r in standing if r.same for e in r.one | r.other} - bound
    entries = {e for r in standing for e in r.one | r.other}
    stored = await links.links_of(connection, list(entries))
    return not all(_holds(one, stored) for one in standing)


def _holds(ruling: Ruling, stored: dict[UUID, StoredLink]) -> bool:
    """As far as its entries speak of anybody still."""

    def persons(entries: Collection[UUID]) -> set[UUID]:
        found = (stored[entry].person for entry in entries if entry in stored)
        return {person for person in found if person}

    if ruling.same:
        return len(persons(ruling.one | ruling.other)) <= 1
    return persons(ruling.one).isdisjoint(persons(ruling.other))
