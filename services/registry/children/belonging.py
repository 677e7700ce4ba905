"""Belonging: from what records claim about a child's hukou (户籍) to the spells that hold.

Cast: a *claim* is one record's word; a *spell* is a time in one division, until the next begins.

As with residence (residing.py), one department's word neither takes a child to another place nor hides it from the place
that has it: the hukou place sees the child, decides about it and answers for it.  A county is *supported* when two
departments say that the child is registered there, or another hub says so of a county of its own.  While any county is
supported, only such are *heard*; while none is, the one that was first reported.  A county that is heard may also give
the child away: whom its register moves out to, or its answer to a notice names, is heard too.  All other claims stand
aside as *unconfirmed*.  Among those heard the most trusted feed speaks.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.registry.children.claims import RESTATING, HukouClaim
from services.registry.children.precedence import Said
from services.registry.children.residing import ENOUGH, HUB
from shared import divisions

#: Whose word gives a child away: the register itself, and the place's answer to a notice.
_GIVING = ("household-registrations", "hukou-answers")
#: The rank of the hukou place's own answer in ``survivorship.toml``.
_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Belonging:
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
) -> Belonging:
    """What holds of the claims, in whatever order; ``rank`` is a feed's, the most trusted lowest."""
    every = sorted(claims, key=_place)
    if not every:
        return Belonging()
    heard = _heard(every, first_said)
    audible = [c for c in every if _county(c) in heard]
    spells = _spells(audible, every, rank)
    stated_by = {c.source.department for c in every if _county(c) == _county(spells[-1])}
    aside = tuple(c for c in every if _county(c) not in heard)
    return Belonging(spells, aside, tuple(sorted(stated_by)))


def _county(claim: HukouClaim) -> int:
    return divisions.county_of(claim.code)


def _place(claim: HukouClaim) -> tuple[Any, ...]:
    source = claim.source
    return claim.since or date.min, source.observed_on, source.entry.int, claim.code


def _heard(
    claims: Sequence[HukouClaim], first_said: Callable[[HukouClaim], Said]
) -> frozenset[int]:
    by_county: dict[int, list[HukouClaim]] = {}
    for claim in claims:
        by_county.setdefault(_county(claim), []).append(claim)
    if len(by_county) == 1:
        return frozenset(by_county)
    heard = {county for county, said in by_county.items() if _enough(county, said)}
    if not heard:
        heard = {_county(min(claims, key=first_said))}
    while given := {_county(c) for c in claims if _gives(c, heard)} - heard:
        heard |= given
    return frozenset(heard)


def _enough(county: int, claims: Iterable[HukouClaim]) -> bool:
    sources = [c.source for c in claims if c.source.feed not in RESTATING]
    of_its_own = any(s.department == HUB and s.office == county for s in sources)
    return of_its_own or len({s.department for s in sources}) >= ENOUGH


def _gives(claim: HukouClaim, heard: Iterable[int]) -> bool:
    return claim.source.office in heard and claim.source.feed in _GIVING


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
