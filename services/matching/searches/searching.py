"""Finding persons by partial evidence: the linker's own look-up and weighing, without lock or
trace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.linkage.candidates import most_shared, search
from services.matching.linkage.decisions import Known
from services.matching.linkage.normalization import Features, standardise
from services.matching.linkage.persons import Person
from services.matching.linkage.weights import Evidence
from services.matching.links import queries
from services.matching.links.linker import Linker
from services.matching.links.queries import StoredPerson
from shared.database import raw
from shared.sealing import Unsealable

log = structlog.get_logger()


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
    standard = standardise(features, as_told=True)
    sought = linker.strongroom.searched_by(standard)
    # Unlike the linker it looks under crowded keys too, as far as it can: who can crowd a key must not learn by it when
    # one more comes under it.
    by_key = await queries.first_persons_under(connection, sought, linker.model.key_cap)
    best = most_shared(by_key, sought, linker.model.candidates)
    rows = await queries.persons(connection, best)

    known = Known(_opened(linker, rows), by_key)
    # Some tens of persons: two milliseconds. A thread would wait longer for the interpreter than that.
    found = search(linker.model, standard, sought, known, linker.frequency)
    return Found(found[:limit], len(sought))


def _opened(linker: Linker, rows: Sequence[StoredPerson]) -> dict[UUID, Person]:
    """Persons whose rows open; the others are named in the log."""
    found: dict[UUID, Person] = {}
    for row in rows:
        try:
            found[row.person] = linker.strongroom.open_person(
                row.person, row.sealed, doubtful=row.doubtful
            )
        except Unsealable:
            log.error("person.unsealable", person=str(row.person))
    return found
