"""One evaluation from an empty database to figures."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from services.evaluation import outcome, resolving
from services.evaluation.answering import answer_reviews
from services.evaluation.asking import ask
from services.evaluation.corpus import Corpus
from services.evaluation.figures import Answers, Figures, Quality, Speed
from services.evaluation.hub import Hub, fresh_hub
from services.evaluation.kinship import kinship
from services.evaluation.merges import Kinship
from services.evaluation.misses import Misses, examine
from services.evaluation.resolving import Plan
from services.evaluation.truth import Truth

_LINES_A_CHILD = 3
"""As an operator would guess who knows what departments send, but neither the truth nor the number of children in it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to measure and how; ``misses`` is how many kinds of faults to show, ``children`` how many the hub is made for, which
    the release's own model asks; without it as many as there are likely to be.
    """

    directory: Path
    plan: Plan = field(default_factory=Plan)
    misses: int = 0
    reviews_answered: bool = False
    model: Path | None = None
    children: int | None = None


async def evaluate(
    asked: Asked, step: Callable[[int, int], None] = lambda _done, _all: None
) -> tuple[Figures, Misses | None]:
    """Resolve and measure; ``step`` hears how many lines came, and of how many."""
    corpus = Corpus.open(asked.directory)
    made_for = asked.children or max(1, len(corpus) // _LINES_A_CHILD)
    async with fresh_hub(asked.model.read_bytes() if asked.model else None, made_for) as hub:
        run = await resolving.load(hub, corpus, asked.plan, lambda count: step(count, len(corpus)))
        await ask(hub, corpus, run, asked.plan.searches)
        refused = dict(corpus.refused.most_common())
        # The truth is read only now: what it takes is not the linker's memory.
        truth = Truth.read(asked.directory, unnamed_sources=corpus.unnamed_sources > 0)
        kin = kinship(corpus, truth)
        found = await outcome.gather(hub, truth)
        misses = None
        if asked.misses:
            misses = examine(corpus, truth, kin, found, hub.linker, asked.misses)
        quality = Quality.of(found, kin)
        answers = await _answer(hub, truth, kin) if asked.reviews_answered else None
        figures = Figures(
            records=run.records,
            entries=len(found.entries),
            children=len(set(found.children)),
            refused=refused,
            untold=found.untold,
            plan=asked.plan,
            made_for=None if asked.model else made_for,
            rule_version=hub.linker.model.rule_version,
            quality=quality,
            speed=Speed.of(run),
            answered=answers,
        )
    return figures, misses


async def _answer(hub: Hub, truth: Truth, kin: Kinship) -> Answers:
    told = await answer_reviews(hub, truth)
    found = await outcome.gather(hub, truth)
    share = told.records / len(found.entries) if found.entries else 0.0
    return Answers(Quality.of(found, kin), told.reviews, told.same, told.unanswerable, share)
