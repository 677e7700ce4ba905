"""Watching: a child as alerts see it, and what is found of it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.registry.children.folding import Fold
from services.registry.duties.assigning import DutyRow
from services.registry.duties.standing import Home
from services.registry.profiles import DayCounting, Profile, Profiles
from services.registry.profiles.rules import ASSUMED_COUNTING
from services.registry.signals.reading import Signal
from services.registry.signals.spells import Spell
from services.registry.status.deciding import StatusDecision
from shared import divisions


class Sibling(NamedTuple):
    """A child of the same guardian that is in key care."""

    child: UUID
    category: str
    since: date
    counties: tuple[int, ...]
    stated_by: tuple[str, ...]


class Watched(NamedTuple):
    """A child as alerts see it.  ``home`` and ``hukou`` are its counties under the codes of the day."""

    folded: Fold
    homes: tuple[Home, ...]
    decision: StatusDecision
    duties: Sequence[DutyRow] = ()
    siblings: Sequence[Sibling] = ()
    by_kind: Mapping[str, tuple[Signal, ...]] = {}
    home: int | None = None
    hukou: int | None = None
    left_behind: Sequence[Spell] = ()

    def told(self, *kinds: str) -> list[Signal]:
        """The signals of these kinds, by day."""
        if len(kinds) == 1:
            return list(self.by_kind.get(kinds[0], ()))
        found = [one for kind in kinds for one in self.by_kind.get(kind, ())]
        return sorted(found, key=lambda s: (s.on, s.entry.int))


def counties_on(folded: Fold, profiles: Profiles, day: date) -> tuple[int | None, int | None]:
    """The counties of the child's home and hukou under the codes of the day."""
    here = folded.residing.now
    home = profiles.code_on(here.code, day) if here else None
    hukou = profiles.code_on(folded.hukou_code, day) if folded.hukou_code is not None else None
    return (
        divisions.county_of(home) if home is not None else None,
        divisions.county_of(hukou) if hukou is not None else None,
    )


def counting(profile: Profile | None, on: date) -> DayCounting:
    """How a place counts days, or this software where no place is known."""
    return profile.day_counting(on) if profile else ASSUMED_COUNTING


def number(value: object) -> int:
    """What a rule sets as a number; 0 where it sets none."""
    return value if isinstance(value, int) else 0


def by_kind(told: Sequence[Signal]) -> dict[str, tuple[Signal, ...]]:
    found: dict[str, list[Signal]] = {}
    for one in told:
        found.setdefault(one.kind, []).append(one)
    return {kind: tuple(members) for kind, members in found.items()}
