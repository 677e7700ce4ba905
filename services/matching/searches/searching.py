"""Finding persons by partial evidence: the linker's own look-up and weighing, without lock or
trace.
"""

import asyncio
from collections import Counter
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.linkage.deciding import search
from services.matching.linkage.decisions import Known
from services.matching.linkage.normalization import Features, Standard, standardise
from services.matching.linkage.weights import Evidence
from services.matching.links import queries
from services.matching.links.linking import Linker
from shared.database import raw


async def find(
    session: AsyncSession, linker: Linker, features: Features, limit: int
) -> list[tuple[UUID, Evidence]]:
    """The likeliest persons with their evidence."""
    standard = standardise(features)
    _, sought = linker.strongroom.keys(standard)
    connection = await raw(session)
    await queries.look_up_by_index(connection)
    by_key, _ = await queries.persons_sharing(connection, sought, linker.model.key_cap)
    shared = Counter(person for persons in by_key.values() for person in set(persons))
    best = sorted(shared, key=lambda person: (-shared[person], person))[: linker.model.candidates]
    sealed = await queries.members_of(connection, best) if best else []

    def weigh() -> list[tuple[UUID, Evidence]]:
        members: dict[UUID, dict[UUID, Standard]] = {}
        for person, entry in sealed:
            members.setdefault(person, {})[entry.entry] = linker.strongroom.open(entry)
        return search(linker.model, standard, sought, Known(members, by_key))[:limit]

    return await asyncio.to_thread(weigh)
