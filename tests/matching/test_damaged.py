"""A person whose row does not open any more is named in the log, and holds up nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from services.matching.linkage.decisions import Ruling
from services.matching.linkage.normalization import Features
from shared.problems import Conflict
from tests.databases import MakeDatabase
from tests.matching.children import FAMILY, ID
from tests.matching.linkers import LinkedHub

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "id_number": ID, **FAMILY}
OTHER: Features = {"name": "李雷", "birth_date": "2010-01-02", "phone": "13900001111"}


@pytest.fixture
async def hub(database: MakeDatabase, tmp_path: Path) -> AsyncIterator[LinkedHub]:
    """Two entries of a child whose row is damaged, one of another child."""
    made = LinkedHub.make(tmp_path, await database("matching"))
    first, *_ = await made.push((1, 1, CHILD), (2, 1, CHILD), (3, 1, OTHER))
    await made.rows(
        "UPDATE persons SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE person = $1",
        first.person,
    )
    yield made
    await made.close()


async def test_every_other_entry_of_the_batch_is_retracted_with_it(hub: LinkedHub) -> None:
    with capture_logs() as logs:
        links = await hub.retract(1, 3, erased=True)

    assert [(link.person, link.grade) for link in links] == [(None, "erased")] * 2
    rows = await hub.rows("SELECT entry FROM entries WHERE sealed IS NOT NULL")
    assert [row["entry"] for row in rows] == [UUID(int=2)]
    assert "person.unsealable" in [line["event"] for line in logs]


async def test_once_its_last_entry_is_erased_nothing_of_it_is_left(hub: LinkedHub) -> None:
    await hub.retract(1, 2, 3, erased=True)

    for left in ("persons WHERE sealed IS NOT NULL", "blocking_keys"):
        assert await hub.rows(f"SELECT 1 FROM {left}") == []


@pytest.mark.parametrize("same", [True, False])
async def test_a_ruling_about_it_is_answered(hub: LinkedHub, same: bool) -> None:
    """A *same* cannot hold while the row is damaged, which is no fault of the linker's."""
    ruling = Ruling(UUID(int=100), same, frozenset({UUID(int=1)}), frozenset({UUID(int=3)}))
    if same:
        with pytest.raises(Conflict):
            await hub.rule(ruling)
    else:
        assert len({link.person for link in await hub.rule(ruling)}) == 2


async def test_a_search_finds_the_others(hub: LinkedHub) -> None:
    (other,) = await hub.rows("SELECT person FROM entries WHERE entry = $1", UUID(int=3))
    both: Features = {**OTHER, "guardians": CHILD["guardians"], "phone": "13908123457"}

    with capture_logs() as logs:
        assert await hub.search({**both, "id_number": ID}) == [other["person"]]
    assert [line["event"] for line in logs] == ["person.unsealable"]
