"""`hutong peers add|list` and `hutong authorities add|list`: other hubs, and who receives notices here."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services.commands import tables
from services.commands.areas import Place, shown
from services.commands.transacting import transact
from services.notifications.authorities import adding as naming
from services.notifications.authorities import queries as named
from services.notifications.deliveries.egress import Refused, check_url
from services.notifications.peers import adding as introducing
from services.notifications.peers import queries as known
from services.notifications.settings import NotificationsSettings

peers = typer.Typer(help="Peer hubs: the hubs of other places.", no_args_is_help=True)
authorities = typer.Typer(help="Who receives the notices for which area.", no_args_is_help=True)


def _run(act: Any) -> Any:
    return transact(NotificationsSettings().database_url("notifications"), act)


def _address(text: str) -> str:
    """Refused here already where no notice would ever be sent to it."""
    try:
        check_url(text, NotificationsSettings().allowed_networks)
    except Refused as refused:
        raise typer.BadParameter(str(refused)) from None
    return text.rstrip("/")


@peers.command("add")
def add_peer(
    name: Annotated[str, typer.Argument(help="the other hub's HUTONG_HUB")],
    area: Place,
    key: Annotated[
        Path, typer.Option(help="its hub.pub; compare it with them by telephone or on paper")
    ],
    notifications: Annotated[
        str, typer.Option(help="address of its notifications service", callback=_address)
    ],
    registry: Annotated[str, typer.Option(help="address of its registry", callback=_address)],
    issuer: Annotated[
        str, typer.Option(help="its issuer string (HUTONG_ISSUER_URL); default its registry")
    ] = "",
) -> None:
    """Make another hub known, or change what is known of it; a peer given up is tried again."""
    public_key = key.read_text(encoding="ascii").strip()
    try:
        _run(
            lambda session: introducing.add(
                session,
                name=name,
                area=area,
                notifications_url=notifications,
                registry_url=registry,
                issuer=issuer or registry,
                public_key=public_key,
                now=datetime.now(UTC),
            )
        )
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None
    typer.echo(f"added {name} with the key {public_key}")


@peers.command("list")
def list_peers() -> None:
    """Every peer hub, and whether notices are sent to it."""
    table = Table("hub", "area", "notifications", "registry", "issuer", "state")
    for one in _run(known.all_of):
        table.add_row(
            one["name"],
            shown(one["low"], one["high"]),
            one["notifications_url"],
            one["registry_url"],
            one["issuer"],
            "live" if one["enabled"] else f"given up: {one['disabled_because']}",
        )
    tables.show(table)


@authorities.command("add")
def add_authority(
    name: Annotated[str, typer.Argument(help="the office, as notices name it")],
    area: Place,
    client: Annotated[str | None, typer.Option(help="the client that receives them here")] = None,
    peer: Annotated[str | None, typer.Option(help="or the peer hub they are sent to")] = None,
) -> None:
    """Say who receives the notices for an area, in place of whoever did; the narrowest area wins."""

    async def put(session: Any) -> None:
        if peer is not None and peer not in {one["name"] for one in await known.all_of(session)}:
            raise ValueError("no peer hub of this name is known: hutong peers add")
        await naming.add(session, name=name, area=area, client=client, peer=peer)

    try:
        _run(put)
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None
    typer.echo(f"{name} receives the notices for {area}")


@authorities.command("list")
def list_authorities() -> None:
    """Every named authority, by area."""
    table = Table("authority", "area", "client", "peer hub")
    for one in _run(named.all_of):
        area = shown(one["low"], one["high"])
        table.add_row(one["name"], area, one["client"] or "", one["peer"] or "")
    tables.show(table)
