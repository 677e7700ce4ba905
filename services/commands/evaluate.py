"""`hutong linkage evaluate`: how well this release links a corpus, and at what cost."""

import json
import logging
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvloop
from rich.console import Console
from rich.progress import Progress


class OrderName(StrEnum):
    FILE = "file"
    SHUFFLED = "shuffled"


def evaluate(
    directory: Annotated[
        Path, typer.Argument(help="feed files such as enrolments.ndjson, and truth.ndjson")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object, nothing else")] = False,
    order: Annotated[OrderName, typer.Option(help="in which records arrive")] = OrderName.FILE,
    seed: Annotated[int, typer.Option(help="of the shuffled order")] = 0,
    batch: Annotated[int, typer.Option(min=1, max=1000, help="records a transaction")] = 1000,
    singles: Annotated[
        int, typer.Option(min=0, help="records resolved one by one at the end, for the latency")
    ] = 300,
    searches: Annotated[
        int, typer.Option(min=0, help="searches by partial evidence, alone and eight at once")
    ] = 100,
    delta: Annotated[
        int, typer.Option(min=0, help="the last records, timed as a day's push on top of the rest")
    ] = 0,
    replicas: Annotated[
        int, typer.Option(min=1, max=8, help="processes that resolve the bulk beside each other")
    ] = 2,
    reviews_answered: Annotated[
        bool,
        typer.Option("--reviews-answered", help="then answer all reviews rightly, and tell again"),
    ] = False,
    model: Annotated[
        Path | None, typer.Option(help="link by this model, not by the one this release carries")
    ] = None,
    children: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000_000,
            help="children the release's model is made for; by default a third of the lines",
        ),
    ] = None,
    misses: Annotated[
        int, typer.Option(min=0, help="show the causes of faults, and this many of each kind")
    ] = 0,
    show_values: Annotated[
        bool,
        typer.Option(
            "--show-values", help="show examples with their values: invented corpora only"
        ),
    ] = False,
) -> None:
    """Resolve a corpus on a PostgreSQL of its own and hold the links against the truth."""
    from services.evaluation import telling
    from services.evaluation.corpus import NotACorpus
    from services.evaluation.evaluating import Asked
    from services.evaluation.evaluating import evaluate as run
    from services.evaluation.resolving import Plan
    from services.evaluation.truth import BadTruth

    if model is not None and children is not None:
        raise typer.BadParameter(
            "it is the release's own model that is made for a number, not --model",
            param_hint="--children",
        )
    _log_warnings_to_stderr()

    plan = Plan(order.value, seed, batch, delta, singles, searches, replicas)
    asked = Asked(directory, plan, misses, reviews_answered, model, children)
    console = Console(width=140)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("resolving")
        try:
            figures, found = uvloop.run(
                run(asked, lambda count, total: progress.update(bar, advance=count, total=total))
            )
        except (NotACorpus, BadTruth) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(figures.as_json(), ensure_ascii=False))
        return
    telling.show(figures, console)
    if found is not None:
        telling.show_misses(found, console, values=show_values)


def _log_warnings_to_stderr() -> None:
    """Standard output is for the figures alone."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
