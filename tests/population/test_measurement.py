"""Pairwise and B³ measures, against hand counts and against counting every pair."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.population import b_cubed, pairwise

TRUTH = {"a1": "a", "a2": "a", "a3": "a", "b1": "b", "b2": "b"}
CASES = [
    ({"a1": 1, "a2": 1, "a3": 1, "b1": 2, "b2": 2}, (1, 1), (1, 1)),
    ({"a1": 1, "a2": 2, "a3": 3, "b1": 4, "b2": 5}, (1, 0), (1, 2 / 5)),
    ({"a1": 1, "a2": 1, "a3": 1, "b1": 1, "b2": 1}, (4 / 10, 1), (13 / 25, 1)),
    ({"a1": 1, "a2": 1, "a3": 2, "b1": 2, "b2": 3}, (1 / 2, 1 / 4), (4 / 5, 8 / 15)),
]


@pytest.mark.parametrize(("found", "pairs", "entries"), CASES)
def test_against_hand_counts(
    found: dict[str, int], pairs: tuple[float, float], entries: tuple[float, float]
) -> None:
    by_pair, by_entry = pairwise(TRUTH, found), b_cubed(TRUTH, found)

    assert (by_pair.precision, by_pair.recall) == pytest.approx(pairs)
    assert (by_entry.precision, by_entry.recall) == pytest.approx(entries)


labels = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=30)


@given(labels)
def test_pairwise_counts_pairs(both: list[tuple[int, int]]) -> None:
    truth = {entry: child for entry, (child, _) in enumerate(both)}
    found = {entry: cluster for entry, (_, cluster) in enumerate(both)}
    pairs = list(combinations(range(len(both)), 2))
    real = {pair for pair in pairs if truth[pair[0]] == truth[pair[1]]}
    joined = {pair for pair in pairs if found[pair[0]] == found[pair[1]]}

    quality = pairwise(truth, found)

    assert quality.precision == (len(real & joined) / len(joined) if joined else 1)
    assert quality.recall == (len(real & joined) / len(real) if real else 1)
    assert 0 <= quality.f1 <= 1


def test_entries_that_only_one_side_knows_do_not_count() -> None:
    quality = pairwise(TRUTH | {"c1": "c", "c2": "c"}, {"a1": 1, "a2": 1, "a3": 1, "z": 1})

    assert (quality.precision, quality.recall) == (1, 1)
