"""What the linker writes: links, features, persons and keys, many to a statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.matching.links.grades import Grade
from services.matching.links.queries import Connection, StoredPerson
from services.matching.links.round_trips import Rows, Statement, array

_LINK = (
    "entry uuid, version bigint, sealed bytea, person uuid, grade text, weight float8, rule_version text,"
    " link_seq bigint, arrival bigint, against uuid, levels text, weights float8[], crowded smallint"
)
_CHANGE = (
    "entry uuid, person uuid, grade text, weight float8, rule_version text, link_seq bigint,"
    " changed_at timestamptz"
)
_PERSON = "person uuid, sealed bytea, doubtful boolean, keying smallint"


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


def links(new: Sequence[NewLink], changed: Sequence[NewLink]) -> list[Rows | Statement]:
    """The links of entries never seen before go in, and those of others in place of theirs; all are appended to the
    changes.
    """
    return [
        Rows.of("entries", _LINK, new),
        *_links_in_place(changed),
        Rows.of("link_changes", _CHANGE, [*new, *changed]),
    ]


def _links_in_place(changed: Sequence[NewLink]) -> list[Statement]:
    if not changed:
        return []
    return [
        Statement(
            "UPDATE entries e SET person = n.person, grade = n.grade, weight = n.weight,"
            " rule_version = n.rule_version, link_seq = n.link_seq, against = n.against,"
            " levels = n.levels, weights = n.weights::float8[], crowded = n.crowded"
            " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::text[], $6::bigint[],"
            " $7::uuid[], $8::text[], $9::text[], $10::smallint[]) AS n (entry, person, grade, weight,"
            " rule_version, link_seq, against, levels, weights, crowded)"
            " WHERE e.entry = n.entry",
            (
                [n.entry for n in changed],
                [n.person for n in changed],
                [n.grade for n in changed],
                [n.weight for n in changed],
                [n.rule_version for n in changed],
                [n.link_seq for n in changed],
                [n.against for n in changed],
                [n.levels for n in changed],
                [array(n.weights) for n in changed],
                [n.crowded for n in changed],
            ),
        )
    ]


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


def persons(new: Sequence[StoredPerson], changed: Sequence[StoredPerson]) -> list[Rows | Statement]:
    """Persons never seen before go in, and others in place of what stood for them."""
    found: list[Rows | Statement] = [Rows("persons", _PERSON, new)]
    if changed:
        found.append(
            Statement(
                "UPDATE persons p SET sealed = n.sealed, doubtful = n.doubtful, keying = n.keying,"
                " joined_to = NULL FROM unnest($1::uuid[], $2::bytea[], $3::boolean[], $4::smallint[])"
                " AS n (person, sealed, doubtful, keying) WHERE p.person = n.person",
                list(zip(*changed, strict=True)),
            )
        )
    return found


async def end(connection: Connection, ended: Mapping[UUID, UUID | None]) -> None:
    """Nobody speaks of these persons any more; whom each went into, if into one, is where those go on who once ended in it."""
    if not ended:
        return
    values = list(ended), list(ended.values())
    await connection.execute(
        "UPDATE persons p SET sealed = NULL, doubtful = false, joined_to = n.kept"
        " FROM unnest($1::uuid[], $2::uuid[]) AS n (person, kept) WHERE p.person = n.person",
        *values,
    )
    await connection.execute(
        "UPDATE persons p SET joined_to = n.kept"
        " FROM unnest($1::uuid[], $2::uuid[]) AS n (person, kept) WHERE p.joined_to = n.person",
        *values,
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


def keys(
    added: Sequence[tuple[int, UUID]], removed: Sequence[tuple[int, UUID]]
) -> list[Rows | Statement]:
    """Blocking keys under which persons are found from now on, and those under which they are not."""
    found: list[Rows | Statement] = [
        Rows("blocking_keys", "key bigint, person uuid", added, known=True)
    ]
    if removed:
        found.append(
            Statement(
                "DELETE FROM blocking_keys b USING unnest($1::bigint[], $2::uuid[]) AS n (key, person)"
                " WHERE b.key = n.key AND b.person = n.person",
                ([key for key, _ in removed], [person for _, person in removed]),
            )
        )
    return found
