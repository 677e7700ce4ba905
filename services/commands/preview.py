"""`hutong linkage preview|apply`: what another model would change, and making exactly those changes.

Done as the owner role of matching. Ids and counts are shown, never a value.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from services.commands.backup import owner_urls

if TYPE_CHECKING:
    from services.matching.previews.previewing import Previewed
    from shared.database import Database

Result = TypeVar("Result")
ModelName = Annotated[
    str, typer.Argument(help="a model's file, a registered rule version, or `shipped`")
]


def preview(
    model: ModelName,
    samples: Annotated[int, typer.Option(min=0, help="moves to show, by id")] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="one JSON object, with every id, and nothing else")
    ] = False,
) -> None:
    """List what a model would change, without changing it. Linking goes on meanwhile."""
    from services.matching.keyings.following import keys_of
    from services.matching.previews.previewing import preview as run
    from shared.clock import SystemClock
    from shared.settings import HubSettings

    keys, text = keys_of(HubSettings()), _text_of(model)

    async def act(database: "Database") -> "Previewed":
        rule_version = await _registered(database, model, text)
        return await run(database, keys, rule_version, SystemClock(), _say)

    found = _on_matching(act)
    cared_for = asyncio.run(_cared_for(found.changes.persons))
    if as_json:
        typer.echo(json.dumps(_whole(found, cared_for)))
        return
    made = found.preview
    typer.echo(f"{made.rule_version}, {found.persons:,} persons looked at; nothing was changed:")
    for what, count in made.counts.items():
        typer.echo(f"  {count:>9,} {what.replace('_', ' ')}")
    if cared_for is not None:
        typer.echo(f"  {len(cared_for):>9,} of these persons are in key care")
    for entry, person in sorted(found.changes.moved.items())[:samples]:
        typer.echo(f"  entry {entry} would go to person {person}")
    typer.echo(
        f"to make these changes: hutong linkage apply {made.rule_version} --preview {made.preview}"
    )


def apply(
    model: ModelName,
    preview: Annotated[UUID, typer.Option(help="what `hutong linkage preview` named")],
) -> None:
    """Make the changes of a preview, and link by the model from now on. Linking waits meanwhile."""
    from services.matching.keyings.following import keys_of
    from services.matching.keyings.rekeying import Rekeying
    from services.matching.models import shipped
    from services.matching.previews.applying import apply as run
    from shared.clock import SystemClock
    from shared.settings import HubSettings

    settings = HubSettings()
    keys, text = keys_of(settings), _text_of(model)

    async def act(database: "Database") -> None:
        rule_version = await _registered(database, model, text)
        changes = await run(database, keys, rule_version, preview, SystemClock())
        typer.echo(f"{rule_version} is active; {changes.counts.entries_moved:,} entries moved")
        file = settings.home / "keys" / "matching" / "index.json"
        rekeying = Rekeying(database, file, keys.master, shipped.model(), SystemClock())
        rewritten = sum([step.persons async for step in rekeying.steps()])
        if rewritten:
            typer.echo(f"{rewritten:,} persons are found by the model's own blocking rules")

    _on_matching(act)


def _text_of(model: str) -> bytes | None:
    """The model's text, where it is not known by its rule version alone; of the shipped one, says for how many children it is."""
    from services.matching.models import shipped
    from shared.settings import HubSettings

    if model == "shipped":
        children = HubSettings().children
        prior = shipped.model(children).prior
        typer.echo(
            f"made for {children:,} children (HUTONG_CHILDREN): prior {prior} bits", err=True
        )
        return shipped.text(children)
    return Path(model).read_bytes() if Path(model).is_file() else None


async def _registered(database: "Database", model: str, text: bytes | None) -> str:
    """The rule version of the model that is meant; a text is registered."""
    from services.matching.models.registering import register
    from shared.clock import SystemClock
    from shared.database import SYSTEM
    from shared.settings import HubSettings

    if text is None:
        return model
    master = HubSettings().key_set("matching", "master")
    async with database.transaction(SYSTEM) as session:
        return (await register(session, text, {}, master, SystemClock().now())).rule_version


async def _cared_for(persons: Collection[UUID]) -> list[UUID] | None:
    """Those of the persons who are children in key care; None where this machine knows no registry."""
    from shared.database import SYSTEM, Database, raw
    from shared.settings import HubSettings

    try:
        url = HubSettings().database_url("registry")
    except ValueError:
        return None
    database = Database(url, 1)
    try:
        async with database.transaction(SYSTEM) as session:
            rows = await (await raw(session)).fetch(
                "SELECT DISTINCT child_id FROM key_care WHERE child_id = ANY($1) ORDER BY child_id",
                sorted(persons),
            )
        return [row[0] for row in rows]
    finally:
        await database.close()


def _whole(found: "Previewed", cared_for: list[UUID] | None) -> dict[str, object]:
    return {
        "preview": str(found.preview.preview),
        "rule_version": found.preview.rule_version,
        "link_seq": found.preview.link_seq,
        "counts": found.preview.counts,
        "moved": {str(entry): str(person) for entry, person in found.changes.moved.items()},
        "persons": sorted(map(str, found.changes.persons)),
        "in_key_care": None if cared_for is None else list(map(str, cared_for)),
    }


def _say(what: str, count: int) -> None:
    typer.echo(f"looking at {f'{count:,} ' if count else 'all '}{what} …", err=True)


def _on_matching(act: "Callable[[Database], Awaitable[Result]]") -> Result:
    from services.matching.keyings.rekeying import CannotRekey
    from services.matching.linkage.weights import BadModel
    from services.matching.previews.applying import CannotApply
    from services.matching.previews.previewing import CannotPreview
    from shared.database import Database
    from shared.problems import NotFound
    from shared.sealing import Unsealable

    async def inside() -> Result:
        database = Database(owner_urls("matching")["matching"], 2)
        try:
            return await act(database)
        finally:
            await database.close()

    try:
        return asyncio.run(inside())
    except (BadModel, CannotApply, CannotPreview, CannotRekey) as why:
        typer.echo(str(why), err=True)
    except NotFound:
        typer.echo("no such model: neither a file nor a registered rule version", err=True)
    except Unsealable:
        typer.echo("a row does not open: hutong linkage verify names it", err=True)
    raise typer.Exit(1)
