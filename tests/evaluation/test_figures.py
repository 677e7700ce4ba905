"""Figures: stable keys, and counts that say what they are called."""

from array import array
from uuid import UUID

import pytest

from services.evaluation.figures import Answers, Figures, Quality, Speed
from services.evaluation.merges import Kinship
from services.evaluation.outcome import Outcome
from services.evaluation.resolving import Plan, Run

ALONE = Kinship({}, {})
KEYS = (
    *("records", "entries", "children", "refused", "untold", "order", "seed", "batch"),
    *("delta", "singles", "searches", "delta_records", "delta_seconds"),
    *("search_p50_ms", "search_p99_ms", "search_at_once_p50_ms", "search_at_once_p99_ms"),
    "search_samples",
    *("made_for", "rule_version", "precision", "recall", "f1"),
    *("bcubed_precision", "bcubed_recall", "bcubed_f1", "review_share", "reviews"),
    *("wrongly_merged", "twins_wrongly_merged_share", "twin_children", "persons"),
    *("records_per_second", "first_tenth_records_per_second", "last_tenth_records_per_second"),
    "replicas",
    *("resolving_seconds", "reading_seconds", "cpu_seconds"),
    *("peak_memory_mb", "postgres_memory_mb"),
    *("latency_p50_ms", "latency_p99_ms", "latency_samples"),
)


def outcome(*placed: tuple[int, int], reviews: tuple[tuple[int, int], ...] = ()) -> Outcome:
    return Outcome(
        [UUID(int=n) for n in range(len(placed))],
        array("L", (child for child, _ in placed)),
        array("L", (person for _, person in placed)),
        list(reviews),
    )


def test_the_records_of_the_smaller_person_are_in_review() -> None:
    found = outcome(*[(0, 0)] * 6, (0, 1), (0, 1), (1, 2), (2, 3), reviews=((0, 1), (1, 0), (2, 3)))

    quality = Quality.of(found, ALONE)

    assert quality.review_share == pytest.approx(0.3)
    assert quality.reviews == 3


def test_twins_wrongly_merged_are_a_share_of_twin_children() -> None:
    twins = Kinship(
        {child: frozenset({child // 2}) for child in range(4)}, dict.fromkeys(range(4), "d")
    )

    quality = Quality.of(outcome((0, 0), (1, 0), (2, 1), (3, 2), (4, 2)), twins)

    assert quality.wrongly_merged == {"twin": 2, "sibling": 0, "other": 2}
    assert (quality.twins_wrongly_merged_share, quality.twin_children) == (0.5, 4)


def test_latencies_are_nearest_ranks_and_tenths_follow_the_records() -> None:
    run = Run(
        records=1100,
        bulk=[(100, 0.5)] * 5 + [(100, 1.0)] * 5,
        singles=[n / 1000 for n in range(100, 0, -1)],
    )

    speed = Speed.of(run)

    assert (speed.latency_p50_ms, speed.latency_p99_ms) == (50, 99)
    assert (speed.first_tenth_records_per_second, speed.last_tenth_records_per_second) == (200, 100)
    assert speed.records_per_second == pytest.approx(1000 / 7.5)


def test_the_keys_are_those_that_are_documented() -> None:
    quality, speed = Quality.of(outcome((0, 0)), ALONE), Speed.of(Run())
    figures = Figures(
        1, 1, 1, {}, 0, Plan(), None, "m", quality, speed, Answers(quality, 0, 0, 0, 0.0)
    )

    told = figures.as_json()

    answered = told.pop("reviews_answered")
    assert sorted(told) == sorted(KEYS)
    assert set(answered) >= {"f1", "answered", "answered_share"}
