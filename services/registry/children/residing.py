"""Residing: from what records claim about a child's home to dated episodes.

An *episode* is an uninterrupted stay in one county.  Claims are taken in the order of their first days; one for the
county of the open episode extends it, one for another county ends it and begins the next, a stated end closes it.  A move to
another county needs a trusted department (police, civil affairs, another hub) or two departments: until then the claim stands aside
as *unconfirmed*, so that a single mistaken or false push neither moves a child nor hides it from those who care for
it.  A child about which nothing else is known is where its only claim says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from services.registry.children.claims import CompanyClaim, Stay
from services.registry.status.facts import Episode
from shared import divisions


@dataclass(frozen=True, slots=True)
class Lived:
    """One episode with the claims behind it; ``code`` is the finest and newest known inside the county."""

    code: int
    since: date
    until: date | None
    accompanied: bool | None
    confirmed: bool
    address: str
    stated_by: tuple[str, ...]
    claims: tuple[Stay, ...]

    @property
    def county(self) -> int:
        return divisions.county_of(self.code)

    def as_episode(self) -> Episode:
        return Episode(self.code, self.since, self.until, self.accompanied, self.confirmed)


@dataclass(frozen=True, slots=True)
class Residing:
    episodes: tuple[Lived, ...]
    unconfirmed: tuple[Stay, ...]

    @property
    def now(self) -> Lived | None:
        """The open episode, else the last one."""
        if not self.episodes:
            return None
        return self.episodes[-1]

    @property
    def code(self) -> int | None:
        """Where the child lives; None once the last stay has ended."""
        return self.now.code if self.now and self.now.until is None else None


def _order(stay: Stay) -> tuple[Any, ...]:
    return stay.since, stay.source.observed_on, stay.source.entry.int, stay.code


def reside(
    stays: Sequence[Stay], company: Sequence[CompanyClaim], trusted: frozenset[str]
) -> Residing:
    """Episodes from claims in any order."""
    runs: list[list[Stay]] = []
    aside: list[Stay] = []
    for stay in sorted(stays, key=_order):
        county = divisions.county_of(stay.code)
        if runs and divisions.county_of(runs[-1][-1].code) == county:
            end = _end(runs[-1])
            if end is not None and stay.since > end:
                runs.append([stay])
            else:
                runs[-1].append(stay)
        elif runs and not _may_move(stay, aside, trusted) and _end(runs[-1]) is None:
            aside.append(stay)
        else:
            joining = [a for a in aside if divisions.county_of(a.code) == county]
            aside = [a for a in aside if a not in joining]
            runs.append([*joining, stay])
    episodes = [_episode(run, company, trusted) for run in runs]
    return Residing(tuple(_closed(episodes)), tuple(aside))


def _may_move(stay: Stay, aside: Sequence[Stay], trusted: frozenset[str]) -> bool:
    county = divisions.county_of(stay.code)
    others = {a.source.department for a in aside if divisions.county_of(a.code) == county}
    return stay.source.department in trusted or bool(others - {stay.source.department})


def _end(run: Sequence[Stay]) -> date | None:
    """The last stated end that no later sign of life contradicts."""
    ends = [s.until for s in run if s.until is not None]
    if not ends:
        return None
    end = max(ends)
    alive = any(s.until is None and s.source.observed_on > end for s in run)
    return None if alive else end


def _episode(
    run: Sequence[Stay], company: Sequence[CompanyClaim], trusted: frozenset[str]
) -> Lived:
    stated = [s.since for s in run if s.stated]
    since = min(s.since for s in run) if not stated else min(*stated, *(s.since for s in run))
    end = _end(run)
    finest = max(
        run,
        key=lambda s: (
            s.until is None,
            s.source.observed_on,
            s.code % 10**6 != 0,
            s.source.entry.int,
        ),
    )
    addressed = [s for s in run if s.address]
    newest = max(addressed, key=lambda s: (s.source.observed_on, s.source.entry.int), default=None)
    departments = {s.source.department for s in run}
    heard = [
        c
        for c in company
        if c.source.observed_on >= since and (end is None or c.source.observed_on <= end)
    ]
    last = max(heard, key=lambda c: (c.source.observed_on, c.source.entry.int), default=None)
    return Lived(
        code=finest.code,
        since=since,
        until=end,
        accompanied=last.accompanied if last else None,
        confirmed=bool(departments & trusted) or len(departments) > 1,
        address=newest.address if newest else "",
        stated_by=tuple(sorted(departments)),
        claims=tuple(run),
    )


def _closed(episodes: Sequence[Lived]) -> list[Lived]:
    """Each episode ends where the next begins, if no source stated its end."""
    closed = [
        replace(one, until=following.since)
        if one.until is None or one.until > following.since
        else one
        for one, following in pairwise(episodes)
    ]
    return [*closed, *episodes[-1:]]
