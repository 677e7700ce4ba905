"""`hutong linkage rekey`: a new key for blocking hashes, while matching goes on linking and searching."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.commands.backup import owner_urls


def rekey(
    shares: Annotated[
        Path | None,
        typer.Option(help="lay the services' shares out anew, as `hutong provision --shares`"),
    ] = None,
) -> None:
    """Rotate the key of blocking hashes, or finish what was begun.

    Where processes read their keys elsewhere, first `hutong keys add matching/index --shares …` and wait until
    they can read it. May be stopped and run again at any time; processes need no restart.
    """
    from services.matching.keyings.following import keys_of
    from services.matching.keyings.rekeying import Act, CannotRekey, Rekeying
    from services.matching.models import shipped
    from shared.clock import SystemClock
    from shared.database import Database
    from shared.settings import HubSettings

    settings = HubSettings()
    file = settings.home / "keys" / "matching" / "index.json"

    async def run() -> None:
        database = Database(owner_urls("matching")["matching"], 1)
        master = keys_of(settings).master
        rekeying = Rekeying(database, file, master, shipped.model(), SystemClock())
        rewritten = 0
        try:
            if await rekeying.is_begun():
                typer.echo("going on with what was begun")
            else:
                number = await rekeying.add_key()
                _lay(settings.home, shares)
                await rekeying.begin(number)
                typer.echo(f"key {number} is looked under")
            async for step in rekeying.steps():
                rewritten += step.persons
                if step.act is not Act.REWRITTEN:
                    typer.echo(_SAID[step.act].format(rewritten))
        finally:
            await database.close()
        _lay(settings.home, shares)

    try:
        asyncio.run(run())
    except CannotRekey as why:
        typer.echo(f"{why}; hutong linkage verify", err=True)
        raise typer.Exit(1) from None


_SAID = {
    "current": "what is linked from now on is found by the new key",
    "retired": "{} persons rewritten; the old key is looked under no more",
    "dropped": "the old key is gone from the file",
}


def _lay(home: Path, shares: Path | None) -> None:
    from services.deployment.shares import lay_apart

    if shares is not None:
        lay_apart(home, shares)
