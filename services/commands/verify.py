"""`hutong linkage verify`: whether all that matching holds opens and agrees; names each row that does not."""

import asyncio

import typer


def verify() -> None:
    """Check every person, entry, blocking key and link of matching in one snapshot, while it goes on working."""
    from services.commands.backup import owner_urls
    from services.matching import proving
    from services.matching.keyings.following import Following, keys_of
    from services.matching.models import shipped
    from services.matching.persons import agreeing
    from shared.clock import SystemClock
    from shared.database import SYSTEM, Database
    from shared.settings import HubSettings

    settings = HubSettings()

    async def run() -> int:
        database = Database(owner_urls("matching")["matching"], 1)
        count = 0
        try:
            async with database.snapshot(SYSTEM) as session:
                linker = await Following(
                    lambda: keys_of(settings), SystemClock(), settings.children
                ).current(session)
                async for fault in proving.faults_of(session, linker.strongroom):
                    typer.echo(fault)
                    count += 1
                async for fault in agreeing.faults_of(session, keys_of(settings), shipped.model()):
                    typer.echo(fault)
                    count += 1
        finally:
            await database.close()
        return count

    if count := asyncio.run(run()):
        typer.echo(f"{count} faults", err=True)
        raise typer.Exit(1)
    typer.echo("everything opens and agrees")
