"""The figures as a table for people; ``Figures.as_json`` is for programs."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from services.evaluation.figures import Figures, Quality
from services.evaluation.misses import Misses


def show(figures: Figures, console: Console) -> None:
    """One row a figure."""
    table = Table("figure", "automatic links", *(["reviews answered"] if figures.answered else []))
    columns = [figures.quality, *([figures.answered.quality] if figures.answered else [])]
    for title, tell in _ROWS:
        table.add_row(title, *(tell(quality) for quality in columns))
    console.print(table)
    speed = figures.speed
    console.print(
        f"{figures.records:,} records of {figures.entries:,} entries about {figures.children:,}"
        f" children; order {figures.plan.order}; model {figures.rule_version}{_size(figures)}"
    )
    console.print(
        f"{speed.records_per_second:,.0f} records/s"
        f" (first tenth {speed.first_tenth_records_per_second:,.0f},"
        f" last {speed.last_tenth_records_per_second:,.0f});"
        f" {speed.resolving_seconds:,.1f} s, reading {speed.reading_seconds:,.1f} s besides"
    )
    if speed.delta_records:
        console.print(f"{speed.delta_records:,} records on top: {speed.delta_seconds:.2f} s")
    for title, p50, p99, samples in (
        ("one record, durable", speed.latency_p50_ms, speed.latency_p99_ms, speed.latency_samples),
        ("one search", speed.search_p50_ms, speed.search_p99_ms, speed.search_samples),
        (
            "one of eight searches at once",
            speed.search_at_once_p50_ms,
            speed.search_at_once_p99_ms,
            speed.search_samples,
        ),
    ):
        if p50 is not None and p99 is not None:
            console.print(f"{title}: p50 {p50:.1f} ms, p99 {p99:.1f} ms of {samples}")
    console.print(
        f"memory at most {speed.peak_memory_mb:,.0f} MB,"
        f" PostgreSQL beside it {speed.postgres_memory_mb:,.0f} MB"
    )
    if answers := figures.answered:
        console.print(
            f"{answers.answered:,} reviews answered ({answers.answered_same:,} the same child),"
            f" {answers.answered_share:.3%} of records; {answers.unanswerable:,} had settled themselves"
        )
    if figures.untold:
        console.print(f"{figures.untold:,} entries are not in the truth and count nowhere")
    for flaw, count in figures.refused.items():
        console.print(f"refused {count:,}: {flaw}")


def _size(figures: Figures) -> str:
    return f" for {figures.made_for:,} children" if figures.made_for else ""


_ROWS: tuple[tuple[str, Any], ...] = (
    ("pairwise precision", lambda q: f"{q.precision:.5f}"),
    ("pairwise recall", lambda q: f"{q.recall:.5f}"),
    ("pairwise F1", lambda q: f"{q.f1:.5f}"),
    ("B-cubed precision", lambda q: f"{q.bcubed_precision:.5f}"),
    ("B-cubed recall", lambda q: f"{q.bcubed_recall:.5f}"),
    ("B-cubed F1", lambda q: f"{q.bcubed_f1:.5f}"),
    ("records in review", lambda q: f"{q.review_share:.3%} ({q.reviews:,} reviews)"),
    ("children wrongly merged", lambda q: _counts(q)),
    (
        "twins wrongly merged",
        lambda q: f"{q.twins_wrongly_merged_share:.3%} of {q.twin_children:,}",
    ),
    ("persons", lambda q: f"{q.persons:,}"),
)


def _counts(quality: Quality) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in quality.wrongly_merged.items())


def show_misses(misses: Misses, console: Console, *, values: bool) -> None:
    """Error by error, then the commonest comparisons of faults."""
    table = Table("error in the record", "records", "pairs", "missed", "share", "wrong pairs")
    for rate in misses.rates:
        table.add_row(
            rate.error,
            f"{rate.records:,}",
            f"{rate.pairs:,}",
            f"{rate.missed:,}",
            f"{rate.missed_share:.2%}",
            f"{rate.wrong:,}",
        )
    console.print(table)
    console.print(f"{misses.faults:,} faulty entries, {misses.sampled:,} of them examined:")
    for group in misses.groups:
        errors = ", ".join(f"{error} {n}" for error, n in group.errors.most_common(5))
        weight = sum(group.weights) / len(group.weights)
        console.print(
            f"[bold]{group.count}× {group.kind}[/] {weight:+.1f} bits, {group.verdict}:"
            f" {group.differing()}\n     errors: {errors}",
            highlight=False,
        )
        if values:
            for entry, others in group.examples:
                for mark, features in [("     > ", entry), *(("       ", o) for o in others[:4])]:
                    console.print(
                        mark + json.dumps(features, ensure_ascii=False),
                        markup=False,
                        highlight=False,
                        soft_wrap=True,
                    )
