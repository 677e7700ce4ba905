"""Owning: which county answers for a child's file (责任县) on a day; pure, and total: never none, never two.

Cast: the *first* county had the child when nobody had handed anything over (``beginning.py``); a *handover* takes the
file from the *giving* county to the *taking* one.  Responsibility passes by an accepted handover alone, on its effective day,
and only if the giving county has the file on that day.  Nothing else moves it: neither a move, nor a proposal, nor time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.registry.handovers.terms import HandoverSide
from services.registry.handovers.terms import HandoverState as State
from shared import divisions
from shared.clock import SHANGHAI

#: The code that a place bears on a day (``Profiles.code_on`` knows local codes too).
CodeOn = Callable[[int, date], int]


@dataclass(frozen=True, slots=True)
class Handover:
    """What people made of one handover; ``effective_on`` where it was accepted, ``ended`` where it was rejected or revoked."""

    id: UUID
    giving: int
    taking: int
    proposed_by: HandoverSide
    proposed_at: datetime
    effective_on: date | None = None
    accepted_at: datetime | None = None
    ended: State | None = None
    offered: bool = False
    """By another hub: our registry has it since a county of ours accepted."""

    @property
    def stands(self) -> bool:
        return self.ended is None

    @property
    def order(self) -> tuple[datetime, int]:
        return self.proposed_at, self.id.int


class Spell(NamedTuple):
    """A time in which one county has the file; ``since`` is None for the first."""

    county: int
    since: date | None


class Ownership(NamedTuple):
    """The spells in order, those to come among them, and by its id what each handover is on the day asked for."""

    spells: tuple[Spell, ...]
    states: Mapping[UUID, State]
    code_on: CodeOn = divisions.code_on

    @property
    def open(self) -> bool:
        return any(state in (State.PROPOSED, State.ACCEPTED) for state in self.states.values())

    def county_on(self, day: date) -> int:
        return carried(self._spell(day).county, day, self.code_on)

    def since(self, day: date) -> date | None:
        return self._spell(day).since

    def next_after(self, day: date) -> date | None:
        """The next day on which the file passes."""
        later = (one.since for one in self.spells if one.since is not None and one.since > day)
        return min(later, default=None)

    def _spell(self, day: date) -> Spell:
        begun = [one for one in self.spells if one.since is None or one.since <= day]
        return begun[-1]


def responsible(
    first: int, handovers: Iterable[Handover], day: date, code_on: CodeOn = divisions.code_on
) -> int:
    """The county that answers for the file on a day, whatever the handovers are."""
    return ownership(first, tuple(handovers), day, code_on).county_on(day)


def ownership(
    first: int, handovers: Sequence[Handover], day: date, code_on: CodeOn = divisions.code_on
) -> Ownership:
    """Who has the file when, and what each handover is on ``day``.

    The county that gives in the oldest handover had the file until then, whatever has been learned of the child since; of
    another hub's, as long as the acceptance of ours stands.  Of
    handovers that children brought along when they were found to be one, those go ahead that follow one another; of
    several that are open, the oldest.  The others have lapsed, and so has what two counties proposed that are one by now.
    """
    spells, lapsed = _passing(first, handovers, code_on)
    states: dict[UUID, State] = {}
    here = Ownership(spells, {}, code_on).county_on(day)
    busy = any(spell.since is not None and spell.since > day for spell in spells)
    for one in sorted(handovers, key=lambda h: h.order):
        if one.ended is not None:
            states[one.id] = one.ended
        elif one.effective_on is not None and one.id not in lapsed:
            states[one.id] = State.PASSED if one.effective_on <= day else State.ACCEPTED
        elif one.effective_on is None and not busy and _proposable(one, here, day, code_on):
            states[one.id] = State.PROPOSED
            busy = True
        else:
            states[one.id] = State.LAPSED
    return Ownership(spells, states, code_on)


def _proposable(one: Handover, here: int, day: date, code_on: CodeOn) -> bool:
    """Whether the file is with the county that gives, and the county that takes is another."""
    giving, taking = (carried(county, day, code_on) for county in (one.giving, one.taking))
    return giving == here != taking


def _passing(
    first: int, handovers: Sequence[Handover], code_on: CodeOn
) -> tuple[tuple[Spell, ...], set[UUID]]:
    spells = [Spell(_first(first, handovers, code_on), None)]
    lapsed: set[UUID] = set()
    accepted = [(h.effective_on, h) for h in handovers if h.stands and h.effective_on is not None]
    for on, one in sorted(accepted, key=lambda pair: (pair[0], pair[1].order)):
        if carried(spells[-1].county, on, code_on) == carried(one.giving, on, code_on):
            spells.append(Spell(one.taking, on))
        else:
            lapsed.add(one.id)
    return tuple(spells), lapsed


def _first(first: int, handovers: Sequence[Handover], code_on: CodeOn) -> int:
    """The county that gives in the oldest handover; by the code it had before, where that is the first one's heir.

    Whatever another hub offered says nothing once it has ended: the file is where it was.
    """
    said = [one for one in handovers if one.stands or not one.offered]
    oldest = min(said, key=lambda h: h.order, default=None)
    if oldest is None:
        return first
    day = oldest.proposed_at.astimezone(SHANGHAI).date()
    same = carried(first, day, code_on) == carried(oldest.giving, day, code_on)
    return first if same else oldest.giving


def carried(county: int, day: date, code_on: CodeOn = divisions.code_on) -> int:
    """The county that answers on a day for what another one had: itself, or what became of it.

    One that was parted among several goes on under its own code where no heir is the only one: a person hands over.
    """
    return divisions.county_of(code_on(county, day))
