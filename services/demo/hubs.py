"""Two hubs side by side: prepared, introduced to each other, started."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from services.demo.grants import PURPOSES, SCOPES
from services.local.hub import LocalHub, free_port
from services.notifications import authorities, peers
from shared import jwk, keys, outbound
from shared.database import SYSTEM, Database
from shared.embedded_postgres import Server
from shared.vocabulary import Department, Purpose, Scope

#: Hub name → the division code of its territory.
AREAS: Mapping[str, str] = {"chongqing": "50", "heze": "3717"}


@dataclass
class Pair:
    """Both hubs and an HTTP client for each department of each."""

    hubs: dict[str, LocalHub]
    stack: AsyncExitStack
    callers: dict[tuple[str, str, str, str], httpx.AsyncClient] = field(default_factory=dict)

    async def caller(
        self, hub: str, department: str, purpose: str = "verification", service: str = "registry"
    ) -> httpx.AsyncClient:
        """A department's client of one service, with its own token."""
        key = hub, department, purpose, service
        if key not in self.callers:
            local = self.hubs[hub]
            name = f"{hub}-{department}"
            credentials = outbound.ClientCredentials(
                name,
                jwk.load(local.home / "keys" / "clients" / f"{name}.jwk"),
                local.url("registry"),
                SCOPES[Department(department)],
            )
            headers = {"Hutong-Purpose": purpose, "Hutong-Actor": f"demo-{department}"}
            self.callers[key] = await self.stack.enter_async_context(
                outbound.client(local.url(service), timeout=60, auth=credentials, headers=headers)
            )
        return self.callers[key]


@asynccontextmanager
async def two_hubs(server: Server, state: Path) -> AsyncIterator[Pair]:
    """Both hubs running; stopped at the end."""
    hubs = {
        name: LocalHub(
            name,
            area,
            state / name,
            (free_port(), free_port(), free_port()),
            extra={"HUTONG_NOTIFICATIONS_ALLOWED_NETWORKS": "127.0.0.0/8"},
        )
        for name, area in AREAS.items()
    }
    for hub in hubs.values():  # one after the other: Alembic's state is the process's
        await hub.prepare(server)
        for department in SCOPES:
            await hub.add_client(
                f"{hub.name}-{department}",
                department,
                hub.area,
                SCOPES[department],
                PURPOSES[department],
            )
    one, other = hubs.values()
    await introduce(one, other)
    await introduce(other, one)
    async with AsyncExitStack() as stack:
        for hub in hubs.values():
            hub.start()
            stack.callback(hub.stop)
        await asyncio.gather(*(hub.wait_ready(60) for hub in hubs.values()))
        yield Pair(hubs, stack)


async def introduce(hub: LocalHub, peer: LocalHub) -> None:
    """Make ``peer`` known to ``hub``: its keys, its territory, and its grant to read hukou facts here."""
    peer_key = jwk.load(peer.home / "keys" / "clients" / "hub.jwk")
    await hub.add_client(
        f"hub-{peer.name}",
        Department.HUB,
        peer.area,
        (Scope.REFERENCES_READ,),
        (Purpose.HUKOU_EXCHANGE,),
        public_key=jwk.public(peer_key),
    )
    database = Database(hub.database_url("notifications"))
    audit_keys = keys.load(hub.home / "keys" / "notifications" / "audit.json")
    try:
        async with database.transaction(SYSTEM) as session:
            await peers.add(
                session,
                audit_keys,
                name=peer.name,
                area=peer.area,
                notifications_url=peer.url("notifications"),
                registry_url=peer.url("registry"),
                issuer=peer.url("registry"),
                public_key=(peer.home / "keys" / "public" / "hub.pub").read_text().strip(),
                now=datetime.now(UTC),
            )
            await authorities.add(
                session,
                audit_keys,
                now=datetime.now(UTC),
                name=f"{hub.name} civil affairs",
                area=hub.area,
                client=f"{hub.name}-civil_affairs",
            )
    finally:
        await database.close()
