"""The clock is injected everywhere, so a test may live on any day; leases alone use the database's own.

Days are days in Asia/Shanghai; instants are aware UTC datetimes.
"""

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def today(clock: Clock) -> date:
    """The day it is in Asia/Shanghai."""
    return clock.now().astimezone(SHANGHAI).date()
