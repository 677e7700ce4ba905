"""Ruling: people's decisions become constraints or end, and what they touch is clustered afresh.

Guaranteed: while a ruling stands, every clustering honours it; once it is withdrawn, the entries
stand as if it had never been made. What is told together holds together: all of it or nothing.
Telling it again changes nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.linkage.decisions import Ruling
from services.matching.links import queries as links
from services.matching.links.linker import Linker
from services.matching.links.neighbourhood import Neighbourhood
from services.matching.links.queries import Connection, StoredLink
from services.matching.rulings import queries
from services.matching.rulings.contradicting import contradict
from shared.database import raw
from shared.problems import Conflict, NotFound


async def rule(
    session: AsyncSession, linker: Linker, holds: Sequence[Ruling], ends: Sequence[UUID] = ()
) -> list[StoredLink]:
    """End the rulings of ``ends`` as far as they are known, hold those of ``holds``; the links of the
    entries that they name as they stand now, those of ``holds`` first.

    NotFound where an entry to be held is linked to nobody; Conflict where the id of a ruling was used
    for another, or withdrawn, or a standing ruling says the opposite.
    """
    connection = await raw(session)
    await links.lock_linker(connection)
    linker = await linker.current(session)
    now = linker.clock.now()
    known = await queries.find(connection, [*ends, *(ruling.ruling for ruling in holds)])
    ending = [known[one].ruling for one in ends if one in known]
    ended = [ruling for ruling in ending if known[ruling.ruling].stands]
    if ended:
        await queries.withdraw(connection, [ruling.ruling for ruling in ended], now)
    news = [ruling for ruling in holds if _is_new(ruling, known.get(ruling.ruling))]
    held = entries_of(news)
    if held:
        await _check(connection, news, held)
    for ruling in news:
        await queries.store(connection, ruling, now)
    if touched := held | entries_of(ended):
        await cluster_afresh(connection, linker, touched)
    if held and await _contradicts(connection, held):
        raise Conflict("A standing ruling says the opposite; withdraw it first.")
    named = [e for ruling in (*holds, *ending) for e in sorted(entries_of([ruling]))]
    stored = await links.links_of(connection, list(dict.fromkeys(named)))
    return [stored[entry] for entry in dict.fromkeys(named) if entry in stored]


def _is_new(ruling: Ruling, known: queries.Known | None) -> bool:
    if known is None:
        return True
    if known.ruling != ruling:
        raise Conflict("This ruling's id stands for another ruling.")
    if not known.stands:  # told late, after somebody took it back
        raise Conflict("This ruling was withdrawn.")
    return False


def entries_of(rulings: Iterable[Ruling]) -> set[UUID]:
    """All that the rulings bind."""
    return {entry for ruling in rulings for entry in ruling.one | ruling.other}


async def _check(connection: Connection, news: Sequence[Ruling], held: Collection[UUID]) -> None:
    stored = await links.links_of(connection, list(held))
    if len(stored) < len(held) or any(link.person is None for link in stored.values()):
        raise NotFound
    if contradict([*news, *await _standing_near(connection, held)]):
        raise Conflict("A standing ruling says the opposite; withdraw it first.")


async def _standing_near(connection: Connection, entries: Collection[UUID]) -> list[Ruling]:
    """The rulings that bind these entries, directly or through others."""
    found: list[Ruling] = []
    bound = set(entries)
    while news := await links.rulings_on(connection, sorted(bound)):
        if len(news) == len(found):
            break
        found = news
        bound |= entries_of(found)
    return found


async def cluster_afresh(connection: Connection, linker: Linker, entries: Collection[UUID]) -> None:
    """Cluster the persons of these entries under the rulings that stand now."""
    stored = await links.links_of(connection, list(entries))
    persons = {link.person for link in stored.values() if link.person}
    near = Neighbourhood(connection, linker)
    await near.fetch(persons)
    near.doubt(persons)
    await near.fetch_bound()
    await near.cluster([persons])


async def _contradicts(connection: Connection, entries: Collection[UUID]) -> bool:
    """Whether a ruling on these entries, or one that hangs together with it, does not hold now: a new *same* may bind
    what another ruling keeps apart, be it through others.
    """
    bound: set[UUID] = set()
    more = set(entries)
    standing: list[Ruling] = []
    while more:
        bound |= more
        standing = await links.rulings_on(connection, list(bound))
        more = entries_of(r for r in standing if r.same) - bound
    stored = await links.links_of(connection, list(entries_of(standing)))
    return not all(_holds(one, stored) for one in standing)


def _holds(ruling: Ruling, stored: dict[UUID, StoredLink]) -> bool:
    """As far as its entries speak of anybody still."""

    def persons(entries: Collection[UUID]) -> set[UUID]:
        found = (stored[entry].person for entry in entries if entry in stored)
        return {person for person in found if person}

    if ruling.same:
        return len(persons(ruling.one | ruling.other)) <= 1
    return persons(ruling.one).isdisjoint(persons(ruling.other))
