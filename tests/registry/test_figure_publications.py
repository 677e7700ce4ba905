"""Published figures: who asks for them, who reads them, and whom they tell of nobody."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.commands.figures import verified
from services.registry.figures.authenticity import FIGURES
from services.registry.figures.endpoints import COUNTING
from services.registry.profiles import Profiles
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    TOWNSHIP,
    YUZHONG,
    link,
    push,
    survey,
    turn,
)
from tests.registry.test_figures import CIVIL, DAY, Story, count, frozen, publish


@pytest.mark.parametrize(
    ("who", "division", "status"),
    [
        ("civil_affairs:500103", "500103", 200),
        ("civil_affairs:500103", "500000", 403),
        ("civil_affairs:500107", "500103", 403),
        ("education:500103", "500103", 403),
        ("health:500103", "500103", 403),
    ],
)
async def test_r52_only_civil_affairs_count_and_only_their_own_area(
    registry: Registry, who: str, division: str, status: int
) -> None:
    caller = await registry(who, purpose="statistics")
    reply = await caller.get("/v1/figures", params={"division": division})
    assert reply.status_code == status, reply.text


async def test_r52_a_publication_is_read_by_whose_area_covers_it(registry: Registry) -> None:
    figure = await publish(registry)
    await count(registry)
    answers: dict[str, httpx.Response] = {}
    for who in (
        "civil_affairs:50",
        "education:500103",
        "education:500107",
        "civil_affairs:500103001",
    ):
        caller = await registry(who, purpose="statistics")
        answers[who] = await caller.get(f"/v1/figure-publications/{figure}")
    told = {who: reply.status_code for who, reply in answers.items()}
    assert told == {
        "civil_affairs:50": 200,
        "education:500103": 200,
        "education:500107": 404,
        "civil_affairs:500103001": 404,
    }
    seen = {one["name"] for one in answers["education:500103"].json()["breakdowns"]}
    assert {n for n in seen if n.startswith("key_care.")} == {"key_care.out_of_school"}
    assert answers["civil_affairs:50"].json()["smallest_cell"] == 10
    assert answers["civil_affairs:50"].json()["smallest_cell_configured"] is False


async def test_r52_a_figure_that_was_not_written_here_is_not_shown(registry: Registry) -> None:
    figure = await publish(registry)
    await count(registry)
    who = await registry(CIVIL, purpose="statistics")
    assert (await who.get(f"/v1/figure-publications/{figure}")).status_code == 200
    await registry.system("UPDATE figures SET counts = jsonb_set(counts, '{children}', '7')")
    assert (await who.get(f"/v1/figure-publications/{figure}")).status_code == 404
    async with registry.database.transaction(SYSTEM) as session:
        named = [f async for f in FIGURES.faults(session, registry.app.state.kit.audit)]
        assert await raw(session) is not None
    assert named == [f"figure {figure} was forged or changed"]


@pytest.mark.parametrize("method", ["2026-11", "2026-11-22", "2025-01"])
async def test_r52_a_figure_of_an_earlier_method_is_no_forged_one(
    registry: Registry, method: str
) -> None:
    """It is counted again in what its method counted; of a method that nobody knows any more that is told."""
    story = Story(registry, Path(), random.Random(3))
    await story.arrive()
    figure = await publish(registry)
    await count(registry)
    kit, database = registry.app.state.kit, registry.database
    assert await verified(database, kit) == ([], [])

    async def rewrite(change: Callable[[dict[str, Any]], None]) -> None:
        (row,) = await frozen(registry)
        row["method"] = method
        for heads in row["counts"]["parts"].values():
            change(heads)
        await registry.system(
            "UPDATE figures SET method = $1, counts = $2::jsonb, mac = $3",
            method,
            json.dumps(row["counts"]),
            FIGURES.mac(kit.audit, row),
        )

    def as_then(heads: dict[str, Any]) -> None:
        if method == "2026-11":
            heads.pop("left_behind")

    await rewrite(as_then)
    found, untold = await verified(database, kit)
    assert found == []
    assert [f"{figure}, of an earlier method ({method})" in one for one in untold] == [True] * (
        method == "2025-01"
    )

    await rewrite(lambda heads: heads.update(status={"migrant": 7}))
    found, untold = await verified(database, kit)
    assert not [one for one in (*found, *untold) if "forged" in one]
    assert all(f"of an earlier method ({method})" in one for one in (*found, *untold))
    assert len(found) == (method != "2025-01")
    await registry.system("UPDATE figures SET method = '2026-11-23'")
    assert await verified(database, kit) == ([f"figure {figure} was forged or changed"], [])


async def test_r55_pilot_areas_alone_are_counted(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "pilot.toml").write_text(
        """
id = "pilots"
amends = "chongqing"
[documents.main]
name = "渝民办〔2026〕3号"
valid_from = 2026-01-01
[[rules.pilot]]
clause = "一"
areas = ["500103001"]
""",
        encoding="utf-8",
    )
    state = registry.app.state
    state.kit = replace(state.kit, profiles=Profiles.of_hub(tmp_path))
    for place in (TOWNSHIP, TOWNSHIP, "500103002000"):
        (record,) = await push(registry, CIVIL, "surveys", survey(place))
        await link(registry, [record], [uuid4()])
    await publish(registry, pilot=True)
    await publish(registry)
    await count(registry)
    assert {row["pilot"]: row["counts"]["children"] for row in await frozen(registry)} == {
        True: 2,
        False: 3,
    }


@pytest.mark.parametrize("areas", ['["500103001"]', '["500103"]'])
async def test_r57_no_figure_tells_in_which_township_a_shielded_child_lives(
    registry: Registry, tmp_path: Path, areas: str
) -> None:
    (tmp_path / "pilot.toml").write_text(
        'id = "pilots"\namends = "chongqing"\n[documents.main]\nname = "渝民办〔2026〕3号"\n'
        f'valid_from = 2026-01-01\n[[rules.pilot]]\nclause = "一"\nareas = {areas}\n',
        encoding="utf-8",
    )
    state = registry.app.state
    state.kit = replace(state.kit, profiles=Profiles.of_hub(tmp_path))
    (record,) = await push(registry, CIVIL, "surveys", survey(TOWNSHIP))
    child = uuid4()
    await link(registry, [record], [child])
    assert (await turn(await registry(CIVIL), child)).status_code == 200
    who = await registry(CIVIL, purpose="statistics")

    async def shown(**asked: Any) -> Any:
        reply = await who.get("/v1/figures", params=asked)
        assert reply.status_code == 200, reply.text
        return reply.json()["breakdowns"]

    assert await shown(division="500103001") == await shown(division="500103002")
    whole_county = areas == '["500103"]'
    pilot, empty = await shown(division="500103", pilot=True), await shown(division="500103002")
    assert (pilot == empty) is not whole_county
    assert [part["division"] for part in (await shown(division="500103"))[0]["parts"]] == [YUZHONG]


async def test_r52_erasures_elsewhere_are_told_to_nobody(registry: Registry) -> None:
    figure = await publish(registry)
    await count(registry)
    who = await registry(CIVIL, purpose="statistics")
    path = f"/v1/figure-publications/{figure}/revisions"
    for number, (home, hukou) in enumerate(
        [(None, 371721000000), (None, None), (500107000000, None), (None, 500103000000)], 1
    ):
        await registry.system(
            "INSERT INTO erasures (id, child_id, residence_code, hukou_code, ground, hold, state, request_client,"
            " request_actor, requested_at, erased_at, mac) VALUES (gen_random_uuid(), gen_random_uuid(), $1, $2,"
            " 'court_order', false, 'erased', 'c', 'a', $3, $3, '')",
            home,
            hukou,
            registry.clock.now() + timedelta(hours=1),
        )
        assert (await who.get(path)).json()["erased_since"] == (number == 4)


async def test_r52_one_client_does_not_keep_the_worker_from_all_others(registry: Registry) -> None:
    async def asked(who: str) -> int:
        caller = await registry(who, purpose="statistics")
        reply = await caller.post(
            "/v1/figure-publications",
            json={"division": "500103", "on": DAY},
            headers={"Idempotency-Key": str(uuid4())},
        )
        return reply.status_code

    assert [await asked(CIVIL) for _ in range(21)] == [202] * 20 + [429]
    assert await asked("civil_affairs:50") == 202
    await count(registry)
    assert await asked(CIVIL) == 202


async def test_r52_a_client_counts_one_figure_at_a_time(registry: Registry) -> None:
    await publish(registry)
    (row,) = await registry.system("SELECT client FROM figures")
    who = await registry(CIVIL, purpose="statistics")
    with COUNTING.of(row["client"]):
        assert (await who.get("/v1/figures", params={"division": "500103"})).status_code == 429
    assert (await who.get("/v1/figures", params={"division": "500103"})).status_code == 200


async def test_r57_nor_does_a_figure_of_a_day_before_the_child_was_shielded(
    registry: Registry,
) -> None:
    """Shielded on 2 March: a figure of the day before, asked for afterwards, told its township."""
    (record,) = await push(registry, CIVIL, "surveys", survey(TOWNSHIP))
    child = uuid4()
    await link(registry, [record], [child])
    who = await registry(CIVIL, purpose="statistics")

    async def parts() -> list[str]:
        reply = await who.get("/v1/figures", params={"division": "500103", "on": DAY})
        assert reply.status_code == 200, reply.text
        return [part["division"] for part in reply.json()["breakdowns"][0]["parts"]]

    assert await parts() == [TOWNSHIP]
    assert (await turn(await registry(CIVIL), child)).status_code == 200
    registry.clock.at += timedelta(hours=1)
    assert await parts() == [YUZHONG]


async def test_r52_pupils_are_published_by_their_stage(registry: Registry) -> None:
    """The stage is a key of what is authenticated; it was no plain text, and no figure with a pupil was ever published."""
    (record,) = await push(registry, CIVIL, "surveys", survey())
    child = uuid4()
    await link(registry, [record], [child])
    enrolled = {
        "source_id": "E-figure",
        "version": 1,
        "observed_on": "2026-02-01",
        "division": YUZHONG,
        "child": {},
        "event": "enrolled",
        "on": "2025-09-01",
        "stage": "primary",
    }
    await link(registry, await push(registry, "education:500103", "enrolments", enrolled), [child])
    await publish(registry)
    await count(registry)
    (figure,) = await frozen(registry)
    ((_, heads),) = figure["counts"]["parts"].items()
    assert heads["schooling"] == {"primary": 1}
