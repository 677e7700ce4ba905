"""`hutong migrate`, `hutong migrations new|--check`: databases and the models they follow."""

import asyncio
import importlib
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from alembic import command
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared import migrations
from shared.embedded_postgres import EmbeddedPostgres, provision

SERVICES = ("registry", "matching", "notifications")
app = typer.Typer(help="Migrations: make new ones, and prove that models and migrations agree.")


def metadata_of(service: str) -> MetaData:
    found: MetaData = importlib.import_module(f"services.{service}.tables").METADATA
    return found


@contextmanager
def scratch_database(service: str) -> Iterator[str]:
    """The owner's URL of an empty database on a PostgreSQL that ends with the block."""
    with tempfile.TemporaryDirectory(prefix="hutong-migrations-") as folder:
        state = Path(folder)
        state.chmod(0o711)
        with EmbeddedPostgres(state, durable=False) as server:
            password = secrets.token_hex(16)
            asyncio.run(provision(server, service, password, password))
            yield server.url(service, f"{service}_owner", password)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="fail when models and migrations differ")
    ] = False,
) -> None:
    if context.invoked_subcommand or not check:
        return
    different = False
    for service in SERVICES:
        with scratch_database(service) as url:
            migrations.upgrade_sync(service, url)
            for found in asyncio.run(migrations.differences(service, url, metadata_of(service))):
                different = True
                typer.echo(f"{service}: {found}")
    if different:
        raise typer.Exit(1)
    typer.echo("migrations equal models")


@app.command("new")
def new(service: str, message: str) -> None:
    """Write the migration that the models ask for."""
    with scratch_database(service) as url:
        asyncio.run(_revise(service, url, message))


async def _revise(service: str, url: str, message: str) -> None:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))

    def upgrade(connection: Connection) -> None:
        command.upgrade(migrations.config(service, connection, f"{service}_app"), "head")

    def revise(connection: Connection) -> None:
        number = (
            len(list((migrations.SERVICES / service / "migrations" / "versions").glob("*.py"))) + 1
        )
        command.revision(
            migrations.config(service, connection, f"{service}_app"),
            message,
            autogenerate=True,
            rev_id=f"{number:04d}",
        )

    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
        async with engine.begin() as connection:
            # Alembic compares schemas it is told of only if they exist.
            await connection.execute(text("CREATE SCHEMA IF NOT EXISTS vault"))
            await connection.run_sync(lambda c: MigrationContext.configure(c))
            await connection.run_sync(revise)
    finally:
        await engine.dispose()
