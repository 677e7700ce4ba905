"""`hutong synth`: an invented corpus for measuring linkage."""

from pathlib import Path
from typing import Annotated

import typer


def synth(
    out: Annotated[Path, typer.Option(help="directory to write into")],
    children: Annotated[int, typer.Option(min=1, help="how many children to invent")] = 20_000,
    seed: Annotated[int, typer.Option(help="the same seed writes the same bytes")] = 1,
    dirt: Annotated[float, typer.Option(min=0, help="multiplies every error rate")] = 1.0,
) -> None:
    """Write what departments would push about invented children, and the truth about it."""
    from services.population import corpus

    written = corpus.write(out, children, seed, dirt=dirt)
    typer.echo(
        f"{written.records} records of {written.entries} entries"
        f" about {written.children} children in {out}"
    )
