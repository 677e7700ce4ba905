"""Clustering edges as the alternatives do."""

from hypothesis import given
from hypothesis import strategies as st

from services.alternatives.clusters import cannot_link, connected

SIZE = 8
ENTRY = st.integers(0, SIZE - 1)
EDGES = st.lists(st.tuples(ENTRY, ENTRY, st.floats(0, 30)), max_size=20)
NUMBERS = st.lists(st.sampled_from([None, "A", "B", "C"]), min_size=SIZE, max_size=SIZE)


@given(EDGES)
def test_connected_entries_are_one(edges: list[tuple[int, int, float]]) -> None:
    clusters = connected(SIZE, [(one, other) for one, other, _ in edges])

    assert all(clusters[one] == clusters[other] for one, other, _ in edges)
    assert len(set(clusters)) >= SIZE - len(edges)


@given(NUMBERS, EDGES)
def test_different_numbers_are_never_joined(
    numbers: list[str | None], edges: list[tuple[int, int, float]]
) -> None:
    clusters = cannot_link(numbers, edges)

    for cluster in set(clusters):
        held = {numbers[at] for at in range(SIZE) if clusters[at] == cluster} - {None}
        assert len(held) <= 1


@given(EDGES)
def test_without_numbers_both_are_the_same(edges: list[tuple[int, int, float]]) -> None:
    apart = cannot_link([None] * SIZE, edges)
    joined = connected(SIZE, [(one, other) for one, other, _ in edges])

    def partition(clusters: list[int]) -> set[frozenset[int]]:
        return {frozenset(i for i in range(SIZE) if clusters[i] == c) for c in set(clusters)}

    assert partition(apart) == partition(joined)


def test_the_best_edge_goes_first() -> None:
    clusters = cannot_link(["A", None, "B"], [(0, 1, 4.0), (1, 2, 9.0)])

    assert clusters[1] == clusters[2] != clusters[0]
