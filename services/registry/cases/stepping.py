"""Stepping: which act may follow in a case, by whom, and what a case still lacks before it can be closed; pure.

A case is the fold of its acts.  The *addressee* receives and answers, or takes up and gets done; the *lead* closes:
civil affairs for a report, for the others whoever opened it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registry.cases.terms import (
    BEFORE,
    GROUNDS,
    MEASURES,
    AnswerDue,
    CaseActKind,
    CaseKind,
    CaseOutcome,
    CaseState,
)
from shared.vocabulary import Department

_MEASURED = dict.fromkeys((*BEFORE, *GROUNDS, *MEASURES))
_Steps = Mapping[CaseState, Mapping[CaseActKind, CaseState | None]]
_ANSWERED_AND_CLOSED: _Steps = {
    CaseState.SENT: {
        CaseActKind.RECEIVE: CaseState.RECEIVED,
        CaseActKind.ANSWER: CaseState.ANSWERED,
        CaseActKind.FOLLOW_UP: None,
    },
    CaseState.RECEIVED: {CaseActKind.ANSWER: CaseState.ANSWERED, CaseActKind.FOLLOW_UP: None},
    CaseState.ANSWERED: {CaseActKind.CLOSE: CaseState.CLOSED, CaseActKind.FOLLOW_UP: None},
    CaseState.CLOSED: {CaseActKind.REOPEN: CaseState.ANSWERED},
}
_TAKEN_UP: Mapping[CaseActKind, CaseState | None] = {
    CaseActKind.COMPLETE: CaseState.DONE,
    CaseActKind.DECLINE: CaseState.DECLINED,
    CaseActKind.RETURN: CaseState.RETURNED,
    CaseActKind.FOLLOW_UP: None,
}
_HANDED_BACK: Mapping[CaseActKind, CaseState | None] = {
    CaseActKind.CLOSE: CaseState.CLOSED,
    CaseActKind.REOPEN: CaseState.SENT,
    CaseActKind.FOLLOW_UP: None,
}
#: By kind and state: the acts that may follow, and the state after them; None: it stays.
STEPS: Mapping[CaseKind, _Steps] = {
    CaseKind.REPORT: {
        CaseState.SENT: {
            CaseActKind.RECEIVE: CaseState.RECEIVED,
            CaseActKind.ANSWER: CaseState.ANSWERED,
            CaseActKind.FOLLOW_UP: None,
            **_MEASURED,
        },
        CaseState.RECEIVED: {
            CaseActKind.ANSWER: CaseState.ANSWERED,
            CaseActKind.FOLLOW_UP: None,
            **_MEASURED,
        },
        CaseState.ANSWERED: {
            CaseActKind.ANSWER: CaseState.ANSWERED,
            CaseActKind.FOLLOW_UP: None,
            CaseActKind.CLOSE: CaseState.CLOSED,
            **_MEASURED,
        },
        CaseState.CLOSED: {CaseActKind.REOPEN: CaseState.ANSWERED},
    },
    CaseKind.REFERRAL: {
        CaseState.SENT: {
            CaseActKind.ACCEPT: CaseState.ACCEPTED,
            CaseActKind.DECLINE: CaseState.DECLINED,
            CaseActKind.FOLLOW_UP: None,
        },
        CaseState.ACCEPTED: {CaseActKind.RETURN: CaseState.RETURNED, CaseActKind.FOLLOW_UP: None},
        CaseState.DECLINED: {CaseActKind.CLOSE: CaseState.CLOSED, CaseActKind.FOLLOW_UP: None},
        CaseState.RETURNED: {CaseActKind.CLOSE: CaseState.CLOSED, CaseActKind.FOLLOW_UP: None},
        CaseState.CLOSED: {CaseActKind.REOPEN: CaseState.RETURNED},
    },
    CaseKind.SUGGESTION: _ANSWERED_AND_CLOSED,
    CaseKind.CORRECTION: _ANSWERED_AND_CLOSED,
    CaseKind.INTERVENTION: {
        CaseState.SENT: {
            CaseActKind.RECEIVE: CaseState.RECEIVED,
            CaseActKind.ANSWER: CaseState.ANSWERED,
            CaseActKind.FOLLOW_UP: None,
        },
        CaseState.RECEIVED: {CaseActKind.ANSWER: CaseState.ANSWERED, CaseActKind.FOLLOW_UP: None},
        CaseState.ANSWERED: {
            CaseActKind.ANSWER: CaseState.ANSWERED,
            CaseActKind.FOLLOW_UP: None,
            CaseActKind.CLOSE: CaseState.CLOSED,
        },
        CaseState.CLOSED: {CaseActKind.REOPEN: CaseState.ANSWERED},
    },
    CaseKind.ASSISTANCE: {
        CaseState.SENT: {
            CaseActKind.ACCEPT: CaseState.ACCEPTED,
            CaseActKind.COMPLETE: CaseState.DONE,
            CaseActKind.DECLINE: CaseState.DECLINED,
            CaseActKind.FOLLOW_UP: None,
        },
        CaseState.ACCEPTED: {
            CaseActKind.GATHER: None,
            CaseActKind.SUBMIT: CaseState.SUBMITTED,
            **_TAKEN_UP,
        },
        CaseState.SUBMITTED: {CaseActKind.GATHER: CaseState.ACCEPTED, **_TAKEN_UP},
        CaseState.DONE: {CaseActKind.CLOSE: CaseState.CLOSED, CaseActKind.FOLLOW_UP: None},
        CaseState.DECLINED: _HANDED_BACK,
        CaseState.RETURNED: _HANDED_BACK,
        CaseState.CLOSED: {CaseActKind.REOPEN: CaseState.SENT},
    },
}
#: States in which the addressee owes an answer.
_UNANSWERED = (CaseState.SENT, CaseState.RECEIVED)
#: Who takes something up owes that it gets done, or is handed back.
_UNDONE = (CaseState.SENT, CaseState.ACCEPTED, CaseState.SUBMITTED)
_ADDRESSEES_ACTS = (
    CaseActKind.RECEIVE,
    CaseActKind.ANSWER,
    CaseActKind.ACCEPT,
    CaseActKind.DECLINE,
    CaseActKind.RETURN,
    CaseActKind.GATHER,
    CaseActKind.SUBMIT,
    CaseActKind.COMPLETE,
)
_LEADS_ACTS = (CaseActKind.CLOSE, CaseActKind.REOPEN)


@dataclass(frozen=True, slots=True)
class Done:
    """One act, as far as a case's course depends on it."""

    kind: CaseActKind
    outcome: CaseOutcome | None = None


def state_of(kind: CaseKind, acts: Iterable[CaseActKind]) -> CaseState:
    """The state after these acts, in their order; ValueError where one could not follow."""
    state = CaseState.SENT
    for act in acts:
        following = STEPS[kind][state]
        if act not in following:
            raise ValueError(f"{act} does not follow {state}")
        state = following[act] or state
    return state


def may(
    kind: CaseKind,
    act: CaseActKind,
    department: Department,
    addressee: Department,
    opener: Department,
) -> bool:
    """Whether a department may act so; measures are told by police, or by civil affairs for procuratorate and court."""
    if act in _ADDRESSEES_ACTS:
        return department == addressee
    if act in MEASURES:
        return department in (Department.POLICE, Department.CIVIL_AFFAIRS)
    if act in _LEADS_ACTS:
        return leads(kind, department, opener)
    return department in (addressee, opener, Department.CIVIL_AFFAIRS)


def leads(kind: CaseKind, department: Department, opener: Department) -> bool:
    return department == Department.CIVIL_AFFAIRS or (
        department == opener and kind != CaseKind.REPORT
    )


def lacking(kind: CaseKind, acts: Sequence[Done], commanded: Iterable[str]) -> tuple[str, ...]:
    """The measures that the place's rules command (应当) and that were not taken, before an established report is closed."""
    answers = [one.outcome for one in acts if one.kind == CaseActKind.ANSWER]
    if kind != CaseKind.REPORT or not answers or answers[-1] != CaseOutcome.ESTABLISHED:
        return ()
    taken = {str(one.kind) for one in acts}
    if CaseActKind.FAMILY_EDUCATION_ORDER in taken:
        taken.add(CaseActKind.FAMILY_EDUCATION_GUIDANCE)  # the court's order is guidance, and more
    return tuple(measure for measure in commanded if measure not in taken)


def owes(kind: CaseKind, state: CaseState) -> bool:
    """Whether it is the addressee's turn."""
    return state in (_UNDONE if kind == CaseKind.ASSISTANCE else _UNANSWERED)


def owed_since(
    kind: CaseKind, opened_at: datetime, acts: Iterable[tuple[CaseActKind, datetime]]
) -> datetime | None:
    """Since when the addressee owes what it owes: the case's opening, or its being sent again; None when it is not its turn."""
    state, since = CaseState.SENT, opened_at
    for act, at in acts:
        following = STEPS[kind][state][act] or state
        if owes(kind, following) and not owes(kind, state):
            since = at
        state = following
    return since if owes(kind, state) else None


def waiting(kind: CaseKind, state: CaseState, due_at: datetime | None, now: datetime) -> AnswerDue:
    """Whether the addressee is overdue; without a limit a person must look at once."""
    if not owes(kind, state):
        return AnswerDue.NO
    if due_at is None:
        return AnswerDue.NO_LIMIT_CONFIGURED
    return AnswerDue.OVERDUE if now > due_at else AnswerDue.WITHIN_LIMIT
