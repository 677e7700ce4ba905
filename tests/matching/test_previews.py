"""What another model would change is told first, and then exactly that is done."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching import proving
from services.matching.linkage.deciding import MAX_UNITS
from services.matching.linkage.decisions import Ruling
from services.matching.linkage.normalization import Features
from services.matching.links.queries import StoredLink
from services.matching.models import shipped
from services.matching.persons import agreeing
from services.matching.previews.applying import CannotApply
from services.matching.previews.grouping import Tie, groups
from services.matching.previews.previewing import CannotPreview
from shared.database import SYSTEM
from shared.problems import NotFound
from tests.databases import MakeDatabase
from tests.matching.children import FAMILY, ID, MODEL
from tests.matching.linkers import LinkedHub, model_with

CHILD: Features = {"name": "逄韫芷", "birth_date": "2015-03-07", "sex": "female", **FAMILY}
STRICT = model_with(certain=1000)
"""Only papers are enough."""


@pytest.fixture
async def hub(database: MakeDatabase, tmp_path: Path) -> AsyncIterator[LinkedHub]:
    made = LinkedHub.make(tmp_path, await database("matching"))
    yield made
    await made.close()


async def links(hub: LinkedHub) -> dict[int, UUID]:
    rows = await hub.rows("SELECT entry, person FROM entries WHERE person IS NOT NULL")
    return {row["entry"].int: row["person"] for row in rows}


async def everything(hub: LinkedHub) -> list[str]:
    """All that decides or was decided."""
    tables = (
        "entries",
        "persons",
        "blocking_keys",
        "reviews",
        "link_changes",
        "keyings",
        "activations",
    )
    return [
        row["line"] for t in tables for row in await hub.rows(f"SELECT t::text AS line FROM {t} t ORDER BY 1")
    ]  # fmt: skip


async def faults(hub: LinkedHub) -> list[str]:
    async with hub.owner.snapshot(SYSTEM) as session:
        linker = await hub.another_process().current(session)
        found = [fault async for fault in proving.faults_of(session, linker.strongroom)]
        return found + [f async for f in agreeing.faults_of(session, hub.keys, MODEL)]


async def told(hub: LinkedHub) -> list[StoredLink]:
    """One child by family evidence, another by its number."""
    return await hub.push(
        (1, 1, CHILD),
        (2, 1, {**CHILD, "school": "人和街小学"}),
        (3, 1, {"name": "李雷", "id_number": ID}),
        (4, 1, {"name": "李雷", "id_number": ID}),
    )


async def test_a_preview_lists_what_would_change_and_changes_nothing(hub: LinkedHub) -> None:
    one, two, *_ = await told(hub)
    assert one.person == two.person
    before = await everything(hub)

    previewed = await hub.preview(await hub.register(STRICT))

    assert await everything(hub) == before
    assert previewed.preview.counts == {
        "groups": 1, "entries_moved": 1, "persons_merged": 0, "persons_parted": 1,
        "reviews_opened": 1, "reviews_closed": 0, "persons": 2,
    }  # fmt: skip
    (moved,) = previewed.changes.moved
    assert moved in (one.entry, two.entry)
    assert one.person in previewed.changes.persons
    kept = await hub.rows("SELECT preview, link_seq, applied_at FROM previews")
    assert [tuple(row) for row in kept] == [(previewed.preview.preview, 4, None)]


async def test_applying_makes_exactly_the_previewed_changes(hub: LinkedHub) -> None:
    await told(hub)
    before = await links(hub)
    previewed = await hub.preview(await hub.register(STRICT))

    changes = await hub.apply(previewed)

    assert changes.counts == previewed.changes.counts
    assert changes.moved == previewed.changes.moved
    moved = {entry.int: person for entry, person in changes.moved.items()}
    assert await links(hub) == before | moved
    assert await faults(hub) == []
    with pytest.raises(CannotApply, match="before"):
        await hub.apply(previewed)


async def test_every_process_links_by_the_applied_model_and_old_decisions_keep_theirs(
    hub: LinkedHub,
) -> None:
    await told(hub)
    other = hub.another_process()
    version = await hub.register(STRICT)
    await hub.apply(await hub.preview(version))

    (link,) = await hub.push((5, 1, {**CHILD, "school": "一中"}))

    assert link.rule_version == version
    async with hub.served.transaction(SYSTEM) as session:
        assert (await other.current(session)).model.rule_version == version
    rows = await hub.rows("SELECT entry, rule_version FROM entries WHERE entry = $1", UUID(int=3))
    assert [row["rule_version"] for row in rows] == [MODEL.rule_version]
    assert await faults(hub) == []


async def test_a_model_and_back_again_leaves_everybody_where_they_were(hub: LinkedHub) -> None:
    await told(hub)
    before = await links(hub)

    await hub.apply(await hub.preview(await hub.register(STRICT)))
    previewed = await hub.preview(await hub.register(shipped.text()))
    await hub.apply(previewed)

    assert await links(hub) == before
    assert previewed.preview.counts["persons_merged"] == 1
    assert await hub.rows("SELECT 1 FROM reviews WHERE closed_at IS NULL") == []


async def test_a_preview_does_not_outlive_what_it_saw(hub: LinkedHub) -> None:
    await told(hub)
    previewed = await hub.preview(await hub.register(STRICT))
    await hub.push((9, 1, {"name": "王芳"}))
    before = await everything(hub)

    with pytest.raises(CannotApply, match="new preview"):
        await hub.apply(previewed)

    assert await everything(hub) == before


async def test_a_ruling_made_since_asks_for_a_new_preview(hub: LinkedHub) -> None:
    await told(hub)
    previewed = await hub.preview(await hub.register(STRICT))
    together = Ruling(UUID(int=100), True, frozenset({UUID(int=1)}), frozenset({UUID(int=2)}))
    await hub.rule(together)
    before = await everything(hub)

    with pytest.raises(CannotApply, match="new preview"):
        await hub.apply(previewed)

    assert await everything(hub) == before


@pytest.mark.parametrize("same", [True, False])
async def test_rulings_bind_every_model(hub: LinkedHub, same: bool) -> None:
    await told(hub)
    one, other = (1, 2) if same else (3, 4)
    sides = frozenset({UUID(int=one)}), frozenset({UUID(int=other)})
    await hub.rule(Ruling(UUID(int=100), same, *sides))

    await hub.apply(await hub.preview(await hub.register(STRICT)))

    now = await links(hub)
    assert (now[one] == now[other]) is same
    assert await faults(hub) == []


async def test_a_model_may_find_persons_by_other_rules(hub: LinkedHub) -> None:
    """What only the new rules bring together is found; until all are rewritten, they are found by both."""
    narrow = model_with(blocking=("identifier",))
    await hub.push((3, 1, {"name": "李雷"}))
    await hub.apply(await hub.preview(await hub.register(narrow)))
    assert [act async for act in hub.rekeying().steps()]
    one, two = await hub.push((1, 1, CHILD), (2, 1, {**CHILD, "birth_date": "2015-07-03"}))
    assert one.person != two.person

    previewed = await hub.preview(await hub.register(shipped.text()))
    await hub.apply(previewed)

    assert previewed.preview.counts["persons_merged"] == 1
    assert len(await hub.rows("SELECT 1 FROM keyings WHERE retired_at IS NULL")) == 2
    assert await faults(hub) == []
    (again,) = await hub.push((4, 1, {**CHILD, "birth_date": "2015-07-03", "school": "一中"}))
    assert again.person in (one.person, two.person)
    with pytest.raises(CannotPreview, match="rekey"):
        await hub.preview(await hub.register(narrow))
    assert await hub.rekeying().is_begun()
    assert [act async for act in hub.rekeying().steps()]
    assert await faults(hub) == []


async def test_only_a_registered_model_is_previewed(hub: LinkedHub) -> None:
    with pytest.raises(CannotPreview, match="nothing"):
        await hub.preview("nothing-was-linked")
    await told(hub)
    with pytest.raises(NotFound):
        await hub.preview("unknown-1+000000000000")


async def test_no_personal_value_is_kept_of_a_preview(hub: LinkedHub) -> None:
    await told(hub)
    await hub.preview(await hub.register(STRICT))

    kept = [
        row["line"]
        for table in ("previews", "preview_groups")
        for row in await hub.rows(f"SELECT t::text AS line FROM {table} t")
    ]
    assert len(kept) == 2
    for secret in ("逄韫芷", "pang", ID, FAMILY["phone"], "2015-03-07"):
        assert all(secret not in line for line in kept)


# Who is looked at together


PERSONS = st.integers(1, 30).map(lambda n: UUID(int=n))
TIES = st.lists(st.builds(Tie, PERSONS, PERSONS, st.floats(-5, 30), st.booleans()), max_size=60)


@given(TIES, st.dictionaries(PERSONS, st.integers(1, MAX_UNITS), max_size=30), st.randoms())
def test_groups_do_not_depend_on_order_and_are_cut_only_where_nobody_ruled(
    ties: list[Tie], sizes: dict[UUID, int], order: st.DataObject
) -> None:
    found = groups(ties, sizes)

    shuffled = list(ties)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert groups(shuffled, sizes) == found
    home = {person: group for group in found for person in group}
    assert home.keys() == {person for tie in ties for person in (tie.one, tie.other)}
    assert sum(map(len, found)) == len(home)
    ruled = {p for tie in ties if tie.ruled for p in (tie.one, tie.other)}
    for tie in ties:
        if tie.ruled:
            assert home[tie.one] == home[tie.other]
    for group in found:
        if len(group) > 1 and ruled.isdisjoint(group):
            assert sum(sizes.get(person, 1) for person in group) <= MAX_UNITS
