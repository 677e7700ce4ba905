"""What a figure shows betrays no small cell: tried by every table that agrees with what is shown."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.figures.counting import LEDGER, LEFT_BEHIND, MIGRANTS
from services.registry.figures.masking import Shown, masked, protect

SMALLEST = 3
ANSWERS = ("a", "b")

tables = st.dictionaries(
    st.integers(1, 2),
    st.fixed_dictionaries({answer: st.integers(0, 4) for answer in ANSWERS}),
    min_size=1,
    max_size=2,
).map(lambda rows: {part: {one: n for one, n in row.items() if n} for part, row in rows.items()})


def agreeing(shown: Shown, most: int) -> list[dict[int, dict[str, int]]]:
    """Every table of which all that is shown is true: what a reader who reckons can hold possible."""
    parts, answers = list(shown.parts), list(shown.answers)
    open_cells = [
        (part, one) for part in parts for one in answers if shown.cells[part][one] is None
    ]
    found = []
    for values in product(range(most + 1), repeat=len(open_cells)):
        guess = dict(zip(open_cells, values, strict=True))
        table = {
            part: {
                one: guess[part, one] if (part, one) in guess else (shown.cells[part][one] or 0)
                for one in answers
            }
            for part in parts
        }
        if shown.total is not None and sum(sum(r.values()) for r in table.values()) != shown.total:
            continue
        if any(n is not None and sum(table[p].values()) != n for p, n in shown.parts.items()):
            continue
        if any(
            n is not None and sum(table[p][a] for p in parts) != n for a, n in shown.answers.items()
        ):
            continue
        found.append(table)
    return found


@settings(max_examples=80)
@given(tables)
def test_r52_no_small_cell_can_be_reckoned_from_what_is_shown(
    rows: dict[int, dict[str, int]],
) -> None:
    shown = protect(rows, SMALLEST)
    total = sum(sum(row.values()) for row in rows.values())
    hidden = sum(
        1 for part in shown.parts for one in shown.answers if shown.cells[part][one] is None
    )
    if shown.total is None:
        assert 0 < total < SMALLEST
        return
    if hidden > 4 or total > 11:
        return  # more tables than a test can try; Fréchet's bounds do not depend on the size
    possible = agreeing(shown, total)
    assert rows_of(rows, shown) in possible
    for part, row in rows.items():
        for one, n in row.items():
            if 0 < n < SMALLEST:
                assert shown.cells[part][one] is None
                assert max(table[part][one] for table in possible) >= SMALLEST
        if 0 < sum(row.values()) < SMALLEST:
            assert shown.parts[part] is None
            assert max(sum(table[part].values()) for table in possible) >= SMALLEST
    for one in shown.answers:
        n = sum(row.get(one, 0) for row in rows.values())
        if 0 < n < SMALLEST:
            assert shown.answers[one] is None
            assert max(sum(t[p][one] for p in t) for t in possible) >= SMALLEST


def rows_of(rows: dict[int, dict[str, int]], shown: Shown) -> dict[int, dict[str, int]]:
    return {part: {one: row.get(one, 0) for one in shown.answers} for part, row in rows.items()}


@settings(max_examples=100)
@given(tables)
def test_r52_what_is_shown_is_true_and_a_table_without_small_cells_is_shown_whole(
    rows: dict[int, dict[str, int]],
) -> None:
    shown = protect(rows, SMALLEST)
    for part, row in rows.items():
        for one in shown.answers:
            assert shown.cells[part][one] in (None, row.get(one, 0))
    if all(n >= SMALLEST for row in rows.values() for n in row.values()):
        assert shown.total == sum(sum(row.values()) for row in rows.values())
        assert all(n is not None for row in shown.cells.values() for n in row.values())


@pytest.mark.parametrize(
    ("counted", "cell", "below"),
    [("status", "migrant", "sex"), ("left_behind", "confirmed", "left_behind.sex")],
)
@settings(max_examples=100)
@given(st.dictionaries(st.integers(1, 4), st.tuples(st.integers(0, 12), st.integers(0, 12))))
def test_r52_r62_a_population_of_a_part_stays_hidden_where_what_it_is_told_by_hides_it(
    counted: str, cell: str, below: str, parts: dict[int, tuple[int, int]]
) -> None:
    table = {
        part: {
            counted: {k: n for k, n in ((cell, those), ("other", others)) if n},
            **({below: {"female": those}} if those else {}),
        }
        for part, (those, others) in parts.items()
    }
    shown = masked(table, 5)
    assert set(shown) == {*LEDGER, *MIGRANTS, *LEFT_BEHIND}
    for part in parts:
        if shown[counted].cells[part].get(cell, 0) is None:
            assert shown[below].parts[part] is None
            assert set(shown[below].cells[part].values()) <= {None}
    if shown[counted].answers.get(cell, 0) is None:
        assert shown[below].total is None
