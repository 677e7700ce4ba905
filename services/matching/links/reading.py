"""Readings: what was looked up for a batch, each key and each person once.

Most of it is read before it is the batch's turn (``Neighbourhood.rehearse``). Under the lock what others touched meanwhile
is forgotten, and so read anew when it is asked for: decisions rest on what stands, and the lock is held the shorter.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

import structlog

from services.matching.entries.sealing import Strongroom
from services.matching.linkage.decisions import Weighed
from services.matching.linkage.persons import Person
from services.matching.links import queries, touching
from services.matching.links.queries import Connection, StoredPerson
from services.matching.links.touching import Touched
from shared.sealing import Unsealable

log = structlog.get_logger()


class Readings:
    """Reads keys, and reads and opens persons.

    Cast: ``found`` are the persons under each key, None where they are too many; ``persons`` those that were read, None
    where there is no such person or it does not open; ``keys`` those under which each is found; ``ended`` those who ended
    in each; ``weighed`` is what entries showed beside persons.
    """

    def __init__(self, connection: Connection, strongroom: Strongroom) -> None:
        self._connection = connection
        self._strongroom = strongroom
        self._begun: int | None = None
        self.found: dict[int, list[UUID] | None] = {}
        self.persons: dict[UUID, Person | None] = {}
        self.keys: dict[UUID, frozenset[int]] = {}
        self.ended: dict[UUID, Sequence[UUID]] = {}
        self.weighed: dict[tuple[UUID, UUID], Weighed] = {}

    async def begin(self) -> None:
        """Before anything is read without the linker's lock."""
        self._begun = await touching.last(self._connection)

    async def forget_touched(self) -> Touched | None:
        """Under the linker's lock: forget what is not as it was read.  What that may be; None for anything."""
        if self._begun is None:
            return None
        touched = await touching.since(self._connection, self._begun)
        if touched is None:
            self.found.clear()
            self.persons.clear()
            return None
        for key in touched.keys & self.found.keys():
            del self.found[key]
        for person in touched.persons & self.persons.keys():
            del self.persons[person]
        return touched

    async def under(self, keys: Sequence[int], cap: int) -> tuple[dict[int, list[UUID]], list[int]]:
        """As ``queries.persons_under``."""
        known = self.found
        if unread := [key for key in keys if key not in known]:
            found, crowded = await queries.persons_under(self._connection, unread, cap)
            known.update((key, found.get(key, [])) for key in unread)
            known.update(dict.fromkeys(crowded))
        told = {key: persons for key in keys if (persons := known[key])}
        return told, [key for key in keys if known[key] is None]

    def unread(self, persons: Collection[UUID]) -> list[UUID]:
        return sorted(person for person in persons if person not in self.persons)

    async def read(self, wanted: Sequence[UUID]) -> list[StoredPerson]:
        """The persons' rows as they stand, to be opened here."""
        self.persons |= dict.fromkeys(wanted)
        rows = await queries.persons_and_ended(self._connection, wanted)
        self.ended.update((row.person, ended) for row, ended in rows)
        return [row for row, _ in rows]

    def open(self, row: StoredPerson) -> None:
        """A row that was altered is logged, and nobody opened."""
        try:
            person = self._strongroom.open_person(row.person, row.sealed, doubtful=row.doubtful)
        except Unsealable:
            log.error("person.unsealable", person=str(row.person))
            return
        self.keys[row.person] = frozenset(person.keys)
        if row.keying != self._strongroom.keying:
            person.keys = self._strongroom.keys_of_person(person)
        self.persons[row.person] = person
