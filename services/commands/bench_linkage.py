"""`hutong linkage bench`: our linker and what one would use instead of it, on one corpus, in one table."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table


def bench(
    corpus: Annotated[
        Path | None,
        typer.Option(help="a folder of intake items and their truth; default: invented"),
    ] = None,
    children: Annotated[int, typer.Option(min=1, help="how many to invent")] = 20_000,
    dirt: Annotated[float, typer.Option(min=0, help="multiplies the invented errors")] = 1.0,
    seed: Annotated[int, typer.Option(help="of the invented corpus")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON list, nothing else")] = False,
) -> None:
    """Link one corpus in every way we know, each in a process of its own."""
    from services.alternatives import measuring
    from services.population import corpus as writing

    with ExitStack() as stack:
        if corpus is None:
            corpus = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hutong-bench-")))
            written = writing.write(corpus, children, seed, dirt=dirt)
            typer.echo(f"{written.records:,} records of {written.children:,} children", err=True)
        rows = [measuring.ours(corpus)]
        for name in measuring.ALTERNATIVES:
            rows += measuring.apart(name, corpus)
    if as_json:
        typer.echo(measuring.as_json(rows))
        return
    table = Table(
        "", "P", "R", "F1", "B³ F1", "twins merged", "wall s", "records/s", "peak GB", "CPU s"
    )
    for row in rows:
        table.add_row(
            row.alternative,
            *(f"{share:.4f}" for share in (row.precision, row.recall, row.f1, row.bcubed_f1)),
            f"{row.twins_wrongly_merged_share:.2%}",
            f"{row.seconds:,.1f}",
            f"{row.records_per_second:,.0f}",
            f"{row.peak_gb:.2f}",
            f"{row.cpu_seconds:,.1f}",
        )
    console = Console(width=140)
    console.print(table)
    console.print(
        "Hutong stores every record sealed and durable, with its evidence; the others store nothing."
    )


def alternative(name: str, directory: Path) -> None:
    """Run one alternative here and print its rows as JSON; `bench` runs this in processes of their own."""
    from services.alternatives import measuring

    typer.echo(measuring.as_json(measuring.measure(name, directory)))
