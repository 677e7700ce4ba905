"""Migrations: Alembic, run by the owner role, one at a time under an advisory lock.

The runtime role owns nothing: it is named after the owner (``x_owner`` → ``x_app``) and gets what each migration
grants it.
"""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

SERVICES = Path(__file__).parents[1] / "services"
LOCK = 0x48_75_74_00


def app_role(owner_url: str) -> str:
    """The runtime role that belongs to the owner in this URL."""
    owner = urlsplit(owner_url).username or ""
    if not owner.endswith("_owner"):
        raise ValueError("the owner role's name must end in _owner")
    return owner.removesuffix("_owner") + "_app"


def config(service: str, connection: Connection | None = None, role: str = "") -> Config:
    made = Config()
    made.set_main_option("script_location", str(SERVICES / service / "migrations"))
    made.attributes["connection"] = connection
    made.attributes["app_role"] = role
    return made


async def upgrade(service: str, owner_url: str, role: str | None = None) -> None:
    """Bring one service's database to the newest version."""
    runtime = role or app_role(owner_url)

    def run(connection: Connection) -> None:
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        command.upgrade(config(service, connection, runtime), "head")

    await _with_connection(owner_url, run)


async def differences(service: str, owner_url: str, metadata: MetaData) -> list[Any]:
    """What the models say and the migrated database lacks, or the other way round."""
    found: list[Any] = []

    def run(connection: Connection) -> None:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_schemas": True}
        )
        found.extend(compare_metadata(context, metadata))

    await _with_connection(owner_url, run)
    return [d for d in found if not (d[0] == "remove_table" and d[1].name == "alembic_version")]


async def _with_connection(owner_url: str, run: Any) -> None:
    engine = create_async_engine(
        owner_url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool
    )
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


def upgrade_sync(service: str, owner_url: str, role: str | None = None) -> None:
    asyncio.run(upgrade(service, owner_url, role))


def run(metadata: MetaData) -> None:
    """The body of every ``migrations/env.py``: run on the connection that ``upgrade`` gave."""
    from alembic import context

    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection, target_metadata=metadata, compare_type=True, include_schemas=True
    )
    with context.begin_transaction():
        context.run_migrations()


def runtime_role() -> str:
    """Inside a migration: the role to grant to, quoted."""
    from alembic import op

    role: str = op.get_context().config.attributes["app_role"]  # type: ignore[union-attr]
    return '"' + role.replace('"', "") + '"'
