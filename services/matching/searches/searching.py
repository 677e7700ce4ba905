"""Finding persons by partial evidence: the linker's own look-up and weighing, without lock or
trace.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.linkage.deciding import most_shared, search
from services.matching.linkage.decisions import Known
from services.matching.linkage.normalization import Features, standardise
from services.matching.linkage.weights import Evidence
from services.matching.links import queries
from services.matching.links.neighbourhood import Linker
from shared.database import raw


@dataclass(frozen=True, slots=True)
class Found:
    """The likeliest persons with their evidence; by how many ``keys`` they were looked for."""

    persons: list[tuple[UUID, Evidence]]
    keys: int


async def find(session: AsyncSession, linker: Linker, features: Features, limit: int) -> Found:
    """Whom the features may describe. Without any key nobody was looked for."""
    connection = await raw(session)
    await queries.look_up(connection)
    linker = await linker.current(session)
    standard = standardise(features)
    sought = linker.strongroom.searched_by(standard)
    by_key, _ = await queries.persons_under(connection, sought, linker.model.key_cap)
    best = most_shared(by_key, sought, linker.model.candidates)
    rows = await queries.persons(connection, best)

    def weigh() -> list[tuple[UUID, Evidence]]:
        persons = {
            row.person: linker.strongroom.open_person(row.person, row.sealed, doubtful=row.doubtful)
            for row in rows
        }
        known = Known(persons, by_key)
        return search(linker.model, standard, sought, known, linker.frequency)[:limit]

    return Found(await asyncio.to_thread(weigh), len(sought))
