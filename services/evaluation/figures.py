"""The figures of one run; their names are the keys of ``--json`` and stay what they are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from services.evaluation.merges import Kind, Kinship, mixed, wrongly_merged
from services.evaluation.outcome import Outcome
from services.evaluation.resolving import Plan, Run
from services.population.measurement import Contingency


@dataclass(frozen=True, slots=True)
class Quality:
    """How well records were linked; automatic links alone, unless reviews were answered.

    ``review_share``: the records of the smaller person of every open review, as a share of all.
    ``wrongly_merged``: children that share a person with another child, by kind.
    """

    precision: float
    recall: float
    f1: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    review_share: float
    reviews: int
    wrongly_merged: dict[str, int]
    twins_wrongly_merged_share: float
    twin_children: int
    persons: int

    @classmethod
    def of(cls, outcome: Outcome, kinship: Kinship) -> "Quality":
        placed = list(zip(outcome.children, outcome.persons, strict=True))
        counted = Contingency.of(placed)
        pairs, b_cubed = counted.pairwise, counted.b_cubed
        merged = Counter(wrongly_merged(mixed(placed).values(), kinship).values())
        twins = kinship.twins()
        doubtful = {min(pair, key=lambda p: (counted.persons[p], p)) for pair in outcome.reviews}
        records = len(placed)
        return cls(
            pairs.precision,
            pairs.recall,
            pairs.f1,
            b_cubed.precision,
            b_cubed.recall,
            b_cubed.f1,
            sum(counted.persons[person] for person in doubtful) / records if records else 0.0,
            len(outcome.reviews),
            {str(kind): merged[kind] for kind in Kind},
            merged[Kind.TWIN] / twins if twins else 0.0,
            twins,
            len(counted.persons),
        )


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast, and at what cost. ``records_per_second`` is of the bulk load, durable, without
    reading files; ``cpu_seconds`` are our own process's with reading; memory is in 2^20 bytes.
    Latencies are None where nothing was asked one by one.
    """

    records_per_second: float
    first_tenth_records_per_second: float
    last_tenth_records_per_second: float
    resolving_seconds: float
    reading_seconds: float
    cpu_seconds: float
    peak_memory_mb: float
    postgres_memory_mb: float
    delta_records: int
    delta_seconds: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    latency_samples: int
    search_p50_ms: float | None
    search_p99_ms: float | None
    search_at_once_p50_ms: float | None
    search_at_once_p99_ms: float | None
    search_samples: int

    @classmethod
    def of(cls, run: Run) -> "Speed":
        tenths = run.tenths() or [0.0]
        return cls(
            run.records_per_second,
            tenths[0],
            tenths[-1],
            run.resolving_seconds,
            run.reading_seconds,
            run.cpu_seconds,
            run.peak_memory_mb,
            run.postgres_memory_mb,
            sum(count for count, _ in run.delta),
            sum(seconds for _, seconds in run.delta),
            _quantile(run.singles, 0.5),
            _quantile(run.singles, 0.99),
            len(run.singles),
            _quantile(run.searches, 0.5),
            _quantile(run.searches, 0.99),
            _quantile(run.searches_at_once, 0.5),
            _quantile(run.searches_at_once, 0.99),
            len(run.searches),
        )


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of answering every review rightly. ``answered_share``: the records of the smaller
    person of every answered review, as a share of all.
    """

    quality: Quality
    answered: int
    answered_same: int
    unanswerable: int
    answered_share: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that a run tells."""

    records: int
    entries: int
    children: int
    refused: dict[str, int]
    untold: int
    plan: Plan
    made_for: int | None
    """Children that the release's model was made for."""
    rule_version: str
    quality: Quality
    speed: Speed
    answered: Answers | None = None

    def as_json(self) -> dict[str, Any]:
        """One flat object; the figures after answered reviews stand under ``reviews_answered``."""
        told = asdict(self)
        told.pop("answered")
        told |= told.pop("plan")
        flat = {**told.pop("quality"), **told.pop("speed"), **told}
        if self.answered is None:
            return flat
        quality = asdict(self.answered.quality)
        counts = {key: n for key, n in asdict(self.answered).items() if key != "quality"}
        return flat | {"reviews_answered": {**quality, **counts}}


def _quantile(seconds: Sequence[float], share: float) -> float | None:
    """In milliseconds: the least value that at least ``share`` of all do not exceed."""
    return 1000 * sorted(seconds)[ceil(share * len(seconds)) - 1] if seconds else None
