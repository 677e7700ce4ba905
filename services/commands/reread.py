"""`hutong linkage reread`: what this release reads otherwise is linked again, while matching goes on."""

import asyncio

import typer


def reread() -> None:
    """Place again every entry that this release reads otherwise than the one that linked it.

    Once all processes are of this release. May be stopped and run again at any time; a second run finds nothing.
    """
    from services.commands.backup import owner_urls
    from services.matching.keyings.following import Following, keys_of
    from services.matching.persons import rereading
    from shared.clock import SystemClock
    from shared.database import Database
    from shared.settings import HubSettings

    settings = HubSettings()

    async def run() -> tuple[int, int, int]:
        database = Database(owner_urls("matching")["matching"], 1)
        linker = Following(lambda: keys_of(settings), SystemClock(), settings.children).linker
        entries = moved = broken = 0
        try:
            async for page in rereading.reread(database, linker):
                entries, moved = entries + page.entries, moved + page.moved
                broken += page.broken
        finally:
            await database.close()
        return entries, moved, broken

    entries, moved, broken = asyncio.run(run())
    typer.echo(f"{entries:,} entries read anew, {moved:,} of them have another person now")
    if broken:
        typer.echo(
            f"{broken:,} entries, or their persons, do not open: hutong linkage verify names them",
            err=True,
        )
        raise typer.Exit(1)
