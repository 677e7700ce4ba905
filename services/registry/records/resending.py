"""Resending: matching is told of every entry again, after its database was lost or made anew."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.rulings import authenticity, queries
from services.registry.rulings.constraints import Constraint
from shared.database import SYSTEM, Database, raw
from shared.sealing import Sealer

PAGE = 20_000


@dataclass(frozen=True, slots=True)
class Told:
    """What matching said so far: its highest numbers, and the constraints it was given, oldest first."""

    link_seq: int
    review_seq: int
    constraints: list[Constraint]


async def told(session: AsyncSession, sealer: Sealer) -> Told:
    """What of it is proven by people's decisions."""
    connection = await raw(session)
    seqs = await connection.fetchrow(
        "SELECT greatest(max(link_seq), (SELECT seq FROM relay_positions WHERE target = 'link-changes')),"
        " greatest((SELECT max(review_seq) FROM match_reviews),"
        "  (SELECT seq FROM relay_positions WHERE target = 'review-changes')) FROM links"
    )
    in_force = await queries.in_force(connection)
    rulings = await queries.known(connection, {ruling for ruling, _ in in_force})
    words = await queries.words_of(session, list(rulings.values()))
    proven = [
        one
        for ruling, one in in_force
        if authenticity.may_be_told(sealer, rulings.get(ruling), words, one)
    ]
    return Told(seqs[0] or 0, seqs[1] or 0, proven)


async def queue_all(database: Database) -> int:
    """Queue every entry as a bulk load, a page a transaction; how many were not queued yet."""
    queued = 0
    after: UUID | None = UUID(int=0)
    while after is not None:
        async with database.transaction(SYSTEM) as session:
            row = await (await raw(session)).fetchrow(
                "WITH page AS (SELECT DISTINCT entry_id FROM records WHERE entry_id > $1"
                "  ORDER BY entry_id LIMIT $2),"
                " queued AS (INSERT INTO resolution_queue (entry_id, wanted, bulk)"
                "  SELECT entry_id, 1, true FROM page ON CONFLICT DO NOTHING RETURNING 1)"
                " SELECT (SELECT count(*) FROM queued), (SELECT count(*) FROM page),"
                "  (SELECT entry_id FROM page ORDER BY entry_id DESC LIMIT 1)",
                after,
                PAGE,
            )
        queued += row[0]
        after = row[2] if row[1] == PAGE else None
    return queued
