"""Residing: from what records claim about a child's home to dated episodes.

Cast: a *stay* is one record's claim; a *run* is a row of claims for one county; an *episode* is a run that holds.

A single department's word neither moves a child nor hides it from those who care for it.  A county is *supported* when two
departments, or the hub whose territory it is, place the child there.  While any county is supported, claims for others stand
aside as *unconfirmed*; while none is, the child lives where it was first reported, and every later claim for elsewhere stands
aside.  A run that begins again in a county needs support of its own.  An end of a stay counts only from an office of that very
county (or the hub that speaks for it): nobody elsewhere can end it.  A county that took over from another is one place with
it (renumbering.py).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from services.registry.children.claims import RESTATING, CompanyClaim, Stay
from services.registry.children.precedence import Said, said
from services.registry.children.renumbering import InLine, places, same_place
from services.registry.status.facts import Episode
from shared import divisions

HUB = "hub"
ENOUGH = 2


class Lived(NamedTuple):
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


class Residing(NamedTuple):
    """``reported_first`` is the county of the first claim ever made, whether or not that still holds."""

    episodes: tuple[Lived, ...]
    unconfirmed: tuple[Stay, ...]
    reported_first: int | None = None

    @property
    def now(self) -> Lived | None:
        """The open episode, else the last one."""
        return self.episodes[-1] if self.episodes else None

    @property
    def code(self) -> int | None:
        """Where the child lives; None once the last stay has ended."""
        return self.now.code if self.now and self.now.until is None else None


def reside(
    stays: Sequence[Stay],
    company: Sequence[CompanyClaim],
    first_said: Callable[[Stay], Said] = lambda stay: said(stay.source),
    in_line: InLine = divisions.in_line,
) -> Residing:
    """Episodes from claims in any order; ``first_said`` is when a claim's source began to say it, ``in_line`` says which
    counties took over from which."""
    ordered = sorted(stays, key=_order)
    if not ordered:
        return Residing((), ())
    place_of = places([_county(s) for s in ordered], lambda: _supported(ordered, _county), in_line)

    def place(stay: Stay) -> int:
        return place_of[_county(stay)]

    first = _first(ordered, first_said)
    homes = _supported(ordered, place) or {place_of[first]}
    runs = _runs([s for s in ordered if place(s) in homes], place, in_line)
    runs = _holding(runs, place, in_line)
    held = {id(s) for run in runs for s in run}
    return Residing(
        tuple(_closed([_episode(run, company, in_line) for run in runs])),
        tuple(s for s in ordered if id(s) not in held),
        first,
    )


Place = Callable[[Stay], int]


def _county(stay: Stay) -> int:
    return divisions.county_of(stay.code)


def _order(stay: Stay) -> tuple[Any, ...]:
    return stay.since, stay.source.observed_on, stay.source.entry.int, stay.code


def _first(stays: Sequence[Stay], first_said: Callable[[Stay], Said]) -> int:
    if len({_county(s) for s in stays}) == 1:
        return _county(stays[0])
    return _county(min(stays, key=first_said))


def _supported(stays: Sequence[Stay], place: Place) -> set[int]:
    by_place: dict[int, list[Stay]] = {}
    for stay in stays:
        by_place.setdefault(place(stay), []).append(stay)
    return {one for one, claims in by_place.items() if _enough(claims)}


def _enough(claims: Iterable[Stay]) -> bool:
    departments = {s.source.department for s in claims if s.source.feed not in RESTATING}
    return len(departments) >= ENOUGH or HUB in departments


def _runs(stays: Sequence[Stay], place: Place, in_line: InLine) -> list[list[Stay]]:
    """Claims in order, split where the county changes and where a stay begins after the one before it had ended."""
    runs: list[list[Stay]] = []
    for _, group in groupby(stays, key=place):
        run: list[Stay] = []
        ends = _Ends(in_line)
        for stay in group:
            if ends.last is not None and stay.since > ends.last:
                runs.append(run)
                run, ends = [], _Ends(in_line)
            run.append(stay)
            ends.hear(stay)
        runs.append(run)
    return runs


def _holding(runs: Sequence[list[Stay]], place: Place, in_line: InLine) -> list[list[Stay]]:
    """The runs that have support of their own, with what follows them in the same county; all, where none has."""
    if not any(_enough(run) for run in runs):
        return list(runs)
    kept: list[list[Stay]] = []
    ends = _Ends(in_line)
    for run in runs:
        goes_on = bool(kept) and place(kept[-1][-1]) == place(run[0])
        if goes_on and ends.last is None:
            kept[-1] += run
        elif goes_on or _enough(run):
            kept.append([*run])
            ends = _Ends(in_line)
        else:
            continue
        for stay in run:
            ends.hear(stay)
    return kept


class _Ends:
    """What the claims of a run, heard one by one, come to say of its end: each is looked at once, however many they are."""

    def __init__(self, in_line: InLine) -> None:
        self._in_line = in_line
        self._stated: date | None = None
        self._alive_on: date | None = None

    def hear(self, stay: Stay) -> None:
        if stay.until is None:
            self._alive_on = max(self._alive_on or date.min, stay.source.observed_on)
        elif _of_the_place(stay, self._in_line) or stay.source.department == HUB:
            self._stated = max(self._stated or date.min, stay.until)

    @property
    def last(self) -> date | None:
        """The last end that an office of the place states and no later sign of life contradicts."""
        if self._stated is None or (self._alive_on is not None and self._alive_on > self._stated):
            return None
        return self._stated


def _end(run: Sequence[Stay], in_line: InLine) -> date | None:
    ends = _Ends(in_line)
    for stay in run:
        ends.hear(stay)
    return ends.last


def _of_the_place(stay: Stay, in_line: InLine) -> bool:
    office = stay.source.office
    return bool(office) and same_place(office, _county(stay), in_line)


def _episode(run: Sequence[Stay], company: Sequence[CompanyClaim], in_line: InLine) -> Lived:
    since = min(s.since for s in run)
    end = _end(run, in_line)
    heard = [
        c
        for c in company
        if c.source.observed_on >= since and (end is None or c.source.observed_on <= end)
    ]
    last = max(heard, key=lambda c: (c.source.observed_on, c.source.entry.int), default=None)
    code, address = where(run)
    return Lived(
        code=code,
        since=since,
        until=end,
        accompanied=last.accompanied if last else None,
        confirmed=_enough(run),
        address=address,
        stated_by=tuple(sorted({s.source.department for s in run})),
        claims=tuple(run),
    )


def where(run: Sequence[Stay]) -> tuple[int, str]:
    """The finest and newest code, and the newest address, that the claims of one county know."""
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
    return finest.code, newest.address if newest else ""


def _closed(episodes: Sequence[Lived]) -> list[Lived]:
    """Each episode ends where the next begins, if no source stated its end."""
    closed = [
        one._replace(until=following.since)
        if one.until is None or one.until > following.since
        else one
        for one, following in pairwise(episodes)
    ]
    return [*closed, *episodes[-1:]]
