"""Databases and their two roles: the owner migrates, the runtime role serves and owns nothing."""

import re
from typing import Protocol

import asyncpg


class Server(Protocol):
    """Any PostgreSQL whose superuser we are."""

    def url(
        self, database: str = "postgres", user: str | None = None, password: str | None = None
    ) -> str:
        """Where a client connects; without a user, as the superuser."""
        ...


async def provision(server: Server, name: str, owner_password: str, app_password: str) -> None:
    """Create database ``name``, owner role ``<name>_owner`` and runtime role ``<name>_app``.

    Harmless to repeat; the passwords become those given.  Nobody else may connect.  What the
    runtime role may do with tables is granted by the migrations, which run as the owner.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,50}", name):
        raise ValueError(f"not a database name: {name!r}")
    owner, app = f"{name}_owner", f"{name}_app"
    connection = await asyncpg.connect(server.url())
    try:
        # One provisioner at a time; the lock ends with the session.
        await connection.execute("SELECT pg_advisory_lock(hashtext('hutong provision'))")
        for role, password in ((owner, owner_password), (app, app_password)):
            known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
            verb = "ALTER" if known else "CREATE"
            limits = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
            secret = await connection.fetchval("SELECT quote_literal($1::text)", password)
            await connection.execute(f"{verb} ROLE {role} {limits} PASSWORD {secret}")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f"CREATE DATABASE {name} OWNER {owner}")
        await connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        await connection.execute(f"GRANT CONNECT ON DATABASE {name} TO {owner}, {app}")
    finally:
        await connection.close()
