"""What is told at once, and what is copied, is the same in the tables."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.matching.links import touching, writing
from services.matching.links.grades import Grade
from services.matching.links.queries import StoredPerson
from services.matching.links.round_trips import Statement, write
from services.matching.links.writing import NewLink
from shared.database import SYSTEM, Database, raw
from tests.databases import MakeDatabase

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _link(at: int) -> NewLink:
    weights = (1.5, float("inf"), -0.0, 1e-300) if at % 2 else ()
    return NewLink(
        UUID(int=at), at, b"sealed" * at, UUID(int=9), Grade.POSSIBLE, at / 3, "rules", at, at, NOW,
        None if at % 3 else UUID(int=8), 'exact "{same}, NULL', weights, at % 5,
    )  # fmt: skip


@pytest.mark.parametrize("count", [1, 7, 8, 150])
async def test_one_round_trip_leaves_what_many_leave(database: MakeDatabase, count: int) -> None:
    _, url = await database("matching")
    linker = Database(url, 1)
    new = [_link(at) for at in range(1, count + 1)]
    changed = [
        link._replace(person=None, weight=-1.0, link_seq=count + link.link_seq, weights=(2.0,))
        for link in new[: count // 2 + 1]
    ]
    persons = [StoredPerson(UUID(int=at), b"person" * at, at % 2 == 0, 1) for at in range(count)]
    keys = [(at - 2**63, UUID(int=at)) for at in range(count)]
    async with linker.transaction(SYSTEM) as session:
        connection = await raw(session)
        told = touching.telling([key for key, _ in keys], [person for _, person in keys])
        await write(
            connection,
            [*writing.keys(keys, []), told, *writing.links(new, []), *writing.persons(persons, [])],
        )
        stood = await connection.fetch("SELECT * FROM entries ORDER BY entry")
        await write(
            connection,
            [
                *writing.keys([], keys[:1]),
                *writing.links([], changed),
                *writing.persons([], [one._replace(sealed=b"anew") for one in persons]),
            ],
        )
        rows = await connection.fetch("SELECT * FROM entries ORDER BY entry")
        changes = await connection.fetch("SELECT * FROM link_changes ORDER BY link_seq")
        sealed = await connection.fetch("SELECT sealed, doubtful FROM persons ORDER BY person")
        left = await connection.fetch("SELECT key, person FROM blocking_keys ORDER BY key")
        touched = await touching.since(connection, 0)
    await linker.close()

    fields = [name for name in NewLink._fields if name != "changed_at"]
    assert [[row[name] for name in fields] for row in stood] == [
        [list(getattr(n, name)) if name == "weights" else getattr(n, name) for name in fields]
        for n in new
    ]
    assert [row["weights"] for row in rows[: len(changed)]] == [[2.0]] * len(changed)
    assert rows[len(changed) :] == stood[len(changed) :]
    assert [row["link_seq"] for row in changes] == list(range(1, count + len(changed) + 1))
    assert [tuple(row) for row in sealed] == [(b"anew", one.doubtful) for one in persons]
    assert [tuple(row) for row in left] == keys[1:]
    assert touched is not None
    assert touched.persons == {person for _, person in keys}


async def test_parts_keep_their_own_values(database: MakeDatabase) -> None:
    """However many values a text has, and however often it names one."""
    _, url = await database("matching")
    linker = Database(url, 1)
    text = "INSERT INTO blocking_keys VALUES ($2, $1), ($2 + $3, $1)"
    async with linker.transaction(SYSTEM) as session:
        connection = await raw(session)
        parts = [Statement(text, (UUID(int=at), 10 * at, 1)) for at in range(12)]
        await write(connection, parts)
        rows = await connection.fetch("SELECT key, person FROM blocking_keys ORDER BY key")
    await linker.close()

    assert [tuple(row) for row in rows] == [
        (10 * at + more, UUID(int=at)) for at in range(12) for more in (0, 1)
    ]
