"""`hutong erase`: a child's erasure (删除) from the command line, through the registry's API.

There is no way round the two subjects here: whoever asks and whoever approves each proves who it is with the private
key of an own client, and the registry, which alone can authenticate an erasure, records both (docs/adr/0016).
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import typer
from rich.table import Table

from services.commands import tables
from services.registry.erasures.schemas import ErasureGround, ErasureState
from shared import jwk
from shared.outbound import ClientCredentials, client
from shared.settings import HubSettings
from shared.vocabulary import Purpose, Scope

URL = "/v1/erasures"


def erase(
    child: Annotated[
        UUID | None, typer.Argument(help="ask for this child to be erased; needs --ground")
    ] = None,
    approve: Annotated[
        UUID | None, typer.Option(help="approve this request, as another subject; for good")
    ] = None,
    withdraw: Annotated[UUID | None, typer.Option(help="take this request back")] = None,
    listing: Annotated[
        bool, typer.Option("--list", help="requests and tombstones of your place")
    ] = False,
    ground: Annotated[
        ErasureGround | None, typer.Option(help="the law's ground (个人信息保护法 第47条)")
    ] = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="refuse the child's entries for good")
    ] = False,
    state: Annotated[ErasureState | None, typer.Option(help="with --list: only these")] = None,
    identity: Annotated[
        str, typer.Option("--client", envvar="HUTONG_CLIENT", help="your client of civil affairs")
    ] = "",
    key: Annotated[
        Path | None,
        typer.Option(
            envvar="HUTONG_CLIENT_KEY", help="its private JWK file", exists=True, dir_okay=False
        ),
    ] = None,
    actor: Annotated[str, typer.Option(envvar="HUTONG_ACTOR", help="your staff id")] = "",
    purpose: Annotated[Purpose, typer.Option(help="one that your grant holds")] = Purpose.KEY_CARE,
) -> None:
    """Ask for a child's erasure, approve another person's request, withdraw or list; as a client of civil affairs."""
    if sum((child is not None, approve is not None, withdraw is not None, listing)) != 1:
        raise typer.BadParameter("name a child, or one of --approve, --withdraw, --list")
    if not (identity and key and actor):
        raise typer.BadParameter("say who you are: --client, --key and --actor")
    if child is not None and ground is None:
        raise typer.BadParameter("say on which --ground of the law")
    settings = HubSettings()
    credentials = ClientCredentials(
        identity,
        jwk.load(key),
        settings.issuer,
        [Scope.ERASURES_WRITE],
        token_url=settings.token_url,
    )
    headers = {"Hutong-Actor": actor, "Hutong-Purpose": str(purpose)}

    async def run() -> None:
        async with client(settings.registry_url, auth=credentials, headers=headers) as registry:
            if child is not None:
                body = {"child_id": str(child), "ground": ground, "hold": hold}
                once = {"Idempotency-Key": str(uuid4())}
                made = await _said(registry, "POST", URL, json=body, headers=once)
                typer.echo(f"requested: {made['id']}; another subject approves it with --approve")
            elif approve is not None:
                made = await _said(registry, "POST", f"{URL}/{approve}/approvals")
                typer.echo(f"erased: {made['child']}")
            elif withdraw is not None:
                await _said(registry, "DELETE", f"{URL}/{withdraw}")
                typer.echo(f"withdrawn: {withdraw}")
            else:
                await _show(registry, state)

    try:
        asyncio.run(run())
    except httpx.HTTPStatusError as refused:
        typer.echo(_why(refused.response), err=True)
        raise typer.Exit(1) from None
    except httpx.HTTPError as silence:
        typer.echo(f"the registry does not answer: {type(silence).__name__}", err=True)
        raise typer.Exit(1) from None


async def _said(registry: httpx.AsyncClient, method: str, path: str, **more: Any) -> dict[str, Any]:
    reply = await registry.request(method, path, **more)
    reply.raise_for_status()
    body: dict[str, Any] = reply.json()
    return body


def _why(reply: httpx.Response) -> str:
    """A problem's own words, which never repeat what was sent; the token endpoint speaks OAuth."""
    try:
        told: Mapping[str, Any] = reply.json()
    except ValueError:
        told = {}
    said = told.get("detail") or told.get("title") or told.get("error") or ""
    return f"refused ({reply.status_code}): {said}".rstrip(": ")


async def _show(registry: httpx.AsyncClient, state: ErasureState | None) -> None:
    table = Table("request", "child", "ground", "state", "asked by", "approved by", "since")
    query = {"state": str(state)} if state else {}
    cursor: str | None = None
    while True:
        asked = query | ({"cursor": cursor} if cursor else {})
        page = await _said(registry, "GET", URL, params=asked)
        for one in page["erasures"]:
            table.add_row(
                one["id"],
                one["child"],
                one["ground"] + (" (hold)" if one["hold"] else ""),
                one["state"],
                _subject(one["requested_by"]),
                _subject(one.get("approved_by")),
                one.get("erased_at") or one["requested_at"],
            )
        if (cursor := page.get("next")) is None:
            break
    tables.show(table)


def _subject(subject: Mapping[str, str] | None) -> str:
    return f"{subject['client']} {subject['actor']}" if subject else ""
