"""Standing: a child as it was on a day, by what was known and the rules that were known; pure."""

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.children.building import Folded, judge, reading_of
from services.registry.children.folding import Fold, current, fold_current
from services.registry.children.kit import Kit
from services.registry.past.gathering import Known
from services.registry.profiles import Profiles
from services.registry.records.vault import Opened
from shared.clock import SHANGHAI


class Standing(NamedTuple):
    """A child's rows as they would have been, the fold behind them, and the records that had not been taken back."""

    row: Folded
    fold: Fold
    live: list[Opened]


def standing(kit: Kit, profiles: Profiles, child: UUID, known: Known, day: date) -> Standing:
    """The child on ``day``; what people decided later is left out of it, whenever it became known."""
    live = current(known.records)
    folded = fold_current(live, known.records, day, profiles.in_line)
    decided: list[Any] = [
        row for row in known.decisions if row["decided_at"].astimezone(SHANGHAI).date() <= day
    ]
    then = replace(kit, profiles=profiles)
    reading = reading_of(then, folded, live, known.records)
    row = judge(then, child, reading, decided, day, known.words.until(day))
    return Standing(row, folded, live)
