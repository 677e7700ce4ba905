"""Why a link is as it is, and whom a search finds."""

from typing import Any
from uuid import UUID

import pytest

from services.matching.linkage.comparison import COMPARISONS
from services.matching.linkage.normalization import Features
from tests.matching.children import FAMILY, ID, MODEL
from tests.matching.conftest import Matching

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male", **FAMILY}


async def explain(matching: Matching, number: int) -> dict[str, Any]:
    reply = await matching.registry.get(f"/v1/explanations/{UUID(int=number)}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_a_link_explains_itself_level_by_level(matching: Matching) -> None:
    _, link = await matching.resolve((1, 1, CHILD), (2, 1, {**CHILD, "name": "章智明"}))

    numbers = (1, 2) if link["weight"] else (2, 1)
    told = await explain(matching, numbers[1])

    levels = {c["comparison"]: c["level"] for c in told["comparisons"]}
    assert tuple(levels) == COMPARISONS
    assert (levels["name"], levels["birth"]) == ("homophone", "exact")
    weights = sum(c["weight"] for c in told["comparisons"])
    assert told["against"] == told["link"]["person"]
    assert told["link"]["weight"] == pytest.approx(MODEL.prior + weights)
    assert told["prior"] == MODEL.prior


async def test_a_review_explains_itself_too(matching: Matching) -> None:
    child, _ = await matching.resolve((1, 1, CHILD), (2, 1, {"birth_date": "2015-03-07", **FAMILY}))

    told = await explain(matching, 2)

    assert [review["candidate"] for review in told["reviews"]] == [child["person"]]
    assert {c["level"] for c in told["reviews"][0]["comparisons"]} >= {"missing", "exact", "same"}


async def test_what_is_linked_to_nobody_has_no_explanation(matching: Matching) -> None:
    await matching.resolve((1, 1, CHILD))
    await matching.retract(1)

    for number in (1, 2):
        reply = await matching.registry.get(f"/v1/explanations/{UUID(int=number)}")
        assert reply.status_code == 404


async def test_a_search_finds_the_likeliest_first_and_stores_nothing(matching: Matching) -> None:
    child, sister = await matching.resolve(
        (1, 1, {**CHILD, "id_number": ID}), (2, 1, {**CHILD, "name": "张丽娜", "sex": "female"})
    )
    partial = {"name": "章智明", "birth_date": "2015-03-07", "guardians": FAMILY["guardians"]}

    reply = await matching.registry.post("/v1/searches", json={"features": partial})

    found = reply.json()["items"]
    assert [f["person"] for f in found] == [child["person"], sister["person"]]
    assert [f["certain"] for f in found] == [True, False]
    assert len(await matching.rows("SELECT 1 FROM entries")) == 2


async def test_a_search_for_nobody_finds_nobody(matching: Matching) -> None:
    nobody = {"name": "张志明", "birth_date": "2015-03-07"}
    reply = await matching.registry.post("/v1/searches", json={"features": nobody})

    assert reply.json()["items"] == [] and reply.json()["keys"] > 0


async def test_one_more_under_a_crowded_key_hides_nobody(matching: Matching) -> None:
    """Else whoever crowds a phone with invented children learns when a child out of reach has it too."""
    phone = "13900000001"
    glyphs = "安邦昌达恩丰刚海江康磊茂宁鹏强瑞山涛威翔"

    def invented(at: int) -> tuple[int, int, Any]:
        name = "赵" + glyphs[at % 20] + glyphs[at // 20]
        born = f"20{10 + at % 8}-{at % 12 + 1:02}-{at % 28 + 1:02}"
        return at, 1, {"name": name, "birth_date": born, "guardians": [{"phone": phone}]}

    async def found() -> set[str]:
        sought = {"features": {"guardians": [{"phone": phone}]}}
        reply = await matching.registry.post("/v1/searches", json=sought)
        return {one["person"] for one in reply.json()["items"]}

    await matching.resolve(*(invented(at) for at in range(1, 1 + MODEL.key_cap)))
    before = await found()
    await matching.resolve(invented(MODEL.key_cap + 1))
    after = await found()
    assert len(after) == len(before) > 0
    assert len(before - after) <= 1


async def test_what_forms_no_key_says_so(matching: Matching) -> None:
    await matching.resolve((1, 1, CHILD))
    reply = await matching.registry.post("/v1/searches", json={"features": {"name": "张志明"}})

    assert reply.json() == {"items": [], "keys": 0}


async def test_many_are_explained_at_once_as_each_is_alone(matching: Matching) -> None:
    await matching.resolve((1, 1, CHILD), (2, 1, {"birth_date": "2015-03-07", **FAMILY}))
    asked = [str(UUID(int=number)) for number in (3, 2, 1)]

    reply = await matching.registry.post("/v1/explanations/read", json={"entries": asked})

    assert reply.status_code == 200, reply.text
    assert reply.json()["items"] == [await explain(matching, number) for number in (1, 2)]


@pytest.mark.parametrize("count", [0, 201])
async def test_no_more_than_a_childs_entries_are_explained_at_once(
    matching: Matching, count: int
) -> None:
    asked = [str(UUID(int=number)) for number in range(count)]
    reply = await matching.registry.post("/v1/explanations/read", json={"entries": asked})
    assert reply.status_code == 422
