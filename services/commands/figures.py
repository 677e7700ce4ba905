"""`hutong figures verify`: every published figure, counted again for its two times, is what was published."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import typer

figures = typer.Typer(help="Published figures.", no_args_is_help=True)


@figures.callback()
def of_figures() -> None:
    """Published figures (统计数据)."""


@figures.command("verify")
def verify(
    figure: Annotated[UUID | None, typer.Argument(help="this one alone")] = None,
) -> None:
    """Count figures afresh from the records, as known at their instants and by their rules; names each that differs.

    Where children were erased since, their number is told: the past has them no more.  A figure of an earlier method is
    counted again in what that method counted; one of a method that is not known any more is told, and is no fault.
    """
    found, untold = asyncio.run(_run(figure))
    for line in (*untold, *found):
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo(
        "every other figure is what its records say"
        if untold
        else "every figure is what its records say"
    )


async def _run(figure: UUID | None) -> tuple[list[str], list[str]]:
    """The faults, and the figures that cannot be counted again."""
    from services.registry.application import kit_of
    from services.registry.settings import RegistrySettings
    from shared.database import Database

    settings = RegistrySettings()
    database = Database(settings.database_url("registry"), 2)
    try:
        return await verified(database, kit_of(settings), figure)
    finally:
        await database.close()


async def verified(
    database: Any, kit: Any, figure: UUID | None = None
) -> tuple[list[str], list[str]]:
    """Of every published figure, or of one: the faults, and those that cannot be counted again."""
    from services.registry.figures.authenticity import FIGURES
    from services.registry.figures.counting import METHODS, counted_by
    from services.registry.figures.publishing import counts_of, differences
    from services.registry.figures.queries import erased_since
    from shared.database import SYSTEM

    found: list[str] = []
    untold: list[str] = []
    async for row in _published(database, figure):
        if not FIGURES.stands(kit.audit, row):
            found.append(FIGURES.fault(row))
            continue
        name = f"figure {row['id']}"
        if row["method"] != METHODS[-1]:
            name += f", of an earlier method ({row['method']}),"
        if row["method"] not in METHODS:
            untold.append(f"{name} cannot be counted again by this one")
            continue
        again = await counts_of(database, kit, row)
        cells = [
            one
            for one in differences(row["counts"], again)
            if counted_by(row["method"], one.breakdown)
        ]
        if cells:
            async with database.transaction(SYSTEM) as session:
                area = (row["low"], row["high"])
                erased = await erased_since(session, area, row["known_at"])
            found.append(f"{name} differs in {len(cells)} cells; {erased} children erased since")
    return found, untold


async def _published(database: Any, figure: UUID | None) -> AsyncIterator[Any]:
    from services.registry.figures.queries import SELECT
    from shared.database import SYSTEM, raw

    after = UUID(int=0)
    while True:
        async with database.transaction(SYSTEM) as session:
            rows = await (await raw(session)).fetch(
                f"{SELECT} WHERE id > $1 AND computed_at IS NOT NULL"
                " AND ($2::uuid IS NULL OR id = $2) ORDER BY id LIMIT 20",
                after,
                figure,
            )
        for row in rows:
            yield row
        if len(rows) < 20:
            return
        after = rows[-1]["id"]
