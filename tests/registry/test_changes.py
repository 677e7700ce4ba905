"""The feed of changes: in the order of commits, nothing skipped, each client under names of its own."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from hypothesis import given
from hypothesis import strategies as st

from services.registry.changes import noting
from services.registry.changes.condensing import KEPT, condense
from services.registry.changes.noting import Standing, Turn, concerned
from services.registry.changes.numbering import number_changes
from services.registry.changes.queries import told
from services.registry.changes.terms import ChangeKind
from shared.database import SYSTEM, raw
from shared.vocabulary import Department, Scope
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, YUZHONG, link, push, survey, surveyed, turn

HERE, NEXT, PROVINCE = "500103", "500107", "50"
JIULONGPO = "500107000000"


async def number(registry: Registry) -> None:
    async with registry.database.transaction(SYSTEM) as session:
        await number_changes(session, registry.app.state.kit.audit)


async def follow(
    client: httpx.AsyncClient, after: str | None = "start", limit: int = 500
) -> tuple[list[dict[str, Any]], str]:
    asked = {"limit": limit, **({"after": after} if after else {})}
    reply = await client.get("/v1/child-changes", params=asked)
    assert reply.status_code == 200, reply.text
    return reply.json()["changes"], reply.json()["next"]


async def kinds(client: httpx.AsyncClient, after: str | None = "start") -> list[str]:
    return [one["change"] for one in (await follow(client, after))[0]]


def standing(child: UUID, county: int = 500103000000) -> Standing:
    return Standing(child, county, ["police"], None, [])


async def test_what_commits_late_is_told_late_and_never_skipped(registry: Registry) -> None:
    """A change begun first and committed last stands behind what was read meanwhile."""
    civil = await registry(f"civil_affairs:{HERE}")
    first, second = uuid4(), uuid4()
    now = registry.clock.now()
    async with registry.database.transaction(SYSTEM) as slow:
        await noting.note(
            await raw(slow), registry.app.state.kit.audit, [Turn(None, standing(first))], now
        )
        async with registry.database.transaction(SYSTEM) as quick:
            await noting.note(
                await raw(quick), registry.app.state.kit.audit, [Turn(None, standing(second))], now
            )
        await number(registry)
        early, position = await follow(civil)
        assert len(early) == 1
    assert (await follow(civil, position))[0] == []
    await number(registry)
    late, _ = await follow(civil, position)
    assert [one["change"] for one in early + late] == ["entered", "entered"]
    assert early[0]["reference"] != late[0]["reference"]


async def test_nothing_is_skipped_while_many_write(registry: Registry) -> None:
    """Writers that commit in any order, a sequencer and a reader, all at once."""
    civil = await registry(f"civil_affairs:{PROVINCE}")
    children = [uuid4() for _ in range(60)]
    seen: list[str] = []
    done = asyncio.Event()

    async def write(mine: list[UUID], patience: float) -> None:
        for child in mine:
            async with registry.database.transaction(SYSTEM) as session:
                now = registry.clock.now()
                turns = [Turn(None, standing(child)), Turn(standing(child), None)]
                await noting.note(await raw(session), registry.app.state.kit.audit, turns, now)
                await asyncio.sleep(patience)

    async def sequence() -> None:
        while not done.is_set():
            await number(registry)
            await asyncio.sleep(0.005)

    async def read() -> None:
        position = "start"
        while len(seen) < 2 * len(children):
            found, position = await follow(civil, position, limit=7)
            seen.extend(f"{one['reference']} {one['change']}" for one in found)
            await asyncio.sleep(0)

    numbering = asyncio.create_task(sequence())
    writers = [write(children[i::3], 0.003 * i) for i in range(3)]
    await asyncio.wait_for(asyncio.gather(read(), *writers), 60)
    done.set()
    await numbering
    assert len(set(seen)) == len(seen) == 2 * len(children)
    for entered, left in ((f"{r} entered", f"{r} left") for r in {s.split()[0] for s in seen}):
        assert seen.index(entered) < seen.index(left)


async def test_entering_and_leaving_are_told_by_area(registry: Registry) -> None:
    one = survey(YUZHONG)
    (child,) = await surveyed(registry, one)
    moved = survey(
        JIULONGPO,
        child=one["child"],
        hukou=one["hukou"],
        observed_on="2026-03-02",
        residence={"division": JIULONGPO, "since": "2026-02-01"},
    )
    records = await push(registry, f"civil_affairs:{NEXT}", "surveys", moved)
    common = ("version", "observed_on", "division", "child", "hukou", "residence")
    permit = {
        **{key: moved[key] for key in common},
        "source_id": "P-1",
        "event": "registered",
        "role": "accompanying",
        "registered_on": "2026-02-01",
    }
    records += await push(registry, f"police:{NEXT}", "residence-permits", permit)
    await link(registry, records, [child, child])
    await number(registry)
    assert await kinds(await registry(f"civil_affairs:{HERE}")) == ["entered", "left"]
    assert await kinds(await registry(f"civil_affairs:{NEXT}")) == ["entered"]
    assert await kinds(await registry(f"civil_affairs:{PROVINCE}")) == ["entered", "changed"]
    assert await kinds(await registry(f"civil_affairs:{CAO[:6]}")) == ["entered", "changed"]
    assert await kinds(await registry("civil_affairs:500233")) == []
    assert await kinds(await registry(f"police:{NEXT}", purpose="service")) == ["entered"]


async def test_each_client_has_names_of_its_own_which_it_may_read(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    await number(registry)
    one = await registry(f"civil_affairs:{HERE}")
    other = await registry(f"civil_affairs:{PROVINCE}")
    (mine,), _ = await follow(one)
    (theirs,), _ = await follow(other)
    assert mine["reference"] != theirs["reference"]
    assert set(mine) == {"reference", "change", "on"}
    read = await one.post("/v1/references/read", json={"references": [mine["reference"]]})
    assert read.json()["results"][0]["child"]["id"] == str(child)
    foreign = await other.post("/v1/references/read", json={"references": [mine["reference"]]})
    assert foreign.json()["results"] == [{"reference": mine["reference"], "found": False}]
    rows = await registry.system(
        "SELECT subjects FROM audit_entries WHERE operation = 'changes.read'"
    )
    assert [row["subjects"] for row in rows] == [[child], [child]]


async def test_a_cursor_is_its_clients_and_confirms(registry: Registry) -> None:
    await surveyed(registry, survey(), survey(), survey())
    await number(registry)
    one, other = await registry(f"civil_affairs:{HERE}"), await registry(f"civil_affairs:{NEXT}")
    first, position = await follow(one, None, limit=2)
    assert await follow(one, None, limit=2) != ([], position)  # nothing is confirmed by reading
    rest, end = await follow(one, position)
    assert len(first + rest) == 3
    assert await follow(one, end) != (first, end)
    assert (await follow(one, None))[0] == []  # goes on where it confirmed
    for wrong in (position[:-2] + "AA", "x" * 40):
        assert (await one.get("/v1/child-changes", params={"after": wrong})).status_code == 400
    stolen = await other.get("/v1/child-changes", params={"after": position})
    assert (stolen.status_code, stolen.json()["type"].rsplit("/", 1)[-1]) == (400, "bad-cursor")


def held(told: list[dict[str, Any]]) -> set[str]:
    """What a platform holds that follows these changes."""
    found: set[str] = set()
    for one in told:
        (found.discard if one["change"] == "left" else found.add)(one["reference"])
    return found


async def test_whoever_comes_late_holds_the_same_after_condensing(registry: Registry) -> None:
    """Of any department and area, from any position on; and the newest change of each child and county stays."""
    seen, moved, merged, quiet, young = (uuid4() for _ in range(5))
    there = 500107000000
    both = standing(seen)._replace(residence_stated_by=["education", "police"])
    turns = [
        Turn(None, standing(quiet)),
        Turn(None, both),
        Turn(both, standing(seen)),  # police sees it no more
        Turn(None, standing(moved)),
        Turn(standing(moved), standing(moved, there)),
        Turn(standing(moved, there), standing(moved, there)),
        Turn(None, standing(merged)),
        Turn(standing(merged), None),
        Turn(standing(seen), standing(seen)),
    ]
    old = registry.clock.now() - KEPT - timedelta(minutes=1)
    for turn_, at in [
        *((one, old) for one in turns),
        (Turn(None, both._replace(child=young)), old + KEPT),
    ]:
        async with registry.database.transaction(SYSTEM) as session:
            await noting.note(await raw(session), registry.app.state.kit.audit, [turn_], at)
        await number(registry)
    readers = {
        who: await registry(who, **({"purpose": "service"} if who.startswith("police") else {}))
        for who in (
            f"civil_affairs:{HERE}",
            f"police:{HERE}",
            f"civil_affairs:{NEXT}",
            f"civil_affairs:{PROVINCE}",
        )
    }
    before: dict[str, list[tuple[str, list[dict[str, Any]]]]] = {}
    whole: dict[str, set[str]] = {}
    for who, client in readers.items():
        position: str = "start"
        told_: list[dict[str, Any]] = []
        before[who] = [(position, [])]
        for _ in range(10):
            found, position = await follow(client, position, limit=1)
            told_ = told_ + found
            before[who].append((position, told_))
        whole[who] = held(told_)
    assert await condense(registry.database, registry.app.state.kit.audit, registry.clock) == 4
    assert await condense(registry.database, registry.app.state.kit.audit, registry.clock) == 0
    for who, positions in before.items():
        for position, told_ in positions:
            rest, _ = await follow(readers[who], position)
            assert held(told_ + rest) == whole[who], who
    rows = await registry.system("SELECT DISTINCT position FROM child_changes ORDER BY 1")
    assert [row["position"] for row in rows] == [1, 5, 6, 8, 9, 10]


async def test_what_happens_elsewhere_leaves_no_trace(registry: Registry) -> None:
    """Neither a gap nor a longer cursor tells of a busy neighbour; a shielded child is named like any other."""
    quiet = await registry("civil_affairs:500233")
    before = await follow(quiet)
    children = await surveyed(registry, *(survey() for _ in range(30)))
    assert (await turn(await registry(f"civil_affairs:{HERE}"), children[0])).status_code == 200
    await number(registry)
    after = await follow(quiet)
    assert before[0] == after[0] == []
    assert len(before[1]) == len(after[1])
    told_here, _ = await follow(await registry(f"civil_affairs:{HERE}"))
    assert {tuple(one) for one in told_here} == {("reference", "change", "on")}


async def test_a_visit_is_no_change_and_an_end_is_one(registry: Registry) -> None:
    item = survey()
    (child,) = await surveyed(registry, item)
    visit = {
        **{key: item[key] for key in ("division", "child", "residence")},
        "source_id": "V-1",
        "version": 1,
        "observed_on": "2026-03-02",
        "kind": "home_visit",
        "visited_on": "2026-03-02",
        "outcome": "met",
        "visitor": "child_director",
        "channel": "in_person",
    }
    records = await push(registry, f"civil_affairs:{HERE}", "visits", visit)
    await link(registry, records, [child])
    await number(registry)
    civil = await registry(f"civil_affairs:{HERE}")
    assert await kinds(civil) == ["entered"]
    other = uuid4()
    rows = await registry.system("SELECT id FROM records")
    await link(registry, [row["id"] for row in rows], [other] * len(rows))
    await number(registry)
    assert sorted(await kinds(civil)) == ["entered", "entered", "left"]


async def test_only_who_may_follow_follows(registry: Registry) -> None:
    reader = await registry(f"civil_affairs:{HERE}", scopes=frozenset({Scope.CHILDREN_READ}))
    assert (await reader.get("/v1/child-changes")).status_code == 403
    blind = await registry(f"police:{HERE}", purpose="key_care")
    assert (await blind.get("/v1/child-changes")).status_code == 403


STATED = st.none() | st.lists(st.sampled_from(["police", "education", "health"]), unique=True)


@given(st.lists(st.tuples(STATED, STATED), min_size=1, max_size=4))
def test_one_who_said_it_alone_is_not_told(rows: list[tuple[Any, Any]]) -> None:
    told_rows = [{"stated_before": before, "stated_now": now} for before, now in rows]
    kind = told(told_rows, Department.POLICE)
    before, now = (
        any(stated is not None and set(stated) - {"police"} for stated in column)
        for column in zip(*rows, strict=True)
    )
    assert (kind is None) == (not before and not now)
    assert (kind == ChangeKind.LEFT) == (before and not now)
    assert (kind == ChangeKind.ENTERED) == (now and not before)


def test_two_places_in_one_county_are_one_row() -> None:
    child = uuid4()
    both = Standing(child, 500103001000, ["police"], 500103000000, ["civil_affairs"])
    away = Standing(child, 500107000000, ["police"], 500103000000, ["civil_affairs"])
    assert concerned(Turn(both, away)) == {
        500103000000: (["civil_affairs", "police"], ["civil_affairs"]),
        500107000000: (None, ["police"]),
    }
