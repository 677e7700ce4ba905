"""`hutong linkage train`: a new linkage model, learnt from the hub's own records."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from services.commands.backup import owner_urls

if TYPE_CHECKING:
    from services.matching.linkage.normalization import Standard
    from services.matching.training.learning import Trained


class EngineName(StrEnum):
    DUCKDB = "duckdb"
    SPARK = "spark"


def train(
    engine: Annotated[EngineName, typer.Option(help="what Splink computes on")] = EngineName.DUCKDB,
    sample: Annotated[
        int, typer.Option(min=1000, max=500_000, help="entries to learn from, at most")
    ] = 500_000,
    corpus: Annotated[
        Path | None,
        typer.Option(help="learn from this folder of intake items, not from the hub's own records"),
    ] = None,
    entries: Annotated[
        int | None,
        typer.Option(
            min=1000, help="with --corpus: how many entries a hub will hold; default its own"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="where to write the model")] = Path("model.toml"),
    report: Annotated[
        Path | None, typer.Option(help="where to write the report, one HTML file")
    ] = None,
    name: Annotated[str | None, typer.Option(help="the model's name; default by the day")] = None,
    seed: Annotated[int, typer.Option(help="the same seed draws the same pairs")] = 1,
) -> None:
    """Estimate a linkage model with Splink. Nothing links by it before it is applied.

    Done as the owner role of matching; records are opened in memory and Splink sees none of them.
    """
    from services.matching.models import shipped
    from services.matching.training.engines import ENGINES, CannotTrain
    from services.matching.training.learning import Asked, TooLittle, learn
    from services.matching.training.report import report as page
    from shared.settings import HubSettings

    asked = Asked(
        name or f"trained-{datetime.now(UTC):%Y-%m-%d}", seed, entries=entries if corpus else None
    )
    try:
        with ENGINES[engine]() as api:
            read = list(_of_corpus(corpus, sample)) if corpus else asyncio.run(_of_hub(sample))
            trained = learn(read, shipped.text(HubSettings().children), api, asked)
    except (CannotTrain, TooLittle) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    out.write_text(trained.text, encoding="utf-8")
    version = trained.model.rule_version
    typer.echo(f"{version} learnt from {trained.entries:,} entries: {out}")
    if corpus is None:
        asyncio.run(_register(trained))
        typer.echo(f"registered; what it would change: hutong linkage preview {version}")
    if report:
        report.write_text(page(trained), encoding="utf-8")
        typer.echo(f"report: {report}")


def _of_corpus(directory: Path, limit: int) -> "Iterator[Standard]":
    """Each entry's newest record, the first ``limit`` in shuffled order."""
    from services.evaluation.corpus import Corpus, Record
    from services.matching.linkage.normalization import standardise

    corpus = Corpus.open(directory)
    newest: dict[UUID, Record] = {}
    for record in corpus.read(corpus.lines("shuffled")):
        if record.entry in newest or len(newest) < limit:
            known = newest.get(record.entry)
            if known is None or known.version < record.version:
                newest[record.entry] = record
    for record in islice(newest.values(), limit):
        yield standardise(record.features)


async def _of_hub(limit: int) -> "list[Standard]":
    from services.matching.entries.sealing import Strongroom
    from services.matching.keyings.following import keys_of
    from services.matching.models import shipped
    from services.matching.training.sampling import sampled_features
    from shared.database import Database
    from shared.settings import HubSettings

    keys = keys_of(HubSettings())
    strongroom = Strongroom(keys.master, keys.index, shipped.model())
    database = Database(owner_urls("matching")["matching"], 1)
    try:
        return [entry async for entry in sampled_features(database, strongroom, limit)]
    finally:
        await database.close()


async def _register(trained: "Trained") -> None:
    """With its counted name frequencies, which only the hub that counted them may hold."""
    from services.matching.models.registering import register
    from shared.clock import SystemClock
    from shared.database import SYSTEM, Database
    from shared.settings import HubSettings

    master = HubSettings().key_set("matching", "master")
    database = Database(owner_urls("matching")["matching"], 1)
    try:
        async with database.transaction(SYSTEM) as session:
            text = trained.text.encode()
            await register(session, text, trained.names, master, SystemClock().now())
    finally:
        await database.close()
