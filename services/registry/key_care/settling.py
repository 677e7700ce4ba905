"""Settling key care: from evidence and people's decisions to the state of one category.

States: *proposed* (evidence holds, nobody has decided), *confirmed*, *refused*, *closed*, *under_review* (what a
confirmation rested on was recalled).  Nothing ends by itself: evidence that lapses with time leaves a confirmed entry
confirmed; only a person closes it.  New evidence after a refusal or a closing proposes anew.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

State = Literal["proposed", "confirmed", "refused", "closed", "under_review"]
#: What a person may decide in each state; ``open`` starts an entry by hand where there is none.
ALLOWED: dict[str, tuple[str, ...]] = {
    "none": ("open",),
    "proposed": ("confirm", "refuse"),
    "confirmed": ("close",),
    "refused": ("open",),
    "closed": ("open",),
    "under_review": ("confirm", "close"),
}


@dataclass(frozen=True, slots=True)
class Holding:
    """One record whose evidence holds today."""

    record: UUID
    entry: UUID
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    kind: str
    at: datetime
    basis: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    state: State
    since: datetime


def settle(
    holding: Sequence[Holding], decisions: Sequence[Decided], live_entries: Set[UUID]
) -> Settled | None:
    """The state of one category; None where neither evidence nor a decision speaks.

    ``decisions`` are in the order they were made; ``live_entries`` are the child's entries that were not recalled.
    """
    if not decisions:
        return Settled("proposed", min(h.received_at for h in holding)) if holding else None
    last = decisions[-1]
    newer = [h.received_at for h in holding if h.received_at > last.at]
    if last.kind in ("refuse", "close"):
        if newer:
            return Settled("proposed", min(newer))
        return Settled("refused" if last.kind == "refuse" else "closed", last.at)
    rests_on_nothing = bool(last.basis) and live_entries.isdisjoint(last.basis) and not holding
    return Settled("under_review" if rests_on_nothing else "confirmed", last.at)
