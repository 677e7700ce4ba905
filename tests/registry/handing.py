"""Children that move between counties of one hub, and the people who hand them over, through the real API.

Cast: *Yuzhong* (渝中区) and *Jiulongpo* (九龙坡区) are counties of the hub, *Cao* (曹县) lies in another hub's territory.
"""

import itertools
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.registry.children import rebuilding
from services.registry.children.turning import turn_batch
from shared.clock import today
from shared.database import SYSTEM
from tests.registry.conftest import Registry
from tests.registry.key_care import CAO, fold, link, push

YUZHONG, JIULONGPO, NANAN = "500103000000", "500107000000", "500108000000"
_numbers = itertools.count(1)
_CHILD = {"name": "示小满", "birth_date": "2017-05-03", "sex": "female"}
_FEEDS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "education": (
        "enrolments",
        {"event": "enrolled", "stage": "primary", "school_name": "示例小学"},
    ),
    "police": ("residence-permits", {"event": "registered", "role": "accompanying"}),
    "civil_affairs": ("surveys", {"channel": "home_visit"}),
}


def item(department: str, place: str, since: date, **more: Any) -> dict[str, Any]:
    """What a department of a place says of the child's living there."""
    day = since.isoformat()
    dated = {"education": "on", "police": "registered_on", "civil_affairs": "surveyed_on"}
    return {
        "source_id": f"H-{next(_numbers)}",
        "version": 1,
        "observed_on": day,
        "division": place,
        "child": _CHILD,
        "guardians": [{"name": "示大山", "relation": "father"}],
        "hukou": {"division": CAO},
        "residence": {"division": place, "since": day},
        **_FEEDS[department][1],
        dated[department]: day,
        **more,
    }


async def told(
    registry: Registry, child: UUID, place: str, since: date, *departments: str, **more: Any
) -> list[UUID]:
    """Departments of a place say that the child lives there since a day; their records."""
    records: list[UUID] = []
    for department in departments:
        feed = _FEEDS[department][0]
        pushed = item(department, place, since, **more)
        records += await push(registry, f"{department}:{place[:6]}", feed, pushed)
    await link(registry, records, [child] * len(records))
    return records


async def moved(registry: Registry, child: UUID, place: str, since: date) -> list[UUID]:
    """A move that is confirmed: two departments say so."""
    return await told(registry, child, place, since, "education", "police")


async def next_day(registry: Registry, day: date) -> None:
    """Let days pass, and the daily clock run."""
    registry.clock.at = registry.clock.at.replace(year=day.year, month=day.month, day=day.day)
    async with registry.database.transaction(SYSTEM) as session:
        kit, at = registry.app.state.kit, registry.clock
        await turn_batch(session, kit, 1000, today(at), at.now())
    await fold(registry)


async def civil(registry: Registry, place: str, actor: str = "staff-7") -> httpx.AsyncClient:
    return await registry(f"civil_affairs:{place[:6]}", actor=actor)


async def proposed(
    who: httpx.AsyncClient, child: UUID, to: str, reason: str = "moved", **more: Any
) -> httpx.Response:
    return await who.post(
        "/v1/handovers",
        json={"child_id": str(child), "to": to, "reason": reason, **more},
        headers={"Idempotency-Key": str(uuid4())},
    )


async def acted(who: httpx.AsyncClient, path: str, act: str, **more: Any) -> httpx.Response:
    etag = (await who.get(path)).headers.get("ETag", '"1"')
    return await who.post(f"{path}/acts", json={"act": act, **more}, headers={"If-Match": etag})


async def listed(who: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    reply = await who.get("/v1/handovers", params=asked)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["handovers"]
    return found


async def responsible(who: httpx.AsyncClient, child: UUID, on: date | None = None) -> str | None:
    """The county that answers for the child, as this caller reads it; None where it may not."""
    asked = {"on": on.isoformat()} if on else {}
    reply = await who.get(f"/v1/children/{child}/responsible-county", params=asked)
    if reply.status_code == 404:
        return None
    assert reply.status_code == 200, reply.text
    return str(reply.json()["division"])


async def offered(registry: Registry, to: str, **more: Any) -> list[UUID]:
    """The facts that come with a notice of handover from Cao; the records."""
    registry.clock.at += timedelta(minutes=1)
    facts = {
        "source_id": str(uuid4()),
        "version": 1,
        "observed_on": today(registry.clock).isoformat(),
        "division": to,
        "child": _CHILD,
        "hub": "heze",
        "notice_ref": str(uuid4()),
        "handed_over_by": CAO,
        **more,
    }
    return await push(registry, "service:", "peer-facts", facts)


async def said(
    registry: Registry, record: UUID, notice: UUID, to: str, act: str, **more: Any
) -> httpx.Response:
    """What our notifications service says of the offer: `propose`, our county accepts; `accept`, kept; `revoke`, void."""
    (row,) = await registry.system("SELECT entry_id FROM records WHERE id = $1", record)
    hub = await registry("service:")
    body = {"notice": str(notice), "entry": str(row["entry_id"]), "giving": CAO, "taking": to}
    return await hub.post("/v1/handover-answers", json={**body, "act": act, **more})


async def rebuilt(registry: Registry) -> list[Any]:
    """What a rebuild finds to differ."""
    app = registry.app.state
    return [one async for one in rebuilding.verify(app.database, app.kit)]
