"""Keeping: who has a child's file, and the handovers of it as rows for both counties; a part of the fold, and pure.

A handover falls *due* where the child is confirmed to live in another county than the one that has the file, and nobody has
proposed anything: nobody's act, and gone by itself once the child is back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.children.folding import Fold
from services.registry.handovers.owning import Handover, Ownership, carried, ownership
from services.registry.handovers.reading import handovers_of
from services.registry.handovers.terms import HandoverState as State
from services.registry.profiles import Profiles
from shared import divisions
from shared.clock import SHANGHAI
from shared.hashes import keyed_id


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """One handover before it is stored, its counties by the codes of the day.

    ``begun_on`` is the day of the proposal, or that of the move of one that is due.
    """

    id: UUID
    state: str
    giving: int
    taking: int
    side: str
    begun_on: date
    effective_on: date | None
    acts: int

    def held(self) -> tuple[Any, ...]:
        """Everything about it in plain values."""
        return (
            str(self.id),
            self.state,
            self.giving,
            self.taking,
            self.side,
            self.begun_on.isoformat(),
            self.effective_on.isoformat() if self.effective_on else None,
            self.acts,
        )


class Kept(NamedTuple):
    """The spells of the file, the rows, and the next day on which any of them changes by itself."""

    ownership: Ownership
    rows: tuple[HandoverRow, ...] = ()
    turns_on: date | None = None

    def spells(self) -> list[dict[str, Any]]:
        """As the child's state holds them."""
        return [
            {
                "division": divisions.text_of(one.county),
                "since": one.since.isoformat() if one.since else None,
            }
            for one in self.ownership.spells
        ]


def keep(
    key: bytes,
    child: UUID,
    folded: Fold,
    first: int,
    acts: Sequence[Any],
    profiles: Profiles,
    day: date,
) -> Kept:
    """Who has the file and what is to be handed over, as of ``day``: ``first`` had it before anybody handed it over, and
    ``key`` makes the ids of what is due.
    """
    made = handovers_of(acts)
    found = ownership(first, made, day, profiles.code_on)
    count: dict[UUID, int] = {}
    for act in acts:
        count[act["handover_id"]] = count.get(act["handover_id"], 0) + 1
    rows = [_row(one, found, count[one.id], day) for one in made]
    if (due := _due(key, child, folded, found, day)) is not None:
        rows.append(due)
    turns = [
        found.next_after(day),
        profiles.turns_after(found.county_on(day), day),
        *(profiles.turns_after(code, day) for row in rows for code in (row.giving, row.taking)),
    ]
    return Kept(found, tuple(rows), min((turn for turn in turns if turn), default=None))


def _row(one: Handover, found: Ownership, acts: int, day: date) -> HandoverRow:
    return HandoverRow(
        one.id,
        str(found.states[one.id]),
        carried(one.giving, day, found.code_on),
        carried(one.taking, day, found.code_on),
        str(one.proposed_by),
        one.proposed_at.astimezone(SHANGHAI).date(),
        one.effective_on,
        acts,
    )


def _due(key: bytes, child: UUID, folded: Fold, found: Ownership, day: date) -> HandoverRow | None:
    here = folded.residing.now
    if found.open or here is None or here.until is not None or not here.confirmed:
        return None
    # The township may have passed to another county than the one that took over the county it was of.
    giving, taking = found.county_on(day), divisions.county_of(found.code_on(here.code, day))
    if giving == taking:
        return None
    made = keyed_id(key, "handover", child, giving, taking, here.since.toordinal())
    return HandoverRow(made, str(State.DUE), giving, taking, "", here.since, None, 0)
