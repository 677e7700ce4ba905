"""Databases for tests: a service is migrated once a session, and every test gets its own copy.

A copy costs some 20 ms where a migration costs seconds.  Copies are made file by file, which is
fastest, and safe while nothing writes to the template.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from shared.embedded_postgres import Server, provision


class Urls(NamedTuple):
    """One database, as its owner (who migrates) and as its runtime role (who serves)."""

    owner: str
    app: str


#: ``owner_url, app_url = await database("registry")``: a fresh, migrated, empty database.
MakeDatabase = Callable[[str], Awaitable[Urls]]


@dataclass(frozen=True, slots=True)
class GivenServer:
    """A PostgreSQL that the environment names by its superuser's URL."""

    given: str

    def url(
        self, database: str = "postgres", user: str | None = None, password: str | None = None
    ) -> str:
        parts = urlsplit(self.given)
        login, _, place = parts.netloc.rpartition("@")
        if user is not None:
            login = f"{user}:{quote(password or '', safe='')}"
        return urlunsplit(parts._replace(netloc=f"{login}@{place}", path=f"/{database}"))


@dataclass(slots=True)
class Cluster:
    """The server of this session, whose names carry a token, so that sessions may share it."""

    server: Server
    token: str = field(default_factory=lambda: secrets.token_hex(3))
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    _templates: dict[str, str] = field(default_factory=dict)
    _copies: int = 0

    async def template(self, service: str) -> str:
        """The name of the service's migrated database, made at the first call."""
        if service not in self._templates:
            from shared.migrations import upgrade

            name = f"test_{self.token}_{service}"
            await provision(self.server, name, self.password, self.password)
            await upgrade(service, self.urls(name, name).owner)
            self._templates[service] = name
        return self._templates[service]

    async def copy(self, service: str) -> tuple[str, Urls]:
        """A new database made from the service's template, and its name."""
        template = await self.template(service)
        self._copies += 1
        name = f"{template}_{self._copies}"
        await self.execute(
            f"CREATE DATABASE {name} OWNER {template}_owner TEMPLATE {template} STRATEGY file_copy",
            # Grants on a database are not copied with it.
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {name} TO {template}_app",
        )
        return name, self.urls(name, template)

    async def drop(self, *databases: str) -> None:
        await self.execute(*(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in databases))

    async def leave(self) -> None:
        """Remove every trace of this session from a server that goes on living."""
        connection = await asyncpg.connect(self.server.url())
        mine = f"test\\_{self.token}\\_%"
        try:
            for kind, listed in (("DATABASE", "pg_database"), ("ROLE", "pg_roles")):
                column = "datname" if kind == "DATABASE" else "rolname"
                rows = await connection.fetch(
                    f"SELECT {column} FROM {listed} WHERE {column} LIKE $1", mine
                )
                for row in rows:
                    await connection.execute(f"DROP {kind} {row[column]}")
        finally:
            await connection.close()

    async def execute(self, *statements: str) -> None:
        """Run statements as the superuser, each in its own transaction."""
        connection = await asyncpg.connect(self.server.url())
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def urls(self, database: str, roles: str) -> Urls:
        owner, app = (
            self.server.url(database, f"{roles}_{kind}", self.password) for kind in ("owner", "app")
        )
        return Urls(owner, app)


class Copies:
    """The databases of one test."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._turn = asyncio.Lock()  # a template may not be copied while it is being made
        self._names: list[str] = []

    async def __call__(self, service: str) -> Urls:
        async with self._turn:
            name, urls = await self._cluster.copy(service)
            self._names.append(name)
            return urls

    async def drop(self) -> None:
        await self._cluster.drop(*self._names)
