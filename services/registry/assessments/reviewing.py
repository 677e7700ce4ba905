"""Reviewing: when a risk or a placement is to be looked at again, and how a placement stands after its acts; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.registry.assessments.terms import PlacementActKind, ReviewDue


@dataclass(frozen=True, slots=True)
class Done:
    kind: PlacementActKind
    on: date


@dataclass(frozen=True, slots=True)
class Standing:
    """``review_on`` is None after the end, and where no interval is configured."""

    ended_on: date | None
    consent_withdrawn_on: date | None
    review: ReviewDue
    review_on: date | None


def standing(
    since: date,
    acts: Sequence[Done],
    every_days: int | None,
    day: date,
    set_on: date = date.min,
) -> Standing:
    """How a placement stands on a day: its clock runs from its begin or its last review, until a person ends it; from
    ``set_on`` where the interval was set later."""

    def last(kind: PlacementActKind) -> date | None:
        return max((act.on for act in acts if act.kind == kind), default=None)

    ended = last(PlacementActKind.END)
    withdrawn = last(PlacementActKind.WITHDRAW_CONSENT)
    if ended is not None:
        return Standing(ended, withdrawn, ReviewDue.NO, None)
    review, on = due(max(last_seen(since, acts), set_on), every_days, day)
    return Standing(None, withdrawn, review, on)


def last_seen(since: date, acts: Sequence[Done]) -> date:
    """The day on which a placement was last looked at: when it began, or at its last review."""
    return max([since, *(act.on for act in acts if act.kind == PlacementActKind.REVIEW)])


def due(seen_on: date, every_days: int | None, day: date) -> tuple[ReviewDue, date | None]:
    """Whether what was last seen on a day is to be seen again; without an interval a person must look at once."""
    if every_days is None:
        return ReviewDue.NO_INTERVAL_CONFIGURED, None
    on = seen_on + timedelta(days=every_days)
    return (ReviewDue.OVERDUE if day > on else ReviewDue.WITHIN_LIMIT), on
