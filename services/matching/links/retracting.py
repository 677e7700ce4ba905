"""Retracting entries: what was recalled or erased speaks of nobody any more.

Features, their data keys and blocking hashes go; the link stays as a link to nobody. A recalled
entry may be resolved again; an erased one is never linked again, however late a copy of it arrives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.links import queries
from services.matching.links.grades import Grade
from services.matching.links.linking import Linker
from services.matching.links.queries import NewLink, StoredLink
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
    stored = await queries.links_of(connection, list(erased))
    gone = [link for link in stored.values() if link.version is not None]
    await queries.remove_features(
        connection,
        [link.entry for link in gone],
        [(key, link.entry) for link in gone for key in link.keys],
    )
    first = await queries.last_link_seq(connection) + 1
    grades = {entry: _grade(stored.get(entry), erased=erased[entry]) for entry in erased}
    changed = [e for e, grade in grades.items() if e not in stored or stored[e].grade is not grade]
    now = linker.clock.now()
    links = [
        NewLink(entry, None, grades[entry], 0.0, linker.model.rule_version, seq, now)
        for seq, entry in enumerate(sorted(changed), first)
    ]
    await queries.replace_links(connection, links, [entry for entry in changed if entry in stored])
    left = await queries.empty_among(connection, [link.person for link in gone if link.person])
    await queries.replace_reviews(connection, changed, {}, left, [])
    for n in links:
        stored[n.entry] = StoredLink(n.entry, None, n.grade, n.weight, n.rule_version, n.link_seq)
    return [stored[r.entry] for r in retractions]


def _grade(link: StoredLink | None, *, erased: bool) -> Grade:
    """Once erased, always erased."""
    was_erased = link is not None and link.grade is Grade.ERASED
    return Grade.ERASED if erased or was_erased else Grade.RETRACTED
