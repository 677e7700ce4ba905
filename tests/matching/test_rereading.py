"""A release that reads otherwise than the one before it: what that one linked is read anew, while others link."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.matching import proving
from services.matching.entries import sealing
from services.matching.linkage.normalization import Features, standardise
from services.matching.links.queries import StoredLink
from services.matching.persons import agreeing, rereading
from services.matching.persons.rereading import PAGE, Reread
from shared.database import SYSTEM
from tests.databases import MakeDatabase
from tests.matching.children import FAMILY, ID, MODEL
from tests.matching.linkers import LinkedHub

CHILD: Features = {
    "name": "张志明", "birth_date": "2015-03-07", "sex": "male", "id_number": ID, **FAMILY,
}  # fmt: skip
#: Names nobody; the release before took it for a name.
PET: Features = {**CHILD, "name": "果果", "id_number": None}


@pytest.fixture
async def hub(database: MakeDatabase, tmp_path: Path) -> AsyncIterator[LinkedHub]:
    made = LinkedHub.make(tmp_path, await database("matching"))
    yield made
    await made.close()


async def linked_before(
    hub: LinkedHub, monkeypatch: pytest.MonkeyPatch, *items: tuple[int, int, Features]
) -> None:
    """Link as a release would that reads pet names as names, which this one does where it searches."""
    with monkeypatch.context() as before:
        before.setattr(sealing, "standardise", partial(standardise, as_told=True))
        await hub.push(*items)


async def reread(hub: LinkedHub) -> Reread:
    linker = hub.another_process().linker
    pages = [page async for page in rereading.reread(hub.owner, linker)]
    return Reread(*(sum(getattr(page, name) for page in pages) for name in Reread.__slots__))


async def together(hub: LinkedHub) -> set[frozenset[int]]:
    rows = await hub.rows(
        "SELECT array_agg(entry) AS said FROM entries WHERE person IS NOT NULL GROUP BY person"
    )
    return {frozenset(entry.int for entry in row["said"]) for row in rows}


async def faults(hub: LinkedHub) -> list[str]:
    async with hub.owner.snapshot(SYSTEM) as session:
        linker = await hub.another_process().current(session)
        found = [fault async for fault in proving.faults_of(session, linker.strongroom)]
        return found + [f async for f in agreeing.faults_of(session, hub.keys, MODEL)]


async def test_what_is_read_otherwise_is_placed_again_and_only_that(
    hub: LinkedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    other: Features = {"name": "逄韫芷", "birth_date": "2016-05-09", "phone": "13700000001"}
    await linked_before(hub, monkeypatch, (1, 1, CHILD), (2, 1, PET), (3, 1, other))
    assert await together(hub) == {frozenset((1,)), frozenset((2,)), frozenset((3,))}
    assert len(await faults(hub)) == 1

    assert await reread(hub) == Reread(entries=1, moved=1)

    assert await together(hub) == {frozenset((1, 2)), frozenset((3,))}
    assert await faults(hub) == []
    assert await reread(hub) == Reread()
    changes = await hub.rows("SELECT entry, person FROM link_changes ORDER BY link_seq")
    assert [row["entry"].int for row in changes].count(3) == 1
    assert changes[-1]["entry"] == UUID(int=2)
    assert changes[-1]["person"] == changes[0]["person"]


async def test_entries_of_several_pages_are_all_read_anew_and_once(
    hub: LinkedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pet(number: int) -> Features:
        born = date(2015, 1, 1) + timedelta(days=3 * number)
        return {"name": "果果", "birth_date": f"{born}", "phone": f"139{number:08}"}

    count = PAGE + PAGE // 2
    await linked_before(hub, monkeypatch, *((n, 1, pet(n)) for n in range(1, count + 1)))
    assert len(await faults(hub)) == count

    assert (await reread(hub)).entries == count

    assert await faults(hub) == []


async def test_keys_that_follow_otherwise_from_what_is_said_are_laid_out_anew(
    hub: LinkedHub,
) -> None:
    await hub.push((1, 1, CHILD), (2, 1, CHILD))
    strongroom = hub.following.linker.strongroom
    (row,) = await hub.rows("SELECT person, sealed FROM persons")
    person = strongroom.open_person(row["person"], row["sealed"], doubtful=False)
    person.keys = {*sorted(person.keys)[1:], 12345}
    await hub.rows("UPDATE persons SET sealed = $1", strongroom.seal_person(person))
    await hub.rows("DELETE FROM blocking_keys")
    await hub.rows(
        "INSERT INTO blocking_keys SELECT unnest($1::bigint[]), $2",
        list(person.keys),
        row["person"],
    )

    assert (await reread(hub)).moved == 0

    assert await faults(hub) == []
    assert await together(hub) == {frozenset((1, 2))}


async def test_what_was_told_or_taken_back_meanwhile_stands(
    hub: LinkedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at in its first version, it is told in its second, and another is recalled, before either is placed."""
    await linked_before(hub, monkeypatch, (1, 1, CHILD), (2, 1, PET), (3, 1, PET))
    page = rereading.reread(hub.owner, hub.another_process().linker)
    place = rereading._place

    async def late(*args: Any) -> list[StoredLink]:
        await hub.push((2, 2, {**CHILD, "name": "张志明"}))
        await hub.retract(3)
        return await place(*args)

    monkeypatch.setattr(rereading, "_place", late)
    assert [told async for told in page] == [Reread()]
    assert await together(hub) == {frozenset((1, 2))}
    (row,) = await hub.rows("SELECT version FROM entries WHERE entry = $1", UUID(int=2))
    assert row["version"] == 2
    (row,) = await hub.rows("SELECT grade, sealed FROM entries WHERE entry = $1", UUID(int=3))
    assert (row["grade"], row["sealed"]) == ("retracted", None)
    assert await faults(hub) == []


async def test_a_person_that_does_not_open_holds_up_nobody_else(
    hub: LinkedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    other: Features = {"name": "逄韫芷", "birth_date": "2016-05-09", "phone": "13700000001"}
    await linked_before(hub, monkeypatch, (1, 1, other), (2, 1, CHILD), (3, 1, PET))
    (row,) = await hub.rows("SELECT person FROM entries WHERE entry = $1", UUID(int=1))
    await hub.rows(
        "UPDATE persons SET sealed = overlay(sealed PLACING '\\x0000' FROM 20) WHERE person = $1",
        row["person"],
    )

    assert await reread(hub) == Reread(entries=1, moved=1, broken=1)
    assert frozenset((2, 3)) in await together(hub)
