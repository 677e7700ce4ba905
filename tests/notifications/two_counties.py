"""Two whole hubs side by side, made once, for a machine that sends one child after another through them.

Cast: *Yuzhong* (渝中区) and *Jiulongpo* (九龙坡区) are counties of Chongqing's hub, *Cao* (曹县) is one of Heze's.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx

from services.registry.children.building import open_state
from services.registry.handovers.showing import file_of
from shared import auth
from shared.clock import today
from shared.vocabulary import Department, Scope
from tests.databases import Cluster, Copies
from tests.notifications.hubs import OFFICIAL, Hub, MovingClock, new_key
from tests.notifications.network import Network
from tests.notifications.test_two_hubs import enrolment

YUZHONG, JIULONGPO, CAO, ZHONG = "500103000000", "500107000000", "371721000000", "500233000000"
AREAS: Mapping[str, str] = {"chongqing": "50", "heze": "3717"}
HUB_OF: Mapping[str, str] = {YUZHONG: "chongqing", JIULONGPO: "chongqing", CAO: "heze"}
SCOPES = (*OFFICIAL, Scope.HANDOVERS_READ, Scope.HANDOVERS_WRITE, Scope.KEY_CARE_WRITE)
#: Steps of a registry that make what hubs tell one another; the rest of its work changes nothing here.
REGISTRY_STEPS = ("resolve", "follow", "fold", "sequence", "relay")
_WAITING = (
    "SELECT d.path, d.state, d.attempts, d.due_at, (SELECT a.outcome || ' ' || coalesce(a.status, 0) FROM attempts a"
    " WHERE a.delivery = d.id ORDER BY a.at DESC LIMIT 1) AS came_to FROM deliveries d WHERE d.state IN ('pending', 'parked')"
)
_CHILD = "SELECT c.*, k.master, k.wrapped FROM children c JOIN vault.data_keys k ON k.id = c.id WHERE c.id = $1"
_numbers = itertools.count(1)


def born_on(number: int) -> date:
    """No two alike: real matching must not take one child for another."""
    return date(2016, 1, 1) + timedelta(days=17 * number)


def id_number(number: int) -> str:
    body = f"371721{born_on(number):%Y%m%d}{(37 * number) % 500 * 2 + 1:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11
    return body + "10X98765432"[rest]


def name_of(number: int) -> str:
    return f"示{chr(0x4E00 + 37 * number)}{chr(0x5E00 + 53 * number)}"


@dataclass
class World:
    """Both hubs, who acts in their counties, and the network between them."""

    hubs: dict[str, Hub]
    clock: MovingClock
    network: Network
    registries: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    """Civil affairs of each county at its registry."""
    desks: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    """The same, at its notices."""
    reporters: dict[tuple[str, str], httpx.AsyncClient] = field(default_factory=dict)
    seen: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """What became of handovers, across hubs or (true) inside one: for whoever asks whether a run tried anything."""

    @classmethod
    async def make(cls, cluster: Cluster, homes: Mapping[str, Path], stack: AsyncExitStack) -> Self:
        clock, network, copies = MovingClock(), Network(), Copies(cluster)
        stack.push_async_callback(copies.drop)
        stack.push_async_callback(network.close)
        auth._buckets.clear()
        hubs = {}
        for number, (name, area) in enumerate(AREAS.items(), 1):
            hubs[name] = Hub(name, area, homes[name], number, clock, network, stack)
            await hubs[name].start(copies, whole=True)
        one, other = hubs.values()
        await one.know(other)
        await other.know(one)
        world = cls(hubs, clock, network)
        for county, name in HUB_OF.items():
            hub, area = hubs[name], county[:6]
            client = f"civil-{area}"
            await hub.authority(f"民政局{area}", area, client)
            world.desks[county] = await hub.official(client, area, scopes=SCOPES)
            world.registries[county] = await hub.official(
                client, area, service="registry", scopes=SCOPES
            )
            for department in (Department.EDUCATION, Department.POLICE):
                world.reporters[county, department] = await hub.official(
                    f"{department}-{area}", area, department, service="registry"
                )
        return world

    @property
    def today(self) -> date:
        return today(self.clock)

    def hub(self, county: str) -> Hub:
        return self.hubs[HUB_OF[county]]

    async def settle(self) -> None:
        """Let every worker work until nothing is to be done at this moment."""
        done = 1
        while done:
            done = 0
            for hub in self.hubs.values():
                steps = hub.registry_worker.steps()
                for name in REGISTRY_STEPS:
                    done += await steps[name][0]()
                done += await hub.worker.settle()

    async def pass_by(self, days: int = 0, hours: int = 0) -> None:
        self.clock.pass_by(days=days, hours=hours)
        auth._buckets.clear()
        for hub in self.hubs.values():
            while await hub.registry_worker.sweep():
                pass
        await self.settle()

    async def heal(self) -> None:
        """Every message comes through, as soon as its next try is due."""
        self.network.silent.clear()
        self.network.deaf.clear()
        await self.settle()
        for _ in range(30):
            waiting = [tuple(row) for hub in self.hubs.values() for row in await hub.rows(_WAITING)]
            if not waiting:
                return
            await self.pass_by(hours=7)
        raise AssertionError(f"messages that never arrive: {waiting}")

    async def repeat(self) -> None:
        """Every message is sent again, and every answer pushed again."""
        for hub in self.hubs.values():
            await hub.rows(
                "UPDATE deliveries SET state = 'pending', attempts = 0 WHERE state = 'delivered'"
            )
            await hub.rows("UPDATE notices SET pushed = 'waiting' WHERE pushed = 'done'")
        await self.settle()

    async def delay(self, odd: bool) -> None:
        """Half of what is under way arrives a day after the rest."""
        for hub in self.hubs.values():
            await hub.rows(
                "UPDATE deliveries SET due_at = due_at + interval '1 day' WHERE state = 'pending'"
                " AND (get_byte(uuid_send(id), 15) % 2 = 1) = $1",
                odd,
            )

    async def report(self, county: str, child: int, since: date) -> UUID:
        """School and police of a county say that the child lives there; the entry of one of them."""
        day = since.isoformat()
        who = {
            "name": name_of(child),
            "id_number": id_number(child),
            "birth_date": born_on(child).isoformat(),
        }
        said = enrolment(
            f"H-{next(_numbers)}",
            division=county,
            child={**who, "sex": "male"},
            guardians=[{"name": name_of(child + 500), "relation": "father"}],
            hukou={"division": ZHONG},
            residence={"division": county, "since": day},
            observed_on=day,
            on=day,
        )
        permit = {k: v for k, v in said.items() if k not in ("event", "on", "stage")}
        permit |= {"event": "registered", "role": "accompanying", "registered_on": day}
        for department, feed, item in (
            (Department.EDUCATION, "enrolments", said),
            (
                Department.POLICE,
                "residence-permits",
                {**permit, "source_id": f"H-{next(_numbers)}"},
            ),
        ):
            reply = await self.reporters[county, department].post(f"/v1/{feed}", json=[item])
            assert reply.json()["results"][0]["status"] == "created", reply.text
        await self.settle()
        (kept,) = await self.hub(county).rows(
            "SELECT entry_id FROM records WHERE id = $1",
            UUID(reply.json()["results"][0]["record"]),
            service="registry",
        )
        return UUID(str(kept["entry_id"]))

    async def person(self, name: str, entry: UUID) -> UUID:
        """Of whom an entry speaks."""
        (link,) = await self.hubs[name].rows(
            "SELECT person FROM links WHERE entry_id = $1", entry, service="registry"
        )
        return UUID(str(link["person"]))

    async def file(self, name: str, child: UUID, days: Iterable[date]) -> dict[date, str]:
        """Which county answers for a child, by what a hub's registry holds of it."""
        hub = self.hubs[name]
        kit = hub.apps["registry"].state.kit
        (row,) = await hub.rows(_CHILD, child, service="registry")
        found = file_of(open_state(kit.sealer, row), kit.profiles.code_on)
        assert found is not None
        return {day: str(found.county_on(day)) for day in days}

    async def propose(self, county: str, child: UUID, to: str) -> httpx.Response:
        reply = await self.registries[county].post(
            "/v1/handovers",
            json={"child_id": str(child), "to": to, "reason": "moved"},
            headers=new_key(),
        )
        await self.settle()
        return reply

    async def act(self, county: str, path: str, act: str, **more: Any) -> httpx.Response:
        desk = self.registries[county]
        etag = (await desk.get(path)).headers["ETag"]
        actor = {"Hutong-Actor": "staff-8", "If-Match": etag}
        reply = await desk.post(f"{path}/acts", json={"act": act, **more}, headers=actor)
        await self.settle()
        return reply


def around(days: Iterable[date]) -> set[date]:
    """Each day, and the one before it."""
    return {day - timedelta(days=before) for day in days for before in (0, 1)}
