"""Rosters through the real app: the national system, a list to the province, lists for departments to verify."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.children.proving import sealed_rows
from services.registry.rosters import making, reading
from services.registry.rosters.endpoints import MAKING
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, YUZHONG, fold, link, opened, push, survey, surveyed, turn
from tests.registry.test_rules_of_the_day import dated_back

HOME = "500103"
HEZE = "371702000000"
HARBIN = "230102000000"
BAOTOU = "150203000000"
TOPIC = "critical_illness_insurance"


async def made(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    reply = await client.post("/v1/rosters", json=body, headers={"Idempotency-Key": str(uuid4())})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def rows(client: httpx.AsyncClient, roster: dict[str, Any]) -> list[dict[str, Any]]:
    """All lines but the last, which is checked against them."""
    reply = await client.get(f"/v1/rosters/{roster['id']}/rows")
    assert reply.status_code == 200, reply.text
    *lines, last = reply.content.splitlines(keepends=True)
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    assert json.loads(last) == {"end": "complete", "rows": len(lines), "sha256": digest}
    return [json.loads(line) for line in lines]


async def digest(client: httpx.AsyncClient, roster: dict[str, Any]) -> str:
    reply = await client.get(f"/v1/rosters/{roster['id']}/rows")
    found: str = json.loads(reply.content.splitlines()[-1])["sha256"]
    return found


async def answered(
    client: httpx.AsyncClient, roster: dict[str, Any], *verdicts: dict[str, Any]
) -> list[dict[str, Any]]:
    reply = await client.post(
        f"/v1/rosters/{roster['id']}/verdicts", json={"verdicts": list(verdicts)}
    )
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["results"]
    return found


async def states(client: httpx.AsyncClient, **asked: Any) -> dict[UUID, str]:
    reply = await client.get("/v1/national-system/children", params=asked)
    assert reply.status_code == 200, reply.text
    return {UUID(one["child"]): one["state"] for one in reply.json()["children"]}


async def national(registry: Registry, area: str = HOME) -> httpx.AsyncClient:
    return await registry(f"civil_affairs:{area}", purpose="survey")


async def correct(registry: Registry, child: UUID, item: dict[str, Any], **more: Any) -> None:
    """Push a newer version of an item."""
    item |= {"version": item["version"] + 1, **more}
    records = await push(registry, f"civil_affairs:{item['division'][:6]}", "surveys", item)
    await link(registry, records, [child])


async def test_r10_a_changed_child_shows_unsynced(registry: Registry) -> None:
    one, other = survey(), survey()
    changed, same = await surveyed(registry, one, other)
    civil = await national(registry)
    assert await states(civil) == {changed: "never_sent", same: "never_sent"}
    roster = await made(civil, kind="national_system", division=HOME)
    assert await states(civil) == {changed: "never_sent", same: "never_sent"}  # nothing has left
    sent = await rows(civil, roster)
    assert await states(civil) == {changed: "sent", same: "sent"}
    await correct(registry, changed, one, guardians=[{"name": "示小山", "relation": "mother"}])
    assert await states(civil) == {changed: "unsynced", same: "sent"}
    assert await states(civil, state="unsynced") == {changed: "unsynced"}
    again = await made(civil, kind="national_system", division=HOME)
    assert again["rows"] == 1
    (line,) = await rows(civil, again)
    assert line["guardian_name"] == "示大山、示小山" or line["guardian_name"] == "示小山"
    assert line["version"] > min(before["version"] for before in sent)
    assert await states(civil) == {changed: "sent", same: "sent"}


async def test_r10_what_came_back_is_reconciled(registry: Registry) -> None:
    items = [survey() for _ in range(5)]
    children = await surveyed(registry, *items)
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    sent = {one["name"]: one for one in await rows(civil, roster)}
    taken, back, other, _, late = (sent[item["child"]["name"]] for item in items)
    results = await answered(
        civil,
        roster,
        {"row": taken["row"], "verdict": "accepted", "held": {"name": taken["name"]}},
        {"row": back["row"], "verdict": "refused", "reason": "id_number_missing"},
        {
            "row": other["row"],
            "verdict": "accepted",
            "held": {"name": "示别名", "birth_date": other["birth_date"]},
        },
        {"row": str(uuid4()), "verdict": "accepted"},
        {"row": late["row"], "verdict": "accepted"},
    )
    assert [one["outcome"] for one in results] == ["applied"] * 3 + ["unknown", "applied"]
    assert results[2]["differing"] == ["name"]
    assert await states(civil) == dict(
        zip(children, ["accepted", "refused", "differs", "sent", "accepted"], strict=True)
    )
    seen = (await civil.get(f"/v1/rosters/{roster['id']}")).json()
    assert {name: seen[name] for name in ("rows", "taken", "accepted", "refused", "differs")} == {
        "rows": 5,
        "taken": 5,
        "accepted": 2,
        "refused": 1,
        "differs": 1,
    }
    assert seen["waiting"] == "no_limit_configured"
    (same,) = await answered(
        civil, roster, {"row": back["row"], "verdict": "refused", "reason": "id_number_missing"}
    )
    assert same["outcome"] == "unchanged"
    await correct(registry, children[4], items[4], guardians=[])
    assert (await states(civil))[children[4]] == "unsynced"
    # What was refused, differs or changed goes out again; what was taken or waits does not.
    assert (await made(civil, kind="national_system", division=HOME))["rows"] == 3
    stored = await registry.system("SELECT reason, differing FROM roster_rows WHERE verdict <> ''")
    assert {row["reason"] for row in stored} == {"", "id_number_missing"}
    assert "示别名" not in str(stored)


async def test_r10_only_where_the_text_asks_for_it(registry: Registry) -> None:
    """Inner Mongolia's text names no national system: nothing is borrowed from another's."""
    civil = await national(registry, BAOTOU[:6])
    await surveyed(registry, survey(BAOTOU, hukou={"division": YUZHONG}))
    refused = await civil.post(
        "/v1/rosters",
        json={"kind": "national_system", "division": BAOTOU},
        headers={"Idempotency-Key": "k"},
    )
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (
        409,
        "roster-not-asked-for",
    )
    north = await national(registry, HARBIN[:6])
    await surveyed(registry, survey(HARBIN, hukou={"division": YUZHONG}))
    roster = await made(north, kind="national_system", division=HARBIN)
    assert roster["rows"] == 1 and roster["clause"].endswith(" 二(一)1")


async def test_r10_a_visit_leaves_a_child_in_step_and_a_merge_takes_the_row_along(
    registry: Registry,
) -> None:
    item = survey()
    (child,) = await surveyed(registry, item)
    civil = await national(registry)
    await rows(civil, await made(civil, kind="national_system", division=HOME))
    visit = {
        **{key: item[key] for key in ("division", "child", "residence")},
        "source_id": "V-1",
        "version": 1,
        "observed_on": "2026-03-02",
        "kind": "home_visit",
        "visited_on": "2026-03-02",
        "channel": "in_person",
        "outcome": "met",
        "visitor": "child_director",
    }
    await link(registry, await push(registry, f"civil_affairs:{HOME}", "visits", visit), [child])
    assert await states(civil) == {child: "sent"}
    into = uuid4()
    every = await registry.system("SELECT id FROM records")
    await link(registry, [row["id"] for row in every], [into] * len(every))
    # Only what it is told under has changed, and its status: still one child there.
    assert set(await states(civil)) == {into}
    assert (await states(civil))[into] != "never_sent"


async def test_r10_a_shielded_child_is_entered_by_a_person_alone(registry: Registry) -> None:
    hidden, shown = await surveyed(registry, survey(), survey())
    care = await registry(f"civil_affairs:{HOME}")
    civil = await national(registry)
    early = await made(civil, kind="national_system", division=HOME)
    assert (await turn(care, hidden)).status_code == 200
    assert [line["number"] for line in await rows(civil, early)] == [1]  # and no gap
    assert await states(civil) == {hidden: "withheld", shown: "sent"}
    (row,) = await registry.system("SELECT child_id FROM roster_rows WHERE taken_at IS NOT NULL")
    assert row["child_id"] == shown
    assert (await made(civil, kind="national_system", division=HOME))["rows"] == 0


async def test_r13_a_department_verifies_what_it_may_see(registry: Registry) -> None:
    one, other = survey(), survey()
    await surveyed(registry, one, other)
    care = await registry(f"civil_affairs:{HOME}")
    civil = await registry(f"civil_affairs:{HOME}", purpose="verification")
    police = await registry(f"police:{HOME}", purpose="verification")
    roster = await made(civil, kind="feedback", to="police", division=HOME)
    seen = (await police.get(f"/v1/rosters/{roster['id']}")).json()
    assert seen["rows"] == 0  # it learns of no child before it reads what it may see
    assert (roster["rows"], roster["waiting"]) == (2, "no_limit_configured")
    assert roster["clause"].endswith(" 二(一)3")
    lines = await rows(police, roster)
    assert {line["name"] for line in lines} == {i["child"]["name"] for i in (one, other)}
    assert all("school" not in line and "guardian_phone" not in line for line in lines)
    await answered(
        police, roster, {"row": lines[0]["row"], "verdict": "refused", "reason": "moved_away"}
    )
    listed = (await civil.get("/v1/rosters", params={"kind": "feedback"})).json()["rosters"]
    assert [(r["refused"], r["waiting"]) for r in listed] == [(1, "no_limit_configured")]
    await answered(police, roster, {"row": lines[1]["row"], "verdict": "accepted"})
    assert (await civil.get(f"/v1/rosters/{roster['id']}")).json()["waiting"] == "no"
    assert (await civil.get(f"/v1/rosters/{roster['id']}/rows")).status_code == 403
    nobody = await care.post(
        "/v1/rosters",
        json={"kind": "feedback", "to": "civil_affairs", "division": HOME},
        headers={"Idempotency-Key": "k"},
    )
    assert nobody.status_code == 422


async def test_r35_the_version_of_a_row_tells_of_nothing_that_is_kept_silent(
    registry: Registry,
) -> None:
    """What only those are told who see key care, or a compartment, moves no number that others read."""
    item = survey()
    (child,) = await surveyed(registry, item)
    province = await registry("civil_affairs:500103", purpose="survey")
    roster = await made(province, kind="national_system", division=HOME)
    (before,) = await rows(province, roster)
    (seq,) = await registry.system("SELECT child_seq FROM children")
    await opened(await registry("civil_affairs:500103"), child, "vagrancy")
    await fold(registry)
    (silent,) = await registry.system("SELECT child_seq FROM children")
    assert silent["child_seq"] > seq["child_seq"]
    (after,) = await rows(province, roster)
    assert after["version"] == before["version"]
    await correct(registry, child, item, guardians=[{"name": "示小山", "relation": "mother"}])
    (told,) = await rows(province, roster)
    assert told["version"] == before["version"] + 1


async def test_a_long_roster_streams_page_by_page(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    monkeypatch.setattr(making, "MAX_PAGE", 2)
    await surveyed(registry, *(survey() for _ in range(5)))
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    assert [line["number"] for line in await rows(civil, roster)] == [1, 2, 3, 4, 5]
    read = await registry.system(
        "SELECT cardinality(subjects) AS n FROM audit_entries WHERE operation = 'rosters.read' ORDER BY id"
    )
    assert [row["n"] for row in read] == [2, 2, 1]
    await surveyed(registry, *(survey() for _ in range(5)))
    monkeypatch.setattr(making, "MAX_ROSTER_ROWS", 4)
    for division, refusal in ((HOME, 413), (CAO, 403)):
        body = {"kind": "national_system", "division": division}
        again = await civil.post("/v1/rosters", json=body, headers={"Idempotency-Key": division})
        assert again.status_code == refusal


async def test_an_erased_child_is_on_no_roster_and_in_no_file_of_guardianship(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry)
    civil = await national(registry)
    await rows(civil, await made(civil, kind="national_system", division=HOME))
    care = await registry(f"civil_affairs:{HOME}")
    colleague = await registry(f"civil_affairs:{HOME}", actor="staff-8")
    about = {"child_id": str(child)}
    for path, body in (
        (
            "assessments",
            {"kind": "risk_assessment", "finding": "high", "assessed_on": "2026-02-20"},
        ),
        (
            "placements",
            {
                "kind": "daily_care",
                "performer": "welfare_institution",
                "since": "2026-02-21",
                "basis": "guardian_consent",
            },
        ),
        ("erasures", {"ground": "unlawful"}),
    ):
        done = await care.post(
            f"/v1/{path}", json={**about, **body}, headers={"Idempotency-Key": path}
        )
        assert done.status_code == 201, done.text
    approved = await colleague.post(f"/v1/erasures/{done.json()['id']}/approvals")
    assert approved.status_code == 200, approved.text
    assert await registry.system("SELECT 1 FROM roster_rows") == []
    assert await states(civil) == {}
    keys = await registry.system(
        "SELECT 1 FROM vault.data_keys WHERE id IN (SELECT id FROM assessments UNION SELECT id FROM placements)"
    )
    assert keys == []
    left = await registry.system(
        "SELECT stated_now FROM child_changes WHERE county = 500103000000 ORDER BY id"
    )
    assert [row["stated_now"] for row in left] == [["civil_affairs"], None]
    faults = [one async for one in sealed_rows(registry.database, registry.app.state.kit.sealer)]
    assert faults == []


async def test_r10_the_order_of_the_list_tells_no_shielded_childs_township(
    registry: Registry,
) -> None:
    """Neighbours whose homes may be read stand beside it in an order by place."""
    townships = [f"5001030{n:02}000" for n in range(1, 9)]
    children = await surveyed(registry, *(survey(place) for place in townships))
    care = await registry(f"civil_affairs:{HOME}")
    civil = await national(registry)
    hidden = {children[2], children[5]}
    for child in hidden:
        assert (await turn(care, child)).status_code == 200
    listed = list(await states(civil))
    assert set(listed[:6]) == set(children) - hidden
    assert listed[6:] == sorted(hidden)
    seen: list[UUID] = []
    cursor: dict[str, str] = {}
    while True:
        reply = await civil.get("/v1/national-system/children", params={"limit": 1, **cursor})
        seen += [UUID(one["child"]) for one in reply.json()["children"]]
        if "next" not in reply.json():
            break
        cursor = {"cursor": reply.json()["next"]}
    assert seen == listed
    assert set(await states(civil, state="withheld")) == hidden
    assert set(await states(civil, state="never_sent")) == set(children) - hidden


async def test_r10_a_client_makes_one_roster_at_a_time(registry: Registry) -> None:
    """Each holds one of the few connections for as long as it takes."""
    await surveyed(registry)
    civil = await national(registry)
    body = {"kind": "national_system", "division": HOME}
    assert (await made(civil, **body))["rows"] == 1
    (row,) = await registry.system("SELECT client FROM rosters")
    with MAKING.of(row["client"]):
        reply = await civil.post("/v1/rosters", json=body, headers={"Idempotency-Key": "k"})
        assert reply.status_code == 429
        other = await registry("civil_affairs:50", purpose="survey")
        assert (await made(other, **body))["rows"] == 1
    reply = await civil.post("/v1/rosters", json=body, headers={"Idempotency-Key": "k"})
    assert reply.status_code == 201


async def test_r13_an_amendment_dated_back_makes_no_roster_late_that_had_a_limit(
    registry: Registry, tmp_path: Path
) -> None:
    """One that is made afterwards has the limit."""
    await surveyed(registry, survey())
    civil = await registry(f"civil_affairs:{HOME}", purpose="verification")
    rule = '[[rules.roster]]\ndirection = "feedback"\noffices = ["police"]'
    await dated_back(registry, tmp_path, "chongqing", rule, "reply_days = 30")
    before = await made(civil, kind="feedback", to="police", division=HOME)
    registry.clock.at += timedelta(days=10)
    await dated_back(registry, tmp_path, "chongqing", rule, "reply_days = 3")
    late = await made(civil, kind="feedback", to="police", division=HOME)
    listed = (await civil.get("/v1/rosters")).json()["rosters"]
    assert {one["id"]: one["waiting"] for one in listed} == {
        before["id"]: "within_limit",
        late["id"]: "within_limit",
    }
    assert (await civil.get(f"/v1/rosters/{before['id']}")).json() == before


async def test_r13_no_list_names_a_roster_that_was_changed_past_the_hub(registry: Registry) -> None:
    await surveyed(registry, survey())
    civil = await registry(f"civil_affairs:{HOME}", purpose="verification")
    await made(civil, kind="feedback", to="police", division=HOME)
    await registry.system("UPDATE rosters SET clause = '示例'")
    assert (await civil.get("/v1/rosters")).json()["rosters"] == []
