"""A push never buys a read.

Cast: the *victim* is a child of one county, known there to school, police and civil affairs.  A *clerk* of the schools of
another county knows its ID number, name and birth date from elsewhere, and pushes a false enrolment.  A *control* is the
same clerk's like in a third county, who pushes the same for a child whom nobody knows: what the two clerks can then see
must not differ in a byte, or the clerk has learnt that the child is somewhere.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from shared.vocabulary import Department
from tests.guards.story import (
    BORN,
    ELSEWHERE,
    HOME,
    HUKOU,
    NAME,
    NUMBER,
    World,
    child_of,
    item,
    push,
)
from tests.notifications.hubs import settle

pytestmark = pytest.mark.asyncio(loop_scope="module")

THIRD = "500108"
NOBODY, NOBODYS_NUMBER = "示无名", "500233201705030099"
_GUARDIAN = ("name", "relation", "id_number", "phone")
_OPAQUE = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[a-z2-7]{52}\b|\"next\":\"[\w-]+\"|\d{4}-\d\d-\d\dT[\d:.]+Z"
)


@dataclass
class Clerk:
    """What one clerk pushed, and everything that it sees afterwards."""

    world: World
    area: str
    name: str
    number: str
    results: list[dict[str, Any]] = field(default_factory=list)

    async def client(self, service: str = "registry") -> httpx.AsyncClient:
        return await self.world(Department.EDUCATION, self.area, service)

    async def lie(self) -> None:
        """Everything that an enrolment can say to draw a child to one's own county, in one item and the next."""
        education = await self.client()
        here = {"division": self.area, "address": "示例街9号", "since": "2026-06-01"}
        false = item("F-1", self.number, self.name, division=self.area, residence=here)
        false["hukou"] = {"division": self.area}
        false["observed_on"] = "2026-11-19"
        enrolled = {"event": "enrolled", "on": "2026-11-18", "stage": "primary"}
        dropped = {"event": "dropped_out", "on": "2026-11-19", "stage": "primary"}
        self.results = await push(
            education,
            "enrolments",
            {**false, **enrolled},
            {**false, "source_id": "F-2", **dropped},
        )
        line = json.dumps({**false, "source_id": "F-3", **enrolled}, ensure_ascii=False)
        imported = await education.post("/v1/imports/enrolments", content=line.encode())
        assert imported.status_code == 202, imported.text

    async def sees(self, victim: str) -> Mapping[str, str]:
        """Every view that a clerk has of anything, by name; ids and instants blotted out."""
        seen: dict[str, str] = {"results": _OPAQUE.sub("?", json.dumps(self.results))}
        registry, notifications = await self.client(), await self.client("notifications")
        entry, record = self.results[0]["entry"], self.results[0]["record"]
        feed = await notifications.get("/v1/events", params={"after": "start"})
        references = [one["subject"] for one in feed.json()["items"] if one.get("subject")]
        requests: Mapping[str, Any] = {
            "search by number": ("POST", "/v1/children/search", {"id_number": self.number}),
            "search by name": (
                "POST",
                "/v1/children/search",
                {"name": self.name, "birth_date": BORN},
            ),
            "the child": ("GET", f"/v1/children/{victim}", None),
            "the child of my entry": ("GET", f"/v1/entries/{entry}/child", None),
            "my record": ("GET", f"/v1/records/{record}", None),
            "key care": ("GET", "/v1/key-care", None),
            "key care at the hukou place": ("GET", "/v1/key-care?place=hukou", None),
            "feeds": ("GET", "/v1/feeds", None),
            "imports": ("GET", "/v1/imports", None),
        }
        if references:
            requests = {
                **requests,
                "references": ("POST", "/v1/references/read", {"references": references[:200]}),
            }
        for name, (method, path, body) in requests.items():
            seen[name] = self._told(await registry.request(method, path, json=body))
        seen["events"] = self._told(feed)
        seen["notices"] = self._told(await notifications.get("/v1/notices"))
        asked = await notifications.post(
            "/v1/notices", json={"child": victim}, headers={"Idempotency-Key": str(uuid4())}
        )
        seen["an enquiry"] = self._told(asked)
        return seen

    def _told(self, reply: httpx.Response) -> str:
        text = f"{reply.status_code} {reply.text}"
        for mine, anyone in ((self.area, "AREA"), (self.number, "NUMBER"), (self.name, "NAME")):
            text = text.replace(mine, anyone)
        return _OPAQUE.sub("?", text)


@dataclass(frozen=True)
class Attack:
    world: World
    victim: str
    clerk: Clerk
    control: Clerk
    before: Mapping[str, Any]


async def view_of(world: World, victim: str) -> Mapping[str, Any]:
    """How those who care for the victim see it: where it is and belongs, who it is, its status, its key care."""
    seen: dict[str, Any] = {}
    for department, area in (
        (Department.CIVIL_AFFAIRS, HOME),
        (Department.CIVIL_AFFAIRS, HUKOU),
        (Department.POLICE, HOME),
        (Department.EDUCATION, HOME),
    ):
        reply = await (await world(department, area)).get(f"/v1/children/{victim}")
        assert reply.status_code == 200, (department, area, reply.text)
        child = reply.json()
        fields = child["fields"]
        seen[f"{department} {area}"] = {
            "who": {k: fields[k]["value"] for k in ("name", "birth_on", "sex", "id_number")},
            "hukou": child.get("hukou"),
            "episodes": child.get("episodes"),
            "guardians": [[g.get(k) for k in _GUARDIAN] for g in child.get("guardians", [])],
            "status": child["status"],
            "key_care": [k for k in child.get("key_care", []) if k["category"] != "out_of_school"],
        }
    return seen


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attack(told: World) -> Attack:
    victim = str(await child_of(told, NAME))
    before = await view_of(told, victim)
    clerk = Clerk(told, ELSEWHERE, NAME, NUMBER)
    control = Clerk(told, THIRD, NOBODY, NOBODYS_NUMBER)
    for one in (clerk, control):
        await one.lie()
    await settle(told.hub)
    return Attack(told, victim, clerk, control, before)


async def test_the_lie_reached_the_victim(attack: Attack) -> None:
    """Else the tests below would show nothing."""
    linked = await attack.world.rows(
        "SELECT person::text FROM links WHERE entry_id = $1", attack.clerk.results[0]["entry"]
    )
    assert linked[0]["person"] == attack.victim


async def test_the_clerk_sees_what_a_push_for_an_unknown_child_shows(attack: Attack) -> None:
    clerk = await attack.clerk.sees(attack.victim)
    control = await attack.control.sees(str(uuid4()))
    assert {k: v for k, v in clerk.items() if control[k] != v} == {}


async def test_the_clerk_sees_no_child(attack: Attack) -> None:
    seen = await attack.clerk.sees(attack.victim)
    assert seen["search by number"] == seen["search by name"] == '200 {"children":[]}'
    assert {seen[k][:3] for k in ("the child", "the child of my entry", "an enquiry")} == {"404"}
    assert seen["key care"] == '200 {"entries":[]}'


async def test_those_who_care_for_the_child_see_it_as_before(attack: Attack) -> None:
    assert await view_of(attack.world, attack.victim) == attack.before
