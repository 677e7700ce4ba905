"""Standing: what the acts of an entry come to, and which may follow; pure.

Guaranteed: a level that takes two to be lowered is lowered by nobody alone, neither step by step nor by leaving the
compartment; what is urgent waits until somebody has followed it up; nothing ends by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.registry.compartments.terms import CompartmentEntryAct, CompartmentEntryState


@dataclass(frozen=True, slots=True)
class Done:
    """One act, as far as an entry's course depends on it; ``level`` is empty where it sets none, or is not opened."""

    kind: CompartmentEntryAct
    at: datetime
    urgent: bool = False
    level: str = ""
    actor: str = ""
    handed_to: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """``urgent_since``: the highest level was set then, and nobody followed up since.  ``proposed`` waits for a second person."""

    state: CompartmentEntryState
    level: str
    level_since: datetime
    urgent: bool
    urgent_since: datetime | None
    proposed: Done | None = None
    followed_up_at: datetime | None = None
    handed_to: str = ""

    @property
    def waiting_since(self) -> datetime | None:
        return self.urgent_since if self.state == CompartmentEntryState.OPEN else None


def begun(at: datetime, level: str, urgent: bool) -> Standing:
    return Standing(CompartmentEntryState.OPEN, level, at, urgent, at if urgent else None)


def after(standing: Standing, acts: Iterable[Done]) -> Standing:
    """What these acts, in their order, make of it; ValueError where one could not follow."""
    for act in acts:
        if not follows(standing, act.kind):
            raise ValueError(f"{act.kind} does not follow")
        standing = _after(standing, act)
    return standing


def follows(standing: Standing, kind: CompartmentEntryAct) -> bool:
    """Whether such an act may follow at all, whoever does it."""
    if standing.state == CompartmentEntryState.CLOSED:
        return kind == CompartmentEntryAct.REOPEN
    if kind in (CompartmentEntryAct.LOWER, CompartmentEntryAct.REFUSE_LOWERING):
        return standing.proposed is not None
    if kind == CompartmentEntryAct.PROPOSE_LOWERING:
        return standing.proposed is None
    return kind != CompartmentEntryAct.REOPEN


def _after(standing: Standing, act: Done) -> Standing:
    match act.kind:
        case CompartmentEntryAct.SET_LEVEL | CompartmentEntryAct.LOWER:
            urgent_since = (standing.urgent_since or act.at) if act.urgent else None
            return replace(
                standing,
                level=act.level,
                level_since=act.at,
                urgent=act.urgent,
                urgent_since=urgent_since,
                proposed=None,
            )
        case CompartmentEntryAct.PROPOSE_LOWERING:
            return replace(standing, proposed=act)
        case CompartmentEntryAct.REFUSE_LOWERING:
            return replace(standing, proposed=None)
        case CompartmentEntryAct.FOLLOW_UP:
            return replace(standing, followed_up_at=act.at, urgent_since=None)
        case CompartmentEntryAct.HAND_OVER:
            return replace(standing, handed_to=act.handed_to)
        case CompartmentEntryAct.CLOSE:
            return replace(standing, state=CompartmentEntryState.CLOSED, proposed=None)
        case CompartmentEntryAct.REOPEN:
            return replace(
                standing,
                state=CompartmentEntryState.OPEN,
                urgent_since=act.at if standing.urgent else None,
            )
