"""`hutong profile`: the rules of places, those that are shipped and the hub's own."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.commands.areas import Place, area_code
from services.registry.profiles import Profile, Profiles, open_points
from services.registry.profiles.differing import Difference, Side, differences
from services.registry.profiles.rules import OpenPoint
from services.registry.profiles.showing import shown
from services.registry.profiles.tables import ProfileError
from shared import divisions
from shared.clock import SystemClock, today

profile = typer.Typer(help="The rules of places (地方规则).", no_args_is_help=True)

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day; default today")]
Own = Annotated[
    Path | None,
    typer.Option(
        "--profiles",
        envvar="HUTONG_PROFILES",
        help="folder of the hub's own profiles and amendments",
    ),
]


def _place(text: str) -> str:
    return area_code(text) if text else ""


@profile.command("show")
def show(division: Place, on: Day = None, own: Own = None) -> None:
    """Print the rules for children living in a place on a day: what `GET /v1/profiles/{division}` answers."""
    day = _day(on)
    found = _of(division, day, own)
    said = shown(found, divisions.widen(division), day)
    print_ = Console().print
    print_(f"{said['name_zh']} {said['name_en']} ({said['id']}) on {day}", highlight=False)
    print_(
        f"inherits {', '.join(said['inherits']) or 'nothing'}; "
        f"amended by {', '.join(said['amended_by']) or 'nothing'}; fingerprint {said['fingerprint']}"
    )
    rules = Table("rule", "settings", "clause", "wording", "holds", "of", show_lines=True)
    for rule in said["rules"]:
        rules.add_row(
            ".".join(filter(None, (rule["family"], rule["key"]))),
            "\n".join(f"{name} = {_plain(value)}" for name, value in rule["settings"].items()),
            rule["clause"] or "assumed",
            rule["wording"] or "",
            f"{rule['valid_from'] or ''} – {rule['valid_until'] or ''}",
            rule["profile"] or "",
        )
    print_(rules)
    if said["local_divisions"]:
        local = Table("local division", "code", "superseded by")
        for one in said["local_divisions"]:
            local.add_row(one["name"], one["code"], one["superseded_by"] or "")
        print_(local)
    _print_points([(found.id, point) for point in open_points(found)])


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
    own: Own = None,
) -> None:
    """Read every profile and list what an administrator still has to settle; status 1 while something needed is not.

    An assumed value, a contradiction and a document without a day are listed and do not fail; what a contradiction
    leaves without a value is a point of its own, and fails where it is needed.
    """
    one = _of(division, today(SystemClock()), own) if division else None
    checked = [one] if one is not None else list(_loaded(own).by_id.values())
    points = [(found.id, point) for found in checked for point in open_points(found)]
    _print_points(points)
    needed = sum(point.needed for _, point in points)
    typer.echo(
        f"{len(checked)} profiles are valid; {len(points)} points are open, {needed} of them needed"
    )
    if needed and not allow_gaps:
        raise typer.Exit(1)


@profile.command("diff")
def diff(
    division: Place,
    other: Annotated[
        str, typer.Argument(help="another place; default the same one", callback=_place)
    ] = "",
    on: Day = None,
    to: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="the other side's day; default the same day"),
    ] = None,
    own: Own = None,
) -> None:
    """Print how the rules of two places differ on a day, or those of one place between two days."""
    before_on = _day(on)
    after_on = _day(to) if to else before_on
    before, after = (
        _of(division, before_on, own),
        _of(other or division, after_on, own),
    )
    found = differences(before, before_on, after, after_on)
    for one in found:
        typer.echo(_difference(one))
    typer.echo(f"{len(found)} differences: {before.id} on {before_on} and {after.id} on {after_on}")


def _difference(one: Difference) -> str:
    if one.setting:
        return f"~ {one.rule} {one.setting}: {_side(one.before)} → {_side(one.after)}"
    if one.before == Side():
        return f"+ {one.rule}: {_side(one.after)}"
    return f"- {one.rule}: {_side(one.before)}"


def _side(side: Side) -> str:
    value = "absent" if side.value is None else _plain(side.value)
    return f"{value} ({side.clause})" if side.clause else value


def _day(on: datetime | None) -> date:
    return on.replace(tzinfo=UTC).date() if on else today(SystemClock())


def _of(division: str, day: date, own: Path | None) -> Profile:
    found = _loaded(own).for_division(divisions.widen(division), day)
    if found is None:
        typer.echo(f"no profile covers {division}", err=True)
        raise typer.Exit(1)
    return found


def _loaded(own: Path | None) -> Profiles:
    try:
        return Profiles.of_hub(own)
    except ProfileError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None


def _print_points(points: Iterable[tuple[str, OpenPoint]]) -> None:
    """One line each, what is needed first."""
    for name, point in sorted(points, key=lambda one: not one[1].needed):
        what = f"{point.rule} {point.setting}".rstrip()
        value = "" if point.kind == "not_configured" else f": {point.value}"
        need = " (needed)" if point.needed else ""
        typer.echo(f"{name}: {point.kind}{need}: {what}{value}")
        if point.clause:
            typer.echo(f"    {point.clause}")


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "none"
    if isinstance(value, dict):
        return " ".join(f"{key} {_plain(one)}" for key, one in value.items())
    return str(value)
