"""`hutong clients add|rotate|revoke|adopt|list`, `hutong access show` and `hutong contacts set`."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services.commands import tables
from services.commands.areas import Area, area_code, shown
from services.commands.transacting import transact
from services.registry.access.matrix import matrix
from services.registry.break_glass import contacts as duty_contacts
from services.registry.identity import clients as registered
from services.registry.identity import contractors
from services.registry.identity.authenticity import Forged, authentic
from services.registry.identity.contractors import NotAllowed
from services.registry.profiles import Profiles
from services.registry.settings import RegistrySettings
from shared import divisions, jwk
from shared.clock import SHANGHAI
from shared.database import raw
from shared.keys import KeySet
from shared.registered import OPERATOR
from shared.vocabulary import Department, Purpose, Scope

clients = typer.Typer(help="OAuth clients and their grants.", no_args_is_help=True)
access = typer.Typer(help="The access matrix.", no_args_is_help=True)
Key = Annotated[
    Path | None,
    typer.Option(
        help="public JWK file; without it a key pair is made and its private half written"
    ),
]


Actor = Annotated[
    str, typer.Option(envvar="HUTONG_ACTOR", help="your staff id, for the audit trail")
]


DAYS = ["%Y-%m-%d"]
Until = Annotated[
    datetime | None,
    typer.Option(formats=DAYS, help="last day of the grant, in Asia/Shanghai; for good if absent"),
]


def _first(day: datetime | None) -> datetime | None:
    return day and day.replace(tzinfo=SHANGHAI).astimezone(UTC)


def _after(day: datetime | None) -> datetime | None:
    """The first instant after a last day."""
    return day and (day + timedelta(days=1)).replace(tzinfo=SHANGHAI).astimezone(UTC)


def _profiles() -> Profiles:
    return Profiles.of_hub(RegistrySettings().profiles)


def _run(act: Callable[[Any, KeySet], Awaitable[Any]]) -> Any:
    """One act in one transaction, with the keys that authenticate grants and audit entries."""
    settings = RegistrySettings()
    keys = settings.key_set("registry", "audit")
    try:
        return transact(settings.database_url("registry"), lambda session: act(session, keys))
    except registered.UnknownClient as unknown:
        typer.echo(f"there is no client {unknown}", err=True)
    except NotAllowed as refused:
        typer.echo(f"refused: {refused}", err=True)
    except Forged as forged:
        typer.echo(f"the grant of {forged} is not authentic: hutong audit verify", err=True)
    raise typer.Exit(1)


def _public_key(client: str, key: Path | None, out: Path | None) -> dict[str, Any]:
    if key is not None:
        return jwk.public(jwk.read(json.loads(key.read_bytes())))
    made = jwk.new_key(f"{client}-{datetime.now(UTC):%Y%m%d%H%M%S}")
    path = out or Path(f"{client}.jwk")
    jwk.save(made, path)
    typer.echo(
        f"private key written to {path} (mode 0600); hand it to the client and delete it here"
    )
    return jwk.public(made)


@clients.command("add")
def add(
    client: str,
    department: Department,
    area: Area,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="repeat for each scope; a contractor's are given by its being one"),
    ] = None,
    purpose: Annotated[list[Purpose] | None, typer.Option(help="repeat for each purpose")] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="systems it speaks for; default its own id")
    ] = None,
    contractor: Annotated[
        bool,
        typer.Option(
            "--contractor", help="a social-work agency (委托机构): pushes surveys and visits alone"
        ),
    ] = False,
    begins: Annotated[
        datetime | None, typer.Option("--from", formats=DAYS, help="first day; today if absent")
    ] = None,
    until: Until = None,
    key: Key = None,
    out: Annotated[Path | None, typer.Option(help="where to write a private key made here")] = None,
    actor: Actor = OPERATOR,
) -> None:
    """Register a client and its grant."""
    if not (scope or contractor):
        raise typer.BadParameter("name at least one --scope")
    public = _public_key(client, key, out)
    _run(
        lambda session, keys: registered.add(
            session,
            keys,
            client=client,
            department=department,
            area=area,
            scopes=scope or sorted(contractors.SCOPES),
            purposes=purpose or (sorted(contractors.PURPOSES) if contractor else []),
            key=public,
            sources=source or [],
            contractor=contractor,
            valid_from=_first(begins),
            valid_until=_after(until),
            profiles=_profiles(),
            now=datetime.now(UTC),
            actor=actor,
        )
    )
    typer.echo(f"added {client}")


@clients.command("change")
def change(
    client: str,
    area: Annotated[
        str | None,
        typer.Option(help="another area", callback=lambda text: text and area_code(text)),
    ] = None,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="these scopes instead; repeat for each")
    ] = None,
    purpose: Annotated[
        list[Purpose] | None, typer.Option(help="these purposes instead; repeat for each")
    ] = None,
    until: Until = None,
    actor: Actor = OPERATOR,
) -> None:
    """Change a grant; what is not named stays.  Narrowing one? Tokens issued before live up to five minutes at other services."""
    now = datetime.now(UTC)
    _run(
        lambda session, keys: registered.change(
            session,
            keys,
            client,
            area=area,
            scopes=scope or None,
            purposes=purpose or None,
            valid_until=_after(until),
            profiles=_profiles(),
            now=now,
            actor=actor,
        )
    )
    typer.echo(f"changed {client}")


@clients.command("rotate")
def rotate(client: str, key: Key = None, out: Path | None = None, actor: Actor = OPERATOR) -> None:
    """Accept a new key beside the present one, which stays good until the next rotation."""
    public = _public_key(client, key, out)
    now = datetime.now(UTC)
    _run(lambda session, keys: registered.rotate(session, keys, client, public, now, actor))
    typer.echo(f"rotated {client}")


@clients.command("revoke")
def revoke(client: str, actor: Actor = OPERATOR) -> None:
    """End a client: every service refuses its tokens within five seconds."""
    now = datetime.now(UTC)
    _run(lambda session, keys: registered.revoke(session, keys, client, now, actor))
    typer.echo(f"revoked {client}")


@clients.command("adopt")
def adopt(client: str, actor: Actor = OPERATOR) -> None:
    """Vouch for a client from before grants were authenticated: look at `hutong clients list` first."""
    now = datetime.now(UTC)
    _run(lambda session, keys: registered.adopt(session, keys, client, now, actor))
    typer.echo(f"adopted {client}")


@clients.command("list")
def list_clients() -> None:
    """Every client and its grant."""
    table = Table("client", "department", "area", "scopes", "purposes", "state")
    keys = RegistrySettings().key_set("registry", "audit")
    for one in _run(lambda session, _: registered.all_of(session)):
        state = "revoked" if one.revoked_at else "live"
        if state == "live" and not registered.in_time(one, datetime.now(UTC)):
            state = "outside its time"
        if one.contractor:
            state += ", contractor"
        if one.valid_until:
            state += f" until {one.valid_until.astimezone(SHANGHAI) - timedelta(days=1):%Y-%m-%d}"
        if not authentic(keys, one):
            state = "not adopted" if one.mac is None else "FORGED"
        table.add_row(
            one.id,
            one.department,
            shown(one.low, one.high),
            " ".join(one.scopes),
            " ".join(one.purposes),
            state,
        )
    tables.show(table)


@access.command("show")
def show() -> None:
    """Print which department sees which field group for which purpose ("~": masked)."""
    table = Table("department", "purpose", "fields")
    for department, cells in matrix()["cells"].items():
        for purpose, groups in cells.items():
            table.add_row(department, purpose, " ".join(groups))
    tables.show(table)
    care = Table("key-care category", "departments")
    for category, departments in matrix()["categories"].items():
        care.add_row(category, " ".join(departments))
    tables.show(care)
    kept = Table("compartment", "department", "purposes")
    for compartment, who in matrix()["compartments"].items():
        for department, purposes in who.items():
            kept.add_row(compartment, department, " ".join(purposes))
    tables.show(kept)


@access.callback()
def _group() -> None:
    """Keeps `show` a command of its own."""


contacts = typer.Typer(help="Duty contacts that break-glass answers.", no_args_is_help=True)


@contacts.command("set")
def set_contact(division: str, office: str, phone: str) -> None:
    """Set the duty contact of a county-level division."""

    async def put(session: Any, _: KeySet) -> None:
        await duty_contacts.put(await raw(session), divisions.widen(division), office, phone)

    _run(put)
    typer.echo(f"set for {divisions.name_of(divisions.widen(division)) or division}")


@contacts.callback()
def _contacts_group() -> None:
    """Keeps `set` a command of its own."""
