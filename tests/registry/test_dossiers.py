"""One child, one file, through the real app: every event once, whatever the pages, merges and readers (R17)."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Uuid

from services.registry.dossiers.events import TITLES, DossierEventKind
from services.registry.tables import METADATA
from shared.vocabulary import SERVICE_SCOPES, Scope
from tests.registry.conftest import Registry
from tests.registry.handing import JIULONGPO, acted, next_day, proposed
from tests.registry.key_care import (
    TIANMEN,
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
from tests.registry.test_alerts import act, alerts, bill, check
from tests.registry.test_alerts import told as said
from tests.registry.test_assessments import assessment, placement, post
from tests.registry.test_duties import VILLAGE, on, visit, visited
from tests.registry.test_handovers import who_moved

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
    """A child with records, visits, key care, cases, an alert, guardianship and a handover, all acted upon."""
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
    await link(
        registry,
        await push(registry, "medical_insurance:500103", "medical-cost-alerts", bill()),
        [child],
    )
    for one in await alerts(client, child=str(child)):
        for kind, more in (("acknowledge", {}), ("handle", {"outcome": "helped"})):
            assert (await act(client, one["id"], kind, **more)).status_code == 200
    for finding in ("weak", "high"):
        assert (await post(client, "assessments", **assessment(child, finding))).status_code == 201
    placed = await post(client, "placements", **placement(child, basis="guardian_consent"))
    for kind in ("review", "withdraw_consent", "end"):
        body = {"act": kind, "done_on": "2026-03-01", "note": "情况"}
        etag = {"If-Match": placed.headers["ETag"]}
        placed = await client.post(f"{placement_path(placed)}/acts", json=body, headers=etag)
        assert placed.status_code == 200, placed.text
    handover = await proposed(client, child, JIULONGPO)
    assert handover.status_code == 201, handover.text
    taker = await registry("civil_affairs:500107", actor="staff-8")
    path = handover.headers["Location"]
    taken = await acted(taker, path, "accept", effective_on="2026-03-09")
    assert taken.status_code == 200, taken.text
    await fold(registry)
    return child


def placement_path(reply: httpx.Response) -> str:
    return f"/v1/placements/{reply.json()['id']}"


#: By table, the kinds of event that tell its rows, and those rows that are the child's: each row is told once, by its id.
TOLD: dict[str, tuple[set[str], str]] = {
    "decisions": (
        {"key_care_decision", "left_behind_decision", "shield"},
        "SELECT id FROM decisions WHERE child_id = $1",
    ),
    "cases": ({"case_opened"}, "SELECT id FROM cases WHERE child_id = $1"),
    "case_acts": (
        {"case_act"},
        "SELECT a.id FROM case_acts a JOIN cases c ON c.id = a.case_id WHERE c.child_id = $1",
    ),
    "assessments": ({"assessment"}, "SELECT id FROM assessments WHERE child_id = $1"),
    "placements": ({"placement"}, "SELECT id FROM placements WHERE child_id = $1"),
    "placement_acts": (
        {"placement_act"},
        "SELECT a.id FROM placement_acts a JOIN placements p ON p.id = a.placement_id WHERE p.child_id = $1",
    ),
    "alerts": ({"alert_raised"}, "SELECT id FROM alerts WHERE child_id = $1"),
    "alert_acts": (
        {"alert_act"},
        "SELECT a.id FROM alert_acts a JOIN alerts w ON w.id = a.alert_id WHERE w.child_id = $1",
    ),
    "handover_acts": ({"handover_act"}, "SELECT id FROM handover_acts WHERE child_id = $1"),
    "outbox": (
        {"announced"},
        "SELECT id FROM outbox WHERE subject = $1 AND type IN ('child.registered', 'key_care.changed')",
    ),
}
#: Tables whose rows are told under another id, and the test that says so.
TOLD_OTHERWISE = {
    "records": "as a record, or as the visit that it tells of (here)",
    "links": "with the records that they lead to (here)",
    "handovers": "by their acts, or as due while they have none (here, and below)",
    "key_care": "proposed and under review while it waits, then by its decision (test_key_care)",
    "duties": "each on the day on which it began to be owed (here)",
    "break_glass": "as opened and reviewed, to those who review (here)",
    "match_reviews": "as opened and closed, to those who reach both children (test_match_reviews)",
    "rulings": "each once, to those who reach both children (test_rulings)",
}
#: Tables that name a child or an entry, and whose rows are no event of its life.
NO_EVENTS = {
    "audit_entries": "who read what stands at /v1/access-reports, for those who answer for it",
    "child_changes": "a feed for systems: that something changed, never what",
    "child_lookups": "hashes by which a child is found",
    "compartment_entries": "a compartment is silent: no other address tells that a child is in one",
    "compartment_acts": "a compartment is silent",
    "erasures": "an erased child has no file",
    "erased_entries": "an erased child has no file",
    "fold_queue": "work that waits",
    "resolution_queue": "work that waits",
    "link_moves": "work that waits: the fold takes them away",
    "former_links": "what rulings and linkage undid; the rulings are told",
    "roster_rows": "who stands on a list that was sent; what came back about the child comes as a record",
    "ruling_constraints": "how matching holds a ruling, which is told",
    "survey_standings": "what a round still wants; what was surveyed is told as a visit",
}
#: Ids in tables that are those of no child, nor of anything about one.
OF_NO_CHILD = {
    "figures",
    "import_verdicts",
    "leases",
    "post_acts",
    "roster_acts",
    "roster_readings",
    "trainings",
}


def naming() -> set[str]:
    """Every table with an id beside its own: of a child, of an entry, or of something that is about one."""
    found = set()
    for table in METADATA.tables.values():
        for column in table.columns:
            kind = getattr(column.type, "item_type", column.type)
            if column.name != "id" and isinstance(kind, Uuid):
                found.add(table.name)
    return found


def test_r17_every_table_that_names_a_child_is_told_or_exempt() -> None:
    lists = [set(TOLD), set(TOLD_OTHERWISE), set(NO_EVENTS), OF_NO_CHILD]
    assert naming() == set().union(*lists)
    assert len(naming()) == sum(map(len, lists)), "in one list only"
    assert set(TITLES) == set(DossierEventKind)


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
    for table, (kinds, statement) in TOLD.items():
        wanted = Counter(str(row["id"]) for row in await registry.system(statement, child))
        found = Counter(one["id"] for one in events if one["kind"] in kinds)
        assert wanted and found == wanted, table
    rows = await registry.system("SELECT id FROM handovers WHERE child_id = $1", child)
    assert {str(row["id"]) for row in rows} == {
        one["detail"]["handover"] for one in events if one["kind"] == "handover_act"
    }
    owed = await registry.system("SELECT duty FROM duties WHERE child_id = $1", child)
    assert Counter(row["duty"] for row in owed) == Counter(
        one["detail"]["duty"] for one in events if one["kind"] == "duty"
    )
    counted = Counter(one["kind"] for one in events)
    assert counted["visit"] == 3  # two visits and the survey
    assert counted["episode_began"] == 1
    assert counted["duty"] >= 1
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


@pytest.mark.parametrize(
    ("who", "purpose", "without"),
    [
        ("civil_affairs:500103", "key_care", None),
        ("civil_affairs:500103", "key_care", Scope.ALERTS_READ),
        ("civil_affairs:500103", "key_care", Scope.HANDOVERS_READ),
        ("civil_affairs:500103", "key_care", Scope.GUARDIANSHIP_READ),
        ("civil_affairs:500103", "service", None),
        ("civil_affairs:500103", "survey", None),
        ("civil_affairs:500103", "statistics", None),
        ("civil_affairs:371721", "key_care", None),  # its hukou is there
        ("civil_affairs:50", "key_care", None),
        ("education:500103", "service", None),
        ("medical_insurance:500103", "service", None),
    ],
)
async def test_r17_nothing_is_told_that_its_own_address_would_refuse(
    registry: Registry, who: str, purpose: str, without: Scope | None
) -> None:
    child = await lived(registry)
    (alert,) = await registry.system("SELECT id FROM alerts WHERE kind = 'costly_bill'")
    (handover,) = await registry.system("SELECT id FROM handovers")
    scopes = None if without is None else frozenset(Scope) - SERVICE_SCOPES - {without}
    client = await registry(who, purpose=purpose, scopes=scopes)
    if (await client.get(f"/v1/children/{child}/dossier")).status_code != 200:
        return
    _, events = await dossier(client, child)
    kinds = {one["kind"] for one in events}
    guardianship = (await client.get(f"/v1/children/{child}/guardianship")).status_code == 200
    assert kinds >= GUARDIANSHIP if guardianship else not kinds & GUARDIANSHIP
    for one in events:
        if one["kind"] == "alert_raised":
            assert (await client.get(f"/v1/alerts/{one['id']}")).status_code == 200
    seen = (await client.get(f"/v1/alerts/{alert['id']}")).status_code == 200
    assert seen == (str(alert["id"]) in {one["id"] for one in events})
    assert seen or "alert_act" not in kinds
    seen = (await client.get(f"/v1/handovers/{handover['id']}")).status_code == 200
    assert seen or "handover_act" not in kinds
    if (who, purpose, without) == ("civil_affairs:500103", "key_care", None):
        assert seen and kinds >= {"handover_act", "alert_act"} | GUARDIANSHIP


GUARDIANSHIP = {"assessment", "placement", "placement_act"}


async def test_r17_a_handover_is_due_proposed_and_passed_in_the_file(registry: Registry) -> None:
    child, _, new = await who_moved(registry)
    _, events = await dossier(new, child)
    (due,) = [one for one in events if one["kind"] == "handover_due"]
    assert due["on"] == "2026-02-02" and due["title"] == "待移交"
    path = (await proposed(new, child, JIULONGPO)).headers["Location"]
    old = await registry("civil_affairs:500103")
    taken = await acted(old, path, "accept", effective_on="2026-03-09")
    assert taken.status_code == 200, taken.text
    await next_day(registry, date(2026, 3, 9))
    _, events = await dossier(new, child)
    told = [(one["kind"], one["on"]) for one in events if one["kind"].startswith("handover")]
    assert told == [
        ("handover_act", "2026-03-02"),
        ("handover_act", "2026-03-02"),
        ("handover_passed", "2026-03-09"),
    ]


async def test_r17_an_alert_that_evidence_closed_stands_there_raised_and_closed(
    registry: Registry,
) -> None:
    home = survey(TIANMEN, child={"name": "示童", "birth_date": "2019-05-03"}, living_security={})
    (child,) = await surveyed(registry, home)
    await on(registry, "2026-05-03")
    checks = [check("2024-02-10", screenings=["eyesight"]), check("2024-08-10")]
    await said(registry, child, "health:429006", "health-checks", *checks)
    registry.clock.at = datetime(2026, 6, 11, 4, 0, tzinfo=UTC)
    late = check("2026-06-10", screenings=["autism"])
    await said(registry, child, "health:429006", "health-checks", late)
    civil = await registry("civil_affairs:429006")
    _, events = await dossier(civil, child)
    (gap,) = await alerts(civil, kind="screening_gap")
    assert {one["id"] for one in events if one["kind"] == "alert_raised"} == {
        one["id"] for one in await alerts(civil)
    }
    (raised,) = [one for one in events if one["id"] == gap["id"]]
    assert (raised["on"], raised["detail"]["kind"]) == ("2026-05-03", "screening_gap")
    (closed,) = [
        one
        for one in events
        if one["kind"] == "alert_closed" and one["detail"]["alert"] == gap["id"]
    ]
    assert closed["on"] == gap["closed_on"]


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
    carried = {"record"}.union(*(kinds for kinds, _ in TOLD.values())) - {
        "announced",
        "alert_raised",
    }
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
