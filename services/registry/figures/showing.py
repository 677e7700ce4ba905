"""Showing figures: masked, and of key care the categories that are open to the reader."""

from collections.abc import Mapping
from typing import Any

from services.registry.access.matrix import categories_of
from services.registry.figures.counting import (
    BESIDES,
    LEDGER,
    LEFT_BEHIND,
    MIGRANTS,
    Table,
    counted_by,
)
from services.registry.figures.masking import Shown, masked
from services.registry.figures.publishing import differences, table_of
from services.registry.figures.schemas import (
    BreakdownOut,
    CellOut,
    FigureDifferenceOut,
    FigureOut,
    FigureRevisionOut,
    FigureState,
    PartOut,
)
from shared import divisions
from shared.vocabulary import Department

_KEY_CARE = "key_care."
POPULATIONS = {"ledger": (*LEDGER, *BESIDES), "migrant": MIGRANTS, "left_behind": LEFT_BEHIND}


def may_read(department: Department, breakdown: str) -> bool:
    """Whether a department is told of this breakdown: of key care, its own categories."""
    if not breakdown.startswith(_KEY_CARE):
        return True
    return breakdown.removeprefix(_KEY_CARE) in categories_of(department)


def head(row: Mapping[str, Any]) -> FigureOut:
    """A figure without what it came to."""
    done = row["computed_at"] is not None
    return FigureOut(
        id=row.get("id"),
        state=(FigureState.PUBLISHED if done else FigureState.REQUESTED) if "id" in row else None,
        division=divisions.text_of(row["division"]),
        place=divisions.name_of(row["division"]) or "",
        on=row["valid_on"],
        known_at=row["known_at"],
        pilot=row["pilot"],
        rule_version=row["rulebook"],
        method=row["method"],
        smallest_cell=row["smallest"],
        smallest_cell_configured=row["configured"],
        requested_at=row.get("requested_at"),
        published_at=row["computed_at"] if "id" in row else None,
    )


def whole(row: Mapping[str, Any], department: Department) -> FigureOut:
    """A figure with its breakdowns, once it is counted."""
    seen = head(row)
    if row["counts"] is None:
        return seen
    return seen.model_copy(
        update={
            "unreadable": row["counts"]["unreadable"],
            "breakdowns": [
                one
                for one in breakdowns(table_of(row["counts"]), row["smallest"], department)
                if counted_by(row["method"], one.name)
            ],
        }
    )


def breakdowns(table: Table, smallest: int, department: Department) -> list[BreakdownOut]:
    shown = masked(table, smallest)
    return [
        _breakdown(name, population, shown[name])
        for population, names in POPULATIONS.items()
        for name in names
        if name in shown and may_read(department, name)
    ]


def _breakdown(name: str, population: str, shown: Shown) -> BreakdownOut:
    return BreakdownOut(
        name=name,
        population=population,
        children=shown.total,
        cells=_cells(shown.answers),
        parts=[
            PartOut(
                division=divisions.text_of(part),
                place=divisions.name_of(part) or "",
                children=children,
                cells=_cells(shown.cells[part]),
            )
            for part, children in shown.parts.items()
        ],
    )


def _cells(counts: Mapping[str, int | None]) -> list[CellOut]:
    return [CellOut(answer=answer, children=n) for answer, n in counts.items()]


def revision(frozen: Any, row: Any, department: Department) -> FigureRevisionOut:
    """A revision with the cells in which it differs from the frozen figure."""
    done = row["computed_at"] is not None and frozen["counts"] is not None
    seen = FigureRevisionOut(
        id=row["id"],
        state=FigureState.PUBLISHED if done else FigureState.REQUESTED,
        known_at=row["known_at"],
        rule_version=row["rulebook"],
        requested_at=row["requested_at"],
        published_at=row["computed_at"],
    )
    if done:
        seen.differences = [
            FigureDifferenceOut(
                division=divisions.text_of(one.part),
                breakdown=one.breakdown,
                answer=one.answer,
                frozen=one.frozen,
                revised=one.revised,
            )
            for one in differences(frozen["counts"], row["counts"])
            if may_read(department, one.breakdown) and counted_by(frozen["method"], one.breakdown)
        ]
    return seen
