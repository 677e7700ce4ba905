"""What waited for a person and waits no more, and what is owed no more, stands in the file too: each once (R17)."""

import asyncio
import random
import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Uuid

from services.registry.dossiers import settled
from services.registry.dossiers.retracing import Retraced, retrace
from services.registry.tables import METADATA
from tests.registry.conftest import Registry
from tests.registry.key_care import (
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
from tests.registry.test_alerts import act, alerts
from tests.registry.test_dossiers import NO_EVENTS, OF_NO_CHILD, dossier, enrolment
from tests.registry.test_duties import on, visit, visited

CIVIL = "civil_affairs:500103"


async def told(registry: Registry, child: UUID, *kinds: str) -> list[dict[str, Any]]:
    _, events = await dossier(await registry(CIVIL), child)
    return [one for one in events if one["kind"] in kinds]


def later(registry: Registry, **span: float) -> None:
    registry.clock.at += timedelta(**span)


@pytest.mark.parametrize(
    ("decision", "outcome"), [("confirm", "confirmed"), ("refuse", "refused"), (None, None)]
)
async def test_r17_a_proposal_stays_in_the_file_after_it_was_decided(
    registry: Registry, decision: str | None, outcome: str | None
) -> None:
    (child,) = await surveyed(registry)
    civil = await registry(CIVIL)
    path, _ = await the_entry(civil, category="family_hardship")
    (waiting,) = await told(registry, child, "key_care_proposed")
    assert "settled_at" not in waiting["detail"]
    later(registry, hours=2)
    if decision:
        assert (await decide(civil, path, decision)).status_code == 200
        await fold(registry)
    (proposed,) = await told(registry, child, "key_care_proposed")
    assert proposed["id"] == waiting["id"] and proposed["at"] == waiting["at"]
    assert proposed["detail"].get("outcome") == outcome
    assert proposed["detail"]["category"] == "family_hardship"
    decided = await told(registry, child, "key_care_decision")
    assert len(decided) == bool(decision)


async def test_r17_a_review_stays_in_the_file_after_it_was_closed(registry: Registry) -> None:
    """Confirmed on the word of a survey, which was recalled; closed for that reason."""
    item = survey()
    (child,) = await surveyed(registry, item)
    kept = survey(living_security={})
    await link(registry, await push(registry, CIVIL, "surveys", kept), [child])
    civil = await registry(CIVIL)
    path, _ = await the_entry(civil, category="family_hardship")
    assert (await decide(civil, path, "confirm")).status_code == 200
    await fold(registry)
    later(registry, days=1)
    recalled_at = registry.clock.at
    done = await civil.post("/v1/surveys/recalls", json={"source_ids": [item["source_id"]]})
    assert done.status_code == 207, done.text
    await fold(registry)
    (review,) = await told(registry, child, "key_care_review")
    assert datetime.fromisoformat(review["at"]) == recalled_at, "not when it was confirmed"
    assert "settled_at" not in review["detail"]
    later(registry, days=1)
    assert (await decide(civil, path, "close")).status_code == 200
    await fold(registry)
    (closed,) = await told(registry, child, "key_care_review")
    assert (closed["id"], closed["detail"]["outcome"]) == (review["id"], "closed")


async def test_r17_a_duty_that_ended_says_when_and_why(registry: Registry) -> None:
    """Contacts and visits of key care end with it; they stood there since it began."""
    (child,) = await surveyed(registry)
    civil = await registry(CIVIL)
    path, _ = await the_entry(civil, category="family_hardship")
    assert (await decide(civil, path, "confirm")).status_code == 200
    await fold(registry)
    began = {one["detail"]["duty"]: one for one in await told(registry, child, "duty")}
    assert await told(registry, child, "duty_ended") == []
    registry.clock.at = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
    assert (await decide(civil, path, "close")).status_code == 200
    await fold(registry)
    ended = await told(registry, child, "duty_ended")
    assert ended and {one["detail"]["why"] for one in ended} == {"key_care_ended"}
    assert {one["on"] for one in ended} == {"2026-03-20"}
    now = {one["detail"]["duty"]: one for one in await told(registry, child, "duty")}
    assert set(now) == set(began)
    for one in ended:
        duty = one["detail"]["duty"]
        assert now[duty]["id"] == began[duty]["id"]
        assert now[duty]["detail"]["state"] == "ended"


async def test_r17_a_duty_ends_with_the_count_at_sixteen(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    await on(registry, "2033-05-03")
    ended = await told(registry, child, "duty_ended")
    rows = await registry.system("SELECT duty FROM duties WHERE child_id = $1", child)
    assert ended and {one["detail"]["why"] for one in ended} == {"status_changed"}
    assert not {one["detail"]["duty"] for one in ended} & {row["duty"] for row in rows}


async def test_r17_whoever_does_not_see_duties_sees_none_that_ended(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    civil = await registry(CIVIL)
    path, _ = await the_entry(civil, category="family_hardship")
    assert (await decide(civil, path, "confirm")).status_code == 200
    later(registry, days=2)
    assert (await decide(civil, path, "close")).status_code == 200
    await fold(registry)
    for who, purpose in ((CIVIL, "statistics"), (CIVIL, "hukou_exchange"), (CIVIL, "supervision")):
        _, events = await dossier(await registry(who, purpose=purpose), child)
        kinds = {one["kind"] for one in events}
        assert ("duty_ended" in kinds) == (purpose == "supervision")
        assert ("key_care_proposed" in kinds) == (purpose != "statistics")


#: Tables whose rows the file tells, and what of an event names the row: its own id, or a word of its detail.
NAMED_BY = {
    "records": "record",
    "handovers": "handover",
    "match_reviews": "review",
    "key_care": "entry",
}
#: Rows that stand for no event of their own, and why.
NO_EVENT_OF_ITS_OWN = {
    "links": "leads from an entry to the child: its records are told",
    "duties": "told by its own derived id: see test_dossiers",
    "handovers": "told by its acts",
    "key_care": "told by its proposals, reviews and decisions; one that a person opened has decisions alone",
    "break_glass": "told to those who review: see test_dossiers",
    "outbox": "of the kinds that notices are made of: see test_dossiers",
}


async def rows_about(registry: Registry, child: UUID) -> dict[str, set[str]]:
    """By table, every row that leads to the child: by its id, by an entry of it, or by a row that does."""
    entries = await registry.system("SELECT entry_id FROM links WHERE person = $1", child)
    about = {child, *(row["entry_id"] for row in entries)}
    found: dict[str, set[str]] = {}
    tables = {
        table.name: [
            column.name
            for column in table.columns
            if column.name != "id" and isinstance(column.type, Uuid)
        ]
        for table in METADATA.tables.values()
        if table.name not in {*NO_EVENTS, *OF_NO_CHILD}
    }
    grew = True
    while grew:
        grew = False
        for name, columns in tables.items():
            for column in columns:
                key = "id" if "id" in METADATA.tables[name].columns else column
                for row in await registry.system(
                    f"SELECT {key} AS id FROM {name} WHERE {column} = ANY($1)", list(about)
                ):
                    if str(row["id"]) not in found.setdefault(name, set()):
                        found[name].add(str(row["id"]))
                        about.add(row["id"])
                        grew = True
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_r17_whatever_happens_every_row_about_a_child_is_told_once(
    registry: Registry, seed: int
) -> None:
    """Acts in any order; all tables are walked, so that one which is added later must be told, or listed with a reason."""
    dice = random.Random(seed)
    (child,) = await surveyed(registry)
    civil = await registry(CIVIL)
    number = 0

    async def decided() -> None:
        for entry in (await civil.get("/v1/key-care")).json()["entries"]:
            kind = {"proposed": "confirm", "confirmed": "close", "under_review": "close"}
            if (what := kind.get(entry["state"])) is not None:
                reply = await decide(civil, f"/v1/key-care/{entry['id']}", what)
                assert reply.status_code == 200, reply.text
                return

    async def taken_in() -> None:
        category = dice.choice(("vagrancy", "missing_guardianship", "psychological_behavioural"))
        held = {e["category"] for e in (await civil.get("/v1/key-care")).json()["entries"]}
        if category not in held:
            await opened(civil, child, category)

    async def shielded() -> None:
        (row,) = await registry.system("SELECT shielded FROM children WHERE id = $1", child)
        await turn(civil, child, "unshield" if row["shielded"] else "shield")

    async def alerted() -> None:
        for one in await alerts(civil, child=str(child)):
            if one["state"] == "open":
                assert (await act(civil, one["id"], "acknowledge")).status_code == 200

    async def at_school() -> None:
        nonlocal number
        number += 1
        records = await push(registry, "education:500103", "enrolments", enrolment(number))
        await link(registry, records, [child])

    async def seen() -> None:
        day = registry.clock.at.date() - timedelta(days=1)
        await visited(registry, child, visit(visited_on=day.isoformat()))

    async def hardship() -> None:
        records = await push(registry, CIVIL, "surveys", survey())
        await link(registry, records, [child])

    for _ in range(12):
        await dice.choice(
            (decided, decided, taken_in, shielded, alerted, at_school, seen, hardship)
        )()
        await fold(registry)
        later(registry, hours=dice.choice((1, 30)))
    await on(registry, date(2026, 4, 20).isoformat())
    events = await told(registry, child, *{one["kind"] for one in (await dossier(civil, child))[1]})
    ids = [one["id"] for one in events]
    assert len(ids) == len(set(ids))
    about = await rows_about(registry, child)
    assert {"records", "decisions", "key_care", "duties"} <= {
        n for n, rows in about.items() if rows
    }
    for name, rows in about.items():
        if name in NO_EVENT_OF_ITS_OWN:
            continue
        word = NAMED_BY.get(name)
        named = Counter(ids)
        if word:
            told_of = (e for e in events if e["kind"] == "visit" or word != "record")
            named += Counter(e["detail"][word] for e in told_of if word in e.get("detail", {}))
        assert {row: named[row] for row in rows} == dict.fromkeys(rows, 1), name


@pytest.mark.parametrize("long", [False, True])
async def test_r17_a_client_has_one_long_life_retraced_at_a_time(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    """Each takes seconds of a processor: whoever asked for many at once would hold up everybody."""
    monkeypatch.setattr(settled, "LONG", 0 if long else 50)
    (child,) = await surveyed(registry)
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def held(*values: Any) -> Retraced:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(20)
        return retrace(*values)

    monkeypatch.setattr(settled, "retrace", held)
    civil, other = await registry(CIVIL), await registry("civil_affairs:50")
    path = f"/v1/children/{child}/dossier"
    first = asyncio.create_task(civil.get(path))
    await begun.wait()
    try:
        second, third = asyncio.create_task(civil.get(path)), asyncio.create_task(other.get(path))
        if long:
            refused = await second
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    finally:
        go_on.set()
    replies = [await first, await third, *([] if long else [await second])]
    assert [reply.status_code for reply in replies] == [200] * len(replies)
    assert (await civil.get(path)).status_code == 200
