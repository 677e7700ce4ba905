"""What people decided is told at once or not at all, and what was withdrawn is never said to hold."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from services.matching.linkage.decisions import Ruling
from services.matching.linkage.normalization import Features
from services.matching.links.queries import StoredLink
from services.matching.rulings.ruling import rule
from shared.database import SYSTEM
from shared.problems import Conflict, NotFound
from tests.databases import MakeDatabase
from tests.matching.children import FAMILY, ID
from tests.matching.conftest import Matching
from tests.matching.linkers import LinkedHub

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "id_number": ID, **FAMILY}
OTHER: Features = {"name": "李雷", "birth_date": "2010-01-02"}
THIRD: Features = {"name": "王芳", "birth_date": "2012-06-05"}


@pytest.fixture
async def hub(database: MakeDatabase, tmp_path: Path) -> AsyncIterator[LinkedHub]:
    made = LinkedHub.make(tmp_path, await database("matching"))
    yield made
    await made.close()


def ruling(number: int, *, same: bool, one: int, other: int) -> Ruling:
    sides = frozenset({UUID(int=one)}), frozenset({UUID(int=other)})
    return Ruling(UUID(int=100 + number), same, *sides)


async def told(
    hub: LinkedHub, holds: Sequence[Ruling], ends: Sequence[UUID] = ()
) -> list[StoredLink]:
    async with hub.served.transaction(SYSTEM) as session:
        return await rule(session, hub.following.linker, holds, ends)


async def standing(hub: LinkedHub) -> set[UUID]:
    rows = await hub.rows("SELECT ruling FROM rulings WHERE withdrawn_at IS NULL")
    return {row["ruling"] for row in rows}


async def children(hub: LinkedHub) -> int:
    return len(await hub.rows("SELECT DISTINCT person FROM entries WHERE person IS NOT NULL"))


async def test_older_rulings_end_and_new_ones_hold_at_once(hub: LinkedHub) -> None:
    old, new = ruling(1, same=True, one=1, other=2), ruling(2, same=False, one=1, other=2)
    await hub.push((1, 1, CHILD), (2, 1, OTHER), (3, 1, THIRD))
    await told(hub, [old])
    assert await children(hub) == 2

    links = await told(hub, [new], [old.ruling, UUID(int=999)])

    assert {link.entry for link in links} == {UUID(int=1), UUID(int=2)}
    assert len({link.person for link in links}) == 2
    assert await standing(hub) == {new.ruling}
    assert await told(hub, [new], [old.ruling, UUID(int=999)]) == links


@pytest.mark.parametrize("refused", ["contradicted", "gone", "unheard of"])
async def test_what_cannot_be_held_ends_nothing(hub: LinkedHub, refused: str) -> None:
    old, bound = ruling(1, same=True, one=1, other=2), ruling(2, same=True, one=2, other=3)
    new = [ruling(3, same=False, one=1, other=2), ruling(4, same=False, one=2, other=3)]
    await hub.push((1, 1, CHILD), (2, 1, OTHER), (3, 1, THIRD))
    await told(hub, [old])
    if refused == "contradicted":
        await told(hub, [bound])
    elif refused == "gone":
        await hub.retract(3)
    else:
        new[1] = ruling(4, same=False, one=2, other=4)
    before = await hub.rows("SELECT entry, person FROM entries ORDER BY entry")

    with pytest.raises(Conflict if refused == "contradicted" else NotFound):
        await told(hub, new, [old.ruling])

    assert await hub.rows("SELECT entry, person FROM entries ORDER BY entry") == before
    assert old.ruling in await standing(hub)


async def test_what_was_withdrawn_is_not_said_to_hold(hub: LinkedHub) -> None:
    old = ruling(1, same=True, one=1, other=2)
    await hub.push((1, 1, CHILD), (2, 1, OTHER))
    await told(hub, [old])
    await told(hub, [], [old.ruling])

    with pytest.raises(Conflict):
        await told(hub, [old])

    assert await children(hub) == 2
    assert await standing(hub) == set()


async def test_over_the_wire(matching: Matching) -> None:
    await matching.resolve((1, 1, CHILD), (2, 1, OTHER))
    entries = [str(UUID(int=number)) for number in (1, 2)]
    same = {"ruling": str(UUID(int=100)), "same": True, "one": entries[:1], "other": entries[1:]}

    for body, persons in (({"holds": [same]}, 1), ({"ends": [same["ruling"]]}, 2)):
        reply = await matching.registry.post("/v1/rulings", json=body)
        assert reply.status_code == 200, reply.text
        links = reply.json()["items"]
        assert [link["entry"] for link in links] == entries
        assert len({link["person"] for link in links}) == persons
    assert (await matching.registry.post("/v1/rulings", json={"holds": [same]})).status_code == 409
    twice = {"holds": [same], "ends": [same["ruling"]]}
    assert (await matching.registry.post("/v1/rulings", json=twice)).status_code == 422
