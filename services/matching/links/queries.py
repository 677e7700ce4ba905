"""What the linker looks up, on the driver's own connection inside the request's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from services.matching.linkage.decisions import Ruling
from services.matching.links.grades import Grade

Connection: TypeAlias = "asyncpg.Connection[Any]"

#: One linker at a time, whichever replica it runs in; held to the end of the transaction.
LINKER_LOCK = 0x48_75_4C_69


class StoredLink(NamedTuple):
    """A link as it stands; ``version`` is None where an entry's features are gone."""

    entry: UUID
    person: UUID | None
    grade: Grade
    weight: float
    rule_version: str
    link_seq: int
    version: int | None = None
    arrival: int = 0


class Standing(NamedTuple):
    """How entries stand that arrive: their links; the number of the last change of any link; whether a ruling binds any."""

    links: dict[UUID, StoredLink]
    last: int
    ruled: bool


class StoredPerson(NamedTuple):
    """``keying`` is the number of the keying that the person's blocking keys are of."""

    person: UUID
    sealed: bytes
    doubtful: bool
    keying: int


#: Held shared by whoever looks persons up without the linker's lock, and alone by whoever changes what
#: everybody links by (keyings/): no look-up straddles a change.
REGIME_LOCK = 0x48_75_52_65

#: A planner without statistics would scan a growing table for every batch; and there is one way to look up by index, so
#: planning it anew for each record would only take time.
_BY_INDEX = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"
    " SET LOCAL enable_mergejoin = off; SET LOCAL plan_cache_mode = force_generic_plan"
)


async def lock_linker(connection: Connection) -> None:
    """Wait for the batches before this one; then look up by index alone."""
    await connection.execute(f"SELECT pg_advisory_xact_lock({LINKER_LOCK}); {_BY_INDEX}")


async def keep_to_indexes(connection: Connection) -> None:
    """To the end of the transaction."""
    await connection.execute(_BY_INDEX)


async def look_up(connection: Connection) -> None:
    """Begin looking persons up beside the linker, by index alone."""
    await connection.execute(f"SELECT pg_advisory_xact_lock_shared({REGIME_LOCK}); {_BY_INDEX}")


_LAST = "greatest((SELECT max(link_seq) FROM link_changes), (SELECT link_seq FROM numbering))"
_LINK = "entry, person, grade, weight, rule_version, link_seq, version, arrival"


async def last_link_seq(connection: Connection) -> int:
    """Right only under the linker's lock."""
    return int(await connection.fetchval(f"SELECT {_LAST}"))


async def links_of(connection: Connection, entries: Sequence[UUID]) -> dict[UUID, StoredLink]:
    rows = await connection.fetch(
        f"SELECT {_LINK} FROM entries WHERE entry = ANY($1::uuid[])", entries
    )
    return {row[0]: _link(row) for row in rows}


async def standing(connection: Connection, arriving: Sequence[UUID]) -> Standing:
    """Right only under the linker's lock. In one round trip, for the sake of an entry that arrives alone."""
    rows = await connection.fetch(
        f"SELECT {_LINK}, {_LAST},"
        " EXISTS (SELECT FROM ruling_entries WHERE entry = ANY($1::uuid[]))"
        " FROM (SELECT) AS always LEFT JOIN entries ON entry = ANY($1::uuid[])",
        arriving,
    )
    links = {row[0]: _link(row) for row in rows if row[0] is not None}
    return Standing(links, rows[0][8], rows[0][9])


def _link(row: Sequence[Any]) -> StoredLink:
    return StoredLink(row[0], row[1], Grade(row[2]), row[3], row[4], row[5], row[6], row[7])


async def persons_under(
    connection: Connection, keys: Sequence[int], cap: int
) -> tuple[dict[int, list[UUID]], list[int]]:
    """Persons by blocking key; and the keys under which there are more than ``cap``, which find
    nobody.
    """
    if not keys:
        return {}, []
    rows = await connection.fetch(
        "SELECT k.key, b.person FROM unnest($1::bigint[]) AS k (key)"
        " CROSS JOIN LATERAL"
        " (SELECT b.person FROM blocking_keys b WHERE b.key = k.key LIMIT $2) AS b",
        keys,
        cap + 1,
    )
    found: dict[int, list[UUID]] = {}
    for key, person in rows:
        found.setdefault(key, []).append(person)
    crowded = [key for key, persons in found.items() if len(persons) > cap]
    for key in crowded:
        del found[key]
    return found, crowded


async def first_persons_under(
    connection: Connection, keys: Sequence[int], cap: int
) -> dict[int, list[UUID]]:
    """Persons by blocking key, the first ``cap`` by id of each: one more under a crowded key hides nobody."""
    rows = await connection.fetch(
        "SELECT k.key, b.person FROM unnest($1::bigint[]) AS k (key) CROSS JOIN LATERAL"
        " (SELECT b.person FROM blocking_keys b WHERE b.key = k.key ORDER BY b.person LIMIT $2) AS b",
        keys,
        cap,
    )
    found: dict[int, list[UUID]] = {}
    for key, person in rows:
        found.setdefault(key, []).append(person)
    return found


async def persons_under_several(
    connection: Connection, keys: Sequence[int], width: int, cap: int
) -> list[UUID]:
    """Persons found under at least two of these crowded keys, of which ``width`` persons each are
    looked at; none when they are still more than ``cap``.
    """
    rows = await connection.fetch(
        "SELECT b.person FROM unnest($1::bigint[]) AS k (key) CROSS JOIN LATERAL"
        " (SELECT b.person FROM blocking_keys b WHERE b.key = k.key LIMIT $2) AS b"
        " GROUP BY b.person HAVING count(*) > 1 LIMIT $3",
        keys,
        width,
        cap + 1,
    )
    return [row[0] for row in rows] if len(rows) <= cap else []


async def persons(connection: Connection, wanted: Iterable[UUID]) -> list[StoredPerson]:
    """Those of the persons that have entries."""
    if not (sought := sorted(wanted)):
        return []
    rows = await connection.fetch(
        "SELECT person, sealed, doubtful, keying FROM persons"
        " WHERE person = ANY($1::uuid[]) AND sealed IS NOT NULL",
        sought,
    )
    return [StoredPerson(*row) for row in rows]


async def persons_and_ended(
    connection: Connection, wanted: Sequence[UUID]
) -> list[tuple[StoredPerson, Sequence[UUID]]]:
    """Those of the persons that have entries, each with those that ended in it."""
    rows = await connection.fetch(
        "SELECT person, sealed, doubtful, keying,"
        " ARRAY(SELECT e.person FROM persons e WHERE e.joined_to = p.person)"
        " FROM persons p WHERE person = ANY($1::uuid[]) AND sealed IS NOT NULL",
        wanted,
    )
    return [(StoredPerson(*row[:4]), row[4]) for row in rows]


async def without_entries(connection: Connection, persons: Sequence[UUID]) -> set[UUID]:
    """Those of the persons of whom nobody speaks any more."""
    rows = await connection.fetch(
        "SELECT person FROM persons WHERE person = ANY($1::uuid[]) AND sealed IS NULL", persons
    )
    return {row[0] for row in rows}


async def rivals_of(
    connection: Connection, doubtful: Sequence[UUID]
) -> dict[UUID, frozenset[UUID]]:
    """The persons with whom each has open reviews."""
    rows = await connection.fetch(
        "SELECT one, other FROM reviews WHERE one = ANY($1::uuid[]) AND closed_at IS NULL"
        " UNION ALL"
        " SELECT other, one FROM reviews WHERE other = ANY($1::uuid[]) AND closed_at IS NULL",
        doubtful,
    )
    found: dict[UUID, set[UUID]] = {}
    for one, other in rows:
        found.setdefault(one, set()).add(other)
    return {person: frozenset(rivals) for person, rivals in found.items()}


async def rulings_on(connection: Connection, entries: Sequence[UUID]) -> list[Ruling]:
    """The standing rulings that bind any of the entries, in the order in which they were made."""
    if not entries:
        return []
    rows = await connection.fetch(
        "SELECT ruling, same, one, other FROM rulings WHERE withdrawn_at IS NULL AND ruling IN"
        " (SELECT ruling FROM ruling_entries WHERE entry = ANY($1::uuid[]))"
        " ORDER BY made_at, ruling",
        entries,
    )
    return [Ruling(row[0], row[1], frozenset(row[2]), frozenset(row[3])) for row in rows]
