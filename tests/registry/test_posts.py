"""Posts: made, filled, vacated and trained by civil affairs of the place, and by nobody else."""

from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.registry.posts.terms import PostKind
from services.registry.profiles import SHIPPED, Profiles
from services.registry.profiles.families.care import Network
from services.registry.profiles.rules import Unset
from services.registry.records.feeds.surveys import Surveyor
from services.registry.records.feeds.visits import Visitor
from shared.vocabulary import Scope
from tests.registry.conftest import Registry

VILLAGE, STREET = "500103001001", "500103001000"


async def made(
    civil: httpx.AsyncClient, kind: str = "child_director", division: str = VILLAGE, **more: Any
) -> str:
    reply = await civil.post(
        "/v1/posts",
        json={"kind": kind, "division": division, "since": "2026-01-01", **more},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert reply.status_code == 201, reply.text
    return str(reply.headers["Location"])


async def act(civil: httpx.AsyncClient, path: str, kind: str, **body: Any) -> httpx.Response:
    etag = (await civil.get(path)).headers.get("ETag", '"1"')
    return await civil.post(f"{path}/{kind}", json=body, headers={"If-Match": etag})


async def filled(
    civil: httpx.AsyncClient, path: str, staff: str = "cd-7", on: str = "2026-02-01"
) -> None:
    reply = await act(civil, path, "fill", staff=staff, on=on)
    assert reply.status_code == 200, reply.text


async def vacate(civil: httpx.AsyncClient, path: str, on: str = "2026-03-01") -> None:
    reply = await act(civil, path, "vacate", on=on, reason="transferred")
    assert reply.status_code == 200, reply.text


async def coverage(civil: httpx.AsyncClient, **asked: str) -> dict[tuple[str, str], Any]:
    reply = await civil.get("/v1/posts/coverage", params=asked)
    assert reply.status_code == 200, reply.text
    return {(p["division"], p["kind"]): p for p in reply.json()["places"]}


async def test_r56_an_untrained_director_lowers_coverage(registry: Registry) -> None:
    civil = await registry("civil_affairs:500103")
    first, second = await made(civil), await made(civil, division="500103001002")
    await filled(civil, first, "cd-1")
    trained = await act(civil, first, "trainings", held_on="2026-02-10", topic="basics", hours=8)
    assert trained.json()["trained_on"] == "2026-02-10"
    county = ("500103000000", "child_director")
    assert (await coverage(civil))[county]["coverage"] == 1.0
    assert (await coverage(civil))[county]["vacant"] == 1

    await filled(civil, second, "cd-2")
    found = (await coverage(civil))[county]
    assert (found["posts"], found["vacant"], found["trained"], found["coverage"]) == (2, 0, 1, 0.5)
    assert (await coverage(civil, since="2026-02-11"))[county]["trained"] == 0
    by_village = await coverage(civil, by="village", within=STREET)
    assert {k[0]: v["trained"] for k, v in by_village.items()} == {
        VILLAGE: 1,
        "500103001002": 0,
    }


async def test_r56_a_training_stays_with_the_person_and_not_with_the_post(
    registry: Registry,
) -> None:
    civil = await registry("civil_affairs:500103")
    path = await made(civil)
    await filled(civil, path, "cd-1")
    await act(civil, path, "trainings", held_on="2026-02-10", topic="basics", hours=8)
    await vacate(civil, path)
    assert "trained_on" not in (await civil.get(path)).json()
    await filled(civil, path, "cd-2", on="2026-03-02")
    assert (await civil.get(path)).json().get("trainings") == []


async def test_r56_vacancies_are_listed_by_place(registry: Registry) -> None:
    civil = await registry("civil_affairs:500103")
    paths = [await made(civil, division=f"50010300100{n}") for n in (3, 1, 2)]
    await filled(civil, paths[1])

    async def listed(**asked: Any) -> list[str]:
        reply = await civil.get("/v1/posts", params=asked)
        assert reply.status_code == 200, reply.text
        return [p["division"][-3:] for p in reply.json()["posts"]]

    assert await listed() == ["001", "002", "003"]
    assert await listed(vacant=True) == ["002", "003"]
    assert await listed(trained=False) == ["001"]
    assert await listed(kind="child_supervisor") == []
    assert await listed(within="500103001002") == ["002"]
    page = (await civil.get("/v1/posts", params={"limit": 2})).json()
    assert await listed(limit=2, cursor=page["next"]) == ["003"]


@pytest.mark.parametrize(
    ("kind", "division", "status"),
    [
        ("child_director", STREET, 422),
        ("child_supervisor", VILLAGE, 422),
        ("protection_station", STREET, 201),
        ("protection_institution", "500103", 201),
        ("protection_institution", "500107", 403),
    ],
)
async def test_r56_a_post_belongs_to_its_layer_and_place(
    registry: Registry, kind: str, division: str, status: int
) -> None:
    civil = await registry("civil_affairs:500103")
    reply = await civil.post(
        "/v1/posts",
        json={"kind": kind, "division": division},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert reply.status_code == status, reply.text


async def test_r56_a_post_changes_only_for_who_has_read_it_and_in_turn(registry: Registry) -> None:
    civil = await registry("civil_affairs:500103")
    path = await made(civil)
    again = await civil.post(
        "/v1/posts",
        json={"kind": "child_director", "division": VILLAGE},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert again.status_code == 409
    body = {"staff": "cd-1", "on": "2026-02-01"}
    assert (await civil.post(f"{path}/fill", json=body)).status_code == 428
    stale = await civil.post(f"{path}/fill", json=body, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    assert (await act(civil, path, "vacate", on="2026-02-01", reason="retired")).status_code == 409
    await filled(civil, path)
    assert (await act(civil, path, "fill", **body)).status_code == 409
    named = await act(civil, path, "fill", staff="张三", on="2026-02-01")
    assert named.status_code == 422 and "张三" not in named.text
    late = await act(civil, path, "trainings", held_on="2026-03-03", topic="basics", hours=8)
    assert late.status_code == 422


async def test_r56_posts_are_their_places_alone(registry: Registry) -> None:
    civil = await registry("civil_affairs:500103")
    path = await made(civil)
    elsewhere = await registry("civil_affairs:500107")
    assert (await elsewhere.get(path)).status_code == 404
    assert (await act(elsewhere, path, "fill", staff="x", on="2026-02-01")).status_code == 404
    assert (await elsewhere.get("/v1/posts")).json()["posts"] == []
    assert (await coverage(elsewhere)) == {}
    school = await registry("education:500103", purpose="service")
    assert (await school.get("/v1/posts")).status_code == 403
    reader = await registry("civil_affairs:500103", scopes=frozenset({Scope.POSTS_READ}))
    assert (await act(reader, path, "fill", staff="x", on="2026-02-01")).status_code == 403


def test_r56_a_post_has_one_name_in_rules_visits_surveys_and_posts() -> None:
    """儿童主任 is `child_director` wherever it is written, 儿童督导员 `child_supervisor`."""
    people = {"child_director", "child_supervisor"}
    assert people <= set(PostKind) & set(Visitor) & set(Surveyor)
    for profile in Profiles.load(SHIPPED).by_id.values():
        for network in profile.rules(Network, date(2026, 11, 22)):
            assert set(network.posts) <= people
        named = [rule.performers for rule in profile.cadences(date(2026, 11, 22))]
        performers = {one for said in named if not isinstance(said, Unset) for one in said}
        assert not {one for one in performers if "director" in one} - people
