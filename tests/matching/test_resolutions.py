"""Resolving through the API: idempotent, versioned, and the same however batches are cut."""

import asyncio
from uuid import UUID

import pytest

from services.matching.linkage.normalization import Features
from tests.matching.children import FAMILY, ID, MODEL, TWIN_ID
from tests.matching.conftest import Matching

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male", "id_number": ID}
TWIN: Features = {**CHILD, **FAMILY, "name": "张志红", "id_number": TWIN_ID}


async def test_records_of_one_child_get_one_person(matching: Matching) -> None:
    first, second = await matching.resolve((1, 1, CHILD), (2, 1, {**CHILD, "name": "章智明"}))
    third = (await matching.resolve((3, 1, {**CHILD, "id_number": "", **FAMILY})))[0]

    assert first["person"] == second["person"] == third["person"]
    assert {first["grade"], second["grade"], third["grade"]} == {"certain"}
    assert [first["link_seq"], second["link_seq"], third["link_seq"]] == [1, 2, 3]
    assert third["rule_version"] == MODEL.rule_version
    assert third["weight"] > MODEL.certain


async def test_repeating_a_batch_changes_nothing(matching: Matching) -> None:
    batch = ((1, 1, CHILD), (2, 1, TWIN), (3, 2, {**CHILD, "id_number": ""}))
    first = await matching.resolve(*batch)

    assert await matching.resolve(*batch) == first
    assert len(await matching.rows("SELECT 1 FROM link_changes")) == 3


async def test_an_older_version_changes_nothing(matching: Matching) -> None:
    newest = await matching.resolve((1, 2, CHILD))

    assert await matching.resolve((1, 1, TWIN)) == newest
    assert [row["version"] for row in await matching.rows("SELECT version FROM entries")] == [2]


async def test_of_one_entry_twice_in_a_batch_the_newer_version_counts(matching: Matching) -> None:
    older, newer = await matching.resolve((1, 1, TWIN), (1, 2, CHILD))

    assert older == newer
    assert [row["version"] for row in await matching.rows("SELECT version FROM entries")] == [2]


async def test_a_newer_version_relinks(matching: Matching) -> None:
    one, other = await matching.resolve((1, 1, CHILD), (2, 1, TWIN))
    assert one["person"] != other["person"]

    moved = (await matching.resolve((2, 2, {**CHILD, **FAMILY})))[0]

    assert moved["person"] == one["person"]
    assert moved["link_seq"] == 3
    left = await matching.rows(
        "SELECT sealed, joined_to FROM persons WHERE person = $1", UUID(other["person"])
    )
    assert [(row["sealed"], str(row["joined_to"])) for row in left] == [(None, one["person"])]
    found = await matching.rows("SELECT DISTINCT person FROM blocking_keys")
    assert [str(row["person"]) for row in found] == [one["person"]]


async def test_r12_a_doubtful_entry_gets_a_person_and_a_review(matching: Matching) -> None:
    nameless: Features = {"birth_date": "2015-03-07", **FAMILY}
    child, doubtful = await matching.resolve((1, 1, {**CHILD, **FAMILY}), (2, 1, nameless))

    assert doubtful["grade"] == "possible"
    assert doubtful["person"] != child["person"]
    reviews = await matching.rows("SELECT entry, one, other FROM reviews")
    assert [(str(r["entry"]), str(r["one"]), str(r["other"])) for r in reviews] == [
        (doubtful["entry"], doubtful["person"], child["person"])
    ]

    settled = (await matching.resolve((2, 2, {**nameless, "name": "张志明"})))[0]

    assert settled["person"] == child["person"]
    assert await matching.rows("SELECT 1 FROM reviews WHERE closed_at IS NULL") == []


async def test_two_persons_found_to_be_one_are_joined_in_order(matching: Matching) -> None:
    by_school: Features = {
        "name": "张志明",
        "birth_date": "2015-03-07",
        "sex": "male",
        "school": "人和街小学",
        "phone": "13908123457",
    }
    by_police: Features = {"name": "章智明", "birth_date": "2015-03-17", "id_number": ID}
    one, other = await matching.resolve((1, 1, by_school), (2, 1, by_police))
    assert one["person"] != other["person"]

    between = (await matching.resolve((3, 1, {**CHILD, **FAMILY})))[0]

    changes = (await matching.registry.get("/v1/link-changes?after=2")).json()
    held = {change["entry"]: change["person"] for change in changes["items"]}
    assert [change["link_seq"] for change in changes["items"]] == [3, 4]
    assert set(held.values()) == {between["person"]}
    gone = ({one["person"], other["person"]} - {between["person"]}).pop()
    joined = await matching.rows("SELECT joined_to FROM persons WHERE person = $1", UUID(gone))
    assert [str(row["joined_to"]) for row in joined] == [between["person"]]


async def test_batches_at_once_are_linked_one_after_another(matching: Matching) -> None:
    batches = [[(10 * n + i, 1, CHILD) for i in range(5)] for n in range(1, 7)]

    replies = await asyncio.gather(*(matching.resolve(*batch) for batch in batches))

    links = [link for reply in replies for link in reply]
    assert len({link["person"] for link in links}) == 1
    assert sorted(link["link_seq"] for link in links) == list(range(1, 31))


async def test_link_changes_come_in_pages(matching: Matching) -> None:
    await matching.resolve(
        *((n, 1, {"name": f"王{glyph}"}) for n, glyph in enumerate("芳红兰梅", 1))
    )

    first = (await matching.registry.get("/v1/link-changes?limit=3")).json()
    rest = (await matching.registry.get(f"/v1/link-changes?after={first['next']}")).json()
    none = (await matching.registry.get(f"/v1/link-changes?after={rest['next']}")).json()

    assert [c["link_seq"] for c in first["items"] + rest["items"]] == [1, 2, 3, 4]
    assert none == {"items": [], "next": 4}


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": [{"entry": "no uuid", "version": 1, "features": {}}]},
        {"items": [{"entry": str(UUID(int=1)), "version": 0, "features": {}}]},
        {"items": [{"entry": str(UUID(int=1)), "version": 1, "features": {"name": "张\x00"}}]},
        {"items": [{"entry": str(UUID(int=1)), "version": 1, "features": {"nom": "张志明"}}]},
        {"items": [{"entry": str(UUID(int=1)), "version": 1, "features": {"name": "张" * 501}}]},
    ],
)
async def test_what_does_not_fit_is_refused_without_an_echo(
    matching: Matching, body: dict[str, object]
) -> None:
    reply = await matching.registry.post("/v1/resolutions", json=body)

    assert reply.status_code == 422
    assert "张" not in reply.text


async def test_only_the_registry_is_served(matching: Matching) -> None:
    for method, path in (
        ("POST", "/v1/resolutions"),
        ("POST", "/v1/retractions"),
        ("POST", "/v1/searches"),
        ("GET", "/v1/link-changes"),
        ("GET", f"/v1/explanations/{UUID(int=1)}"),
    ):
        assert (await matching.stranger.request(method, path)).status_code == 401
