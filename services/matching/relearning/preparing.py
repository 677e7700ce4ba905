"""Preparing matching to be told everything again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.linkage.decisions import Ruling
from services.matching.links.queries import last_link_seq, lock_linker
from services.matching.rulings import queries as rulings
from shared.database import raw


@dataclass(frozen=True, slots=True)
class Held:
    """What the registry holds of matching's word: the highest numbers it saw, and the rulings in force."""

    link_seq: int
    review_seq: int
    rulings: Sequence[Ruling]


async def prepare(session: AsyncSession, held: Held, now: datetime) -> int:
    """Number above what the registry saw, and hold its rulings; how many of them are new. Repeatable."""
    connection = await raw(session)
    await lock_linker(connection)
    last = await last_link_seq(connection)
    await connection.execute(
        "UPDATE numbering SET link_seq = greatest(link_seq, $1), review_seq = greatest(review_seq, $2),"
        " skipped = skipped + $3",
        held.link_seq,
        held.review_seq,
        max(0, held.link_seq - last),
    )
    new = 0
    for ruling in held.rulings:
        if await rulings.find(connection, ruling.ruling) is None:
            await rulings.store(connection, ruling, now)
            new += 1
    return new
