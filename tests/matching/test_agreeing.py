"""Whatever of matching does not follow from its entries is named by its row."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.matching.linkage.normalization import Features, standardise
from services.matching.linkage.persons import Person, Sight
from services.matching.persons import agreeing
from shared.database import SYSTEM
from tests.databases import MakeDatabase
from tests.matching.children import FAMILY, ID, MODEL
from tests.matching.linkers import LinkedHub

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "id_number": ID, **FAMILY}


@pytest.fixture
async def hub(database: MakeDatabase, tmp_path: Path) -> AsyncIterator[LinkedHub]:
    """A child with two entries, and one that waits for a review."""
    made = LinkedHub.make(tmp_path, await database("matching"))
    await made.push((1, 1, CHILD), (2, 1, {**CHILD, "name": "章智明"}))
    await made.push((3, 1, {"birth_date": "2015-03-07", **FAMILY}))
    assert await made.rows("SELECT 1 FROM reviews WHERE closed_at IS NULL")
    assert await faults(made) == []
    yield made
    await made.close()


async def faults(hub: LinkedHub) -> list[str]:
    async with hub.owner.snapshot(SYSTEM) as session:
        return [fault async for fault in agreeing.faults_of(session, hub.keys, MODEL)]


async def rewrite(hub: LinkedHub, what: str) -> UUID:
    """Seal the first child's document anew, as whoever holds the keys could."""
    strongroom = hub.following.linker.strongroom
    (row,) = await hub.rows(
        "SELECT person, sealed FROM persons WHERE person ="
        " (SELECT person FROM entries WHERE entry = $1)",
        UUID(int=1),
    )
    person = strongroom.open_person(row["person"], row["sealed"], doubtful=False)
    if what == "keys":
        person.keys.add(12345)
    elif what == "listing":
        marked = {e: Sight(sight.arrival, (7,)) for e, sight in person.entries.items()}
        person = Person(row["person"], dict.fromkeys(person.cards, marked), person.keys)
    else:
        cards = {standardise({**CHILD, "name": "李雷"}): card for card in person.cards.values()}
        person = Person(row["person"], cards, person.keys)
    await hub.rows(
        "UPDATE persons SET sealed = $2 WHERE person = $1",
        row["person"],
        strongroom.seal_person(person),
    )
    found: UUID = row["person"]
    return found


@pytest.mark.parametrize("what", ["cards", "listing"])
async def test_a_document_that_says_other_than_its_entries(hub: LinkedHub, what: str) -> None:
    person = await rewrite(hub, what)

    assert await faults(hub) == [f"persons {person}: it says other than its entries"]


async def test_keys_that_do_not_follow_from_the_document(hub: LinkedHub) -> None:
    person = await rewrite(hub, "keys")

    assert await faults(hub) == [f"persons {person}: its keys are not those of what it says"]


async def test_a_doubt_that_was_silenced(hub: LinkedHub) -> None:
    await hub.rows("UPDATE persons SET doubtful = false")

    found = await faults(hub)
    assert len(found) == 2
    assert all("not held doubtful" in line for line in found)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("levels = replace(levels, 'same', 'clash')", "weighs other than its model says"),
        ("levels = ''", "is not whole"),
        ("weights[1] = weights[1] + 1", "weighs other than its model says"),
        ("weights[2] = weights[2] + 1", ""),
        ("weight = weight + 1", "does not add up"),
        ("rule_version = 'other'", "a model that is not registered"),
    ],
)
async def test_evidence_that_its_model_does_not_give(
    hub: LinkedHub, change: str, fault: str
) -> None:
    entry: Any = UUID(int=2)
    await hub.rows(f"UPDATE entries SET {change} WHERE entry = $1", entry)

    (found,) = await faults(hub)
    assert found.startswith(f"entries {entry}: ")
    assert fault in found
