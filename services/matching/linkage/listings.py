"""Listings: a register lists a child once at a time, so two names that it lists in one season are two children.

Cast: a *mark* is shared by what stood in one register in one season, of children born on one day (the registry makes it, from
what matching never learns). Twins without numbers differ in little else.

A register errs too: it lists a child again under a slip of its name. So two names are of one child where papers say so: a number
that both state, or nearly, or one that is told elsewhere with the other's name; and where a person has ruled it.
"""

from collections.abc import Collection, Sequence
from itertools import combinations

from services.matching.linkage.comparison import Profile, compare_identifiers
from services.matching.linkage.name_comparison import are_two_names
from services.matching.linkage.names import Name
from services.matching.linkage.normalization import Standard

_ONE_PAPER = frozenset(("same", "same_document", "near"))


def listed_apart(
    marks: Sequence[Collection[int]],
    features: Sequence[Standard],
    groups: Sequence[Collection[int]],
) -> list[frozenset[int]]:
    """For each unit those that a register listed beside it as another child; ``groups`` of units are held to be of one child."""
    bearing: dict[int, list[int]] = {}
    for i, each in enumerate(marks):
        for mark in each:
            bearing.setdefault(mark, []).append(i)
    beside = {pair for units in bearing.values() for pair in combinations(units, 2)}
    found: list[set[int]] = [set() for _ in features]
    if beside:
        borne = _borne(features, groups)
        for i, j in beside:
            if all(are_two_names(a, b) for a in borne[i] for b in borne[j]):
                papers = compare_identifiers(features[i], Profile.of((features[j],)))
                if borne[i] and borne[j] and papers not in _ONE_PAPER:
                    found[i].add(j)
                    found[j].add(i)
    return [frozenset(each) for each in found]


def _borne(
    features: Sequence[Standard], groups: Sequence[Collection[int]]
) -> list[frozenset[Name]]:
    """The names by which each unit's child is known for sure: by its group, and by the number that it states."""
    numbered: dict[str, set[Name]] = {}
    for said in features:
        if said.id_number is not None:
            numbered.setdefault(said.id_number, set()).update(said.names)
    borne: list[frozenset[Name]] = [frozenset()] * len(features)
    for group in groups:
        told = {name for i in group for name in features[i].names}
        numbers = {number for i in group if (number := features[i].id_number) is not None}
        known = frozenset(told.union(*(numbered[number] for number in numbers)))
        for i in group:
            borne[i] = known
    return borne
