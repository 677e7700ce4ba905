"""The order in which records arrive hardly matters: the same corpus, shuffled and cut otherwise, gives the same children."""

from pathlib import Path
from random import Random
from uuid import UUID

from services.evaluation.corpus import Corpus
from services.evaluation.resolving import item_of
from services.evaluation.truth import Truth
from services.matching.links.linking import Item
from services.population import corpus as writing
from services.population.measurement import Contingency
from tests.databases import MakeDatabase
from tests.matching.linkers import LinkedHub

CHILDREN = 1_500
MOVES_F1 = 0.001
"""What a shuffled arrival may move the pairwise F1 by."""


async def test_shuffled_arrival_gives_the_same_children(
    database: MakeDatabase, tmp_path: Path
) -> None:
    writing.write(tmp_path / "corpus", CHILDREN, seed=11)
    corpus = Corpus.open(tmp_path / "corpus")
    truth = Truth.read(tmp_path / "corpus")
    items = [item_of(record) for record in corpus.read(corpus.lines())]
    assert len(items) > 2 * CHILDREN
    found = []
    for seed in (None, 1, 2):
        hub = LinkedHub.make(tmp_path, await database("matching"))
        persons = await _resolved(hub, _shuffled(items, seed), batch=700 if seed == 1 else 250)
        await hub.close()
        assert persons.keys() == {item.entry for item in items}
        counted = Contingency.of((truth.child_of(e), person) for e, person in persons.items())
        found.append(counted.pairwise.f1)

    assert min(found) > 0.9
    assert max(found) - min(found) < MOVES_F1


def _shuffled(items: list[Item], seed: int | None) -> list[Item]:
    """Newest versions last, as a source sends them."""
    if seed is None:
        return items
    order = list(items)
    Random(seed).shuffle(order)
    return order


async def _resolved(hub: LinkedHub, items: list[Item], batch: int) -> dict[UUID, UUID]:
    for at in range(0, len(items), batch):
        await hub.resolve(items[at : at + batch])
    rows = await hub.rows("SELECT entry, person FROM entries WHERE person IS NOT NULL")
    return {row["entry"]: row["person"] for row in rows}
