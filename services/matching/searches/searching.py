"""Finding persons by partial evidence: the linker's own look-up and weighing, without lock or
trace.
"""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.linkage.deciding import most_shared, search
from services.matching.linkage.decisions import Known
from services.matching.linkage.normalization import Features, standardise
from services.matching.linkage.weights import Evidence
from services.matching.links import queries
from services.matching.links.neighbourhood import Linker
from shared.database import raw


async def find(
    session: AsyncSession, linker: Linker, features: Features, limit: int
) -> list[tuple[UUID, Evidence]]:
    """The likeliest persons with their evidence."""
    connection = await raw(session)
    await queries.look_up(connection)
    linker = await linker.current(session)
    standard = standardise(features)
    sought = linker.strongroom.sought_by(standard)
    by_key, _ = await queries.persons_under(connection, sought, linker.model.key_cap)
    best = most_shared(by_key, sought, linker.model.candidates)
    rows = await queries.persons(connection, best)

    # Some tens of persons: two milliseconds. A thread would wait longer for the interpreter than that.
    persons = {
        row.person: linker.strongroom.open_person(row.person, row.sealed, doubtful=row.doubtful)
        for row in rows
    }
    known = Known(persons, by_key)
    return search(linker.model, standard, sought, known, linker.frequency)[:limit]
