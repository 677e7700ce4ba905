"""No name, number, phone or address leaves the sealed columns: not into a database, a log or another hub's traffic.

Two whole hubs take a generated population through their public APIs, are read and asked about it, and make every mistake
that could quote a value.  Then each of their six databases is dumped, and dumps, logs and traffic are searched for every
generated value as text, pinyin, hex and base64.

A two-character name can be an ordinary word.  Ordinary Chinese stands in few places (a clause of a plan, an office's
name), and the test also insists that nothing else Chinese stands anywhere, which no name can get round.
"""

import base64
import json
from collections import defaultdict
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from services.population import Population, generate
from shared import auth
from shared.vocabulary import Department
from tests.databases import Cluster, Copies
from tests.guards.misusing import NOTE, Callers, blunder, read_everything
from tests.guards.searching import aligned, chinese_in, dump, found, is_public, personal
from tests.guards.story import World, whole_hub
from tests.notifications.hubs import settle
from tests.notifications.network import Network

HUBS = {"chongqing": "50", "heze": "3717"}
CHILDREN, SEED = 24, 7
AUTHORITY = "市民政局"


@pytest.mark.parametrize(
    "hidden",
    [
        "示小明",
        "示小明".encode().hex(),
        "示小明".encode().hex().upper(),
        r"\u793a\u5c0f\u660e",
        "%E7%A4%BA%E5%B0%8F%E6%98%8E",
        "%e7%a4%ba%e5%b0%8f%e6%98%8e",
        "示小明".encode("utf-16-le"),
        "示小明".encode("utf-16-be").hex(),
        "Shi Xiaoming",
        "shixiaoming",
        "shì xiǎo míng",
        "shi4-xiao3-ming2",
        *("x" * shift + "示小明" for shift in range(3)),
    ],
)
def test_the_search_finds_what_is_hidden(hidden: str | bytes) -> None:
    """Else the test below would show nothing."""
    values = ["示小明", "500103201705030014"]
    raw = hidden if isinstance(hidden, bytes) else hidden.encode()
    if raw.endswith("示小明".encode()):
        assert found(values, b"..." + base64.b64encode(raw + b"y"))
    else:
        assert found(values, b"before " + raw + b" after")
    assert found(values, "before 示小明 after".encode())
    assert not found(values, b"before shi after xiaoming, shixiaomingu 50010320170503001")
    assert aligned(b"abc", 0) == b"YWJj"


async def test_nothing_personal_is_stored_or_logged_in_the_clear(
    cluster: Cluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    population = generate(CHILDREN, SEED)
    values = personal(population, NOTE)
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
            auth._buckets.clear()
            await read_everything(_callers(world, name), population)
        await settle(*(world.hub for world in worlds.values()))
        traffic = _traffic(worlds, network)
        for name, world in worlds.items():
            auth._buckets.clear()
            await blunder(_callers(world, name), population)
        await settle(*(world.hub for world in worlds.values()))
        dumps = {
            f"{name} {service}": dump(cluster.server.url(urlsplit(urls.owner).path[1:]))
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
    assert not {run for run in chinese if not is_public(run, AUTHORITY)}


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


def _callers(world: World, name: str) -> Callers:
    def caller(department: Department, service: str) -> Awaitable[httpx.AsyncClient]:
        return world(department, HUBS[name], service)

    return caller


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
