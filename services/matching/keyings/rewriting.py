"""Rewriting rows in place, a few at a time: persons by the current keying, persons and entries under the current master.

Rows are read and sealed anew without any lock; under the linker's lock only those are written that nobody
changed meanwhile, since whoever changed one wrote it by the regime in force. What does not open is named in
the log and left.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from services.matching.entries.sealing import Strongroom
from services.matching.links import touching, writing
from services.matching.links.queries import Connection, lock_linker
from services.matching.links.round_trips import write
from shared.database import SYSTEM, Database, raw
from shared.sealing import Unsealable

log = structlog.get_logger()

#: Rows a transaction: a batch that waits for the lock waits some ten milliseconds.
CHUNK = 200
FIRST = UUID(int=0)

Key = tuple[int, UUID]


@dataclass(frozen=True, slots=True)
class Chunk:
    """``last`` is where the next chunk begins; None once there is no more."""

    rewritten: int
    broken: int
    last: UUID | None


@dataclass(frozen=True, slots=True)
class _Rewritten:
    row: UUID
    was: bytes
    sealed: bytes
    before: Sequence[int] = ()
    now: Sequence[int] = ()


async def rewrite_persons(database: Database, strongroom: Strongroom, after: UUID = FIRST) -> Chunk:
    """Bring the next persons after ``after`` under the strongroom's current keying and master key."""
    async with database.transaction(SYSTEM) as session:
        rows = await (await raw(session)).fetch(
            "SELECT person, sealed, doubtful FROM persons WHERE sealed IS NOT NULL AND person > $1"
            " AND (keying <> $2 OR get_byte(sealed, 0) <> $3) ORDER BY person LIMIT $4",
            after,
            strongroom.keying,
            strongroom.master,
            CHUNK,
        )

    def rewrite() -> list[_Rewritten]:
        found = []
        for row, sealed, doubtful in rows:
            try:
                person = strongroom.open_person(row, sealed, doubtful=doubtful)
            except Unsealable:
                log.error("person.unsealable", person=str(row))
                continue
            before = sorted(person.keys)
            person.keys = strongroom.keys_of_person(person)
            anew = strongroom.seal_person(person)
            found.append(_Rewritten(row, sealed, anew, before, sorted(person.keys)))
        return found

    rewritten = await asyncio.to_thread(rewrite)
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await lock_linker(connection)
        await _put_persons(connection, strongroom.keying, rewritten)
    return Chunk(len(rewritten), len(rows) - len(rewritten), _last(rows))


async def _put_persons(
    connection: Connection, keying: int, rewritten: Sequence[_Rewritten]
) -> None:
    rows = await connection.fetch(
        "UPDATE persons p SET sealed = n.sealed, keying = $4"
        " FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n (person, was, sealed)"
        " WHERE p.person = n.person AND p.sealed = n.was"
        " AND EXISTS (SELECT 1 FROM keyings WHERE keying = $4 AND is_current)"
        " RETURNING p.person",
        [each.row for each in rewritten],
        [each.was for each in rewritten],
        [each.sealed for each in rewritten],
        keying,
    )
    done = {row[0] for row in rows}
    added: list[Key] = []
    removed: list[Key] = []
    for each in rewritten:
        if each.row in done:
            added += [(key, each.row) for key in set(each.now).difference(each.before)]
            removed += [(key, each.row) for key in set(each.before).difference(each.now)]
    touched = touching.telling({key for key, _ in (*added, *removed)}, done)
    await write(connection, [*writing.keys(sorted(added), removed), touched])


async def rewrite_entries(database: Database, strongroom: Strongroom, after: UUID = FIRST) -> Chunk:
    """Bring the next entries after ``after`` under the strongroom's current master key."""
    async with database.transaction(SYSTEM) as session:
        rows = await (await raw(session)).fetch(
            "SELECT entry, version, sealed FROM entries WHERE sealed IS NOT NULL AND entry > $1"
            " AND get_byte(sealed, 0) <> $2 ORDER BY entry LIMIT $3",
            after,
            strongroom.master,
            CHUNK,
        )
    rewritten = []
    for row, version, sealed in rows:
        try:
            features = strongroom.open_entry(row, version, sealed)
        except Unsealable:
            log.error("entry.unsealable", entry=str(row))
            continue
        rewritten.append(_Rewritten(row, sealed, strongroom.seal_entry(row, version, features)))
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await lock_linker(connection)
        await connection.execute(
            "UPDATE entries e SET sealed = n.sealed"
            " FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n (entry, was, sealed)"
            " WHERE e.entry = n.entry AND e.sealed = n.was",
            [each.row for each in rewritten],
            [each.was for each in rewritten],
            [each.sealed for each in rewritten],
        )
    return Chunk(len(rewritten), len(rows) - len(rewritten), _last(rows))


def _last(rows: Sequence[Sequence[UUID]]) -> UUID | None:
    return rows[-1][0] if len(rows) == CHUNK else None
