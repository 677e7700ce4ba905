"""Preparing matching to be told everything again."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.linkage.decisions import Ruling
from services.matching.links.linker import Linker
from services.matching.links.queries import last_link_seq, lock_linker
from services.matching.rulings import queries as rulings
from services.matching.rulings.ruling import cluster_afresh, entries_of
from shared.database import raw


@dataclass(frozen=True, slots=True)
class Held:
    """What the registry holds of matching's word: the highest numbers it saw, and the rulings in force."""

    link_seq: int
    review_seq: int
    rulings: Sequence[Ruling]


async def prepare(session: AsyncSession, linker: Linker, held: Held) -> int:
    """Number above what the registry saw, and hold its rulings; how many of them are new. Repeatable.

    Entries that came before their rulings are clustered afresh under them.
    """
    connection = await raw(session)
    await lock_linker(connection)
    linker = await linker.current(session)
    last = await last_link_seq(connection)
    await connection.execute(
        "UPDATE numbering SET link_seq = greatest(link_seq, $1), review_seq = greatest(review_seq, $2),"
        " skipped = skipped + $3",
        held.link_seq,
        held.review_seq,
        max(0, held.link_seq - last),
    )
    known = await rulings.find(connection, [ruling.ruling for ruling in held.rulings])
    new = [r for r in held.rulings if r.ruling not in known or not known[r.ruling].stands]
    for ruling in new:
        await rulings.store(connection, ruling, linker.clock.now())
    for ruling in new:
        await cluster_afresh(connection, linker, entries_of([ruling]))
    return len(new)
