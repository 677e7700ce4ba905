"""Persons opened, each state of a row once.

Most of whom a batch speaks are opened before it is its turn (``Neighbourhood.rehearse``). What was opened then counts under the
lock only where the row still bears the same seal: a row sealed anew has another nonce. So decisions rest on what
stands, and the lock is held the shorter.
"""

from collections.abc import Sequence
from uuid import UUID

import structlog

from services.matching.entries.sealing import SEAL_BEGINS, Strongroom
from services.matching.linkage.decisions import Weighed
from services.matching.linkage.persons import Person
from services.matching.links import queries
from services.matching.links.queries import Connection, StoredPerson
from shared.sealing import Unsealable

log = structlog.get_logger()


class Openings:
    """Reads and opens persons, each state of a row once; ``keys`` are those under which each was found, ``weighed``
    what entries showed beside them.
    """

    def __init__(self, connection: Connection, strongroom: Strongroom) -> None:
        self._connection = connection
        self._strongroom = strongroom
        self._opened: dict[UUID, Person] = {}
        self._seen: dict[UUID, bytes] = {}
        self.keys: dict[UUID, frozenset[int]] = {}
        self.weighed: dict[tuple[UUID, UUID], Weighed] = {}

    async def read(self, wanted: Sequence[UUID]) -> list[StoredPerson]:
        """The persons' rows as they stand, to be opened here."""
        return await queries.persons(self._connection, wanted, self._seen)

    def open(self, row: StoredPerson) -> Person | None:
        """None where the row was altered, which is logged."""
        if not row.sealed:
            person = self._opened[row.person]
            person.doubtful = row.doubtful
            return person
        try:
            person = self._strongroom.open_person(row.person, row.sealed, doubtful=row.doubtful)
        except Unsealable:
            log.error("person.unsealable", person=str(row.person))
            return None
        self._opened[row.person] = person
        self._seen[row.person] = row.sealed[:SEAL_BEGINS]
        self.keys[row.person] = frozenset(person.keys)
        return person
