"""Children wrongly merged: who shares a person with another child, and what the two are to each other.

Guaranteed: a child counts once, under the nearest kind: a twin before a sibling before others; the
work grows with the children, never with their pairs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a wrongly merged child is to another in the same person."""

    TWIN = "twin"
    SIBLING = "sibling"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Kinship:
    """Each child's families and birth date, as far as known. Who shares a family is a sibling, and
    who shares the birth date too is a twin.
    """

    families: Mapping[int, frozenset[int]]
    births: Mapping[int, str]

    def kinds(self, children: Iterable[int]) -> dict[int, Kind]:
        """What each is to the nearest of the others."""
        listed = list(children)
        siblings = Counter(family for child in listed for family in self._families(child))
        twins = Counter(birth for child in listed for birth in self._births(child))
        return {child: self._kind(child, siblings, twins) for child in listed}

    def twins(self) -> int:
        """How many children have a twin."""
        children = self.families.keys()
        borne = Counter(birth for child in children for birth in self._births(child))
        return sum(any(borne[birth] > 1 for birth in self._births(child)) for child in children)

    def _kind(self, child: int, siblings: Counter[int], twins: Counter[tuple[int, str]]) -> Kind:
        if any(twins[birth] > 1 for birth in self._births(child)):
            return Kind.TWIN
        shared = any(siblings[family] > 1 for family in self._families(child))
        return Kind.SIBLING if shared else Kind.OTHER

    def _families(self, child: int) -> frozenset[int]:
        return self.families.get(child, frozenset())

    def _births(self, child: int) -> list[tuple[int, str]]:
        born = self.births.get(child)
        return [(family, born) for family in self._families(child)] if born else []


def mixed(placed: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """Persons that hold more than one child, with those children; of (child, person) pairs."""
    first: dict[int, int] = {}
    holding: dict[int, set[int]] = {}
    for child, person in placed:
        if first.setdefault(person, child) != child:
            holding.setdefault(person, {first[person]}).add(child)
    return holding


def wrongly_merged(persons: Iterable[Iterable[int]], kinship: Kinship) -> dict[int, Kind]:
    """Each wrongly merged child's kind, given the children of each mixed person."""
    nearness = list(Kind)
    found: dict[int, Kind] = {}
    for children in persons:
        for child, kind in kinship.kinds(children).items():
            found[child] = min(found.get(child, kind), kind, key=nearness.index)
    return found
