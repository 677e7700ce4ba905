"""Standing: what the acts of an entry come to, and which may follow; pure.

Guaranteed: a level that takes two to be lowered is lowered by nobody alone, neither step by step nor by leaving the
compartment; what is urgent waits until somebody has followed it up; nothing ends by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.registry.compartments.terms import EntryAct, EntryState


@dataclass(frozen=True, slots=True)
class Done:
    """One act, as far as an entry's course depends on it; ``level`` is empty where it sets none, or is not opened."""

    kind: EntryAct
    at: datetime
    urgent: bool = False
    level: str = ""
    actor: str = ""
    handed_to: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """``urgent_since``: the highest level was set then, and nobody followed up since.  ``proposed`` waits for a second person."""

    state: EntryState
    level: str
    level_since: datetime
    urgent: bool
    urgent_since: datetime | None
    proposed: Done | None = None
    followed_up_at: datetime | None = None
    handed_to: str = ""

    @property
    def waiting_since(self) -> datetime | None:
        return self.urgent_since if self.state == EntryState.OPEN else None


def begun(at: datetime, level: str, urgent: bool) -> Standing:
    return Standing(EntryState.OPEN, level, at, urgent, at if urgent else None)


def after(standing: Standing, acts: Iterable[Done]) -> Standing:
    """What these acts, in their order, make of it; ValueError where one could not follow."""
    for act in acts:
        if not follows(standing, act.kind):
            raise ValueError(f"{act.kind} does not follow")
        standing = _after(standing, act)
    return standing


def follows(standing: Standing, kind: EntryAct) -> bool:
    """Whether such an act may follow at all, whoever does it."""
    if standing.state == EntryState.CLOSED:
        return kind == EntryAct.REOPEN
    if kind in (EntryAct.LOWER, EntryAct.REFUSE_LOWERING):
        return standing.proposed is not None
    if kind == EntryAct.PROPOSE_LOWERING:
        return standing.proposed is None
    return kind != EntryAct.REOPEN


def _after(standing: Standing, act: Done) -> Standing:
    match act.kind:
        case EntryAct.SET_LEVEL | EntryAct.LOWER:
            urgent_since = (standing.urgent_since or act.at) if act.urgent else None
            return replace(
                standing,
                level=act.level,
                level_since=act.at,
                urgent=act.urgent,
                urgent_since=urgent_since,
                proposed=None,
            )
        case EntryAct.PROPOSE_LOWERING:
            return replace(standing, proposed=act)
        case EntryAct.REFUSE_LOWERING:
            return replace(standing, proposed=None)
        case EntryAct.FOLLOW_UP:
            return replace(standing, followed_up_at=act.at, urgent_since=None)
        case EntryAct.HAND_OVER:
            return replace(standing, handed_to=act.handed_to)
        case EntryAct.CLOSE:
            return replace(standing, state=EntryState.CLOSED, proposed=None)
        case EntryAct.REOPEN:
            return replace(
                standing, state=EntryState.OPEN, urgent_since=act.at if standing.urgent else None
            )
