"""Showing: handovers as both counties see them; and who has a child's file on a day."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.registry.children.kit import Kit
from services.registry.handovers.authenticity import note_of
from services.registry.handovers.owning import CodeOn, Ownership, Spell
from shared import divisions


def file_of(state: Mapping[str, Any], code_on: CodeOn) -> Ownership | None:
    """Who has the file when, from a child's state; None where it was folded before there were handovers."""
    spells = tuple(
        Spell(int(one["division"]), date.fromisoformat(one["since"]) if one["since"] else None)
        for one in state.get("file", ())
    )
    return Ownership(spells, {}, code_on) if spells else None


def responsible_on(state: Mapping[str, Any], code_on: CodeOn, day: date) -> dict[str, Any] | None:
    """The county that has the file on a day, as ``children.schemas.FileOut``."""
    if (found := file_of(state, code_on)) is None:
        return None
    county = found.county_on(day)
    return {
        "division": divisions.text_of(county),
        "place": divisions.name_of(county) or "",
        "since": found.since(day),
    }


def mark(row: Any) -> dict[str, Any]:
    """A line of a list."""
    seen: dict[str, Any] = {
        "id": str(row["id"]),
        "child": str(row["child_id"]),
        "state": row["state"],
        "giving": divisions.text_of(row["giving"]),
        "taking": divisions.text_of(row["taking"]),
        "begun_on": row["begun_on"],
    }
    if row["side"]:
        seen["proposed_by"] = row["side"]
    if row["effective_on"]:
        seen["effective_on"] = row["effective_on"]
    return seen


def whole(kit: Kit, row: Any, acts: Sequence[Any]) -> dict[str, Any]:
    """One handover with its acts."""
    return {**mark(row), "acts": [_act(kit, one) for one in acts]}


def _act(kit: Kit, row: Any) -> dict[str, Any]:
    seen: dict[str, Any] = {
        "act": row["kind"],
        "side": row["side"],
        "department": row["department"],
        "actor": row["actor"],
        "at": row["acted_at"],
    }
    for key in ("reason", "effective_on"):
        if row[key]:
            seen[key] = row[key]
    if note := note_of(kit.sealer, row):
        seen["note"] = note
    return seen
