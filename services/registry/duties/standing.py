"""Standing: what a child is, and was, for the duties owed to it: where it lived, and to whom it belonged."""

from datetime import date
from typing import NamedTuple

from services.registry.profiles import Profile


class Home(NamedTuple):
    """Without rules (``profile`` None) nothing is owed there."""

    since: date
    profile: Profile | None


class Belonging(NamedTuple):
    """``until`` is the first day on which the child belongs to it no more; ``category`` is one of key care."""

    population: str
    since: date
    until: date | None = None
    category: str = ""

    def holds(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)


class Pupil(NamedTuple):
    """Stage of schooling, and the grade as known on a day; None where no source says."""

    stage: str = ""
    grade: int | None = None
    on: date = date.min


class Standing(NamedTuple):
    """What a child is, for duties; ``homes`` in order of time."""

    homes: tuple[Home, ...]
    belongings: tuple[Belonging, ...]
    pupil: Pupil = Pupil()


def rules(standing: Standing, on: date) -> Profile | None:
    """The rules of the place where the child lived, or last lived, on a day.

    Before the first home that is known those of the first one hold: a home that nobody confirmed falls out of a child's life
    when a better known one comes, and no clock may be reset by that.
    """
    before = [home for home in standing.homes if home.since <= on]
    return (before[-1] if before else standing.homes[0]).profile if standing.homes else None
