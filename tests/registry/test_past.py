"""A child as it was on a day, as known at an instant: by the links, decisions and rules of then, with the rights of today."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.registry.conftest import FixedClock, Registry
from tests.registry.key_care import (
    CAO,
    TOWNSHIP,
    YUZHONG,
    decide,
    link,
    push,
    survey,
    surveyed,
    the_entry,
    turn,
)

CIVIL = "civil_affairs:500103"


async def back(registry: Registry, child: UUID, who: str = CIVIL, **times: Any) -> httpx.Response:
    caller = await registry(who)
    return await caller.get(
        f"/v1/children/{child}",
        params={k: v if isinstance(v, str) else v.isoformat() for k, v in times.items()},
    )


async def told(registry: Registry, person: UUID, item: dict[str, Any]) -> UUID:
    (record,) = await push(registry, CIVIL, "surveys", item)
    await link(registry, [record], [person])
    return record


async def test_r17_a_correction_is_known_from_its_receipt_and_of_the_time_it_speaks_of(
    registry: Registry, clock: FixedClock
) -> None:
    person, item = uuid4(), survey(YUZHONG)
    item["residence"]["since"] = "2025-11-01"
    await told(registry, person, item)
    before = clock.at
    clock.at += timedelta(days=10)
    newer = {**item, "version": 2, "child": {**item["child"], "name": "示改名"}}
    newer["residence"] = {**item["residence"], "since": "2025-06-01"}
    await told(registry, person, newer)

    now = (await back(registry, person, on="2026-03-02")).json()
    then = (await back(registry, person, on="2026-03-02", known_at=before)).json()

    assert (now["fields"]["name"]["value"], now["status"]["status"]) == ("示改名", "migrant")
    assert then["fields"]["name"]["value"] == item["child"]["name"]
    assert then["status"]["status"] == "not_yet"
    assert then["as_of"] == {"on": "2026-03-02", "known_at": "2026-03-02T04:00:00Z"}
    assert (await back(registry, person, known_at=before - timedelta(hours=1))).status_code == 404


async def test_r6_the_past_ends_no_stay_that_ended_later(
    registry: Registry, clock: FixedClock
) -> None:
    person, item = uuid4(), survey(TOWNSHIP)
    item["residence"] |= {"since": "2025-01-01", "until": "2026-02-01"}
    item["division"] = YUZHONG
    await told(registry, person, item)
    lasting = (await back(registry, person, on="2026-01-15")).json()
    ended = (await back(registry, person, on="2026-02-15")).json()
    assert "until" not in lasting["episodes"][0]
    assert ended["episodes"][0]["until"] == "2026-02-01"
    assert (await back(registry, person, on="2024-12-01")).json()["episodes"] == []


async def test_r17_decisions_count_from_when_they_were_made(
    registry: Registry, clock: FixedClock
) -> None:
    person = uuid4()
    await told(registry, person, survey(YUZHONG))
    civil = await registry(CIVIL)
    path, _ = await the_entry(civil)
    before = clock.at
    clock.at += timedelta(days=3)
    assert (await decide(civil, path, "confirm")).status_code == 200
    states = [
        (await back(registry, person, **times)).json()["key_care"][0]["state"]
        for times in ({"on": "2026-03-05"}, {"known_at": before}, {"on": "2026-03-03"})
    ]
    assert states == ["confirmed", "proposed", "proposed"]


async def test_r57_what_was_told_of_a_child_out_of_reach_is_not_seen_by_way_of_the_past(
    registry: Registry, clock: FixedClock
) -> None:
    """Two children were held for one; since they were parted, each is shown to those who see it, then and now."""
    mine, other = uuid4(), uuid4()
    first = survey(YUZHONG)
    await told(registry, mine, first)
    stray = survey("500107000000")
    stray["hukou"] = {"division": CAO}
    (record,) = await push(registry, "civil_affairs:500107", "surveys", stray)
    await link(registry, [record], [mine])
    merged = clock.at
    clock.at += timedelta(days=1)
    await link(registry, [record], [other])

    assert (await back(registry, mine)).status_code == 200
    assert (await back(registry, mine, on="2026-03-02")).status_code == 200
    refused = await back(registry, mine, known_at=merged)
    nobody = await back(registry, uuid4(), known_at=merged)
    whole = await back(registry, mine, "civil_affairs:50", known_at=merged)
    assert (refused.status_code, refused.content) == (nobody.status_code, nobody.content)
    assert refused.status_code == 404
    assert whole.status_code == 200
    assert len(whole.json()["unconfirmed"]) == 1


async def test_r57_a_child_shielded_since_has_no_address_in_the_past(
    registry: Registry, clock: FixedClock
) -> None:
    person = uuid4()
    await told(registry, person, survey(TOWNSHIP))
    before = clock.at
    open_then = (await back(registry, person, known_at=before)).json()
    assert open_then["episodes"][0]["division"] == TOWNSHIP
    clock.at += timedelta(days=1)
    assert (await turn(await registry(CIVIL), person)).status_code in (200, 201)
    closed = (await back(registry, person, known_at=before)).json()
    assert closed["shielded"] is True
    assert closed["episodes"][0]["division"] == YUZHONG
    assert "address" not in closed["episodes"][0]


async def test_r57_looking_back_is_audited_and_what_has_not_come_is_refused(
    registry: Registry, clock: FixedClock
) -> None:
    person = uuid4()
    await told(registry, person, survey(YUZHONG))
    assert (await back(registry, person, on="2026-03-03")).status_code == 422
    later = datetime(2026, 3, 2, 4, 1, tzinfo=UTC)
    assert (await back(registry, person, known_at=later)).status_code == 422
    assert (await back(registry, person, on="2026-03-01")).status_code == 200
    (entry,) = await registry.system(
        "SELECT subjects, detail FROM audit_entries WHERE operation = 'children.read_past'"
    )
    assert entry["subjects"] == [person]
    assert '"on": "2026-03-01"' in entry["detail"]


@pytest.mark.parametrize("path", ["", "/dossier"])
async def test_r57_a_refused_time_is_named_where_it_was_given(
    registry: Registry, clock: FixedClock, path: str
) -> None:
    (child,) = await surveyed(registry)
    civil = await registry(CIVIL)
    later = (clock.at + timedelta(hours=1)).isoformat()
    refused = [{"known_at": later}] if path else [{"known_at": later}, {"on": "2099-01-01"}]
    for asked in refused:
        reply = await civil.get(f"/v1/children/{child}{path}", params=asked)
        (error,) = reply.json()["errors"]
        assert (error["pointer"], error["code"]) == (f"/query/{next(iter(asked))}", "in_the_future")


@pytest.mark.parametrize("known_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_r17_an_instant_at_the_edge_of_the_calendar_is_refused(
    registry: Registry, known_at: str
) -> None:
    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    past = await civil.get(f"/v1/children/{child}", params={"known_at": known_at})
    figures = await registry("civil_affairs:500103", purpose="statistics")
    asked = {"division": "500103", "known_at": known_at}
    counted = await figures.get("/v1/figures", params=asked)
    body = {"division": "500103", "on": "2026-03-01", "known_at": known_at}
    headers = {"Idempotency-Key": "edge"}
    made = await figures.post("/v1/figure-publications", json=body, headers=headers)
    assert [reply.status_code for reply in (past, counted, made)] == [422, 422, 422]
