"""`hutong profile show` and `hutong profile check`: the rules of places, as they ship with this software."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.commands.areas import Place, area_code
from services.registry.profiles import SHIPPED, Profiles, open_points
from services.registry.profiles.rules import OpenPoint
from services.registry.profiles.showing import shown
from services.registry.profiles.tables import ProfileError
from shared import divisions
from shared.clock import SystemClock, today

profile = typer.Typer(help="The rules of places (地方规则).", no_args_is_help=True)


def _place(text: str) -> str:
    return area_code(text) if text else ""


@profile.command("show")
def show(
    division: Place,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day; default today")
    ] = None,
) -> None:
    """Print the rules for children living in a place on a day: what `GET /v1/profiles/{division}` answers."""
    day = on.replace(tzinfo=UTC).date() if on else today(SystemClock())
    code = divisions.widen(division)
    found = _loaded().for_division(code, day)
    if found is None:
        typer.echo(f"no profile covers {division}", err=True)
        raise typer.Exit(1)
    said = shown(found, code, day)
    print_ = Console().print
    print_(f"{said['name_zh']} {said['name_en']} ({said['id']}) on {day}", highlight=False)
    print_(
        f"inherits {', '.join(said['inherits']) or 'nothing'}; fingerprint {said['fingerprint']}"
    )
    rules = Table("rule", "settings", "clause", "holds", "of")
    for rule in said["rules"]:
        rules.add_row(
            ".".join(filter(None, (rule["family"], rule["key"]))),
            "\n".join(f"{name} = {_plain(value)}" for name, value in rule["settings"].items()),
            rule["clause"] or "assumed",
            f"{rule['valid_from'] or ''} – {rule['valid_until'] or ''}",
            rule["profile"] or "",
        )
    print_(rules)
    if said["local_divisions"]:
        local = Table("local division", "code", "superseded by")
        for one in said["local_divisions"]:
            local.add_row(one["name"], one["code"], one["superseded_by"] or "")
        print_(local)
    print_(_points([(found.id, point) for point in open_points(found)]))


@profile.command("check")
def check(
    division: Annotated[
        str,
        typer.Argument(
            help="only the profile of this place; default every profile", callback=_place
        ),
    ] = "",
    allow_gaps: Annotated[
        bool,
        typer.Option("--allow-gaps", help="fail on faults alone, not on what is not configured"),
    ] = False,
) -> None:
    """Read every profile and list what an administrator still has to settle; status 1 while something needed is not.

    A value that is assumed, and a document without a day, stop nobody: they are listed and do not fail.
    """
    profiles = _loaded()
    if division:
        wanted = profiles.for_division(divisions.widen(division), today(SystemClock()))
        checked = [wanted] if wanted is not None else []
    else:
        checked = list(profiles.by_id.values())
    if not checked:
        typer.echo(f"no profile covers {division}", err=True)
        raise typer.Exit(1)
    points = [(one.id, point) for one in checked for point in open_points(one)]
    Console().print(_points(points))
    needed = sum(point.needed for _, point in points)
    typer.echo(
        f"{len(checked)} profiles are valid; {len(points)} points are open, {needed} of them needed"
    )
    if needed and not allow_gaps:
        raise typer.Exit(1)


def _loaded() -> Profiles:
    try:
        return Profiles.load(SHIPPED)
    except ProfileError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None


def _points(points: list[tuple[str, OpenPoint]]) -> Table:
    """What is needed first."""
    table = Table("profile", "open point", "setting", "value", "clause", "needed")
    for name, point in sorted(points, key=lambda one: not one[1].needed):
        table.add_row(
            name,
            f"{point.rule}: {point.kind}",
            point.setting,
            point.value,
            point.clause,
            "needed" if point.needed else "",
        )
    return table


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "none"
    if isinstance(value, dict):
        return " ".join(f"{key} {_plain(one)}" for key, one in value.items())
    return str(value)
