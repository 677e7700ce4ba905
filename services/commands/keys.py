"""`hutong keys list|add|rotate|rewrap|retire`: keys in use, and how an older one gives way to a newer.

Acts on the files under HUTONG_HOME alone, but for `rewrap` and what `retire` asks first, which are done as the owner roles.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from services.commands import tables
from services.commands.backup import owner_urls
from services.deployment.shares import lay_apart
from services.local import rewrapping, rotation
from services.local.rotation import ISSUER, SETS, CannotRotate, Use
from services.matching.keyings.following import keys_of
from services.matching.keyings.resealing import reseal, sealed_under
from services.matching.models import shipped
from shared import keys as key_files
from shared.database import Database
from shared.settings import HubSettings

keys = typer.Typer(help="Keys: which are in use, and rotating them.", no_args_is_help=True)

Result = TypeVar("Result")
Name = Annotated[str, typer.Argument(help="issuer, or a set: registry/master …")]


class Wrapping(StrEnum):
    """The services that keep wrapped data keys, and matching, whose rows hang on its master key themselves."""

    REGISTRY = "registry"
    MATCHING = "matching"
    NOTIFICATIONS = "notifications"


Shares = Annotated[
    Path | None,
    typer.Option(help="lay the services' shares out anew, as `hutong provision --shares`"),
]


@keys.command("list")
def list_keys() -> None:
    """Every key set under HUTONG_HOME: its current key, the others, and since when."""
    table = Table("keys", "use", "current", "others", "current since")
    for held in rotation.listed(HubSettings().home):
        since = f"{held.since:%Y-%m-%d %H:%M} UTC" if held.since else ""
        table.add_row(held.name, held.use, held.current, " ".join(held.others), since)
    tables.show(table)


@keys.command("add")
def add(name: Name, shares: Shares = None) -> None:
    """Add a key that is not in use yet: afterwards restart the service's processes, so that all of them know it."""
    _act(lambda home: rotation.add(home, name, datetime.now(UTC)), shares)
    if name == ISSUER:
        typer.echo("added: the registry shows it within a second; rotate lets it sign")
    else:
        typer.echo(f"added to {name}: restart its processes, then hutong keys rotate {name}")


@keys.command("rotate")
def rotate(
    name: Name,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="without an added key, while no process of it runs")
    ] = False,
    shares: Shares = None,
) -> None:
    """Make the added key current.  The issuer's is shown for a few seconds before it signs, and tokens from before stay good."""
    if name == ISSUER:
        time.sleep(rotation.heard_in(HubSettings().home, datetime.now(UTC)))
    number = _act(
        lambda home: rotation.rotate(home, name, datetime.now(UTC), at_once=at_once), shares
    )
    if name == ISSUER:
        typer.echo("the new key signs; in five minutes: hutong keys retire issuer")
    else:
        typer.echo(f"{name}: {number} is current; restart its processes{_afterwards(name)}")


def _afterwards(name: str) -> str:
    match SETS[name]:
        case Use.WRAPS | Use.SEALS:
            return f", then hutong keys rewrap {name.partition('/')[0]}"
        case Use.FINDS:
            return ", then hutong rebuild"
    return ""


@keys.command("rewrap")
def rewrap(service: Wrapping) -> None:
    """Bring every data key of a service under its current master key, or every row of matching; processes go on
    meanwhile.
    """
    held = key_files.load(rotation.file_of(HubSettings().home, f"{service}/master"))
    if service is Wrapping.MATCHING:
        done, broken = _on(service, _reseal)
        typer.echo(f"{done} rows are now under {service}/master {held.current}")
    else:
        done, broken = _on(service, lambda database: rewrapping.rewrap(database, held))
        typer.echo(f"{done} data keys are now under {service}/master {held.current}")
    if broken:
        typer.echo(f"{broken} could not be opened; the log names them", err=True)
        raise typer.Exit(1)


@keys.command("retire")
def retire(
    name: Name,
    number: Annotated[int | None, typer.Argument(help="which; not for the issuer")] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="the issuer's alone: end the tokens under it, as after a theft"
        ),
    ] = False,
    shares: Shares = None,
) -> None:
    """Drop an older key; refused while anything is held under it."""
    now = datetime.now(UTC)
    if name == ISSUER:
        _act(lambda home: rotation.retire_issuer(home, now, force=force), shares)
        typer.echo("retired: tokens under it are refused everywhere within seconds")
        return
    if number is None:
        raise typer.BadParameter("which number?")

    def unless_needed(home: Path) -> None:
        if (why := _needed(home, name, number)) is not None:
            raise CannotRotate(why)
        rotation.retire(home, name, number, now)

    _act(unless_needed, shares)
    more = ", then hutong rebuild" if SETS[name] == Use.FINDS else ""
    typer.echo(f"{name} {number} is retired; restart its processes{more}")


def _needed(home: Path, name: str, number: int) -> str | None:
    """Why a key may not go yet, as far as a database tells."""
    path = rotation.file_of(home, name)
    service = name.partition("/")[0]
    match SETS[name]:
        case Use.WRAPS:
            count = _on(service, rewrapping.wrapped_under)[number]
            return (
                f"{count} data keys are wrapped under it: hutong keys rewrap {service}"
                if count
                else None
            )
        case Use.SEALS:
            count = _on(service, sealed_under)[number]
            return (
                f"{count} rows are sealed under it: hutong keys rewrap {service}" if count else None
            )
        case Use.FINDS:
            current = key_files.load(path).current
            count = _on(service, lambda one: rewrapping.found_by_none_but(one, number, current))
            return f"{count} children are found by it alone: hutong rebuild" if count else None
    return None


async def _reseal(database: Database) -> tuple[int, int]:
    return await reseal(database, keys_of(HubSettings()), shipped.model())


def _on(service: str, act: Callable[[Database], Awaitable[Result]]) -> Result:
    async def inside() -> Result:
        database = Database(owner_urls(service)[service], 1)
        try:
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(inside())


def _act(act: Callable[[Path], Result], shares: Path | None) -> Result:
    home = HubSettings().home
    try:
        done = act(home)
    except CannotRotate as why:
        typer.echo(str(why), err=True)
        raise typer.Exit(1) from None
    if shares is not None:
        lay_apart(home, shares)
    return done
