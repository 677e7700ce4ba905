"""The registry, real: its app over a database of its own, callers named by department and place."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from services.local import secrets as key_files
from services.registry.application import create_app
from services.registry.identity import clients
from services.registry.settings import RegistrySettings
from shared import auth, jwk, outbound
from shared.database import SYSTEM, Database
from shared.vocabulary import SERVICE_SCOPES, Department, Purpose, Scope
from tests.databases import Cluster, Copies, MakeDatabase, Urls
from tests.guards.story import World, whole_hub

ISSUER = "http://registry.test"


@dataclass
class FixedClock:
    """A clock that stands where a test puts it; tokens alone live on the machine's."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 4, 0, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's home with every key made."""
    path = tmp_path_factory.mktemp("hub")
    key_files.make(path)
    return path


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@dataclass
class Registry:
    """The app under test and the means to call it as anyone."""

    app: FastAPI
    settings: RegistrySettings
    clock: FixedClock
    owner_url: str
    transport: httpx.ASGITransport
    stack: AsyncExitStack
    callers: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    made: int = 0

    @property
    def database(self) -> Database:
        found: Database = self.app.state.database
        return found

    async def __call__(
        self,
        who: str,
        *,
        scopes: frozenset[Scope] | None = None,
        purpose: str | None = "key_care",
        actor: str | None = "staff-7",
        purposes: frozenset[Purpose] = frozenset(Purpose),
    ) -> httpx.AsyncClient:
        """A client such as ``civil_affairs:500103``: a department and the place its grant covers."""
        department, _, area = who.partition(":")
        key = f"{who}|{sorted(scopes) if scopes is not None else '*'}|{purpose}|{actor}|{sorted(purposes)}"
        if key not in self.callers:
            name = f"{department}-{area}-{self.made}"
            self.made += 1
            private = jwk.new_key(name)
            everything = frozenset(Scope) - SERVICE_SCOPES
            granted = everything if scopes is None else scopes
            if department == "service" and scopes is None:
                granted = SERVICE_SCOPES
            async with self.database.transaction(SYSTEM) as session:
                await clients.add(
                    session,
                    self.app.state.kit.audit,
                    client=name,
                    department=Department(department),
                    area=area or "all",
                    scopes=sorted(granted),
                    purposes=sorted(purposes),
                    key=jwk.public(private),
                    now=datetime.now(UTC),
                )
            headers = {}
            if purpose:
                headers["Hutong-Purpose"] = purpose
            if actor:
                headers["Hutong-Actor"] = actor
            credentials = outbound.ClientCredentials(
                name, private, ISSUER, sorted(granted), transport=self.transport
            )
            self.callers[key] = await self.stack.enter_async_context(
                outbound.client(ISSUER, auth=credentials, transport=self.transport, headers=headers)
            )
        return self.callers[key]

    async def system(self, statement: str, *values: Any) -> list[Any]:
        """Rows of a statement run as the database's owner, past every grant."""
        import asyncpg

        connection = await asyncpg.connect(self.owner_url)
        try:
            await connection.execute("SELECT set_config('hutong.department', 'system', false)")
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()


async def serve(urls: Urls, home: Path, clock: FixedClock, stack: AsyncExitStack) -> Registry:
    """The app over a migrated database, until the stack is closed."""
    settings = RegistrySettings.model_validate(
        {
            "hub": "cq",
            "area": "50",
            "home": home,
            "registry_url": ISSUER,
            "matching_url": "http://matching.test",
            "notifications_url": "http://notifications.test",
            "registry_database_url": urls.app,
        }
    )
    app = create_app(settings, clock)
    await stack.enter_async_context(app.router.lifespan_context(app))
    auth._buckets.clear()
    return Registry(app, settings, clock, urls.owner, httpx.ASGITransport(app=app), stack)


@pytest.fixture
async def registry(
    database: MakeDatabase, home: Path, clock: FixedClock
) -> AsyncIterator[Registry]:
    async with AsyncExitStack() as stack:
        yield await serve(await database("registry"), home, clock, stack)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A whole hub, its services joined in one process; a module's tests share it."""
    async with AsyncExitStack() as stack:
        copies = Copies(cluster)
        stack.push_async_callback(copies.drop)
        yield await whole_hub(copies, tmp_path_factory.mktemp("hub"), stack)
