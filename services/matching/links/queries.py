"""The linker's bulk statements, on the driver's own connection inside the request's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from services.matching.entries.sealing import SEAL_BEGINS
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


class StoredPerson(NamedTuple):
    """``keying`` is the number of the keying that the person's blocking keys are of; ``sealed`` is empty where a
    reader has it.
    """

    person: UUID
    sealed: bytes
    doubtful: bool
    keying: int


@dataclass(frozen=True, slots=True)
class NewReview:
    review: UUID
    one: UUID
    other: UUID
    entry: UUID
    weight: float
    rule_version: str
    levels: str
    weights: Sequence[float]
    review_seq: int
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class OpenReview:
    review: UUID
    one: UUID
    other: UUID
    entry: UUID
    levels: str
    opened_at: datetime


#: Held shared by whoever looks persons up without the linker's lock, and alone by whoever changes what
#: everybody links by (keyings/): no look-up straddles a change.
REGIME_LOCK = 0x48_75_52_65

#: A planner without statistics would scan a growing table for every batch.
_BY_INDEX = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"
    " SET LOCAL enable_mergejoin = off"
)
_LINK = "entry version sealed person grade weight rule_version link_seq arrival against levels weights crowded"
_CHANGE = "entry person grade weight rule_version link_seq changed_at"
_REVIEW = "review one other entry weight rule_version levels weights review_seq opened_at"


async def lock_linker(connection: Connection) -> None:
    """Wait for the batches before this one; then look up by index alone."""
    await connection.execute(f"SELECT pg_advisory_xact_lock({LINKER_LOCK}); {_BY_INDEX}")


async def keep_to_indexes(connection: Connection) -> None:
    """To the end of the transaction."""
    await connection.execute(_BY_INDEX)


async def look_up(connection: Connection) -> None:
    """Begin looking persons up beside the linker, by index alone."""
    await connection.execute(f"SELECT pg_advisory_xact_lock_shared({REGIME_LOCK}); {_BY_INDEX}")


async def last_link_seq(connection: Connection) -> int:
    """Right only under the linker's lock."""
    found = await connection.fetchval(
        "SELECT greatest((SELECT max(link_seq) FROM link_changes), (SELECT link_seq FROM numbering))"
    )
    return int(found)


async def links_of(connection: Connection, entries: Sequence[UUID]) -> dict[UUID, StoredLink]:
    rows = await connection.fetch(
        "SELECT entry, person, grade, weight, rule_version, link_seq, version, arrival"
        " FROM entries WHERE entry = ANY($1::uuid[])",
        entries,
    )
    return {
        row[0]: StoredLink(row[0], row[1], Grade(row[2]), row[3], row[4], row[5], row[6], row[7])
        for row in rows
    }


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


async def persons(
    connection: Connection,
    wanted: Iterable[UUID],
    seen: Mapping[UUID, bytes] = MappingProxyType({}),
) -> list[StoredPerson]:
    """Those of the persons that have entries; ``sealed`` is empty where it still begins with what was seen of it."""
    if not (sought := sorted(wanted)):
        return []
    rows = await connection.fetch(
        "SELECT p.person, CASE substring(p.sealed FROM 1 FOR $3) WHEN k.seen THEN '' ELSE p.sealed END,"
        " p.doubtful, p.keying FROM unnest($1::uuid[], $2::bytea[]) AS k (person, seen)"
        " JOIN persons p ON p.person = k.person AND p.sealed IS NOT NULL",
        sought,
        [seen.get(person, b"") for person in sought],
        SEAL_BEGINS,
    )
    return [StoredPerson(*row) for row in rows]


async def ended(
    connection: Connection, persons: Sequence[UUID], homes: Sequence[UUID]
) -> set[UUID]:
    """Persons whose entries went to any of the ``persons``; and those of ``homes`` without entries."""
    rows = await connection.fetch(
        "SELECT person FROM persons WHERE joined_to = ANY($1::uuid[]) UNION"
        " SELECT person FROM persons WHERE person = ANY($2::uuid[]) AND sealed IS NULL",
        persons,
        homes,
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
    rows = await connection.fetch(
        "SELECT ruling, same, one, other FROM rulings WHERE withdrawn_at IS NULL AND ruling IN"
        " (SELECT ruling FROM ruling_entries WHERE entry = ANY($1::uuid[]))"
        " ORDER BY made_at, ruling",
        entries,
    )
    return [Ruling(row[0], row[1], frozenset(row[2]), frozenset(row[3])) for row in rows]


async def store_links(
    connection: Connection, new: Sequence[NewLink], changed: Sequence[NewLink]
) -> None:
    """Put the links of entries never seen before in, and those of others in place of theirs; append
    all to the changes.
    """
    await _copy(connection, "entries", _LINK, new)
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
    await _copy(connection, "link_changes", _CHANGE, [*new, *changed])


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
    await _copy(connection, "persons", "person sealed doubtful keying", new)
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
    if added:
        await connection.execute(
            "INSERT INTO blocking_keys SELECT * FROM unnest($1::bigint[], $2::uuid[])"
            " ON CONFLICT DO NOTHING",
            [key for key, _ in added],
            [person for _, person in added],
        )


async def last_review_seq(connection: Connection) -> int:
    """Right only under the linker's lock."""
    found = await connection.fetchval(
        "SELECT greatest((SELECT max(review_seq) FROM reviews), (SELECT review_seq FROM numbering))"
    )
    return int(found)


async def open_reviews_among(
    connection: Connection, persons: Sequence[UUID]
) -> dict[UUID, OpenReview]:
    """Open reviews that concern any of the persons."""
    rows = await connection.fetch(
        "SELECT review, one, other, entry, levels, opened_at FROM reviews"
        " WHERE (one = ANY($1::uuid[]) OR other = ANY($1::uuid[])) AND closed_at IS NULL",
        persons,
    )
    return {row[0]: OpenReview(*row) for row in rows}


async def open_reviews(connection: Connection, reviews: Sequence[NewReview]) -> None:
    """Open the reviews, or open them again with the evidence of today."""
    if reviews:
        await connection.execute(
            "DELETE FROM reviews WHERE review = ANY($1::uuid[])", [r.review for r in reviews]
        )
        await _copy(connection, "reviews", _REVIEW, reviews)


async def close_reviews(
    connection: Connection, reviews: Sequence[UUID], first: int, now: datetime
) -> None:
    """Close the reviews, numbering the changes from ``first``."""
    if reviews:
        await connection.execute(
            "UPDATE reviews r SET closed_at = $3, review_seq = n.seq"
            " FROM unnest($1::uuid[], $2::bigint[]) AS n (review, seq) WHERE r.review = n.review",
            reviews,
            list(range(first, first + len(reviews))),
            now,
        )


async def _copy(connection: Connection, table: str, columns: str, things: Sequence[object]) -> None:
    """COPY the named attributes of each thing into the columns of the same names."""
    if not things:
        return
    names = columns.split()
    await connection.copy_records_to_table(
        table, columns=names, records=map(attrgetter(*names), things)
    )
