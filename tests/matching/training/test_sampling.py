"""What training reads of the hub's own entries: those that stand, opened in memory, and no more than asked."""

from pathlib import Path

from services.matching.entries.sealing import Strongroom
from services.matching.linkage.normalization import Features, standardise
from services.matching.models import shipped
from services.matching.training.sampling import sampled_features
from shared import keys
from shared.database import Database
from tests.matching.conftest import Matching

NAMES = ("王小明", "李思远", "张雨桐", "刘梓涵", "陈浩然")
CHILDREN: list[Features] = [
    {"name": name, "birth_date": f"2015-03-0{day}", "sex": "male"}
    for day, name in enumerate(NAMES, 1)
]


async def test_standing_entries_are_read(matching: Matching, home: Path) -> None:
    await matching.resolve(*((at, 1, child) for at, child in enumerate(CHILDREN, 1)))
    await matching.retract(1)
    strongroom = Strongroom(
        keys.load(home / "keys" / "matching" / "master.json"),
        keys.load(home / "keys" / "matching" / "index.json"),
        shipped.model(),
    )
    database = Database(matching.owner_url, 1)
    try:
        found = [entry async for entry in sampled_features(database, strongroom)]
        some = [entry async for entry in sampled_features(database, strongroom, 2)]
    finally:
        await database.close()

    assert sorted(found, key=repr) == sorted(map(standardise, CHILDREN[1:]), key=repr)
    assert len(some) <= 2
