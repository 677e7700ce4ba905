"""Persons opened ahead of the linker's lock.

Most of whom a batch speaks are known by its numbers before it is its turn. What was opened then counts
under the lock only where the row still bears the same seal: a row sealed anew has another nonce. So decisions
rest on what stands, and the lock is held the shorter.
"""

from collections.abc import Sequence
from uuid import UUID

import structlog

from services.matching.entries.sealing import SEAL_BEGINS, Prepared, Strongroom
from services.matching.linkage.persons import Person
from services.matching.links import queries
from services.matching.links.queries import Connection, StoredPerson
from shared.sealing import Unsealable

log = structlog.get_logger()


class Openings:
    """Reads and opens persons, each state of a row once."""

    def __init__(self, connection: Connection, strongroom: Strongroom) -> None:
        self._connection = connection
        self._strongroom = strongroom
        self._ahead: dict[UUID, Person] = {}
        self._seen: dict[UUID, bytes] = {}

    async def look_ahead(self, arriving: Sequence[Prepared], cap: int) -> None:
        """Open whoever is found under the entries' numbers now."""
        await queries.keep_to_indexes(self._connection)
        numbers = list({key for prepared in arriving for key in prepared.numbers})
        found, _ = await queries.persons_under(self._connection, numbers, cap)
        wanted = {person for persons in found.values() for person in persons}
        for row in await queries.persons(self._connection, wanted):
            if person := self.open(row):
                _ = person.profile  # made at first sight, then kept
                self._ahead[row.person] = person
                self._seen[row.person] = row.sealed[:SEAL_BEGINS]

    async def read(self, wanted: Sequence[UUID]) -> list[StoredPerson]:
        """The persons' rows as they stand, to be opened here."""
        return await queries.persons(self._connection, wanted, self._seen)

    def open(self, row: StoredPerson) -> Person | None:
        """None where the row was altered, which is logged."""
        if not row.sealed:
            person = self._ahead[row.person]
            person.doubtful = row.doubtful
            return person
        try:
            return self._strongroom.open_person(row.person, row.sealed, doubtful=row.doubtful)
        except Unsealable:
            log.error("person.unsealable", person=str(row.person))
            return None
