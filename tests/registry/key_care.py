"""Children in key care: pushed through the API, linked as matching would link them, folded by the worker's own step."""

import itertools
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.registry.children.registration import fold_batch
from services.registry.records.resolving import take
from shared.clock import today
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry

YUZHONG = "500103000000"
TOWNSHIP = "500103001000"
CAO = "371721000000"
TIANMEN = "429006000000"
NDJSON = {"Accept": "application/x-ndjson"}
XLSX = {"Accept": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

_numbers = itertools.count(1)


def survey(place: str = YUZHONG, **more: Any) -> dict[str, Any]:
    """A survey that found a family in hardship, unless told otherwise."""
    number = next(_numbers)
    item = {
        "source_id": f"S-{number}",
        "version": 1,
        "observed_on": "2026-03-01",
        "division": place,
        "child": {"name": f"示童{number}", "birth_date": "2017-05-03", "sex": "female"},
        "guardians": [{"name": "示大山", "relation": "father", "phone": "14200000001"}],
        "hukou": {"division": CAO, "address": "曹县示例镇东村一号"},
        "residence": {
            "division": place,
            "address": f"渝中区示例路{number}号",
            "since": "2025-06-01",
        },
        "channel": "home_visit",
        "surveyed_on": "2026-03-01",
        "guardianship": {"lives_with": "one_parent"},
        "living_security": {"hardships": ["low_income"]},
    }
    return {**item, **more}


def dropout(place: str = TIANMEN) -> dict[str, Any]:
    return {
        "source_id": f"E-{next(_numbers)}",
        "version": 1,
        "observed_on": "2026-03-01",
        "division": place,
        "child": {"name": "示辍"},
        "event": "dropped_out",
        "on": "2026-02-20",
        "stage": "primary",
        "school_name": "天门示例小学",
    }


async def push(registry: Registry, who: str, feed: str, *items: dict[str, Any]) -> list[UUID]:
    """Push items; their records."""
    pusher = await registry(who)
    reply = await pusher.post(f"/v1/{feed}", json=list(items))
    results = reply.json()["results"]
    assert all(r["status"] == "created" for r in results), reply.text
    return [UUID(r["record"]) for r in results]


async def link(registry: Registry, records: list[UUID], persons: Sequence[UUID | None]) -> None:
    """Say of whom the records' entries speak, as matching does, and fold; None: of nobody."""
    await lead(registry, records, persons)
    await fold(registry)


async def lead(registry: Registry, records: list[UUID], persons: Sequence[UUID | None]) -> None:
    """As ``link``, before anybody is folded."""
    rows = await registry.system("SELECT id, entry_id FROM records WHERE id = ANY($1)", records)
    entries = {row["id"]: row["entry_id"] for row in rows}
    async with registry.database.transaction(SYSTEM) as session:
        await take(
            await raw(session),
            [
                {
                    "entry": str(entries[record]),
                    "person": str(person) if person else None,
                    "grade": "certain",
                    "weight": 30.0,
                    "rule_version": "test",
                    "link_seq": next(_numbers),
                }
                for record, person in zip(records, persons, strict=True)
            ],
            registry.app.state.kit.audit,
            registry.clock.now(),
        )


async def fold(registry: Registry) -> None:
    """The worker's fold step until nothing waits."""
    while True:
        async with registry.database.transaction(SYSTEM) as session:
            now = registry.clock.now()
            if not await fold_batch(
                session, registry.app.state.kit, 500, today(registry.clock), now
            ):
                return


async def surveyed(registry: Registry, *items: dict[str, Any]) -> list[UUID]:
    """One registered child for each survey."""
    items = items or (survey(),)
    records: list[UUID] = []
    for item in items:
        records += await push(registry, f"civil_affairs:{item['division'][:6]}", "surveys", item)
    persons = [uuid4() for _ in items]
    await link(registry, records, persons)
    return persons


async def entries(client: httpx.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    """The first page of the list."""
    reply = await client.get("/v1/key-care", params=filters)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["entries"]
    return found


async def the_entry(client: httpx.AsyncClient, **filters: Any) -> tuple[str, str]:
    """Address and ETag of the only entry there is."""
    (entry,) = await entries(client, **filters)
    path = f"/v1/key-care/{entry['id']}"
    reply = await client.get(path)
    assert reply.status_code == 200, reply.text
    return path, reply.headers["ETag"]


def decision(kind: str, **more: Any) -> dict[str, Any]:
    reasons = {
        "confirm": "verified",
        "refuse": "not_verified",
        "close": "relieved",
        "open": "reported",
    }
    return {"decision": kind, "reason": reasons[kind], **more}


async def decide(client: httpx.AsyncClient, path: str, kind: str, **more: Any) -> httpx.Response:
    """Read the entry and decide on it."""
    etag = (await client.get(path)).headers["ETag"]
    return await client.post(
        f"{path}/decisions", json=decision(kind, **more), headers={"If-Match": etag}
    )


async def opened(
    client: httpx.AsyncClient, child: UUID, category: str = "vagrancy", key: str = "", **more: Any
) -> str:
    """Open key care by hand; the entry's address."""
    reply = await client.post(
        "/v1/key-care",
        json={"child_id": str(child), "category": category, "reason": "found_by_visit", **more},
        headers={"Idempotency-Key": key or str(uuid4())},
    )
    assert reply.status_code == 201, reply.text
    return reply.headers["Location"]


async def turn(
    client: httpx.AsyncClient, child: UUID, act: str = "shield", **more: Any
) -> httpx.Response:
    """Shield a child, or end that."""
    reason = "domestic_violence" if act == "shield" else "danger_past"
    return await client.post(
        f"/v1/children/{child}/{act}",
        json={"reason": reason, **more},
        headers={"Idempotency-Key": str(uuid4())},
    )
