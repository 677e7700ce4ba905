"""Whom a record is compared with in a large hub, and in a small one (docs/adr/0041-whom-to-compare.md)."""

from pathlib import Path
from uuid import UUID

import pytest

from services.matching.linkage.identities import founded_by
from services.matching.linkage.normalization import Features
from services.matching.models import shipped
from tests.databases import MakeDatabase
from tests.matching.children import ID, TWIN_ID
from tests.matching.linkers import LinkedHub

SMALL, LARGE = shipped.LARGE // 2, shipped.LARGE
CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male"}
HERE, THERE = "520502000000", "371721000000"
PHONE = "13908123457"


async def compared(home: Path, database: MakeDatabase, children: int, *told: Features) -> bool:
    """Whether the second of two records was weighed against the first's child: joined to it, shown to a person beside it, or
    told from it."""
    hub = LinkedHub.make(home, await database("matching"), children)
    try:
        for number, features in enumerate(told, 1):
            await hub.push((number, 1, features))
        reviews = await hub.rows("SELECT FROM reviews")
        against = await hub.rows("SELECT against FROM entries WHERE entry = $1", UUID(int=2))
        return bool(reviews) or against[0][0] == founded_by(UUID(int=1))
    finally:
        await hub.close()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # The name and the month of birth; the name and the county; the name and the day of the year.
        ({**CHILD, "hukou_division": HERE}, {**CHILD, "birth_date": "2015-03-28"}),
        (
            {**CHILD, "hukou_division": HERE},
            {**CHILD, "birth_date": "2010-11-28", "hukou_division": HERE},
        ),
        ({**CHILD, "hukou_division": HERE}, {**CHILD, "birth_date": "2010-03-07"}),
    ],
)
async def test_a_namesake_is_compared_where_namesakes_are_few(
    tmp_path: Path, database: MakeDatabase, one: Features, other: Features
) -> None:
    assert await compared(tmp_path, database, SMALL, one, other)
    assert not await compared(tmp_path, database, LARGE, one, other)


@pytest.mark.parametrize(
    "told",
    [
        # Two that share a name and little else, but no birth date tells them apart.
        {"name": "张志明", "hukou_division": HERE},
        # A name and the very day of birth are two keys, as are a name in one month and in one county.
        {**CHILD, "hukou_division": THERE},
        {**CHILD, "birth_date": "2015-03-28", "hukou_division": HERE},
    ],
)
async def test_who_shares_more_than_one_name_is_compared_everywhere(
    tmp_path: Path, database: MakeDatabase, told: Features
) -> None:
    known: Features = {**CHILD, "hukou_division": HERE}

    for children in (SMALL, LARGE):
        assert await compared(tmp_path, database, children, known, told)


async def test_a_number_tells_a_child_from_those_it_shares_a_phone_with(
    tmp_path: Path, database: MakeDatabase
) -> None:
    known: Features = {**CHILD, "id_number": ID, "phone": PHONE}
    sister: Features = {"name": "张丽娜", "birth_date": "2018-06-01", "phone": PHONE}
    numbered: Features = {"name": "张志红", "id_number": TWIN_ID, "phone": PHONE}

    assert await compared(tmp_path, database, LARGE, known, sister)
    assert await compared(tmp_path, database, SMALL, known, numbered)
    assert not await compared(tmp_path, database, LARGE, known, numbered)


async def test_a_child_with_a_number_is_still_found_without_one(
    tmp_path: Path, database: MakeDatabase
) -> None:
    """By what it says of itself, whoever comes first."""
    bare: Features = {**CHILD, "name": "逄韫芷", "sex": "female", "phone": PHONE}
    numbered: Features = {**bare, "sex": "male", "id_number": ID}

    for one, other in ((bare, numbered), (numbered, bare)):
        assert await compared(tmp_path, database, LARGE, one, other)
