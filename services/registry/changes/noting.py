"""Noting: which counties a change of a child concerns, and who stated it there before and now.

Told is what everyone who sees the child is told of (``Folded.told``): visits and duties are none of it, since a child with
whom something happens every month would be known to be in key care.  That key care itself changed is told to whoever sees it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.registry.changes.authenticity import CHANGES
from shared import divisions
from shared.ids import uuid7s
from shared.keys import KeySet


class Standing(NamedTuple):
    """Where a child is and belongs, and the departments that say so."""

    child: UUID
    residence: int | None
    residence_stated_by: Sequence[str]
    hukou: int | None
    hukou_stated_by: Sequence[str]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Standing":
        """Of a ``children`` row."""
        return cls(
            row["id"],
            row["residence_code"],
            row["residence_stated_by"],
            row["hukou_code"],
            row["hukou_stated_by"],
        )


class Turn(NamedTuple):
    """A child before and after; None where it was not yet, or is no more, registered."""

    before: Standing | None
    now: Standing | None
    care: Sequence[str] | None = None
    """The categories, where nothing but key care changed."""


def concerned(turn: Turn) -> dict[int, tuple[list[str] | None, list[str] | None]]:
    """The counties that a change concerns, with who stated the child there before, and who does now."""
    before, now = _counties(turn.before), _counties(turn.now)
    return {county: (before.get(county), now.get(county)) for county in sorted(before.keys() | now)}


def _counties(standing: Standing | None) -> dict[int, list[str]]:
    """Whoever sees the child for either of its places sees it: of one county their departments stand together."""
    if standing is None:
        return {}
    found: dict[int, set[str]] = {}
    for code, stated_by in (
        (standing.residence, standing.residence_stated_by),
        (standing.hukou, standing.hukou_stated_by),
    ):
        if code is not None:
            found.setdefault(divisions.county_of(code), set()).update(stated_by)
    return {county: sorted(stated_by) for county, stated_by in found.items()}


async def note(
    connection: "asyncpg.Connection[Any]", keys: KeySet, turns: Sequence[Turn], now: datetime
) -> None:
    """Append what changed to this transaction, in this order."""
    rows: list[dict[str, Any]] = []
    for change, turn in zip(sorted(uuid7s(len(turns))), turns, strict=True):
        standing = turn.now or turn.before
        if standing is not None:
            rows += [
                {
                    "id": change,
                    "county": county,
                    "child_id": standing.child,
                    "at": now,
                    "stated_before": before,
                    "stated_now": after,
                    "care": turn.care,
                    "position": None,
                }
                for county, (before, after) in concerned(turn).items()
            ]
    if rows:
        await CHANGES.insert(connection, keys, rows)
