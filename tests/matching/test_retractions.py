"""Recalled entries speak of nobody; erased ones never will again."""

from services.matching.linkage.normalization import Features
from tests.matching.children import FAMILY, ID
from tests.matching.conftest import Matching

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "id_number": ID, **FAMILY}


async def left(matching: Matching) -> int:
    rows = await matching.rows(
        "SELECT (SELECT count(sealed) FROM entries) + (SELECT count(*) FROM blocking_keys)"
        " + (SELECT count(sealed) FROM persons) AS left"
    )
    return int(rows[0]["left"])


async def test_a_retraction_leaves_nothing_of_the_child(matching: Matching) -> None:
    await matching.resolve((1, 1, CHILD))
    assert await left(matching) > 2

    link = (await matching.retract(1))[0]

    assert (link["person"], link["grade"], link["link_seq"]) == (None, "retracted", 2)
    assert await left(matching) == 0
    assert (await matching.retract(1))[0] == link


async def test_a_recalled_entry_may_come_back_and_an_erased_one_may_not(matching: Matching) -> None:
    await matching.resolve((1, 1, CHILD), (2, 1, CHILD))
    await matching.retract(1)
    await matching.retract(2, erased=True)

    back, gone = await matching.resolve((1, 1, CHILD), (2, 9, CHILD))

    assert (back["grade"], gone["grade"], gone["person"]) == ("certain", "erased", None)
    rows = await matching.rows("SELECT count(sealed) AS entries FROM entries")
    assert rows[0]["entries"] == 1
    assert (await matching.retract(2))[0]["grade"] == "erased"


async def test_an_entry_may_be_erased_before_it_arrives(matching: Matching) -> None:
    await matching.retract(1, erased=True)

    assert (await matching.resolve((1, 1, CHILD)))[0]["grade"] == "erased"
    assert await left(matching) == 0


async def test_a_review_about_a_person_without_entries_is_closed(matching: Matching) -> None:
    await matching.resolve((1, 1, CHILD), (2, 1, {"birth_date": "2015-03-07", **FAMILY}))
    assert len(await matching.rows("SELECT 1 FROM reviews WHERE closed_at IS NULL")) == 1

    await matching.retract(1)

    assert await matching.rows("SELECT 1 FROM reviews WHERE closed_at IS NULL") == []
