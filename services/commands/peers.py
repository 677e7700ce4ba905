"""`hutong peers add|adopt|list` and `hutong authorities add|list`: other hubs, and who receives notices here."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table
from sqlmodel.ext.asyncio.session import AsyncSession

from services.commands import tables
from services.commands.areas import Place, shown
from services.commands.clients import Actor
from services.commands.transacting import transact
from services.notifications import adopting
from services.notifications.authorities import adding as naming
from services.notifications.authorities import queries as named
from services.notifications.deliveries.egress import Refused, check_url
from services.notifications.peers import adding as introducing
from services.notifications.peers import queries as known
from services.notifications.settings import NotificationsSettings
from shared.keys import KeySet
from shared.registered import OPERATOR

Result = TypeVar("Result")

peers = typer.Typer(help="Peer hubs: the hubs of other places.", no_args_is_help=True)
authorities = typer.Typer(help="Who receives the notices for which area.", no_args_is_help=True)


def _run(act: Callable[[AsyncSession, KeySet], Awaitable[Result]]) -> Result:
    """Run in one transaction, with the key set that authenticates what the command writes."""
    settings = NotificationsSettings()
    keys = settings.key_set("notifications", "audit")
    return transact(settings.database_url("notifications"), lambda session: act(session, keys))


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
    actor: Actor = OPERATOR,
) -> None:
    """Make another hub known, or change what is known of it; a peer given up is tried again."""
    public_key = key.read_text(encoding="ascii").strip()
    try:
        _run(
            lambda session, keys: introducing.add(
                session,
                keys,
                name=name,
                area=area,
                notifications_url=notifications,
                registry_url=registry,
                issuer=issuer or registry,
                public_key=public_key,
                now=datetime.now(UTC),
                actor=actor,
            )
        )
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None
    typer.echo(f"added {name} with the key {public_key}")


@peers.command("adopt")
def adopt(
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    actor: Actor = OPERATOR,
) -> None:
    """Vouch for peers, authorities, answers and messages from before they were authenticated: shown first."""
    found = _run(lambda session, _: adopting.old(session))
    if not found:
        typer.echo("nothing to adopt")
        return
    for peer in found.peers:
        typer.echo(f"peer {peer.name} {shown(peer.low, peer.high)} {peer.notifications_url}")
        typer.echo(f"  {peer.registry_url} {peer.issuer} {peer.public_key}")
    for one in found.authorities:
        receiver = f"client {one.client}" if one.client else f"peer {one.peer}"
        typer.echo(f"authority {one.name} {shown(one.low, one.high)} {receiver}")
    for notice in found.answers:
        typer.echo(f"answer {notice.outcome} to notice {notice.id} by {notice.receiver_name}")
    for message in found.messages:
        typer.echo(f"message {message.message_id} to a peer hub")
    if not yes:
        typer.confirm("All of them are as this hub made them?", abort=True)
    now = datetime.now(UTC)

    async def vouch(session: AsyncSession, keys: KeySet) -> None:
        await adopting.adopt(session, keys, await adopting.old(session), now, actor)

    _run(vouch)
    typer.echo("adopted")


@peers.command("list")
def list_peers() -> None:
    """Every peer hub, and whether it is trusted and notices are sent to it."""
    table = Table("hub", "area", "notifications", "registry", "issuer", "state")
    for one, state in _run(known.all_of):
        area = shown(one.low, one.high)
        table.add_row(one.name, area, one.notifications_url, one.registry_url, one.issuer, state)
    tables.show(table)


@authorities.command("add")
def add_authority(
    name: Annotated[str, typer.Argument(help="the office, as notices name it")],
    area: Place,
    client: Annotated[str | None, typer.Option(help="the client that receives them here")] = None,
    peer: Annotated[str | None, typer.Option(help="or the peer hub they are sent to")] = None,
    actor: Actor = OPERATOR,
) -> None:
    """Say who receives the notices for an area, in place of whoever did; the narrowest area wins."""

    async def put(session: AsyncSession, keys: KeySet) -> None:
        if peer is not None and peer not in await known.trusted(session, keys):
            raise ValueError("no peer hub of this name is known: hutong peers add")
        now = datetime.now(UTC)
        await naming.add(
            session, keys, name=name, area=area, now=now, client=client, peer=peer, actor=actor
        )

    try:
        _run(put)
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None
    typer.echo(f"{name} receives the notices for {area}")


@authorities.command("list")
def list_authorities() -> None:
    """Every named authority, by area."""
    table = Table("authority", "area", "client", "peer hub", "state")
    for one, state in _run(named.states):
        table.add_row(one.name, shown(one.low, one.high), one.client or "", one.peer or "", state)
    tables.show(table)
