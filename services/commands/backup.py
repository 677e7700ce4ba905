"""`hutong backup` and `hutong restore`: as the owner roles, whose URLs stand in HUTONG_<SERVICE>_OWNER_URL or in the
home's databases.json."""

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from services.local import backup as keeping
from shared.settings import HubSettings


def owner_urls(*services: str) -> dict[str, str]:
    """The owners' URLs of these services, by default of all."""
    wanted = services or keeping.SERVICES
    given = {s: os.environ.get(f"HUTONG_{s.upper()}_OWNER_URL", "") for s in wanted}
    if all(given.values()):
        return given
    stored = json.loads((HubSettings().home / "databases.json").read_bytes())
    return {s: given[s] or stored[s]["owner"] for s in wanted}


def backup(
    databases: Annotated[Path, typer.Argument(help="where backup sets are kept")],
    keys: Annotated[
        Path,
        typer.Argument(help="where key sets are kept: elsewhere; older ones there are deleted"),
    ],
    erasures_only: Annotated[
        bool, typer.Option("--erasures-only", help="write only the newest erasure list into KEYS")
    ] = False,
    keep_days: Annotated[
        int,
        typer.Option(
            min=1, max=keeping.KEYS_KEPT_DAYS, help="delete key sets older than these days"
        ),
    ] = keeping.KEYS_KEPT_DAYS,
) -> None:
    """Dump the three databases, with the wrapped keys apart, and delete the key sets that have had their time."""
    if erasures_only:
        path = keys / "erasures.json"
        asyncio.run(keeping.list_erasures(owner_urls()["registry"], path))
        typer.echo(f"erasure list written to {path}")
    else:
        made = asyncio.run(keeping.backup(owner_urls(), databases, keys))
        typer.echo(f"backup set {made.name} made")
    for gone in keeping.expire(keys, keep_days, datetime.now(UTC)):
        typer.echo(f"key set {gone} deleted: older than {keep_days} days")


def restore(
    data_set: Annotated[Path, typer.Argument(help="one backup set")],
    key_set: Annotated[Path, typer.Argument(help="its key set")],
    erasures: Annotated[
        Path | None, typer.Option(help="the newest erasure list, if newer than the key set's")
    ] = None,
) -> None:
    """Restore into freshly provisioned, empty databases; erasures are replayed before anything serves."""
    began = time.monotonic()
    try:
        replayed = asyncio.run(keeping.restore(owner_urls(), data_set, key_set, erasures))
    except keeping.CannotRestore as refused:
        typer.echo(str(refused))
        raise typer.Exit(1) from refused
    typer.echo(f"restored in {time.monotonic() - began:.1f} s; {replayed} erasures replayed")
    typer.echo("now: hutong audit verify, hutong rebuild --verify, then start the processes")
