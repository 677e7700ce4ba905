"""Folding: what the authentic acts of a case come to, whatever its row says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.registry.cases.authenticity import note_of, words_of
from services.registry.cases.demanding import demands
from services.registry.cases.stepping import Done, owed_since, state_of
from services.registry.cases.terms import CaseActKind, CaseDemand, CaseKind, CaseOutcome, CaseState
from shared.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Folded:
    """``since``: when it became the addressee's turn, None when it is not.  ``words`` are empty once they were erased."""

    kind: CaseKind
    state: CaseState
    since: datetime | None
    demands: tuple[CaseDemand, ...]
    done: tuple[Done, ...]
    words: Mapping[str, Any]

    def fits(self, state: CaseState | None, waiting: bool | None) -> bool:
        """Whether it is one of those for which a list was asked."""
        pressed_for = self.since is not None or bool(self.demands)
        return state in (None, self.state) and waiting in (None, pressed_for)


def fold(sealer: Sealer, row: Any, acts: Sequence[Any]) -> Folded:
    """Unsealable or ValueError where anything was not written by the hub.  The row bears what is to ``review``, if anything."""
    kind = CaseKind(row["kind"])
    words = words_of(sealer, row)
    for act in acts:
        note_of(sealer, act)
    taken = [(CaseActKind(act["kind"]), act["acted_at"]) for act in acts]
    done = tuple(done_of(acts))
    state = state_of(kind, [one.kind for one in done])
    missing = demands(kind, words, done)
    if state != CaseState.CLOSED and row["review"] is not None:
        missing = (*missing, row["review"])
    return Folded(kind, state, owed_since(kind, row["opened_at"], taken), missing, done, words)


def done_of(acts: Sequence[Any]) -> list[Done]:
    return [
        Done(CaseActKind(one["kind"]), CaseOutcome(one["outcome"]) if one["outcome"] else None)
        for one in acts
    ]
