"""`hutong audit verify` and `hutong rebuild --verify`: proofs that need the databases and keys, and no service."""

import asyncio
from typing import Annotated

import typer

from services.notifications.settings import NotificationsSettings
from services.registry.application import kit_of
from services.registry.children import rebuilding
from services.registry.children.proving import Difference
from services.registry.settings import RegistrySettings
from shared import signatures, verification
from shared.database import SYSTEM, Database, raw
from shared.settings import HubSettings

audit = typer.Typer(help="The audit trail.", no_args_is_help=True)


@audit.command("verify")
def verify_audit() -> None:
    """Check every audit entry, checkpoint and event; name the first that was changed, removed or reordered."""
    faults = asyncio.run(audit_faults())
    for fault in faults[:20]:
        typer.echo(fault)
    if faults:
        raise typer.Exit(1)
    typer.echo("audit and events: intact")


@audit.callback()
def _group() -> None:
    """Keeps `verify` a command of its own."""


async def audit_faults(
    settings: tuple[HubSettings, ...] | None = None,
) -> list[str]:
    """Every fault of the registry's and the notifications service's trails, as a line each."""
    every = settings or (RegistrySettings(), NotificationsSettings())
    found: list[str] = []
    for service, one in zip(("registry", "notifications"), every, strict=True):
        database = Database(one.database_url(service), 2)
        public = one.home / "keys" / "public" / f"{service}-audit.pub"
        signer = signatures.public_key(public.read_text().strip())
        keys = one.key_set(service, "audit")
        try:
            async with database.transaction(SYSTEM) as session:
                async for fault in verification.audit_faults(session, keys, one.hub, signer):
                    found.append(f"{service} audit {fault.seq}: {fault.what}")
                if service == "registry":
                    async for fault in verification.outbox_faults(session, keys):
                        found.append(f"{service} outbox {fault.seq}: {fault.what}")
        finally:
            await database.close()
    return found


def rebuild(
    verify: Annotated[
        bool, typer.Option("--verify", help="change nothing; name what differs")
    ] = False,
) -> None:
    """Fold every child afresh from its records."""
    settings = RegistrySettings()
    if not verify:
        queued = asyncio.run(_queue_all(settings))
        typer.echo(f"{queued} children queued; the worker folds them")
        return
    differences = asyncio.run(differences_of(settings))
    for difference in differences[:20]:
        typer.echo(f"{difference.table} {difference.id}: {difference.what}")
    if differences:
        typer.echo(f"{len(differences)} differences")
        raise typer.Exit(1)
    typer.echo("registry: exactly what its records say")


async def differences_of(settings: RegistrySettings) -> list[Difference]:
    database = Database(settings.database_url("registry"), 2)
    try:
        return [d async for d in rebuilding.verify(database, kit_of(settings))]
    finally:
        await database.close()


async def _queue_all(settings: RegistrySettings) -> int:
    database = Database(settings.database_url("registry"), 2)
    try:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            done = await connection.execute(
                "INSERT INTO fold_queue (child_id, wanted) SELECT DISTINCT person, 1 FROM links"
                " WHERE person IS NOT NULL ON CONFLICT (child_id) DO UPDATE SET not_before = NULL"
            )
        return int(done.split()[-1])
    finally:
        await database.close()
