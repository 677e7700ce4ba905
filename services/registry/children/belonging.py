"""Belonging: from what records claim about a child's hukou (户籍) to the spells that hold.

Cast: a *claim* is one record's word; a *spell* is a time in one division, until the next begins.

As with residence (residing.py), one department's word neither takes a child to another place nor hides it from the place
that has it: the hukou place sees the child, decides about it and answers for it.  A county is *supported* when two
departments say that the child is registered there, or another hub says so of a county of its own.  While any county is
supported, only such are *heard*; while none is, the one that was first reported.  A county that is heard may also give
the child away: whom its register moves out to, or its answer to a notice names, is heard too.  All other claims stand
aside as *unconfirmed*.  Among those heard the most trusted feed speaks.  A county that took over from another is one place with
it (renumbering.py).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from services.registry.children.claims import RESTATING, HukouClaim
from services.registry.children.precedence import Said
from services.registry.children.renumbering import InLine, places, same_place
from services.registry.children.residing import ENOUGH, HUB
from shared import divisions

Place = Callable[[HukouClaim], int]
#: Whose word gives a child away: the register itself, and the place's answer to a notice.
_GIVING = ("household-registrations", "hukou-answers")
#: The rank of the hukou place's own answer in ``survivorship.toml``.
_ANSWER = 0


class Belonging(NamedTuple):
    """The spells in order, the claims that stand aside, and who states the county of the last spell."""

    spells: tuple[HukouClaim, ...] = ()
    unconfirmed: tuple[HukouClaim, ...] = ()
    stated_by: tuple[str, ...] = ()

    @property
    def code(self) -> int | None:
        return self.spells[-1].code if self.spells else None


def belong(
    claims: Iterable[HukouClaim],
    rank: Callable[[str], int],
    first_said: Callable[[HukouClaim], Said],
    in_line: InLine = divisions.in_line,
) -> Belonging:
    """What holds of the claims, in whatever order; ``rank`` is a feed's, the most trusted lowest."""
    every = sorted(claims, key=_place)
    if not every:
        return Belonging()
    place_of = places([_county(c) for c in every], lambda: _supported(every, _county), in_line)

    def place(claim: HukouClaim) -> int:
        return place_of[_county(claim)]

    heard = _heard(every, first_said, place, in_line)
    audible = [c for c in every if place(c) in heard]
    spells = _spells(audible, every, rank)
    stated_by = {c.source.department for c in every if place(c) == place(spells[-1])}
    aside = tuple(c for c in every if place(c) not in heard)
    return Belonging(spells, aside, tuple(sorted(stated_by)))


def _county(claim: HukouClaim) -> int:
    return divisions.county_of(claim.code)


def _place(claim: HukouClaim) -> tuple[Any, ...]:
    source = claim.source
    return claim.since or date.min, source.observed_on, source.entry.int, claim.code


def _heard(
    claims: Sequence[HukouClaim],
    first_said: Callable[[HukouClaim], Said],
    place: Place,
    in_line: InLine,
) -> set[int]:
    named = {place(c) for c in claims}
    if len(named) == 1:
        return named
    heard = _supported(claims, place) or {place(min(claims, key=first_said))}
    while given := {place(c) for c in claims if _gives(c, claims, heard, place, in_line)} - heard:
        heard |= given
    return heard


def _supported(claims: Sequence[HukouClaim], place: Place) -> set[int]:
    by_place: dict[int, list[HukouClaim]] = {}
    for claim in claims:
        by_place.setdefault(place(claim), []).append(claim)
    return {one for one, said in by_place.items() if _enough(said)}


def _enough(claims: Iterable[HukouClaim]) -> bool:
    told = [c for c in claims if c.source.feed not in RESTATING]
    of_its_own = any(c.source.department == HUB and c.source.office == _county(c) for c in told)
    return of_its_own or len({c.source.department for c in told}) >= ENOUGH


def _gives(
    claim: HukouClaim,
    claims: Sequence[HukouClaim],
    heard: Collection[int],
    place: Place,
    in_line: InLine,
) -> bool:
    """Whether it is the word of an office of a place that is heard."""
    office = claim.source.office
    if claim.source.feed not in _GIVING or not office:
        return False
    return any(place(one) in heard and same_place(office, _county(one), in_line) for one in claims)


def _spells(
    heard: Sequence[HukouClaim], every: Sequence[HukouClaim], rank: Callable[[str], int]
) -> tuple[HukouClaim, ...]:
    """The last spell as the most trusted feed has it, and before it those that feed dates."""
    best = min(rank(c.source.feed) for c in heard)
    ranked = [c for c in heard if rank(c.source.feed) == best]
    dated = [c for c in ranked if c.since is not None]
    last = (dated or ranked)[-1]
    if best == _ANSWER:
        # The hukou place's answer names the division, the register the day: keep the day where both agree.
        agreeing = [c for c in heard if c.since is not None and c.code == last.code]
        last = agreeing[-1] if agreeing else last
    # Where it belonged before opens nothing to anybody: there one word is enough.
    earlier = [
        c
        for c in every
        if c.since is not None and c.source.feed == last.source.feed and _place(c) < _place(last)
    ]
    spells: list[HukouClaim] = []
    for claim in [*(earlier if last.since is not None else ()), last]:
        if not spells or spells[-1].code != claim.code:
            spells.append(claim)
    return tuple(spells)
