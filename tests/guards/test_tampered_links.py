"""Whoever can write to matching's tables, past every grant, cannot move an entry to another child unseen: the verifier names it."""

from collections.abc import Mapping
from typing import Any

import pytest
import pytest_asyncio

from services.matching import proving
from shared.database import SYSTEM
from tests.guards.story import World
from tests.guards.tampering import columns_of, owner, tampered

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHERE = "matching"


async def faults(world: World) -> list[str]:
    app = world.hub.apps[WHERE]
    async with app.state.database.transaction(SYSTEM) as session:
        strongroom = app.state.following.linker.strongroom
        return [line async for line in proving.faults_of(session, strongroom)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def row(told: World) -> Mapping[str, Any]:
    """An entry of a person who has several."""
    found = await told.rows(
        "SELECT entry, person, link_seq FROM entries WHERE person IN"
        " (SELECT person FROM entries GROUP BY person HAVING count(*) > 1) ORDER BY entry",
        service=WHERE,
    )
    assert await faults(told) == []
    return dict(found[0])


@pytest.mark.parametrize("name", columns_of("entries", WHERE))
async def test_an_entry(told: World, row: Mapping[str, Any], name: str) -> None:
    async with tampered(told, WHERE, "entries", name, "entry", row["entry"]) as now:
        found = await faults(told)
    about = f"persons {row['person']}" if name == "arrival" else f"entries {now}"
    assert any(line.startswith(about) for line in found), found
    if name not in ("person", "entry"):
        assert len(found) == 1


@pytest.mark.parametrize("name", columns_of("persons", WHERE))
async def test_a_person(told: World, row: Mapping[str, Any], name: str) -> None:
    async with tampered(told, WHERE, "persons", name, "person", row["person"]) as now:
        found = await faults(told)
    assert any(line.startswith(f"persons {now}: ") for line in found), found


@pytest.mark.parametrize("name", columns_of("blocking_keys", WHERE))
async def test_a_key_under_which_a_person_is_found(
    told: World, row: Mapping[str, Any], name: str
) -> None:
    (key, *_) = await told.rows(
        "SELECT key FROM blocking_keys b WHERE person = $1 AND 1 ="
        " (SELECT count(*) FROM blocking_keys o WHERE o.key = b.key)",
        row["person"],
        service=WHERE,
    )
    async with tampered(told, WHERE, "blocking_keys", name, "key", key["key"]):
        found = await faults(told)
    assert f"persons {row['person']}: it is not found under its own keys" in found


@pytest.mark.parametrize("name", columns_of("link_changes", WHERE))
async def test_the_newest_change_of_a_link(told: World, row: Mapping[str, Any], name: str) -> None:
    async with tampered(told, WHERE, "link_changes", name, "link_seq", row["link_seq"]):
        found = await faults(told)
    assert f"entries {row['entry']}: its link is not that of its newest change" in found


@pytest.mark.parametrize(
    ("table", "key", "fault"),
    [
        ("entries", "entry", "entries {entry}: was removed"),
        ("persons", "person", "persons {person}: was removed"),
        ("blocking_keys", "person", "persons {person}: it is not found under its own keys"),
        (
            "link_changes",
            "entry",
            "entries {entry}: its link is not that of its newest change",
        ),
    ],
)
async def test_rows_that_were_removed(
    told: World, row: Mapping[str, Any], table: str, key: str, fault: str
) -> None:
    async with owner(told, WHERE) as connection:
        await connection.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {table}")
        await connection.execute(f"DELETE FROM {table} WHERE {key} = $1", row[key])
        try:
            found = await faults(told)
        finally:
            await connection.execute(
                f"INSERT INTO {table} SELECT * FROM kept WHERE {key} = $1", row[key]
            )
    assert any(line.startswith(fault.format(**row)) for line in found), found


async def test_an_entry_led_to_another_child_with_its_change(
    told: World, row: Mapping[str, Any]
) -> None:
    """Both plain tables agree then; what the persons hold sealed does not."""
    (other, *_) = await told.rows(
        "SELECT person FROM persons WHERE sealed IS NOT NULL AND person <> $1",
        row["person"],
        service=WHERE,
    )
    move = (
        "UPDATE entries SET person = $1 WHERE entry = $2",
        "UPDATE link_changes SET person = $1 WHERE entry = $2",
    )
    async with owner(told, WHERE) as connection:
        for statement in move:
            await connection.execute(statement, other["person"], row["entry"])
        try:
            found = await faults(told)
        finally:
            for statement in move:
                await connection.execute(statement, row["person"], row["entry"])
    assert {line.split(":")[0] for line in found} == {
        f"persons {person}" for person in (row["person"], other["person"])
    }
    assert await faults(told) == []
