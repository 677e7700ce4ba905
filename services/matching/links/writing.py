"""What the linker writes: links, features, persons and keys, many to a statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

import structlog
from asyncpg import UniqueViolationError

from services.matching.links.grades import Grade
from services.matching.links.queries import Connection, StoredPerson

log = structlog.get_logger()

#: For fewer, asking whether each is there costs less than a savepoint.
_WORTH_COPYING = 100
#: COPY takes a round trip more than putting so few rows in one by one.
_FEW = 8
_LINK = "entry version sealed person grade weight rule_version link_seq arrival against levels weights crowded"
_CHANGE = "entry person grade weight rule_version link_seq changed_at"


class NewLink(NamedTuple):
    """A link to store; ``sealed`` is None where the entry's features stay as they are."""

    entry: UUID
    version: int | None
    sealed: bytes | None
    person: UUID | None
    grade: Grade
    weight: float
    rule_version: str
    link_seq: int
    arrival: int
    changed_at: datetime
    against: UUID | None = None
    levels: str = ""
    weights: Sequence[float] = ()
    crowded: int = 0


async def store_links(
    connection: Connection, new: Sequence[NewLink], changed: Sequence[NewLink]
) -> None:
    """Put the links of entries never seen before in, and those of others in place of theirs; append
    all to the changes.
    """
    await put_in(connection, "entries", _LINK, new)
    if changed:
        await connection.execute(
            "UPDATE entries e SET person = n.person, grade = n.grade, weight = n.weight,"
            " rule_version = n.rule_version, link_seq = n.link_seq, against = n.against,"
            " levels = n.levels, weights = string_to_array(n.weights, ' ')::float8[],"
            " crowded = n.crowded"
            " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::text[], $6::bigint[],"
            " $7::uuid[], $8::text[], $9::text[], $10::smallint[]) AS n (entry, person, grade, weight,"
            " rule_version, link_seq, against, levels, weights, crowded)"
            " WHERE e.entry = n.entry",
            [n.entry for n in changed],
            [n.person for n in changed],
            [n.grade for n in changed],
            [n.weight for n in changed],
            [n.rule_version for n in changed],
            [n.link_seq for n in changed],
            [n.against for n in changed],
            [n.levels for n in changed],
            [" ".join(map(repr, map(float, n.weights))) for n in changed],
            [n.crowded for n in changed],
        )
    await put_in(connection, "link_changes", _CHANGE, [*new, *changed])


async def replace_features(
    connection: Connection, features: Sequence[tuple[UUID, int | None, bytes | None]]
) -> None:
    """Put a version and its sealed features, or nothing, in place of what an entry said before."""
    await connection.execute(
        "UPDATE entries e SET version = n.version, sealed = n.sealed"
        " FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS n (entry, version, sealed)"
        " WHERE e.entry = n.entry",
        [entry for entry, _, _ in features],
        [version for _, version, _ in features],
        [sealed for _, _, sealed in features],
    )


async def store_persons(
    connection: Connection,
    new: Sequence[StoredPerson],
    changed: Sequence[StoredPerson],
    ended: Sequence[UUID],
    joined: Mapping[UUID, UUID],
) -> None:
    await put_in(connection, "persons", "person sealed doubtful keying", new)
    if changed:
        await connection.execute(
            "UPDATE persons p SET sealed = n.sealed, doubtful = n.doubtful, keying = n.keying,"
            " joined_to = NULL FROM unnest($1::uuid[], $2::bytea[], $3::boolean[], $4::smallint[])"
            " AS n (person, sealed, doubtful, keying) WHERE p.person = n.person",
            [n.person for n in changed],
            [n.sealed for n in changed],
            [n.doubtful for n in changed],
            [n.keying for n in changed],
        )
    if ended:
        await connection.execute(
            "UPDATE persons p SET sealed = NULL, doubtful = false, joined_to = n.kept"
            " FROM unnest($1::uuid[], $2::uuid[]) AS n (person, kept) WHERE p.person = n.person",
            ended,
            [joined.get(person) for person in ended],
        )
        await connection.execute(
            "UPDATE persons p SET joined_to = n.kept"
            " FROM unnest($1::uuid[], $2::uuid[]) AS n (person, kept) WHERE p.joined_to = n.person",
            ended,
            [joined.get(person) for person in ended],
        )


async def clear_empty(connection: Connection, broken: Sequence[UUID]) -> None:
    """Leave nothing of those of the persons, whom nobody can open, to whom no entry is linked any more."""
    rows = await connection.fetch(
        "UPDATE persons p SET sealed = NULL, doubtful = false WHERE person = ANY($1::uuid[])"
        " AND NOT EXISTS (SELECT FROM entries e WHERE e.person = p.person) RETURNING person",
        broken,
    )
    await connection.execute(
        "DELETE FROM blocking_keys WHERE person = ANY($1::uuid[])", [row[0] for row in rows]
    )


async def store_keys(
    connection: Connection,
    added: Sequence[tuple[int, UUID]],
    removed: Sequence[tuple[int, UUID]],
) -> None:
    if removed:
        await connection.execute(
            "DELETE FROM blocking_keys b USING unnest($1::bigint[], $2::uuid[]) AS n (key, person)"
            " WHERE b.key = n.key AND b.person = n.person",
            [key for key, _ in removed],
            [person for _, person in removed],
        )
    if len(added) >= _WORTH_COPYING and await _are_copied(connection, added):
        return
    if added:
        await connection.execute(
            "INSERT INTO blocking_keys SELECT * FROM unnest($1::bigint[], $2::uuid[])"
            " ON CONFLICT DO NOTHING",
            [key for key, _ in added],
            [person for _, person in added],
        )


async def _are_copied(connection: Connection, keys: Sequence[tuple[int, UUID]]) -> bool:
    """Copy the keys in, without asking for each whether it is there; False if one was, and then none is copied."""
    try:
        async with connection.transaction():
            await connection.copy_records_to_table(
                "blocking_keys", columns=("key", "person"), records=keys
            )
    except UniqueViolationError:
        log.warning("keys.stood_already", keys=len(keys))
        return False
    return True


async def put_in(
    connection: Connection, table: str, columns: str, things: Sequence[object]
) -> None:
    """Put the named attributes of each thing into the columns of the same names."""
    if not things:
        return
    names = columns.split()
    rows = map(attrgetter(*names), things)
    if len(things) > _FEW:
        await connection.copy_records_to_table(table, columns=names, records=rows)
        return
    places = ", ".join(f"${at}" for at, _ in enumerate(names, 1))
    await connection.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", rows
    )
