"""Who held a post on a day, as known on another: told from its history, which nobody but the service writes."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import DBAPIError

from services.registry import adopting, proving
from shared.database import SYSTEM
from tests.registry.conftest import Registry
from tests.registry.key_care import surveyed
from tests.registry.test_duties import TIANMEN_VILLAGE, lived
from tests.registry.test_posts import STREET, act, filled, made, vacate
from tests.registry.test_successions import DAY, EVE, at, sweep

CIVIL = "civil_affairs:500103"


def later(registry: Registry, days: int = 1) -> datetime:
    """The moment, after which days go by."""
    moment = registry.clock.at
    registry.clock.at += timedelta(days=days)
    return moment


async def held(
    civil: httpx.AsyncClient, path: str, known_at: datetime | None = None, **asked: str
) -> Any:
    known = {"known_at": known_at.isoformat()} if known_at else {}
    reply = await civil.get(path, params={**asked, **known})
    assert reply.status_code in (200, 404), reply.text
    return reply.json() if reply.status_code == 200 else None


async def faults(registry: Registry) -> list[str]:
    async with registry.database.transaction(SYSTEM) as session:
        keys = registry.app.state.kit.audit
        return [one async for one in proving.faults_of(session, keys)]


async def test_r56_who_held_a_post_on_a_day_as_known_on_another(registry: Registry) -> None:
    """The hub hears late that somebody left, and who came."""
    civil = await registry(CIVIL)
    unmade = later(registry)
    path = await made(civil)  # since 1 January
    empty = later(registry)
    await filled(civil, path, "cd-1", on="2026-02-01")
    first = later(registry)
    await act(civil, path, "trainings", held_on="2026-02-10", topic="basics", hours=8)
    trained = later(registry)
    await vacate(civil, path, on="2026-02-20")
    gone = later(registry)
    await filled(civil, path, "cd-2", on="2026-02-25")
    second = later(registry)

    async def holder(known_at: datetime | None, on: str | None = None) -> Any:
        found = await held(civil, path, known_at, **({"on": on} if on else {}))
        return None if found is None else found.get("staff", "vacant")

    assert await holder(unmade) is None
    assert [await holder(one) for one in (empty, first, trained, gone, second)] == [
        "vacant",
        "cd-1",
        "cd-1",
        "vacant",
        "cd-2",
    ]
    days = ("2025-12-31", "2026-01-31", "2026-02-01", "2026-02-19", "2026-02-22", "2026-02-25")
    assert [await holder(None, on) for on in days] == [
        None,
        "vacant",
        "cd-1",
        "cd-1",
        "vacant",
        "cd-2",
    ]
    # What was said later of these days was not known while cd-1 was thought to be in the post.
    assert [await holder(trained, on) for on in days] == [None, "vacant", *["cd-1"] * 4]
    assert (await held(civil, path, first)).get("trainings") == []
    assert (await held(civil, path, trained))["trained_on"] == "2026-02-10"
    assert "trained_on" not in await held(civil, path, trained, on="2026-02-05")


async def test_r56_what_was_answered_about_posts_is_answered_again(registry: Registry) -> None:
    civil = await registry(CIVIL)
    other = await made(civil, division="500103001002")
    street = await made(civil, "child_supervisor", STREET)
    path = await made(civil)
    asked = (
        ("/v1/posts", {}),
        ("/v1/posts", {"vacant": "true"}),
        ("/v1/posts", {"trained": "true"}),
        ("/v1/posts", {"within": STREET, "kind": "child_director", "limit": "1"}),
        ("/v1/posts/coverage", {}),
        ("/v1/posts/coverage", {"by": "village", "since": "2026-02-11"}),
        (path, {}),
        (other, {}),
    )
    kept: list[tuple[datetime, str, Any, httpx.Response]] = []

    async def keep() -> None:
        for one, more in asked:
            kept.append((registry.clock.at, one, more, await civil.get(one, params=more)))
        later(registry)

    await keep()
    for who, where in (("cd-1", path), ("cd-2", other), ("cs-1", street)):
        await filled(civil, where, who)
        await keep()
    await act(civil, other, "trainings", held_on="2026-02-12", topic="basics", hours=8)
    await keep()
    await vacate(civil, path)
    # Whoever was trained elsewhere is trained in the next post too.
    await vacate(civil, other, on="2026-03-02")
    await filled(civil, path, "cd-2", on="2026-03-02")
    await keep()
    await act(civil, path, "trainings", held_on="2026-02-20", topic="law", hours=4)
    await keep()
    for moment, one, more, then in kept:
        again = await civil.get(one, params={**more, "known_at": moment.isoformat()})
        told, was = again.json(), then.json()
        assert (told.pop("next", None) is None) == (was.pop("next", None) is None)
        assert told == was, (moment, one)
        assert again.headers.get("ETag") == then.headers.get("ETag")
    cursor, seen = None, []
    while True:
        page = (
            await civil.get(
                "/v1/posts",
                params={
                    "known_at": kept[-1][0].isoformat(),
                    "limit": 1,
                    **({"cursor": cursor} if cursor else {}),
                },
            )
        ).json()
        seen += page["posts"]
        cursor = page.get("next")
        if cursor is None:
            break
    assert seen == kept[-8][3].json()["posts"]


async def test_r57_the_past_of_posts_is_told_to_whom_the_present_is(registry: Registry) -> None:
    civil = await registry(CIVIL)
    path = await made(civil)
    await filled(civil, path)
    moment = later(registry)
    stranger, police = await registry("civil_affairs:500112"), await registry("police:500103")
    assert await held(stranger, path, moment) is None
    assert (await held(stranger, "/v1/posts", moment))["posts"] == []
    assert (await held(stranger, "/v1/posts/coverage", moment))["places"] == []
    for one in (path, "/v1/posts", "/v1/posts/coverage"):
        asked = {"known_at": moment.isoformat()}
        assert (await police.get(one, params=asked)).status_code == 403
        for ahead in ({"known_at": "2199-01-01T00:00:00Z"}, {"on": "2199-01-01"}):
            assert (await civil.get(one, params=ahead)).status_code == 422
        await held(civil, one, moment, on="2026-02-02")
    rows = await registry.system(
        "SELECT operation, detail FROM audit_entries WHERE operation LIKE 'posts.%\\_past'"
        " AND client LIKE 'civil_affairs-500103%'"
    )
    assert {row["operation"] for row in rows} == {
        f"posts.{one}_past" for one in ("list", "read", "coverage")
    }
    for row in rows:
        assert moment.isoformat() in row["detail"]
        assert "2026-02-02" in row["detail"]


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE post_acts SET staff = 'cd-9' WHERE act = 'filled'",
        "UPDATE post_acts SET at = at - interval '1 year' WHERE act = 'filled'",
        "UPDATE post_acts SET day = day - 90 WHERE act = 'filled'",
    ],
)
async def test_r56_no_holder_of_a_forged_making_is_told(registry: Registry, forged: str) -> None:
    civil = await registry(CIVIL)
    path = await made(civil)
    await filled(civil, path)
    assert await faults(registry) == []
    with pytest.raises(DBAPIError, match="permission denied"):
        async with registry.database.transaction(SYSTEM) as session:
            await (await session.connection()).exec_driver_sql(forged)
    await registry.system(forged)
    assert await held(civil, path, registry.clock.at) is None
    assert (await held(civil, "/v1/posts", registry.clock.at))["posts"] == []
    assert any("post act" in one for one in await faults(registry))


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE posts SET staff = 'cd-9'",
        "UPDATE posts SET since = since - 30",
        "DELETE FROM post_acts WHERE act = 'filled'",
        "DELETE FROM post_acts",
    ],
)
async def test_r56_a_post_that_is_not_what_its_history_made_of_it_is_named(
    registry: Registry, forged: str
) -> None:
    civil = await registry(CIVIL)
    path = await made(civil)
    await filled(civil, path)
    await registry.system(forged)
    (fault,) = await faults(registry)
    assert fault.startswith(f"post {path.split('/')[-1]} ")


ROLLED_BACK = (
    "DELETE FROM post_acts WHERE act = 'vacated'",
    "UPDATE posts SET version = version - 1, staff = 'cd-7', since = '2026-02-01'",
)


@pytest.mark.parametrize(
    "forged",
    [ROLLED_BACK, ("DELETE FROM posts",), ("DELETE FROM posts", "DELETE FROM post_acts")],
    ids=["rolled back", "without the post", "without a trace"],
)
async def test_r56_an_act_that_was_taken_away_with_what_it_made_of_the_post_is_missed(
    registry: Registry, forged: tuple[str, ...]
) -> None:
    civil = await registry(CIVIL)
    path = await made(civil)
    await filled(civil, path)
    await vacate(civil, path)
    assert await faults(registry) == []
    for one in forged:
        await registry.system(one)
    (fault,) = await faults(registry)
    assert fault.startswith(f"post {path.split('/')[-1]} ")


async def test_r56_nobody_vouches_for_a_forged_holder_by_a_later_act(registry: Registry) -> None:
    civil = await registry(CIVIL)
    path = await made(civil)
    await filled(civil, path)
    await registry.system("UPDATE posts SET staff = 'cd-9'")
    training = {"held_on": "2026-02-10", "topic": "basics", "hours": 8}
    for kind, body in (
        ("trainings", training),
        ("vacate", {"on": "2026-03-01", "reason": "transferred"}),
    ):
        assert (await act(civil, path, kind, **body)).status_code == 409
    assert len(await faults(registry)) == 1
    await registry.system("UPDATE posts SET staff = 'cd-7'")
    assert (await act(civil, path, "trainings", **training)).status_code == 200
    assert await faults(registry) == []


@pytest.mark.parametrize(
    "forged",
    [
        "INSERT INTO trainings SELECT gen_random_uuid(), post_id, division, staff, held_on, topic, hours FROM trainings",
        "UPDATE trainings SET held_on = held_on - 300",
        "UPDATE trainings SET staff = 'cd-8'",
        "DELETE FROM trainings",
    ],
)
async def test_r56_a_training_of_somebody_elses_making_is_named(
    registry: Registry, forged: str
) -> None:
    civil = await registry(CIVIL)
    path = await made(civil)
    await filled(civil, path)
    await act(civil, path, "trainings", held_on="2026-02-10", topic="basics", hours=8)
    assert await faults(registry) == []
    await registry.system(forged)
    (fault,) = await faults(registry)
    assert fault.startswith("training ")


async def test_r56_a_post_from_before_there_were_histories_begins_where_somebody_vouches_for_it(
    registry: Registry,
) -> None:
    civil = await registry(CIVIL)
    path, other = await made(civil), await made(civil, division="500103001002")
    await filled(civil, path)
    await filled(civil, other, "cd-3")
    await act(civil, path, "trainings", held_on="2026-02-12", topic="basics", hours=8)
    await registry.system("DELETE FROM post_acts")
    await registry.system("UPDATE audit_entries SET detail = detail - 'post_act'")
    before = later(registry)
    await vacate(civil, other, on="2026-03-01")  # a change begins the history by itself
    async with registry.database.transaction(SYSTEM) as session:
        keys = registry.app.state.kit.audit
        assert (await adopting.old(session))["posts"] == 1
        assert (await adopting.adopt(session, keys, registry.clock.now()))["posts"] == 1
    assert await faults(registry) == []
    found = later(registry)
    assert await held(civil, path, before) is None
    assert (await held(civil, path, found)) == await held(civil, path)
    assert (await held(civil, path))["trained_on"] == "2026-02-12"
    assert (await held(civil, other, found, on="2026-02-20"))["staff"] == "cd-3"
    assert (await held(civil, other, found))["vacant"] is True


async def test_r18_duties_of_then_name_the_post_that_answered_for_them(registry: Registry) -> None:
    await surveyed(registry, lived(TIANMEN_VILLAGE, living_security={}))
    civil = await registry("civil_affairs:429006")
    director = await made(civil, "child_director", TIANMEN_VILLAGE)
    (child,) = [row["id"] for row in await registry.system("SELECT id FROM children")]
    kept = []
    for change in (None, filled, vacate, lambda *to: filled(*to, on="2026-03-02")):
        if change is not None:
            await change(civil, director)
        reply = await civil.get("/v1/duties", params={"child": str(child)})
        kept.append((later(registry), reply.json()))
    assert len({str(one["duties"][0]["responsible"]) for _, one in kept}) == 2
    for moment, then in kept:
        assert await held(civil, "/v1/duties", moment, child=str(child)) == then


async def test_r2_a_post_that_goes_on_under_its_heirs_code_keeps_its_history(
    registry: Registry,
) -> None:
    at(registry, EVE)
    old = await registry("civil_affairs:500112")
    path = await made(old, "protection_institution", "500112000000", since="2025-09-01")
    await filled(old, path, on="2025-10-01")
    before = await held(old, path)
    moment = later(registry, 0)
    at(registry, DAY)
    await sweep(registry)
    heir = await registry("civil_affairs:500157")
    now = await held(heir, path)
    assert (now["division"], now["staff"]) == ("500157000000", "cd-7")
    assert await held(heir, path, moment) == before
    assert (await held(heir, path, on=str(EVE)))["division"] == "500112000000"
    assert (await held(heir, path, on=str(DAY))) == now
    (listed,) = (await held(heir, "/v1/posts", moment))["posts"]
    assert listed["division"] == "500112000000"
    assert await faults(registry) == []
    await vacate(heir, path, on=str(DAY))
    assert (await held(heir, path))["vacant"]
    assert await held(heir, path, on=str(EVE)) is not None
