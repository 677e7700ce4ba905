"""Retracting entries: what was recalled or erased speaks of nobody any more.

Its features and the keys that it alone gave its person go; the link stays as a link to nobody. The
entries it stood with are clustered afresh, so what it alone had joined comes apart again. A recalled
entry may be resolved again; an erased one is never linked again, however late a copy of it arrives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.links import queries, touching, writing
from services.matching.links.grades import Grade
from services.matching.links.linker import Linker
from services.matching.links.neighbourhood import Neighbourhood
from services.matching.links.queries import Connection, StoredLink
from services.matching.links.round_trips import write
from services.matching.links.writing import NewLink
from shared.database import raw


@dataclass(frozen=True, slots=True)
class Retraction:
    entry: UUID
    erased: bool


async def retract(
    session: AsyncSession, linker: Linker, retractions: Sequence[Retraction]
) -> list[StoredLink]:
    """The link to nobody of each retracted entry, in order; repeating a retraction changes
    nothing.
    """
    erased = {r.entry: False for r in retractions}
    for retraction in retractions:
        erased[retraction.entry] |= retraction.erased
    connection = await raw(session)
    await queries.lock_linker(connection)
    linker = await linker.current(session)
    stored = await queries.links_of(connection, list(erased))
    gone = [link for link in stored.values() if link.version is not None]
    if gone:
        await writing.replace_features(connection, [(link.entry, None, None) for link in gone])
    first = await queries.last_link_seq(connection) + 1
    grades = {entry: _grade(stored.get(entry), erased=erased[entry]) for entry in erased}
    changed = [e for e, grade in grades.items() if e not in stored or stored[e].grade is not grade]
    now = linker.clock.now()
    links = [
        NewLink(
            entry, None, None, None, grades[entry], 0.0, linker.model.rule_version, seq,
            stored[entry].arrival if entry in stored else seq, now,
        )
        for seq, entry in enumerate(sorted(changed), first)
    ]  # fmt: skip
    new = [n for n in links if n.entry not in stored]
    await write(connection, writing.links(new, [n for n in links if n.entry in stored]))
    await _leave(connection, Neighbourhood(connection, linker), gone)
    await touching.tell_all(connection)
    for n in links:
        stored[n.entry] = StoredLink(n.entry, None, n.grade, n.weight, n.rule_version, n.link_seq)
    return [stored[r.entry] for r in retractions]


async def _leave(connection: Connection, near: Neighbourhood, gone: Sequence[StoredLink]) -> None:
    """Take the entries out of their persons and look at those afresh."""
    left = {link.person for link in gone if link.person}
    if left:
        await near.fetch(left)
        if broken := near.missing(left):
            await writing.clear_empty(connection, broken)
        await near.fetch_bound()
        near.take_out(gone)
        await near.cluster([{person} for person in sorted(left)])


def _grade(link: StoredLink | None, *, erased: bool) -> Grade:
    """Once erased, always erased."""
    was_erased = link is not None and link.grade is Grade.ERASED
    return Grade.ERASED if erased or was_erased else Grade.RETRACTED
