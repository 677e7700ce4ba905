"""Listings: a register lists a child once at a time, so two names that it lists in one season are two children.

Cast: a *mark* is shared by what stood in one register in one season, of children born on one day (the registry makes it, from
what matching never learns). Twins without numbers differ in little else.

A register errs too: it lists a child again under a slip of its name. So two names are of one child where papers say so: a number
that both state, or nearly, or one that is told elsewhere with the other's name; and where a person has ruled it.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations

from services.matching.linkage.comparison import Profile, compare_identifiers
from services.matching.linkage.name_comparison import are_two_names
from services.matching.linkage.names import Name
from services.matching.linkage.normalization import Standard

_ONE_PAPER = frozenset(("same", "same_document", "near"))

Beside = dict[int, dict[int, set[Name]]]
"""By the first unit of a group and that of another, which a register listed beside it as another child: its names there."""


def listed_apart(
    marks: Sequence[Collection[int]],
    features: Sequence[Standard],
    groups: Sequence[Collection[int]],
) -> Beside:
    """Whom a register listed beside whom; each of the ``groups`` of units is held to be of one child."""
    bearing: dict[int, dict[int, set[Standard]]] = {}
    for at, group in enumerate(groups):
        for i in group:
            for mark in marks[i]:
                bearing.setdefault(mark, {}).setdefault(at, set()).add(_shown(features[i]))
    meeting = [each for each in bearing.values() if len(each) > 1]
    found: Beside = {}
    if meeting:
        borne = _borne(features, groups)
        first = [min(group) for group in groups]
        for register in meeting:
            for one, other in combinations(register, 2):
                if _are_of_two(borne[one], borne[other]):
                    _put(found, first[one], first[other], register[one], register[other])
                    _put(found, first[other], first[one], register[other], register[one])
    return found


def _shown(said: Standard) -> Standard:
    """A record's name and papers alone: of a thousand records of one child, few differ in them."""
    return Standard(
        names=said.names,
        id_number=said.id_number,
        number_is_firm=said.number_is_firm,
        id_typed=said.id_typed,
        document=said.document,
    )


def _put(
    found: Beside, one: int, other: int, mine: Iterable[Standard], theirs: Iterable[Standard]
) -> None:
    """Note under which names the other was listed beside the one, unless by papers that are the one's."""
    for said in theirs:
        profile = Profile.of((said,))
        if any(compare_identifiers(my, profile) not in _ONE_PAPER for my in mine):
            found.setdefault(one, {}).setdefault(other, set()).update(said.names)


def _are_of_two(mine: Collection[Name], theirs: Collection[Name]) -> bool:
    """Whether the names are two children's: none is the same, and some are two. Another surname, or letters, or a lost glyph
    beside them says nothing: a child has its mother's surname elsewhere, and may still have a twin.
    """
    if any(a.text == b.text for a in mine for b in theirs):
        return False
    return any(are_two_names(a, b) for a in mine for b in theirs)


def _borne(
    features: Sequence[Standard], groups: Sequence[Collection[int]]
) -> list[frozenset[Name]]:
    """The names of each group's child: its units', and those of any number that they, or others of its name, state."""
    numbered: dict[str, set[Name]] = {}
    for said in features:
        if said.id_number is not None:
            numbered.setdefault(said.id_number, set()).update(said.names)
    borne: list[frozenset[Name]] = []
    for group in groups:
        told = {name for i in group for name in features[i].names}
        stated = {features[i].id_number for i in group}
        by_number = (
            names
            for number, names in numbered.items()
            if number in stated or not names.isdisjoint(told)
        )
        borne.append(frozenset(told.union(*by_number)))
    return borne
