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

    Where children were erased since, their number is told: the past has them no more.
    """
    found = asyncio.run(_run(figure))
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo("every figure is what its records say")


async def _run(figure: UUID | None) -> list[str]:
    from services.registry.application import kit_of
    from services.registry.figures.authenticity import authentic
    from services.registry.figures.counting import METHOD
    from services.registry.figures.publishing import counts_of, differences
    from services.registry.figures.queries import erased_since
    from services.registry.settings import RegistrySettings
    from shared.database import SYSTEM, Database

    settings = RegistrySettings()
    kit = kit_of(settings)
    database = Database(settings.database_url("registry"), 2)
    found: list[str] = []
    try:
        async for row in _published(database, figure):
            if not authentic(kit.audit, row):
                found.append(f"figure {row['id']} was forged or changed")
                continue
            if row["method"] != METHOD:
                found.append(f"figure {row['id']} was counted as {row['method']} has it")
                continue
            again = await counts_of(database, kit, row)
            if cells := len(differences(row["counts"], again)):
                async with database.transaction(SYSTEM) as session:
                    area = (row["low"], row["high"])
                    erased = await erased_since(session, area, row["known_at"])
                found.append(
                    f"figure {row['id']} differs in {cells} cells; {erased} children erased since"
                )
    finally:
        await database.close()
    return found


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
