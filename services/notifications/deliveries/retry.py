"""When a delivery is tried again.  Pure.

The schedule is data: the pauses add up to more than eight days.  Jitter is added, never subtracted, so a receiver that
asked for a pause gets all of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: Pauses in seconds after the first, second, … failed attempt.
SCHEDULE = (
    *(5, 30, 120, 600, 1800),
    *(3600, 3600 * 2, 3600 * 4, 3600 * 8, 3600 * 12, 3600 * 12),
    *(3600 * 24,) * 7,
)
JITTER = 0.2
LONGEST_RETRY_AFTER = 10 * 3600


class Failure(StrEnum):
    """How an attempt failed (失败类别)."""

    TEMPORARY = "temporary"
    """The receiver is there, but not now."""
    PERMANENT = "permanent"
    """The receiver refuses this message."""
    TECHNICAL = "technical"
    """It was never asked: no connection, or an address that we do not call."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one attempt.  ``failure`` is None for success; ``gone`` is HTTP 410."""

    status: int | None
    failure: Failure | None
    gone: bool = False
    retry_after: int | None = None

    @property
    def success(self) -> bool:
        return self.failure is None

    @property
    def outage(self) -> bool:
        """Whether it speaks against the receiver as a whole and not against this message."""
        return self.failure in {Failure.TEMPORARY, Failure.TECHNICAL}


NO_CONNECTION = Outcome(None, Failure.TECHNICAL)
LATER_STATUSES = {408, 425, 429}


def judge(status: int, retry_after: str | None = None) -> Outcome:
    """What an HTTP status means: 2xx alone is success, and a redirect is a refusal."""
    if 200 <= status < 300:
        return Outcome(status, None)
    pause = _seconds(retry_after)
    if status >= 500 or status in LATER_STATUSES:
        return Outcome(status, Failure.TEMPORARY, retry_after=pause)
    return Outcome(status, Failure.PERMANENT, gone=status == 410, retry_after=pause)


def _seconds(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return min(int(text), LONGEST_RETRY_AFTER)


def next_attempt(attempts: int, outcome: Outcome, now: datetime, chance: float) -> datetime | None:
    """When to try again after ``attempts`` failed ones; None when the schedule is used up.

    ``chance`` in [0, 1) spreads receivers' retries.
    """
    if attempts > len(SCHEDULE):
        return None
    pause = max(SCHEDULE[attempts - 1], outcome.retry_after or 0)
    return now + timedelta(seconds=pause * (1 + JITTER * chance))
