"""What one does with a hub: everything that shows a personal value, and every mistake that could quote one."""

import json
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx

from services.population import Population
from shared.vocabulary import Department

NOTE = "走访记录甲乙丙"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Someone of a department of the hub's place, at one of its services.
Callers = Callable[[Department, str], Awaitable[httpx.AsyncClient]]


async def read_everything(callers: Callers, population: Population) -> None:
    """Searches, reads, exports, notices and their answers, decisions with a person's own words, an emergency."""
    civil = await callers(Department.CIVIL_AFFAIRS, "registry")
    found_ids = set()
    for child in population.children:
        for body in (
            {"id_number": child.number},
            {"name": child.name, "birth_date": child.born.isoformat()},
        ):
            reply = await civil.post("/v1/children/search", json=body)
            found_ids |= {one["id"] for one in reply.json()["children"]}
    assert found_ids
    for one in found_ids:
        assert (await civil.get(f"/v1/children/{one}")).status_code == 200
    opened = await civil.post(
        "/v1/key-care",
        json={
            "child_id": min(found_ids),
            "category": "vagrancy",
            "reason": "found_by_visit",
            "note": NOTE,
        },
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert opened.status_code == 201, opened.text
    for accept in ("application/json", "application/x-ndjson", WORKBOOK):
        assert (await civil.get("/v1/key-care", headers={"Accept": accept})).status_code == 200
    emergency = await civil.post(
        "/v1/break-glass",
        json={"id_number": population.children[0].number, "reason": "missing", "note": NOTE},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert emergency.status_code == 200, emergency.text
    notifications = await callers(Department.CIVIL_AFFAIRS, "notifications")
    for notice in (await notifications.get("/v1/notices")).json()["notices"]:
        if notice["direction"] == "incoming":
            await notifications.get(f"/v1/notices/{notice['id']}")
            await notifications.post(
                f"/v1/notices/{notice['id']}/answer", json={"outcome": "unknown"}
            )


async def blunder(callers: Callers, population: Population) -> None:
    """What a client does that sends personal values where none belong."""
    child = population.children[0]
    education = await callers(Department.EDUCATION, "registry")
    civil = await callers(Department.CIVIL_AFFAIRS, "registry")
    personal = {"name": child.name, "id_number": child.number, child.name: child.number}
    wrong = {"source_id": child.number, "version": child.name, "child": personal, child.name: 1}
    replies = [
        await education.post("/v1/enrolments", json=[wrong]),
        await education.post("/v1/enrolments", content=json.dumps([wrong]).encode()[:-5]),
        await education.post("/v1/imports/enrolments", content=json.dumps(wrong).encode()),
        await education.post("/v1/enrolments/recalls", json={"source_ids": [child.name]}),
        await civil.post("/v1/children/search", json=personal),
        await civil.get(f"/v1/children/{child.name}"),
        await civil.get(f"/v1/nothing/{child.number}", params={child.name: child.number}),
        await civil.get("/v1/key-care", params={"cursor": child.name, "category": child.number}),
        await civil.get(
            "/v1/feeds", headers={"Hutong-Actor": child.number, "X-Name": child.number}
        ),
        await civil.post("/oauth2/token", data={"grant_type": child.number, "scope": child.name}),
    ]
    assert {reply.status_code // 100 for reply in replies} <= {2, 4}, replies
