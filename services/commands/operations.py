"""`hutong init`, `provision`, `migrate` and `introduce`: from nothing to a hub that processes can serve.

Each may be repeated at any time, and each waits for what it needs, so jobs may start in any order.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from services.commands.processes import Service
from services.deployment.databases import (
    DeploymentSettings,
    NoAnswer,
    answering,
    provision_all,
)
from services.deployment.introducing import introduce as introduce_services
from services.deployment.introducing import publish
from services.deployment.shares import lay_apart
from services.local import secrets as key_files
from shared import migrations

Home = Annotated[Path | None, typer.Option(help="state directory; otherwise HUTONG_HOME")]
Result = TypeVar("Result")
Wait = Annotated[float, typer.Option(help="seconds to wait for PostgreSQL")]


def init(home: Home = None) -> None:
    """Make whatever key of a hub is missing; never overwrites one."""
    folder = home or DeploymentSettings().home
    made = key_files.make(folder)
    publish(folder)
    typer.echo(f"{len(made)} key files made in {folder / 'keys'}")


def provision(
    home: Home = None,
    shares: Annotated[
        Path | None, typer.Option(help="also lay each service's own share into SHARES/<service>")
    ] = None,
    wait: Wait = 120,
) -> None:
    """Make three databases and their six roles on the PostgreSQL of HUTONG_SUPERUSER_URL."""
    settings = DeploymentSettings()
    folder = home or settings.home

    async def run() -> None:
        await answering(settings.superuser(), wait)
        await provision_all(settings.superuser(), settings.hub, folder)

    _run(run())
    if shares is not None:
        lay_apart(folder, shares)
    typer.echo("3 databases and 6 roles are there")


def migrate(service: Service, wait: Wait = 120) -> None:
    """Bring one service's database to this release, as its owner (HUTONG_<SERVICE>_OWNER_URL)."""
    url = DeploymentSettings().owner_url(service)

    async def run() -> None:
        await answering(url, wait)
        await migrations.upgrade(service, url)

    _run(run())
    typer.echo(f"{service} is migrated")


def introduce(home: Home = None, wait: Wait = 120) -> None:
    """Register the hub's own services as clients of its registry (HUTONG_REGISTRY_DATABASE_URL)."""
    settings = DeploymentSettings()
    url = settings.database_url("registry")

    async def run() -> list[str]:
        await answering(url, wait)
        return await introduce_services(url, home or settings.home, datetime.now(UTC))

    new = _run(run())
    typer.echo(f"introduced: {', '.join(new) or 'nobody new'}")


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return asyncio.run(work)
    except NoAnswer as silence:
        typer.echo(str(silence), err=True)
        raise typer.Exit(1) from None
