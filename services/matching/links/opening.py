"""Persons opened ahead of the linker's lock.

Most of whom a batch speaks are known by its numbers before it is its turn. What was opened then counts
under the lock only where the sealed row is still the same, byte for byte: a row sealed anew has another
nonce. So decisions rest on what stands, and the lock is held the shorter.
"""

from collections.abc import Sequence
from uuid import UUID

import structlog

from services.matching.entries.sealing import Prepared, Strongroom
from services.matching.linkage.persons import Person
from services.matching.links import queries
from services.matching.links.queries import Connection, StoredPerson
from shared.sealing import Unsealable

log = structlog.get_logger()


class Openings:
    """Opens persons, each state of a row once."""

    def __init__(self, strongroom: Strongroom) -> None:
        self._strongroom = strongroom
        self._ahead: dict[tuple[UUID, bytes], Person] = {}

    async def look_ahead(
        self, connection: Connection, arriving: Sequence[Prepared], cap: int
    ) -> None:
        """Open whoever is found under the entries' numbers now."""
        await queries.keep_to_indexes(connection)
        numbers = list({key for prepared in arriving for key in prepared.numbers})
        found, _ = await queries.persons_under(connection, numbers, cap)
        wanted = {person for persons in found.values() for person in persons}
        for row in await queries.persons(connection, wanted):
            if person := self.open(row):
                _ = person.profile  # made at first sight, then kept
                self._ahead[row.person, row.sealed] = person

    def open(self, row: StoredPerson) -> Person | None:
        """None where the row was altered, which is logged."""
        if person := self._ahead.pop((row.person, row.sealed), None):
            person.doubtful = row.doubtful
            return person
        try:
            return self._strongroom.open_person(row.person, row.sealed, doubtful=row.doubtful)
        except Unsealable:
            log.error("person.unsealable", person=str(row.person))
            return None
