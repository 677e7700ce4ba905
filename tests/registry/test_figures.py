"""Figures frozen with two times: the same whenever they are counted again, whatever has become known since."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.commands.figures import verified
from services.registry.figures import authenticity
from services.registry.figures.endpoints import COUNTING
from services.registry.figures.publishing import count_next, counts_of, differences
from services.registry.figures.queries import SELECT
from services.registry.profiles import Profiles
from shared.database import SYSTEM, raw
from tests.registry.conftest import FixedClock, Registry
from tests.registry.key_care import (
    TOWNSHIP,
    YUZHONG,
    decide,
    entries,
    fold,
    link,
    opened,
    push,
    survey,
    turn,
)

CIVIL = "civil_affairs:500103"
DAY = "2026-03-01"
STRICTER = """
id = "stricter"
amends = "chongqing"

[documents.main]
name = "渝民办〔2026〕9号"
valid_from = 2020-01-01

[[rules.migrant_child]]
clause = "一"
wording = "十二个月以上"
cross_county = true
months = 12
months_inclusive = true
age_below = 16
accompanied = true
"""


@dataclass
class Story:
    """A county whose children change under our hands; ``acts`` is what has been done to them."""

    registry: Registry
    tmp: Path
    dice: random.Random
    items: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    children: dict[UUID, list[UUID]] = field(default_factory=dict)
    """Person → records."""
    split: list[tuple[UUID, UUID, UUID]] = field(default_factory=list)

    def later(self, minutes: int = 60) -> None:
        self.registry.clock.at += timedelta(minutes=minutes)

    async def arrive(self, **more: Any) -> UUID:
        place = self.dice.choice((YUZHONG, TOWNSHIP, "500103002000"))
        born = f"{self.dice.randint(2009, 2024)}-05-03"
        item = survey(place, **more)
        item["child"] |= {"birth_date": born, "sex": self.dice.choice(("male", "female"))}
        item["residence"] |= {"since": self.dice.choice(("2024-01-01", "2025-06-01", "2026-01-10"))}
        (record,) = await push(self.registry, CIVIL, "surveys", item)
        person = uuid4()
        await link(self.registry, [record], [person])
        self.items[record], self.children[person] = item, [record]
        return person

    async def correct(self) -> None:
        record = self.dice.choice(sorted(self.items))
        item = self.items.pop(record)
        newer = {**item, "version": item["version"] + 1}
        newer["child"] = {**item["child"], "birth_date": "2012-01-09"}
        newer["residence"] = {**item["residence"], "since": "2023-03-03"}
        (made,) = await push(self.registry, CIVIL, "surveys", newer)
        self.items[made] = newer
        (person,) = [p for p, held in self.children.items() if record in held]
        self.children[person].append(made)
        await link(self.registry, [made], [person])

    async def recall(self) -> None:
        record = self.dice.choice(sorted(self.items))
        item = self.items.pop(record)
        who = await self.registry(CIVIL)
        reply = await who.post("/v1/surveys/recalls", json={"source_ids": [item["source_id"]]})
        assert reply.status_code in (200, 207), reply.text
        await link(self.registry, [record], [None])

    async def insure(self) -> None:
        person = self.dice.choice(sorted(self.children))
        record = self.children[person][0]
        known = (await self.registry.system("SELECT id FROM records WHERE id = $1", record))[0]
        assert known
        item = {
            "source_id": f"I-{uuid4().hex}",
            "version": 1,
            "observed_on": "2026-02-20",
            "division": YUZHONG,
            "child": {"name": "示保"},
            "year": 2026,
            "enrolled": self.dice.random() < 0.5,
        }
        (made,) = await push(
            self.registry, "medical_insurance:500103", "insurance-enrolments", item
        )
        await link(self.registry, [made], [person])

    async def merge(self) -> None:
        one, other = self.dice.sample(sorted(self.children), 2)
        records = self.children.pop(other)
        await link(self.registry, records, [one] * len(records))
        self.split.append((one, other, records[0]))
        self.children[one] += records

    async def part(self) -> None:
        if not self.split:
            return await self.merge()
        one, other, first = self.split.pop()
        if one not in self.children or first not in self.children[one]:
            return None
        records = self.children[one][self.children[one].index(first) :]
        self.children[one] = [r for r in self.children[one] if r not in records]
        self.children[other] = records
        return await link(self.registry, records, [other] * len(records))

    async def care(self) -> None:
        who = await self.registry(CIVIL)
        proposed = await entries(who, state="proposed")
        if proposed:
            path = f"/v1/key-care/{self.dice.choice(proposed)['id']}"
            reply = await decide(who, path, self.dice.choice(("confirm", "refuse")))
            assert reply.status_code == 200, reply.text
        alive = await self.registry.system(
            "SELECT id FROM children WHERE residence_code IS NOT NULL ORDER BY id"
        )
        child = self.dice.choice(alive)["id"]
        if not [
            e for e in await entries(who, category="vagrancy") if e["child"]["id"] == str(child)
        ]:
            await opened(who, child)

    async def shield(self) -> None:
        rows = await self.registry.system(
            "SELECT id FROM children WHERE NOT shielded AND residence_code IS NOT NULL ORDER BY id"
        )
        who = await self.registry(CIVIL)
        reply = await turn(who, self.dice.choice(rows)["id"])
        assert reply.status_code in (200, 201), reply.text

    async def change_rules(self) -> None:
        """The hub is started again with an amendment, or without it."""
        folder = self.tmp / "profiles"
        folder.mkdir(exist_ok=True)
        path = folder / "stricter.toml"
        if path.exists():
            path.unlink()
        else:
            path.write_text(STRICTER, encoding="utf-8")
        state = self.registry.app.state
        state.kit = replace(state.kit, profiles=Profiles.of_hub(folder))

    def acts(self) -> list[Callable[[], Any]]:
        return [
            self.arrive,
            self.correct,
            self.recall,
            self.insure,
            self.merge,
            self.part,
            self.care,
            self.shield,
            self.change_rules,
        ]


async def publish(registry: Registry, division: str = "500103", **more: Any) -> str:
    who = await registry(CIVIL, purpose="statistics")
    reply = await who.post(
        "/v1/figure-publications",
        json={"division": division, "on": DAY, **more},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert reply.status_code == 202, reply.text
    assert reply.json()["state"] == "requested"
    return str(reply.json()["id"])


async def count(registry: Registry) -> None:
    """The worker's step, when all has settled, until nothing waits."""
    registry.clock.at += timedelta(minutes=5)
    while await count_next(registry.database, registry.app.state.kit, registry.clock):
        pass


async def frozen(registry: Registry, where: str = "true", *values: Any) -> list[dict[str, Any]]:
    rows = await registry.system(f"{SELECT} WHERE {where} ORDER BY id", *values)
    return [{**row, "counts": row["counts"] and json.loads(row["counts"])} for row in rows]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_r4_r52_every_frozen_figure_is_the_same_when_it_is_counted_again(
    registry: Registry, tmp_path: Path, seed: int
) -> None:
    """After later pushes, corrections, recalls, other links, decisions and other rules; its revisions are listed."""
    story = Story(registry, tmp_path, random.Random(seed))
    for _ in range(8):
        await story.arrive()
    ids, kept = [], {}
    for _ in range(3):
        ids.append(await publish(registry))
        await count(registry)
        kept = {row["id"]: row for row in await frozen(registry)}
        assert len(kept) == len(ids)
        acts = story.acts()
        story.dice.shuffle(acts)
        for act in acts:
            story.later()
            await act()
    story.later()
    kit, database = registry.app.state.kit, registry.database
    for row in await frozen(registry):
        assert row == kept[row["id"]]
        assert authenticity.authentic(kit.audit, row)
        assert await counts_of(database, kit, row) == row["counts"]
    who = await registry(CIVIL, purpose="statistics")
    reply = await who.post(
        f"/v1/figure-publications/{ids[0]}/revisions",
        json={},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert reply.status_code == 202, reply.text
    await count(registry)
    listed = (await who.get(f"/v1/figure-publications/{ids[0]}/revisions")).json()
    (revision,) = listed["revisions"]
    (again,) = await frozen(registry, "id = $1", UUID(revision["id"]))
    wanted = differences(kept[UUID(ids[0])]["counts"], again["counts"])
    assert len(revision["differences"]) == len(wanted) > 0
    read = (await who.get(f"/v1/figure-publications/{ids[0]}")).json()
    assert read["state"] == "published"
    assert len(read["breakdowns"]) > 6


async def test_r52_what_a_revision_lists_is_what_became_known(
    registry: Registry, clock: FixedClock, tmp_path: Path
) -> None:
    story = Story(registry, tmp_path, random.Random(5))
    for _ in range(3):
        await story.arrive()
    figure = await publish(registry)
    await count(registry)
    story.later()
    item = survey(YUZHONG)
    item["residence"]["since"] = "2024-01-01"
    (record,) = await push(registry, CIVIL, "surveys", item)
    await link(registry, [record], [uuid4()])
    who = await registry(CIVIL, purpose="statistics")
    await who.post(
        f"/v1/figure-publications/{figure}/revisions",
        json={},
        headers={"Idempotency-Key": str(uuid4())},
    )
    await count(registry)
    reply = (await who.get(f"/v1/figure-publications/{figure}/revisions")).json()
    told = {
        (d["breakdown"], d["answer"]): d["revised"] - d["frozen"]
        for d in reply["revisions"][0]["differences"]
    }
    assert told["status", "migrant"] == 1
    assert told["age", "6-8"] == 1
    assert told["key_care.family_hardship", "proposed"] == 1
    assert reply["erased_since"] == 0


async def test_r52_totals_equal_the_ledger(registry: Registry, tmp_path: Path) -> None:
    story = Story(registry, tmp_path, random.Random(7))
    registry.app.state.settings = registry.settings.model_copy(update={"smallest_cell": 3})
    for _ in range(24):
        await story.arrive()
    for act in (story.merge, story.care, story.care, story.correct, story.recall, story.insure):
        await act()
    who = await registry(CIVIL, purpose="statistics")
    reply = await who.get("/v1/figures", params={"division": "500103"})
    assert reply.status_code == 200, reply.text
    seen = {one["name"]: one for one in reply.json()["breakdowns"]}
    ledger = await registry.system("SELECT status, count(*) AS n FROM children GROUP BY 1")
    status = {row["status"]: row["n"] for row in ledger}
    assert seen["status"]["children"] == sum(status.values())
    for cell in seen["status"]["cells"]:
        assert cell.get("children", status[cell["answer"]]) == status[cell["answer"]]
    assert seen["age"]["children"] == status["migrant"]
    care = await registry.system(
        "SELECT category, state, count(*) AS n FROM key_care GROUP BY 1, 2"
    )
    await publish(registry, on="2026-03-02")
    await count(registry)
    (figure,) = await frozen(registry)
    counted: dict[tuple[str, str], int] = {}
    for heads in figure["counts"]["parts"].values():
        for breakdown, answers in heads.items():
            for answer, n in answers.items():
                key = (breakdown.removeprefix("key_care."), answer)
                counted[key] = counted.get(key, 0) + n
    assert {k: n for k, n in counted.items() if k[0] == "status"} == {
        ("status", one): n for one, n in status.items()
    }
    taken = [row for row in care if row["state"] not in ("refused", "closed")]
    assert len(taken) > 1
    for row in taken:
        assert counted[row["category"], row["state"]] == row["n"]


async def test_r52_the_present_and_the_worker_count_alike(
    registry: Registry, tmp_path: Path
) -> None:
    story = Story(registry, tmp_path, random.Random(9))
    for _ in range(14):
        await story.arrive()
    day = date(2026, 3, 1)
    figure = await publish(registry)
    await count(registry)
    who = await registry(CIVIL, purpose="statistics")
    now = (await who.get("/v1/figures", params={"division": "500103", "on": str(day)})).json()
    then = (await who.get(f"/v1/figure-publications/{figure}")).json()
    assert now["breakdowns"] == then["breakdowns"]
    # All of the hub, gone through page by page, finds the same children as the county's own look-up.
    (row,) = await frozen(registry)
    province = await registry("civil_affairs:50", purpose="statistics")
    made = await province.post(
        "/v1/figure-publications",
        json={"division": "500000", "on": DAY},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert made.status_code == 202, made.text
    await count(registry)
    (whole,) = await frozen(registry, "division = 500000000000")
    assert whole["counts"]["children"] == row["counts"]["children"]
    assert set(whole["counts"]["parts"]) == {YUZHONG}


async def test_r4_a_child_that_comes_of_age_stays_in_past_figures(
    registry: Registry, clock: FixedClock
) -> None:
    item = survey(YUZHONG)
    item["child"]["birth_date"] = "2010-03-05"
    (record,) = await push(registry, CIVIL, "surveys", item)
    await link(registry, [record], [uuid4()])
    figure = await publish(registry)
    await count(registry)
    before = await frozen(registry)
    clock.at = datetime(2026, 3, 6, 4, 0, tzinfo=UTC)
    await fold(registry)
    (row,) = await frozen(registry)
    assert row == before[0]
    assert row["counts"]["parts"][YUZHONG]["status"] == {"migrant": 1}
    assert await counts_of(registry.database, registry.app.state.kit, row) == row["counts"]
    who = await registry(CIVIL, purpose="statistics")
    reply = await who.post(
        "/v1/figure-publications",
        json={"division": "500103", "on": "2026-03-06"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert reply.status_code == 202, reply.text
    await count(registry)
    assert {
        str(r["valid_on"]): r["counts"]["parts"][YUZHONG]["status"] for r in await frozen(registry)
    } == {DAY: {"migrant": 1}, "2026-03-06": {"aged_out": 1}}
    assert figure


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
        named = [f async for f in authenticity.faults_of(session, registry.app.state.kit.audit)]
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
            authenticity.mac(kit.audit, row),
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
