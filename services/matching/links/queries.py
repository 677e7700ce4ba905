"""The linker's bulk statements, on the driver's own connection inside the request's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from services.matching.entries.sealing import Prepared, SealedEntry
from services.matching.links.grades import Grade

Connection: TypeAlias = "asyncpg.Connection[Any]"

#: One linker at a time, whichever replica it runs in; held to the end of the transaction.
LINKER_LOCK = 0x48_75_4C_69


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A link as it stands; ``version`` and ``keys`` are those of the stored features, if there
    are any.
    """

    entry: UUID
    person: UUID | None
    grade: Grade
    weight: float
    rule_version: str
    link_seq: int
    version: int | None = None
    keys: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class NewLink:
    entry: UUID
    person: UUID | None
    grade: Grade
    weight: float
    rule_version: str
    link_seq: int
    changed_at: datetime
    against: UUID | None = None
    levels: Sequence[str] = ()
    weights: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class NewReview:
    entry: UUID
    candidate: UUID
    weight: float
    rule_version: str
    levels: Sequence[str]
    weights: Sequence[float]
    opened_at: datetime


#: A planner without statistics would scan a growing table for every batch.
_BY_INDEX = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"
    " SET LOCAL enable_mergejoin = off"
)


async def lock_linker(connection: Connection) -> None:
    """Wait for the batches before this one; then look up by index alone."""
    await connection.execute(f"SELECT pg_advisory_xact_lock({LINKER_LOCK}); {_BY_INDEX}")


async def look_up_by_index(connection: Connection) -> None:
    """Keep a transaction that takes no lock to index look-ups too."""
    await connection.execute(_BY_INDEX)


async def last_link_seq(connection: Connection) -> int:
    """Right only under the linker's lock."""
    found = await connection.fetchval("SELECT coalesce(max(link_seq), 0) FROM link_changes")
    return int(found)


async def links_of(connection: Connection, entries: Sequence[UUID]) -> dict[UUID, StoredLink]:
    rows = await connection.fetch(
        "SELECT l.entry, l.person, l.grade, l.weight, l.rule_version, l.link_seq, e.version, e.keys"
        " FROM links l LEFT JOIN entries e ON e.entry = l.entry WHERE l.entry = ANY($1::uuid[])",
        entries,
    )
    return {
        row["entry"]: StoredLink(
            row["entry"],
            row["person"],
            Grade(row["grade"]),
            row["weight"],
            row["rule_version"],
            row["link_seq"],
            row["version"],
            row["keys"] or (),
        )
        for row in rows
    }


async def persons_sharing(
    connection: Connection, keys: Sequence[int], cap: int
) -> tuple[dict[int, list[UUID]], int]:
    """Persons by blocking key, and how many keys were so common that only their first ``cap``
    entries were taken.
    """
    rows = await connection.fetch(
        "SELECT k.key, l.person FROM unnest($1::bigint[]) AS k (key)"
        " CROSS JOIN LATERAL"
        " (SELECT b.entry FROM blocking_keys b WHERE b.key = k.key LIMIT $2) AS b"
        " JOIN links l ON l.entry = b.entry WHERE l.person IS NOT NULL",
        keys,
        cap,
    )
    found: dict[int, list[UUID]] = {}
    for key, person in rows:
        found.setdefault(key, []).append(person)
    return found, sum(len(persons) >= cap for persons in found.values())


async def members_of(
    connection: Connection, persons: Sequence[UUID]
) -> list[tuple[UUID, SealedEntry]]:
    rows = await connection.fetch(
        "SELECT l.person, e.entry, e.version, e.sealed, k.master, k.wrapped FROM links l"
        " JOIN entries e ON e.entry = l.entry JOIN vault.data_keys k ON k.id = e.entry"
        " WHERE l.person = ANY($1::uuid[])",
        persons,
    )
    return [(row[0], SealedEntry(row[1], row[2], row[3], row[4], row[5])) for row in rows]


async def remove_features(
    connection: Connection, entries: Sequence[UUID], keys: Sequence[tuple[int, UUID]]
) -> None:
    """Delete sealed features, their data keys and their blocking hashes."""
    await connection.execute(
        "DELETE FROM blocking_keys b USING unnest($1::bigint[], $2::uuid[]) AS gone (key, entry)"
        " WHERE b.key = gone.key AND b.entry = gone.entry",
        [key for key, _ in keys],
        [entry for _, entry in keys],
    )
    await connection.execute("DELETE FROM entries WHERE entry = ANY($1::uuid[])", entries)
    await connection.execute("DELETE FROM vault.data_keys WHERE id = ANY($1::uuid[])", entries)


async def store_features(connection: Connection, prepared: Sequence[Prepared]) -> None:
    await _copy(connection, "entries", "entry version keys sealed", prepared)
    keys = [p.data_key for p in prepared]
    await _copy(connection, "data_keys", "id master wrapped", keys, schema="vault")
    await connection.copy_records_to_table(
        "blocking_keys",
        columns=["key", "entry"],
        records=[(key, p.entry) for p in prepared for key in p.keys],
    )


async def replace_links(
    connection: Connection, links: Sequence[NewLink], known: Sequence[UUID]
) -> None:
    """Put the links in place of those of ``known`` entries, and append each to the changes."""
    if known:
        await connection.execute("DELETE FROM links WHERE entry = ANY($1::uuid[])", known)
    change = "entry person grade weight rule_version link_seq"
    await _copy(connection, "links", f"{change} against levels weights", links)
    await _copy(connection, "link_changes", f"{change} changed_at", links)


async def replace_reviews(
    connection: Connection,
    decided: Sequence[UUID],
    joined: Mapping[UUID, UUID],
    emptied: Sequence[UUID],
    reviews: Sequence[NewReview],
) -> None:
    """Close the reviews of ``decided`` entries and of persons left empty, let the others follow
    persons that were ``joined`` to another, and open the new ones.
    """
    if joined:
        await connection.execute(
            "INSERT INTO reviews (entry, candidate, weight, rule_version, levels, weights, opened_at)"
            " SELECT r.entry, j.kept, r.weight, r.rule_version, r.levels, r.weights, r.opened_at"
            " FROM unnest($1::uuid[], $2::uuid[]) AS j (gone, kept)"
            " JOIN reviews r ON r.candidate = j.gone"
            " JOIN links l ON l.entry = r.entry AND l.person <> j.kept"
            " ON CONFLICT (entry, candidate) DO NOTHING",
            list(joined),
            list(joined.values()),
        )
    await connection.execute("DELETE FROM reviews WHERE entry = ANY($1::uuid[])", decided)
    if gone := [*joined, *emptied]:
        await connection.execute("DELETE FROM reviews WHERE candidate = ANY($1::uuid[])", gone)
    await _copy(
        connection,
        "reviews",
        "entry candidate weight rule_version levels weights opened_at",
        reviews,
    )


async def store_persons(
    connection: Connection, persons: Sequence[UUID], joined: Mapping[UUID, UUID]
) -> None:
    """Keep new persons' ids, and where the entries of persons found to be another went."""
    await connection.execute(
        "INSERT INTO persons (person) SELECT unnest($1::uuid[]) ON CONFLICT (person) DO NOTHING",
        persons,
    )
    if joined:
        await connection.execute(
            "UPDATE persons p SET joined_to = j.kept"
            " FROM unnest($1::uuid[], $2::uuid[]) AS j (gone, kept)"
            " WHERE p.person = j.gone",
            list(joined),
            list(joined.values()),
        )


async def _copy(
    connection: Connection,
    table: str,
    columns: str,
    things: Sequence[object],
    schema: str | None = None,
) -> None:
    """COPY the named attributes of each thing into the columns of the same names."""
    if not things:
        return
    names = columns.split()
    await connection.copy_records_to_table(
        table, schema_name=schema, columns=names, records=map(attrgetter(*names), things)
    )


async def empty_among(connection: Connection, persons: Sequence[UUID]) -> list[UUID]:
    """Those of the persons to whom no entry is linked."""
    rows = await connection.fetch(
        "SELECT p.person FROM unnest($1::uuid[]) AS p (person)"
        " WHERE NOT EXISTS (SELECT FROM links l WHERE l.person = p.person)",
        persons,
    )
    return [row["person"] for row in rows]
