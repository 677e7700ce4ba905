"""One child, one file, through the real app: every event once, whatever the pages, merges and readers (R17)."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.vocabulary import Scope
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    YUZHONG,
    decide,
    fold,
    link,
    opened,
    push,
    survey,
    surveyed,
    the_entry,
    turn,
)
from tests.registry.test_duties import VILLAGE, on, visit, visited

ENROLLED = {
    "event": "enrolled",
    "on": "2025-09-01",
    "stage": "primary",
    "school_name": "示例小学",
}


async def dossier(
    client: httpx.AsyncClient, child: UUID, limit: int = 500
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The child on the first page, and the events of all pages."""
    first: dict[str, Any] = {}
    events: list[dict[str, Any]] = []
    params: dict[str, Any] = {"limit": limit}
    while True:
        reply = await client.get(f"/v1/children/{child}/dossier", params=params)
        assert reply.status_code == 200, reply.text
        body = reply.json()
        first = first or body["child"]
        events += body["events"]
        if "next" not in body:
            return first, events
        params["cursor"] = body["next"]


def enrolment(number: int) -> dict[str, Any]:
    item = {k: v for k, v in survey().items() if k in ("child", "hukou", "residence", "version")}
    return {
        **item,
        **ENROLLED,
        "source_id": f"E-dossier-{number}",
        "observed_on": "2025-09-02",
        "division": YUZHONG,
    }


async def lived(registry: Registry) -> UUID:
    """A child with a record of each kind, visits, key care, a case, a shield and an emergency."""
    (child,) = await surveyed(registry)
    told = await push(registry, "education:500103", "enrolments", enrolment(1))
    await link(registry, told, [child])
    await visited(registry, child, visit(), visit(visited_on="2026-02-20", outcome="not_met"))
    client = await registry("civil_affairs:500103")
    path, _ = await the_entry(client, category="family_hardship")
    assert (await decide(client, path, "confirm")).status_code == 200
    await opened(client, child, "vagrancy")
    made = await client.post(
        "/v1/cases",
        json={
            "kind": "report",
            "topic": "lives_alone",
            "place": "500103",
            "to": "police",
            "child_id": str(child),
            "account": "邻居反映独自居住",
        },
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert made.status_code == 201, made.text
    police = await registry("police:500103", purpose="service")
    received = await police.post(
        f"{made.headers['Location']}/acts",
        json={"act": "receive", "note": "已派员"},
        headers={"If-Match": made.headers["ETag"]},
    )
    assert received.status_code == 200, received.text
    await fold(registry)
    return child


async def test_r17_every_event_appears_once(registry: Registry) -> None:
    child = await lived(registry)
    client = await registry("civil_affairs:500103")
    first, events = await dossier(client, child)
    assert first["id"] == str(child)
    ids = [one["id"] for one in events]
    assert len(set(ids)) == len(ids)
    assert [one["on"] for one in events] == sorted(one["on"] for one in events)
    # Whatever stands in a table about the child stands in its file, each row once.
    rows = await registry.system(
        "SELECT r.id FROM records r JOIN links l ON l.entry_id = r.entry_id WHERE l.person = $1",
        child,
    )
    told = [one["id"] for one in events if one["kind"] == "record"]
    told += [one["detail"]["record"] for one in events if one["kind"] == "visit"]
    assert Counter(told) == Counter(str(row["id"]) for row in rows)
    for kind, statement in (
        ("key_care_decision", "SELECT id FROM decisions WHERE child_id = $1"),
        ("case_opened", "SELECT id FROM cases WHERE child_id = $1"),
        (
            "case_act",
            "SELECT a.id FROM case_acts a JOIN cases c ON c.id = a.case_id WHERE c.child_id = $1",
        ),
        (
            "announced",
            "SELECT id FROM outbox WHERE subject = $1 AND type IN ('child.registered', 'key_care.changed')",
        ),
    ):
        wanted = Counter(str(row["id"]) for row in await registry.system(statement, child))
        found = Counter(one["id"] for one in events if one["kind"] == kind)
        assert wanted and found == wanted, kind
    kinds = Counter(one["kind"] for one in events)
    assert kinds["visit"] == 3  # two visits and the survey
    assert kinds["episode_began"] == 1
    assert kinds["duty"] >= 1
    assert all(one["title"] for one in events)


async def test_r17_pages_of_any_size_make_the_same_file(registry: Registry) -> None:
    child = await lived(registry)
    client = await registry("civil_affairs:500103")
    _, whole = await dossier(client, child)
    for limit in (1, 3, len(whole)):
        assert await dossier(client, child, limit) == (_, whole)


async def test_r17_the_status_stands_there_as_it_changed(registry: Registry) -> None:
    """Six months after the arrival the child became a migrant child, by its clause."""
    (child,) = await surveyed(registry)
    _, events = await dossier(await registry("civil_affairs:500103"), child)
    turns = [(one["on"], one["detail"]["status"]) for one in events if one["kind"] == "status"]
    assert turns == [("2025-06-01", "not_yet"), ("2025-12-01", "migrant")]
    await on(registry, "2033-05-03")
    _, events = await dossier(await registry("civil_affairs:500103"), child)
    turns = [(one["on"], one["detail"]["status"]) for one in events if one["kind"] == "status"]
    assert turns[-1] == ("2033-05-03", "aged_out")


async def test_r17_its_etag_changes_exactly_with_what_is_seen(registry: Registry) -> None:
    child = await lived(registry)
    client = await registry("civil_affairs:500103")
    path = f"/v1/children/{child}/dossier"
    tags = {(await client.get(path)).headers["ETag"] for _ in range(2)}
    assert len(tags) == 1
    await visited(registry, child, visit(visited_on="2026-02-25"))
    assert (await client.get(path)).headers["ETag"] not in tags


async def test_r17_each_reader_sees_what_its_department_purpose_and_scopes_open(
    registry: Registry,
) -> None:
    child = await lived(registry)
    # Two departments know the child, so that education reads it too.
    education = await registry("education:500103", purpose="service")
    _, events = await dossier(education, child)
    kinds = {one["kind"] for one in events}
    assert kinds <= {"episode_began", "hukou_began", "status", "duty", "case_opened", "case_act"}
    assert not any("address" in one.get("detail", {}) for one in events)
    narrow = await registry("civil_affairs:500103", scopes=frozenset({Scope.CHILDREN_READ}))
    _, events = await dossier(narrow, child)
    assert "case_opened" not in {one["kind"] for one in events}
    statistics = await registry("civil_affairs:500103", purpose="statistics")
    _, events = await dossier(statistics, child)
    assert {one["kind"] for one in events} <= {"episode_began", "episode_ended", "status"}
    survey_ = await registry("civil_affairs:500103", purpose="survey")
    _, events = await dossier(survey_, child)
    assert not any(one.get("detail", {}).get("note") for one in events)


async def test_r17_a_shielded_childs_file_tells_no_place_below_its_county(
    registry: Registry,
) -> None:
    home = {"division": VILLAGE, "address": "示例路7号", "since": "2025-06-01"}
    (child,) = await surveyed(registry, survey(residence=home))
    client = await registry("civil_affairs:500103")
    reply = await client.get(f"/v1/children/{child}/dossier")
    assert VILLAGE in reply.text and "示例路7号" in reply.text
    assert (await turn(client, child)).status_code < 300
    await visited(registry, child, visit(VILLAGE))
    reply = await client.get(f"/v1/children/{child}/dossier")
    assert VILLAGE[:9] not in reply.text and "示例路7号" not in reply.text
    assert '"cd-7"' not in reply.text and "domestic_violence" not in reply.text
    assert "shield" in {one["kind"] for one in reply.json()["events"]}


async def test_r17_a_merge_carries_the_file(registry: Registry) -> None:
    """Both children's events stand with the one that is left, each still once."""
    one = await lived(registry)
    other_item = survey()
    (other,) = await surveyed(registry, other_item)
    client = await registry("civil_affairs:500103")
    await opened(client, other, "vagrancy")
    _, before = await dossier(client, one)
    _, others = await dossier(client, other)
    entries = await registry.system(
        "SELECT r.id FROM records r JOIN links l ON l.entry_id = r.entry_id WHERE l.person = $1",
        other,
    )
    await link(registry, [row["id"] for row in entries], [one] * len(entries))
    _, after = await dossier(client, one)
    ids = [event["id"] for event in after]
    assert len(set(ids)) == len(ids)
    carried = {"record", "key_care_decision", "case_opened", "case_act"}
    wanted = {e["id"] for e in [*before, *others] if e["kind"] in carried}
    assert wanted <= set(ids)
    visits = Counter(e["detail"]["record"] for e in after if e["kind"] == "visit")
    assert set(visits.values()) == {1} and len(visits) == 4
    gone = await client.get(f"/v1/children/{other}/dossier")
    assert gone.status_code == 404


async def test_r17_a_foreign_childs_file_is_as_one_that_does_not_exist(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    stranger = await registry("civil_affairs:1501")
    foreign, absent = [
        await stranger.get(f"/v1/children/{one}/dossier") for one in (child, uuid4())
    ]
    assert (foreign.status_code, foreign.content) == (404, absent.content)


async def test_r17_reading_a_file_is_audited_page_by_page(registry: Registry) -> None:
    child = await lived(registry)
    client = await registry("civil_affairs:500103")
    await dossier(client, child, 4)
    rows = await registry.system(
        "SELECT purpose, actor FROM audit_entries WHERE operation = 'dossiers.read' AND subjects = ARRAY[$1::uuid]",
        child,
    )
    assert len(rows) > 1
    assert {(row["purpose"], row["actor"]) for row in rows} == {("key_care", "staff-7")}


@pytest.mark.parametrize("recalled", [False, True])
async def test_r17_a_recall_is_an_event_beside_what_it_took_back(
    registry: Registry, recalled: bool
) -> None:
    (child,) = await surveyed(registry)
    told = await push(registry, "education:500103", "enrolments", enrolment(2))
    await link(registry, told, [child])
    if recalled:
        school = await registry("education:500103")
        done = await school.post("/v1/enrolments/recalls", json={"source_ids": ["E-dossier-2"]})
        assert done.status_code == 207, done.text
        await fold(registry)
    _, events = await dossier(await registry("civil_affairs:500103"), child)
    kinds = Counter(
        one["kind"] for one in events if one.get("detail", {}).get("feed") == "enrolments"
    )
    assert kinds == ({"record": 1, "recall": 1} if recalled else {"record": 1})
