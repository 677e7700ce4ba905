"""Lasting: what something that began on a day goes by for as long as it lasts, when the rules change meanwhile; pure.

A value that the rules of its own day set stays: a changed rule rewrites nothing.  A value that they left open waits for an
administrator, and is the first that the rules set from then on, by an amendment that is dated back or by one that begins to
hold; it holds from that moment, so that nothing is late before anybody could have known by when it was due.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Generic, TypeVar

from services.registry.profiles import Profiles
from shared.clock import SHANGHAI

T = TypeVar("T")
Asked = Callable[[Profiles, date], T | None]
"""What rules set on a day; None where they leave it open."""


@dataclass(frozen=True, slots=True)
class Lasting(Generic[T]):
    """A value that was set; ``since`` is None where the rules of its own day did."""

    value: T
    since: datetime | None = None

    def begins(self, at: datetime) -> datetime:
        """When a clock that began at an instant begins to run by this value."""
        return at if self.since is None else max(at, self.since)

    def begins_on(self, day: date) -> date:
        return day if self.since is None else max(day, _day(self.since))


@dataclass(frozen=True, slots=True)
class Course:
    """The rules of an instant, and those that were adopted ``later``, each with when, in order."""

    began: datetime
    then: Profiles
    later: tuple[tuple[datetime, Profiles], ...] = ()

    def lasting(self, asked: Asked[T], day: date, now: datetime) -> Lasting[T] | None:
        """What is asked of the rules of a ``day``, as it stands ``now``; None while nobody has set it."""
        own = asked(self.then, day)
        if own is not None:
            return Lasting(own)
        for since, profiles, on in self._moments(day, now):
            value = asked(profiles, on)
            if value is not None:
                return Lasting(value, since)
        return None

    def _moments(self, day: date, now: datetime) -> Iterator[tuple[datetime, Profiles, date]]:
        """The moments after its beginning at which the rules may say something else of it, in order."""
        reigns = ((self.began, self.then), *self.later)
        for place, (since, profiles) in enumerate(reigns):
            if since > now:
                return
            if place:
                yield since, profiles, day
                yield since, profiles, _day(since)
            ends = min(reigns[place + 1][0], now) if place + 1 < len(reigns) else now
            turning = profiles.turning_days
            first = max(_day(since), day) if not place else _day(since)
            for turn in turning[bisect_right(turning, first) :]:
                begins = datetime.combine(turn, time(), SHANGHAI)
                if begins > ends:
                    break
                yield begins, profiles, turn


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()
