"""From edges to children: connected components, and clustering that keeps different numbers apart."""

from collections.abc import Iterable, Sequence


class Clusters:
    """Sets of entries that may be joined (union-find)."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def of(self, entry: int) -> int:
        """The number of the entry's cluster."""
        above = self._above
        while above[entry] != entry:
            above[entry] = above[above[entry]]
            entry = above[entry]
        return entry

    def join(self, one: int, other: int) -> int:
        """The number of the cluster that both are in now."""
        one, other = self.of(one), self.of(other)
        self._above[other] = one
        return one

    def of_all(self) -> list[int]:
        return [self.of(entry) for entry in range(len(self._above))]


def connected(size: int, edges: Iterable[tuple[int, int]]) -> list[int]:
    """Every edge joins."""
    clusters = Clusters(size)
    for one, other in edges:
        clusters.join(one, other)
    return clusters.of_all()


def cannot_link(
    numbers: Sequence[str | None], edges: Sequence[tuple[int, int, float]]
) -> list[int]:
    """The best edge first; never two clusters that hold different valid numbers."""
    clusters = Clusters(len(numbers))
    held: dict[int, str] = {at: number for at, number in enumerate(numbers) if number}
    for one, other, _ in sorted(edges, key=lambda edge: (-edge[2], edge[0], edge[1])):
        one, other = clusters.of(one), clusters.of(other)
        if one == other:
            continue
        mine, theirs = held.get(one), held.get(other)
        if mine and theirs and mine != theirs:
            continue
        joined = clusters.join(one, other)
        if number := mine or theirs:
            held[joined] = number
    return clusters.of_all()
