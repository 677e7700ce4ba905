"""Matching, real: its app over a database of its own, called by the registry's client with the registry's tokens."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.local import secrets as key_files
from services.matching.application import create_app
from services.matching.linkage.normalization import Features
from services.matching.settings import MatchingSettings
from services.registry.application import create_app as create_registry
from services.registry.application import matching_client
from services.registry.identity import clients
from services.registry.settings import RegistrySettings
from shared import auth, jwk
from shared.database import SYSTEM
from shared.vocabulary import Department, Scope
from tests.databases import MakeDatabase


class ByHost(httpx.AsyncBaseTransport):
    """Joins applications in one process: each host name is one of them."""

    def __init__(self) -> None:
        self.hosts: dict[str, httpx.ASGITransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self.hosts[request.url.host].handle_async_request(request)


@dataclass
class Matching:
    """The app under test, as the registry reaches it."""

    registry: httpx.AsyncClient
    stranger: httpx.AsyncClient
    owner_url: str

    async def resolve(self, *items: tuple[int, int, Features]) -> list[dict[str, Any]]:
        """Resolve (entry, version, features) items; the links."""
        body = [
            {"entry": str(UUID(int=number)), "version": version, "features": features}
            for number, version, features in items
        ]
        reply = await self.registry.post("/v1/resolutions", json={"items": body})
        assert reply.status_code == 200, reply.text
        links: list[dict[str, Any]] = reply.json()["items"]
        return links

    async def retract(self, *numbers: int, erased: bool = False) -> list[dict[str, Any]]:
        body = [{"entry": str(UUID(int=number)), "erased": erased} for number in numbers]
        reply = await self.registry.post("/v1/retractions", json={"items": body})
        assert reply.status_code == 200, reply.text
        links: list[dict[str, Any]] = reply.json()["items"]
        return links

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """Rows of a statement run as the database's owner."""
        connection = await asyncpg.connect(self.owner_url)
        try:
            rows: list[Any] = await connection.fetch(statement, *values)
            return rows
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's home with every key made."""
    path = tmp_path_factory.mktemp("hub")
    key_files.make(path)
    return path


@pytest.fixture
async def matching(database: MakeDatabase, home: Path) -> AsyncIterator[Matching]:
    _, registry_url = await database("registry")
    owner_url, matching_url = await database("matching")
    told = {
        "home": home,
        "registry_url": "http://registry.test",
        "matching_url": "http://matching.test",
        "registry_database_url": registry_url,
        "matching_database_url": matching_url,
    }
    joined = ByHost()
    registry_settings = RegistrySettings.model_validate(told)
    registry = create_registry(registry_settings, transport=joined)
    joined.hosts["registry.test"] = httpx.ASGITransport(app=registry)
    app = create_app(MatchingSettings.model_validate(told), transport=joined)
    joined.hosts["matching.test"] = httpx.ASGITransport(app=app)
    granted = {"registry": Scope.RESOLUTIONS_WRITE, "matching": Scope.REVOCATIONS_READ}
    async with registry.state.database.transaction(SYSTEM) as session:
        for name, scope in granted.items():
            await clients.add(
                session,
                registry.state.kit.audit,
                client=name,
                department=Department.SERVICE,
                area="all",
                scopes=[scope],
                purposes=[],
                key=jwk.public(jwk.load(home / "keys" / "clients" / f"{name}.jwk")),
                now=datetime.now(UTC),
            )
    auth._buckets.clear()
    async with AsyncExitStack() as stack:
        for each in (registry, app):
            await stack.enter_async_context(each.router.lifespan_context(each))
        yield Matching(
            await stack.enter_async_context(matching_client(registry_settings, joined)),
            await stack.enter_async_context(
                httpx.AsyncClient(base_url="http://matching.test", transport=joined)
            ),
            owner_url,
        )
