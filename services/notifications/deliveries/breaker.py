"""The breaker of one receiver.  Pure.

After five failures in a row that speak against the receiver it *opens*: nothing is sent until a pause is over, then a
single *probe* goes out.  A probe that fails opens it again for longer and spends no attempt of its message; one that
succeeds closes it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.notifications.deliveries.retry import Outcome

LIMIT = 5
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Breaker:
    """``open_until`` is empty while it is closed; ``opened`` counts openings since it last was."""

    failures: int = 0
    opened: int = 0
    open_until: datetime | None = None


CLOSED = Breaker()


def after(breaker: Breaker, outcome: Outcome, now: datetime, *, probe: bool) -> Breaker:
    """The breaker after one more attempt; ``probe`` says that the attempt went out through an open breaker."""
    if not outcome.outage:
        return CLOSED
    failures = breaker.failures + 1
    opens = probe if breaker.open_until is not None else failures >= LIMIT
    if not opens:
        # Also attempts that were under way when it opened: they do not prolong the pause.
        return replace(breaker, failures=failures)
    pause = min(FIRST_PAUSE * 2 ** min(breaker.opened, 10), LONGEST_PAUSE)
    return Breaker(failures, breaker.opened + 1, now + pause)


def spends_attempt(breaker: Breaker, outcome: Outcome) -> bool:
    """Whether this attempt counts against its message: once the breaker is open, an outage does not."""
    return not outcome.outage or breaker.open_until is None
