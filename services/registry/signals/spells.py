"""Spells: the times during which signals ask for somebody, as alerts and left-behind tell them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.signals.reading import Signal


class Spell(NamedTuple):
    """``entry`` is that of the record that is the cause itself; ``ended_by`` the record that ended it."""

    cause: str
    begins: date
    ended: date | None = None
    ended_by: UUID | None = None
    entry: UUID | None = None
    record: UUID | None = None
    office: int = 0
    detail: Mapping[str, Any] = {}
    category: str = ""


def first(found: Sequence[Signal]) -> Signal | None:
    """The one that was known first."""
    return min(found, key=lambda s: (s.known, s.on), default=None)


def until(spell: Spell, ending: Signal | None) -> Spell:
    """The spell as this evidence ends it."""
    if ending is None:
        return spell
    detail = {**spell.detail, "evidence_on": ending.on.isoformat()}
    return spell._replace(ended=ending.known, ended_by=ending.record, detail=detail)
