"""What departments do in spreadsheets: the same number, or the same name, birth and sex, is one child."""

from collections.abc import Hashable, Iterable
from typing import Any

from services.alternatives.clusters import Clusters


def by_number(table: Any) -> list[int]:
    """Entries of one valid number."""
    return _joined(table, table["id_number"].to_pylist())


def by_number_or_rule(table: Any) -> list[int]:
    """Entries of one valid number, or of one name, birth date and sex."""
    columns = (table[name].to_pylist() for name in ("name", "birth", "sex"))
    told = (row if all(row) else None for row in zip(*columns, strict=True))
    return _joined(table, table["id_number"].to_pylist(), told)


def _joined(table: Any, *keys: Iterable[Hashable]) -> list[int]:
    clusters = Clusters(table.num_rows)
    for column in keys:
        first: dict[Hashable, int] = {}
        for at, key in enumerate(column):
            if key is not None:
                clusters.join(first.setdefault(key, at), at)
    return clusters.of_all()
