"""Masking: which cells of a figure can be shown so that no small one can be reckoned from the others; pure.

A cell is *small* when it counts fewer children than the smallest cell allowed, but not none.  Totals betray: whoever knows a
row's total and all its cells but one knows that one.  Therefore cells are hidden together:

- Of a row of cells with a total (the parts of an area, the answers to a question), small ones are *pooled* with the next
  smallest until what is hidden could, by all that is shown, be as large as an allowed cell.
- Of the table of parts by answers, whole rows are hidden, all that are pooled and all that have a small cell, and further
  ones, the smallest first, until no hidden small cell is bounded below the allowed size by the totals of its row and column
  (the bounds of Fréchet, which are the best possible for a table of which the totals alone are known).

Guaranteed: from everything shown of one figure, no cell can be told to be small.  What whoever knows some of the children
themselves, or several figures of overlapping areas, can reckon is not held back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from services.registry.figures.counting import (
    BESIDES,
    CONFIRMED,
    LEDGER,
    LEFT_BEHIND,
    MIGRANTS,
    NOT_SET,
    Table,
)

#: Where no place has set a size.  No text gives one (R52).
DEFAULT_SMALLEST = 10
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Shown:
    """One breakdown; None is hidden."""

    total: int | None
    answers: Mapping[str, int | None]
    parts: Mapping[int, int | None]
    cells: Mapping[int, Mapping[str, int | None]]


def pooled(counts: Mapping[Key, int], smallest: int, blind: Iterable[Key] = ()) -> frozenset[Key]:
    """The keys to hide of cells whose total is shown; ``blind`` are hidden in any case."""
    hidden = {*blind, *(key for key, n in counts.items() if 0 < n < smallest)}
    if not hidden:
        return frozenset()
    others = sorted(
        (key for key, n in counts.items() if n and key not in hidden),
        key=lambda key: (counts[key], str(key)),
    )
    while not _roomy([counts.get(key, 0) for key in hidden], smallest):
        if not others:
            return frozenset(counts)  # the noughts with them: all that is known is the total
        hidden.add(others.pop(0))
    return frozenset(hidden)


def _roomy(hidden: list[int], smallest: int) -> bool:
    """Whether each hidden cell, of which at least one child is known, could be of the allowed size."""
    return len(hidden) >= 2 and sum(hidden) - (len(hidden) - 1) >= smallest


def protect(
    rows: Mapping[int, Mapping[str, int]], smallest: int, blind: frozenset[int] = frozenset()
) -> Shown:
    """One breakdown of all parts; the totals of the parts in ``blind`` are hidden elsewhere already."""
    answers = sorted({answer for row in rows.values() for answer in row})
    of_parts = {part: sum(row.values()) for part, row in rows.items()}
    of_answers = {one: sum(row.get(one, 0) for row in rows.values()) for one in answers}
    total = sum(of_parts.values())
    if 0 < total < smallest:
        nothing = dict.fromkeys(answers)
        return Shown(None, nothing, dict.fromkeys(rows), dict.fromkeys(rows, nothing))
    parts = pooled(of_parts, smallest, blind)
    heads = pooled(of_answers, smallest)
    # What can be known of the table: parts and answers, those that are pooled as one each.
    known = [_merged(rows[part], heads) for part in rows if part not in parts]
    names: list[int | None] = [part for part in rows if part not in parts]
    if parts:
        rest: dict[str | None, int] = {}
        for part in parts & rows.keys():
            for head, n in _merged(rows[part], heads).items():
                rest[head] = rest.get(head, 0) + n
        known.append(rest)
        names.append(None)
    hidden = _rows_to_hide(known, names, smallest)
    hidden_parts = {names[i] for i in hidden}
    return Shown(
        total,
        {one: None if one in heads else of_answers[one] for one in answers},
        {part: None if part in parts else of_parts[part] for part in rows},
        {
            part: {
                one: None
                if part in parts or part in hidden_parts or one in heads
                else row.get(one, 0)
                for one in answers
            }
            for part, row in rows.items()
        },
    )


def _merged(row: Mapping[str, int], heads: frozenset[str]) -> dict[str | None, int]:
    merged: dict[str | None, int] = {}
    for answer, n in row.items():
        key = None if answer in heads else answer
        merged[key] = merged.get(key, 0) + n
    return merged


def _rows_to_hide(
    rows: list[dict[str | None, int]], names: list[int | None], smallest: int
) -> set[int]:
    hidden = {
        i
        for i, row in enumerate(rows)
        if names[i] is None or any(0 < n < smallest for n in row.values())
    }
    others = sorted(
        (i for i in range(len(rows)) if i not in hidden), key=lambda i: sum(rows[i].values())
    )
    while hidden and not _covered([rows[i] for i in hidden], smallest):
        if not others:
            return set(range(len(rows)))
        hidden.add(others.pop(0))
    return hidden


def _covered(hidden: list[dict[str | None, int]], smallest: int) -> bool:
    """Whether every small cell among hidden rows could be of the allowed size, by the totals of its row and column."""
    columns: dict[str | None, int] = {}
    for row in hidden:
        for head, n in row.items():
            columns[head] = columns.get(head, 0) + n
    return all(
        len(hidden) > 1 and min(sum(row.values()), columns[head]) >= smallest
        for row in hidden
        for head, n in row.items()
        if 0 < n < smallest
    )


def masked(table: Table, smallest: int) -> dict[str, Shown]:
    """Every breakdown of a figure, by name.

    The parts of the migrants' breakdowns are the cells *migrant* of the status: hidden there, they are hidden here; those of
    the left-behind children's likewise the cells *confirmed* of `left_behind`.
    """
    shown = {
        head: protect({part: heads.get(head, {}) for part, heads in table.items()}, smallest)
        for head in LEDGER
    }
    for head in BESIDES:
        if any(head in heads for heads in table.values()):
            shown[head] = protect(_filled(table, head), smallest)
    for heads, counted, cell in (
        (MIGRANTS, "status", "migrant"),
        (LEFT_BEHIND, "left_behind", CONFIRMED),
    ):
        whole = shown[counted]
        blind = frozenset(part for part in table if whole.cells[part].get(cell, 0) is None)
        secret = whole.answers.get(cell, 0) is None
        for head in heads:
            shown[head] = _below(table, head, smallest, blind, secret)
    return shown


def _filled(table: Table, head: str) -> dict[int, dict[str, int]]:
    """What some places count besides, with the other children of the ledger: all breakdowns of it have the same totals, so
    that none gives away a part that another hides."""
    rows = {}
    for part, heads in table.items():
        row = dict(heads.get(head, {}))
        if others := sum(heads.get("status", {}).values()) - sum(row.values()):
            row[NOT_SET] = others
        rows[part] = row
    return rows


def _below(table: Table, head: str, smallest: int, blind: frozenset[int], secret: bool) -> Shown:
    """A breakdown of those who gave one answer to another: ``blind`` and ``secret`` are what is hidden of that answer."""
    rows = {part: heads.get(head, {}) for part, heads in table.items()}
    made = protect(rows, smallest, blind)
    if not secret:
        return made
    nothing = dict.fromkeys(made.answers)
    return Shown(None, nothing, dict.fromkeys(rows), dict.fromkeys(rows, nothing))
