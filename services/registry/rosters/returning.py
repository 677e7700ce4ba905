"""Returning: the rows of a filled-in workbook (回执工作簿) become the lines of a return file, each good or not by itself.

A row is known by its 回执编号 alone; what else the file holds of a child is not looked at, except columns that say what stands in
the other system.  A row without a verdict has not come back yet.  What cannot be read is named by column, never by value.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from services.registry.imports.sheets import Cell, Unreadable
from services.registry.rosters.layout import Layout
from services.registry.rosters.schemas import RosterLineIn
from services.registry.rosters.workbook import AFTER, BEFORE, VERDICTS

#: Titles of columns that hold what stands in the other system begin so.
HELD: Final = "系统中的"
_WORDS: Final = {**VERDICTS, "属实": "accepted", "不属实": "refused"}


@dataclass(frozen=True, slots=True)
class Returned:
    """One row of the sheet, by its number there: a line, or the columns that cannot be read."""

    number: int
    line: RosterLineIn | None
    flaws: tuple[str, ...] = ()


def returned(rows: Sequence[Sequence[Cell]], layout: Layout) -> Iterator[Returned]:
    """What came back, in the order of rows.  Unreadable where the header is not ours."""
    names = _names(rows[0] if rows else (), layout.columns)
    for number, row in enumerate(rows[1:], 2):
        said = {n: _text(c) for n, c in zip(names, row, strict=False) if n and _text(c)}
        if "verdict" not in said or said["verdict"] == "verdict":
            continue  # nothing came back, or the second line of the header
        yield _line(number, said, layout)


def _names(header: Sequence[Cell], columns: Mapping[str, str]) -> list[str | None]:
    """By place: `row`, `verdict`, `reason`, or `held:` and a column; None where nothing is read."""
    ours = {title: name for name, title in {**BEFORE, **AFTER}.items() if name in ("row", *AFTER)}
    ours |= {HELD + title: f"held:{name}" for name, title in columns.items()}
    names = [ours.get(str(cell).rstrip("*＊ ")) for cell in header]
    found = [name for name in names if name]
    if not {"row", "verdict"} <= {*found}:
        raise Unreadable("The header lacks 回执编号 or 回执结果.")
    if len(found) != len({*found}):
        raise Unreadable("Two columns have the same title.")
    return names


def _text(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else str(cell)


def _line(number: int, said: Mapping[str, str], layout: Layout) -> Returned:
    held = {n.removeprefix("held:"): v for n, v in said.items() if n.startswith("held:")}
    given: dict[str, Any] = {
        "row": said.get("row"),
        "verdict": _WORDS.get(said["verdict"], said["verdict"]),
        "reason": said.get("reason", ""),
        "held": {name: layout.read(name, value) for name, value in held.items()},
    }
    try:
        return Returned(number, RosterLineIn.model_validate(given))
    except ValidationError as error:
        flaws = {_where(one["loc"]) for one in error.errors(include_input=False, include_url=False)}
        return Returned(number, None, tuple(sorted(flaws)))


def _where(loc: Sequence[int | str]) -> str:
    return str(loc[1] if loc[0] == "held" and len(loc) > 1 else loc[0])
