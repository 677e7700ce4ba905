"""Whole hubs in one process: real apps, real workers, a database for each service, keys of their own."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import FastAPI

from services.matching import application as matching_app
from services.matching.settings import MatchingSettings
from services.notifications import application as notifications_app
from services.notifications import authorities, peers
from services.notifications.settings import NotificationsSettings
from services.notifications.working import Worker
from services.registry import application as registry_app
from services.registry.identity import clients
from services.registry.settings import RegistrySettings
from services.registry.working import Worker as RegistryWorker
from shared import jwk, keys, outbound, signatures
from shared.database import SYSTEM, Database
from shared.vocabulary import Department, Purpose, Scope
from tests.databases import MakeDatabase
from tests.notifications.network import Network

START = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
HOME, HUKOU = "500103000000", "500233000000"
SERVICES = ("registry", "matching", "notifications")
CLIENTS: Mapping[str, tuple[Scope, ...]] = {
    "registry": (Scope.RESOLUTIONS_WRITE, Scope.EVENTS_WRITE),
    "matching": (Scope.REVOCATIONS_READ,),
    "notifications": (Scope.REVOCATIONS_READ, Scope.PEER_FACTS_WRITE),
}
OFFICIAL = (
    Scope.NOTICES_READ,
    Scope.NOTICES_WRITE,
    Scope.SUBSCRIPTIONS_WRITE,
    Scope.EVENTS_READ,
    Scope.REFERENCES_READ,
    Scope.CHILDREN_READ,
    Scope.RECORDS_WRITE,
    Scope.CHILDREN_SHIELD,
    Scope.CASES_READ,
)


def new_key() -> dict[str, str]:
    """The header of a request that was never sent before."""
    return {"Idempotency-Key": str(uuid4())}


@dataclass
class MovingClock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def pass_by(self, **duration: float) -> None:
        self.at += timedelta(**duration)


@dataclass
class Hub:
    """One hub under test."""

    name: str
    area: str
    home: Path
    number: int
    clock: MovingClock
    network: Network
    stack: AsyncExitStack
    urls: dict[str, Any] = field(default_factory=dict)
    apps: dict[str, FastAPI] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    last_seq: int = 0
    _serving: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False)
    worker: Worker = field(init=False, repr=False)
    registry_worker: RegistryWorker = field(init=False, repr=False)

    def url(self, service: str) -> str:
        return f"http://127.0.{self.number}.{SERVICES.index(service) + 1}:8100"

    def environment(self, **more: Any) -> dict[str, Any]:
        return {
            "hub": self.name,
            "area": self.area,
            "home": self.home,
            "notifications_allowed_networks": "127.0.0.0/8",
            "delivery_timeout_seconds": 2,
            **{f"{s}_url": self.url(s) for s in SERVICES},
            **{f"{s}_database_url": urls.app for s, urls in self.urls.items()},
            **more,
        }

    async def start(self, database: MakeDatabase, *, whole: bool, **more: Any) -> None:
        """``whole`` hubs link and fold; others have their events made by the test."""
        for service in SERVICES if whole else ("registry", "notifications"):
            self.urls[service] = await database(service)
        await self._register_services()
        self.stack.push_async_callback(self._serving.aclose)
        await self.serve(whole=whole, **more)

    async def serve(self, *, whole: bool, **more: Any) -> None:
        """Every process, in place of those that served before: each has just read its key files."""
        await self._serving.aclose()
        if whole:  # both hubs share one machine with other tests: a reading that stalls is not a peer that hangs
            more = {"delivery_timeout_seconds": 30, **more}
        settings = self.environment(**more)
        made: Sequence[tuple[str, Any, Any]] = (
            ("registry", registry_app, RegistrySettings),
            ("matching", matching_app, MatchingSettings),
            ("notifications", notifications_app, NotificationsSettings),
        )
        for service, module, model in made:
            if service not in self.urls:
                continue
            app = module.create_app(model.model_validate(settings), self.clock, self.network)
            self.apps[service] = app
            self.network.apps[self.url(service)] = httpx.ASGITransport(app=app)
            await self._serving.enter_async_context(app.router.lifespan_context(app))
        self.worker = Worker(
            NotificationsSettings.model_validate(settings), self.clock, self.network
        )
        self._serving.push_async_callback(self.worker.close)
        if not whole:
            return
        self.registry_worker = RegistryWorker(
            RegistrySettings.model_validate(settings), self.clock, self.network
        )
        self._serving.push_async_callback(self.registry_worker.close)

    async def _register_services(self) -> None:
        for name, scopes in CLIENTS.items():
            key = jwk.load(self.home / "keys" / "clients" / f"{name}.jwk")
            await self.add_client(name, Department.SERVICE, "all", scopes, (), jwk.public(key))

    async def add_client(
        self,
        client: str,
        department: Department,
        area: str,
        scopes: Sequence[Scope],
        purposes: Sequence[Purpose],
        public_key: dict[str, Any],
    ) -> None:
        database = Database(self.urls["registry"].app)
        async with database.transaction(SYSTEM) as session:
            await clients.add(
                session,
                keys.load(self.home / "keys" / "registry" / "audit.json"),
                client=client,
                department=department,
                area=area,
                scopes=scopes,
                purposes=purposes,
                key=public_key,
                now=datetime.now(UTC),
            )
        await database.close()

    async def official(
        self,
        client: str,
        area: str,
        department: Department = Department.CIVIL_AFFAIRS,
        service: str = "notifications",
        scopes: Sequence[Scope] = OFFICIAL,
    ) -> httpx.AsyncClient:
        """A person of a department, at one of the hub's services."""
        if client not in self.keys:
            self.keys[client] = jwk.new_key(client)
            public = jwk.public(self.keys[client])
            await self.add_client(client, department, area, scopes, tuple(Purpose), public)
        auth = outbound.ClientCredentials(
            client, self.keys[client], self.url("registry"), sorted(scopes), transport=self.network
        )
        return await self.stack.enter_async_context(
            outbound.client(
                self.url(service),
                auth=auth,
                transport=self.network,
                headers={"Hutong-Purpose": "hukou_exchange", "Hutong-Actor": "staff-7"},
            )
        )

    async def service_client(self, name: str, *scopes: Scope) -> httpx.AsyncClient:
        """One of the hub's own services, calling notifications."""
        key = jwk.load(self.home / "keys" / "clients" / f"{name}.jwk")
        auth = outbound.ClientCredentials(
            name, key, self.url("registry"), scopes, transport=self.network
        )
        return await self.stack.enter_async_context(
            outbound.client(self.url("notifications"), auth=auth, transport=self.network)
        )

    async def authority(self, name: str, area: str, client: str) -> None:
        async with self.worker.database.transaction(SYSTEM) as session:
            await authorities.add(
                session,
                self.worker.hub.audit,
                name=name,
                area=area,
                client=client,
                now=self.clock.now(),
            )

    async def peer(
        self, name: str, area: str, notifications: str, registry: str, public: Ed25519PublicKey
    ) -> None:
        """Name a peer hub, as an operator does."""
        async with self.worker.database.transaction(SYSTEM) as session:
            await peers.add(
                session,
                self.worker.hub.audit,
                name=name,
                area=area,
                notifications_url=notifications,
                registry_url=registry,
                issuer=registry,
                public_key=signatures.public_text(public),
                now=self.clock.now(),
            )

    async def know(self, other: "Hub") -> None:
        """Trust another hub: as a peer here, and as a client of our registry."""
        public = peers.read_key(other.home / "keys" / "notifications" / "hub.key").public_key()
        urls = other.url("notifications"), other.url("registry")
        await self.peer(other.name, other.area, *urls, public)
        await self.add_client(
            f"hub-{other.name}",
            Department.HUB,
            other.area,
            (Scope.REFERENCES_READ,),
            (Purpose.HUKOU_EXCHANGE,),
            jwk.public(jwk.load(other.home / "keys" / "clients" / "hub.jwk")),
        )

    async def tell(self, *events: dict[str, Any], work: bool = True) -> httpx.Response:
        """Post events as the registry's relay does: with its token, and signed with its key."""
        if "relay" not in self.keys:
            self.keys["relay"] = await self.service_client("registry", Scope.EVENTS_WRITE)
        body = orjson.dumps({"events": events})
        reply = await self.keys["relay"].post(
            "/v1/events", content=body, headers=self.relay_headers(body)
        )
        if work:
            await self.worker.settle()
        found: httpx.Response = reply
        return found

    def relay_headers(self, body: bytes) -> dict[str, str]:
        key = peers.read_key(self.home / "keys" / "registry" / "relay.key")
        return signatures.sign([key], "relay-1", self.clock.now(), body)

    def event(self, type_: str, child: UUID, **body: Any) -> dict[str, Any]:
        """An event of the registry about a child that lives in Yuzhong and is registered in Zhong."""
        self.last_seq += 1
        return {
            "id": str(uuid4()),
            "seq": self.last_seq,
            "type": type_,
            "occurred_at": self.clock.now().isoformat(),
            "subject": str(child),
            "subject_seq": self.last_seq,
            "body": {
                "residence": HOME,
                "hukou": HUKOU,
                "residence_sole": None,
                "hukou_sole": None,
                "shielded": False,
                **body,
            },
        }

    async def rows(self, statement: str, *values: Any, service: str = "notifications") -> list[Any]:
        """Rows as the database's owner sees them, past every grant."""
        connection = await asyncpg.connect(self.urls[service].owner)
        try:
            await connection.execute("SELECT set_config('hutong.department', 'system', false)")
            found: list[Any] = await connection.fetch(statement, *values)
            return found
        finally:
            await connection.close()

    async def settle_registry(self) -> int:
        steps = [
            step
            for name, (step, _) in self.registry_worker.steps().items()
            if name not in ("sweep", "prune")
        ]
        total = 0
        while done := sum([await step() for step in steps]):
            total += done
        return total


async def settle(*hubs: Hub) -> None:
    """Let every worker of every hub work until a whole round finds nothing to do."""
    done = 1
    while done:
        done = 0
        for hub in hubs:
            done += await hub.settle_registry() + await hub.worker.settle()
