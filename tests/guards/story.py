"""A hub in which something has happened, and people who may or may not know of it.

Cast: *home* (Yuzhong, 渝中区) is where the story's children live, *hukou* (Zhong, 忠县) where they are registered, *elsewhere*
(Jiulongpo, 九龙坡区) is a place that none of it concerns.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.local import secrets as key_files
from services.notifications import peers
from shared import auth, jwk, outbound, signatures
from shared.database import SYSTEM
from shared.vocabulary import SERVICE_SCOPES, Department, Purpose, Scope
from tests.databases import MakeDatabase
from tests.notifications.hubs import Hub, MovingClock, settle
from tests.notifications.network import Network

HOME, HUKOU, ELSEWHERE = "500103", "500233", "500107"
PEER, PEER_COUNTY = "heze", "371721000000"
PEOPLE = frozenset(Scope) - SERVICE_SCOPES
#: Why each department reads in these tests.
WHY: Mapping[Department, Purpose] = dict.fromkeys(Department, Purpose.SERVICE) | {
    Department.CIVIL_AFFAIRS: Purpose.KEY_CARE,
    Department.HUB: Purpose.HUKOU_EXCHANGE,
}
HOOK = "http://127.0.9.9:8100"


@dataclass
class World:
    """One whole hub and everyone who calls it."""

    hub: Hub
    stack: AsyncExitStack
    credentials: dict[str, outbound.ClientCredentials] = field(default_factory=dict)
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    peer_key: Any = field(default_factory=signatures.new_private_key)

    @property
    def issuer(self) -> str:
        return self.hub.url("registry")

    async def as_service(self, name: str) -> outbound.ClientCredentials:
        """One of the hub's own services."""
        from tests.notifications.hubs import CLIENTS

        key = jwk.load(self.hub.home / "keys" / "clients" / f"{name}.jwk")
        return outbound.ClientCredentials(
            name, key, self.issuer, CLIENTS[name], transport=self.hub.network
        )

    async def credentials_of(
        self,
        department: Department,
        area: str,
        scopes: frozenset[Scope] = PEOPLE,
        purposes: tuple[Purpose, ...] = tuple(Purpose),
        name: str = "",
    ) -> outbound.ClientCredentials:
        """A department's client in a place, registered when first asked for."""
        client = name or f"{department}-{area}"
        if client not in self.credentials:
            key = jwk.new_key(client)
            await self.hub.add_client(
                client, department, area, sorted(scopes), purposes, jwk.public(key)
            )
            self.credentials[client] = outbound.ClientCredentials(
                client, key, self.issuer, sorted(scopes), transport=self.hub.network
            )
        return self.credentials[client]

    async def token(self, department: Department, area: str, **more: Any) -> str:
        return await (await self.credentials_of(department, area, **more)).token()

    async def __call__(
        self, department: Department, area: str, service: str = "registry", actor: str = "staff-7"
    ) -> httpx.AsyncClient:
        """Someone of a department in a place, at one service."""
        known = f"{department}-{area}-{service}-{actor}"
        if known not in self.clients:
            self.clients[known] = await self.stack.enter_async_context(
                outbound.client(
                    self.hub.url(service),
                    auth=await self.credentials_of(department, area),
                    transport=self.hub.network,
                    headers={"Hutong-Purpose": WHY[department], "Hutong-Actor": actor},
                )
            )
        return self.clients[known]

    async def anyone(self, service: str) -> httpx.AsyncClient:
        """No one in particular: requests bring their own credentials."""
        known = f"anyone-{service}"
        if known not in self.clients:
            self.clients[known] = await self.stack.enter_async_context(
                outbound.client(self.hub.url(service), transport=self.hub.network)
            )
        return self.clients[known]

    async def rows(self, statement: str, *values: Any, service: str = "registry") -> list[Any]:
        return await self.hub.rows(statement, *values, service=service)


async def whole_hub(
    database: MakeDatabase,
    home: Path,
    stack: AsyncExitStack,
    name: str = "chongqing",
    area: str = "50",
    network: Network | None = None,
) -> World:
    """A running hub in which nothing has happened yet; on a network with others, if one is given."""
    auth._buckets.clear()
    key_files.make(home)
    if network is None:
        network = Network()
        stack.push_async_callback(network.close)
    number = len({address.split(":")[1] for address in network.apps}) + 1
    hub = Hub(name, area, home, number, MovingClock(), network, stack)
    await hub.start(database, whole=True)
    network.apps[HOOK] = httpx.ASGITransport(app=_take_anything)
    return World(hub, stack)


async def _take_anything(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


NAME, NUMBER, BORN = "示小明", "500233201705030013", "2017-05-03"
SISTER, SISTER_NUMBER, SISTER_BORN = "示小红", "500233201905030018", "2019-05-03"
DOUBTFUL_NUMBER, DOUBTFUL_BORN = "500233201604090017", "2016-04-09"
FATHER = {
    "name": "示大山",
    "relation": "father",
    "id_number": "500233198804120116",
    "phone": "14200000001",
}


def item(source_id: str, number: str = NUMBER, name: str = NAME, **more: Any) -> dict[str, Any]:
    """The block that all feeds share, about a child of the story."""
    return {
        "source_id": source_id,
        "version": 1,
        "observed_on": "2026-11-01",
        "division": HOME,
        "child": {"name": name, "id_number": number, "birth_date": BORN, "sex": "male"},
        "guardians": [FATHER],
        "hukou": {"division": HUKOU},
        "residence": {"division": HOME, "address": "示例街2号", "since": "2026-01-01"},
        **more,
    }


ENROLLED = {"event": "enrolled", "on": "2026-01-01", "stage": "primary"}


async def push(who: httpx.AsyncClient, feed: str, *items: dict[str, Any]) -> list[dict[str, Any]]:
    """Push, and insist that every item is kept."""
    reply = await who.post(f"/v1/{feed}", json=list(items))
    assert reply.status_code == 207, reply.text
    results: list[dict[str, Any]] = reply.json()["results"]
    assert all(r["status"] in ("created", "unchanged") for r in results), reply.text
    return results


async def tell(world: World, once_known: Callable[[], Awaitable[None]] | None = None) -> None:
    """Let everything happen that the hub knows of, to two children who live at home.

    ``once_known`` happens as soon as they are registered, before anybody acts.
    """
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    civil_hukou = await world(Department.CIVIL_AFFAIRS, HUKOU, "notifications")
    education = await world(Department.EDUCATION, HOME)
    await world.hub.authority("忠县民政局", HUKOU, f"{Department.CIVIL_AFFAIRS}-{HUKOU}")
    await _subscribe(await world(Department.CIVIL_AFFAIRS, HOME, "notifications"))
    await _subscribe(civil_hukou)
    await push(education, "enrolments", item("E-1", **ENROLLED))
    await push(
        await world(Department.POLICE, HOME),
        "residence-permits",
        item("P-1", event="registered", role="accompanying", registered_on="2026-01-02"),
    )
    await push(
        civil,
        "assistance",
        item("A-1", kind="minimum_living", event="started", on="2026-02-01"),
    )
    sister = item("E-2", SISTER_NUMBER, SISTER)
    sister["child"] |= {"birth_date": SISTER_BORN, "sex": "unknown"}
    line = json.dumps({**sister, **ENROLLED}, ensure_ascii=False).encode() + b"\n"
    imported = await education.post("/v1/imports/enrolments", content=line + b"{}\n")
    assert imported.status_code == 202, imported.text
    await push(
        civil,
        "assistance",
        {**sister, "source_id": "A-2", "kind": "orphan", "event": "started", "on": "2026-02-01"},
    )
    await _doubt(world)
    await settle(world.hub)
    if once_known is not None:
        await once_known()
    figure = await civil.post(
        "/v1/figure-publications",
        json={"division": HOME, "on": "2026-11-01"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert figure.status_code == 202, figure.text
    await _care_for(civil)
    await _break_glass(world)
    await _report(world)
    await _keep_apart(world)
    await _take_up(world)
    await _hand_over(world)
    await _ask_for_erasure(world)
    await _put_off(civil)
    await _staff(civil)
    await _assess(world)
    await _hand_out(world)
    await _follow(civil)
    await _ask_and_hear(world)
    await settle(world.hub)


async def _doubt(world: World) -> None:
    """Two children under one number, of other names and sexes: a person must say who is who."""
    for department, feed, name, sex, more in (
        (Department.EDUCATION, "enrolments", "示云飞", "male", ENROLLED),
        (
            Department.POLICE,
            "residence-permits",
            "示海棠",
            "female",
            {"event": "registered", "role": "accompanying", "registered_on": "2026-01-02"},
        ),
    ):
        told = item(f"{sex}-1", DOUBTFUL_NUMBER, name, guardians=[], **more)
        told["child"] |= {"birth_date": DOUBTFUL_BORN, "sex": sex}
        await push(await world(department, HOME), feed, told)


async def _put_off(civil: httpx.AsyncClient) -> None:
    (review,) = (await civil.get("/v1/match-reviews")).json()["reviews"]
    path = f"/v1/match-reviews/{review['id']}"
    read = await civil.get(path)
    said = await civil.post(
        f"{path}/decisions",
        json={"decision": "unsure", "reason": "evidence_lacking", "note": "待走访"},
        headers={"If-Match": read.headers["ETag"], "Idempotency-Key": str(uuid4())},
    )
    assert said.status_code == 200, said.text


async def _staff(civil: httpx.AsyncClient) -> None:
    """The home's director has a post, and was trained; a meeting was held, and a survey round opened."""
    held = await civil.post(
        "/v1/calendar-duties",
        json={"duty": "progress_meeting", "division": HOME, "done_on": "2026-03-01"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert held.status_code == 201, held.text
    surveyed = await civil.post(
        "/v1/survey-rounds",
        json={"division": HOME, "opens_on": "2026-10-01"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert surveyed.status_code == 201, surveyed.text
    made = await civil.post(
        "/v1/posts",
        json={"kind": "child_director", "division": f"{HOME}001001"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert made.status_code == 201, made.text
    path, etag = f"/v1/posts/{made.json()['id']}", made.headers["ETag"]
    for act, body in (
        ("fill", {"staff": "cd-1", "on": "2026-12-01"}),
        ("trainings", {"held_on": "2026-03-01", "topic": "basics", "hours": 8}),
    ):
        done = await civil.post(f"{path}/{act}", json=body, headers={"If-Match": etag})
        assert done.status_code == 200, done.text
        etag = done.headers["ETag"]


async def _assess(world: World) -> None:
    """The child's guardianship is at high risk; it was placed into care, and looked at again."""
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    child = str(await child_of(world, NAME))
    for path, body in (
        (
            "assessments",
            {
                "kind": "risk_assessment",
                "finding": "high",
                "assessed_on": "2026-11-01",
                "note": "多次独自过夜",
            },
        ),
        (
            "placements",
            {
                "kind": "temporary_care",
                "performer": "protection_institution",
                "basis": "guardian_consent",
                "since": "2026-11-02",
                "note": "临时监护",
            },
        ),
    ):
        made = await civil.post(
            f"/v1/{path}",
            json={"child_id": child, **body},
            headers={"Idempotency-Key": str(uuid4())},
        )
        assert made.status_code == 201, made.text
    seen = await civil.post(
        f"{made.headers['Location']}/acts",
        json={"act": "review", "done_on": "2026-11-09", "note": "情况稳定"},
        headers={"If-Match": made.headers["ETag"]},
    )
    assert seen.status_code == 200, seen.text


async def _hand_out(world: World) -> None:
    """The home's children are listed for its schools to verify; these have read and received the list."""
    civil, education = [
        await world(one, HOME) for one in (Department.CIVIL_AFFAIRS, Department.EDUCATION)
    ]
    # Made by the province's, so that the county's may confirm its receipt.
    province = await world(Department.CIVIL_AFFAIRS, "50")
    national = await province.post(
        "/v1/rosters",
        json={"kind": "national_system", "division": HOME},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert national.status_code == 201, national.text
    why = {"Hutong-Purpose": "verification"}
    made = await civil.post(
        "/v1/rosters",
        json={"kind": "feedback", "to": "education", "division": HOME},
        headers={"Idempotency-Key": str(uuid4()), **why},
    )
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    *_, last = (await education.get(f"{path}/rows", headers=why)).content.splitlines()
    received = await education.post(
        f"{path}/receipts", json={"sha256": json.loads(last)["sha256"]}, headers=why
    )
    assert received.status_code == 200, received.text


async def _follow(civil: httpx.AsyncClient) -> None:
    """The home follows the changes of its children, and has confirmed a page."""
    read = await civil.get("/v1/child-changes")
    assert read.status_code == 200, read.text
    confirmed = await civil.get("/v1/child-changes", params={"after": read.json()["next"]})
    assert confirmed.status_code == 200, confirmed.text


async def _report(world: World) -> None:
    """The child is reported to police, who have received it."""
    civil, police = [
        await world(one, HOME) for one in (Department.CIVIL_AFFAIRS, Department.POLICE)
    ]
    made = await civil.post(
        "/v1/cases",
        json={
            "kind": "report",
            "topic": "lives_alone",
            "place": HOME,
            "to": "police",
            "child_id": str(await child_of(world, NAME)),
            "account": "邻居反映独自居住",
        },
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert made.status_code == 201, made.text
    received = await police.post(
        f"{made.headers['Location']}/acts",
        json={"act": "receive", "note": "已派员"},
        headers={"If-Match": made.headers["ETag"]},
    )
    assert received.status_code == 200, received.text


async def _keep_apart(world: World) -> None:
    """Health keeps a marker of the child, in a compartment that nobody else may know of."""
    health = await world(Department.HEALTH, HOME)
    made = await health.post(
        "/v1/compartments/severe_mental_disorder/entries",
        json={
            "child_id": str(await child_of(world, NAME)),
            "reason": "diagnosed",
            "note": "已明确诊断",
        },
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert made.status_code == 201, made.text
    done = await health.post(
        f"{made.headers['Location']}/acts",
        json={"act": "follow_up", "reason": "followed_up", "note": "已纳入社区康复"},
        headers={"If-Match": made.headers["ETag"]},
    )
    assert done.status_code == 200, done.text


async def _take_up(world: World) -> None:
    """Civil affairs takes up an alert about the child."""
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    about = {"child": str(await child_of(world, NAME)), "waiting": True}
    (alert, *_) = (await civil.get("/v1/alerts", params=about)).json()["alerts"]
    read = await civil.get(f"/v1/alerts/{alert['id']}")
    acted = await civil.post(
        f"/v1/alerts/{alert['id']}/acts",
        json={"act": "acknowledge", "note": "已联系家长"},
        headers={"If-Match": read.headers["ETag"]},
    )
    assert acted.status_code == 200, acted.text


async def _hand_over(world: World) -> None:
    """The sister's home asks the hukou place to take her file."""
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    asked = await civil.post(
        "/v1/handovers",
        json={
            "child_id": str(await child_of(world, SISTER, SISTER_BORN)),
            "to": HUKOU,
            "reason": "returned",
            "note": "随母返乡",
        },
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert asked.status_code == 201, asked.text


async def _subscribe(civil: httpx.AsyncClient) -> None:
    made = await civil.post(
        "/v1/subscriptions",
        json={"url": f"{HOOK}/hook"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert made.status_code == 201, made.text


async def _care_for(civil: httpx.AsyncClient) -> None:
    listed = await civil.get("/v1/key-care")
    assert listed.status_code == 200, listed.text
    entry = listed.json()["entries"][0]
    read = await civil.get(f"/v1/key-care/{entry['id']}")
    decided = await civil.post(
        f"/v1/key-care/{entry['id']}/decisions",
        json={"decision": "confirm", "reason": "verified", "note": "已入户核实"},
        headers={"If-Match": read.headers["ETag"]},
    )
    assert decided.status_code == 200, decided.text


async def _break_glass(world: World) -> None:
    police = await world(Department.POLICE, HUKOU)
    opened = await police.post(
        "/v1/break-glass",
        json={"id_number": NUMBER, "reason": "missing", "note": "走失"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert opened.status_code == 200 and opened.json()["found"], opened.text


async def _ask_for_erasure(world: World) -> None:
    """Of the sister; nobody approves it."""
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    asked = await civil.post(
        "/v1/erasures",
        json={"child_id": str(await child_of(world, SISTER, SISTER_BORN)), "ground": "unlawful"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert asked.status_code == 201, asked.text


async def _ask_and_hear(world: World) -> None:
    """The home asks the hukou place about its child; a peer hub sends a notice; both read their feeds."""
    civil = await world(Department.CIVIL_AFFAIRS, HOME, "notifications")
    feed = (await civil.get("/v1/events")).json()
    await civil.get("/v1/events", params={"after": feed["next"]})
    child = await child_of(world, NAME)
    asked = await civil.post(
        "/v1/notices", json={"child": str(child)}, headers={"Idempotency-Key": str(uuid4())}
    )
    assert asked.status_code == 201, asked.text
    reference = asked.json()["reference"]
    read = await (await world(Department.CIVIL_AFFAIRS, HOME)).post(
        "/v1/references/read", json={"references": [reference]}
    )
    assert read.json()["results"][0]["found"], read.text
    await hear_from_peer(world)


async def hear_from_peer(world: World) -> None:
    hub = world.hub
    async with hub.worker.database.transaction(SYSTEM) as session:
        await peers.add(
            session,
            hub.worker.hub.audit,
            name=PEER,
            area="3717",
            notifications_url="http://127.0.8.1:8100",
            registry_url="http://127.0.8.2:8100",
            issuer="http://127.0.8.2:8100",
            public_key=signatures.public_text(world.peer_key.public_key()),
            now=hub.clock.now(),
        )
    hub.network.cut |= {"http://127.0.8.1:8100", "http://127.0.8.2:8100"}
    reply = await send_as_peer(world, "/v1/peer/notices", peer_notice(world))
    assert reply.status_code == 202, reply.text


def peer_notice(world: World) -> dict[str, Any]:
    from services.notifications.peers.schemas import NOTICE_EXAMPLE

    example = json.loads(json.dumps(NOTICE_EXAMPLE))
    example["audience"] = world.hub.name
    example["time"] = world.hub.clock.now().isoformat()
    example["data"] |= {"origin_county": PEER_COUNTY, "county": f"{HUKOU}000000"}
    return dict(example)


async def send_as_peer(world: World, path: str, message: dict[str, Any]) -> httpx.Response:
    """Post as the peer hub does: signed, without a token."""
    body = json.dumps(message).encode()
    signed = signatures.sign([world.peer_key], str(uuid4()), world.hub.clock.now(), body)
    headers = {**signed, "Content-Type": "application/cloudevents+json"}
    return await (await world.anyone("notifications")).post(path, content=body, headers=headers)


async def child_of(world: World, name: str, born: str = BORN) -> UUID:
    """The id of a child of the story, by its name, as civil affairs at its home finds it."""
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    found = await civil.post("/v1/children/search", json={"name": name, "birth_date": born})
    (child,) = found.json()["children"]
    return UUID(child["id"])
