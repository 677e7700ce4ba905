"""Numbers entered for the wrong child: a sibling's number says nothing of who bears it.

Cast: a number's *bearers* are the units that state it, grouped by the name they bear; one group is the
number's *owner*. In any other group the number is *foreign* if the unit, read without it, is certainly
of a child who bears the unit's very name and cannot be the owner: a *namesake*.

Where twins' names are a slip apart, a number of the one with the name of the other may be either's. A register that lists
the owner besides lists here the namesake; one that lists the namesake besides lists here the owner; where none
tells, the unit is *contested* (docs/adr/0034).
"""

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from services.matching.linkage.comparison import Profile
from services.matching.linkage.judging import Verdict, assess, is_sibling, judge
from services.matching.linkage.name_comparison import MISWRITTEN, best_level
from services.matching.linkage.normalization import Standard
from services.matching.linkage.weights import Frequency, Model


class Reading(NamedTuple):
    """What units say without foreign numbers; which of them only a person can tell whose they are."""

    features: list[Standard]
    contested: frozenset[int]


def without_foreign_numbers(
    model: Model,
    said: Sequence[Standard],
    entries: Sequence[Collection[UUID]],
    listed: Sequence[AbstractSet[int]],
    frequency: Frequency,
) -> Reading:
    """``entries`` of each unit and the marks under which they were ``listed``, in the order of what they ``said``."""
    return _Numbers(model, said, entries, listed, frequency).read()


class _Whose(Enum):
    OWN = "own"
    FOREIGN = "foreign"
    CONTESTED = "contested"


class _Numbers:
    def __init__(
        self,
        model: Model,
        said: Sequence[Standard],
        entries: Sequence[Collection[UUID]],
        listed: Sequence[AbstractSet[int]],
        frequency: Frequency,
    ) -> None:
        self._model = model
        self._said = said
        self._entries = entries
        self._listed = listed
        self._frequency = frequency

    def read(self) -> Reading:
        read, contested = list(self._said), set[int]()
        bearers: dict[str, list[int]] = {}
        for i, features in enumerate(read):
            if features.id_number and features.names:
                bearers.setdefault(features.id_number, []).append(i)
        for number, bearing in sorted(bearers.items()):
            owners, *others = self._by_name(number, bearing)
            for i in (i for group in others for i in group):
                bare = _without_number(read[i])
                match self._whose(i, bare, number, owners, bearing):
                    case _Whose.FOREIGN:
                        read[i] = bare
                    case _Whose.CONTESTED:
                        contested.add(i)
        return Reading(read, frozenset(contested))

    def _by_name(self, number: str, bearing: Sequence[int]) -> list[list[int]]:
        """The bearers by name, the owner first: who bears no other number, and of those the group
        of most entries.
        """
        groups: list[list[int]] = []
        for i in sorted(bearing, key=self._name):
            for group in groups:
                if any(_share_a_name(self._said[i], self._said[j]) for j in group):
                    group.append(i)
                    break
            else:
                groups.append([i])
        if len(groups) == 1:
            return groups
        return sorted(
            groups,
            key=lambda group: (
                self._bears_another(number, group),
                -sum(self._said[i].number_is_firm for i in group),
                -sum(len(self._entries[i]) for i in group),
                min(self._name(i) for i in group),
            ),
        )

    def _name(self, unit: int) -> UUID:
        return min(self._entries[unit])

    def _bears_another(self, number: str, group: Sequence[int]) -> bool:
        """Whether the group's name is known elsewhere under a number of its own."""
        return any(
            features.number_is_firm
            and features.id_number != number
            and any(_share_a_name(features, self._said[i]) for i in group)
            for features in self._said
        )

    def _whose(
        self,
        unit: int,
        bare: Standard,
        number: str,
        owners: Sequence[int],
        bearing: Sequence[int],
    ) -> _Whose:
        owner = Profile.of(self._said[j] for j in owners)
        namesakes = [
            j
            for j, features in enumerate(self._said)
            if j not in bearing and _share_a_name(bare, features)
        ]
        is_a_slip = best_level(bare.names, owner.names) in MISWRITTEN
        if is_a_slip and self._is_listed_with(unit, namesakes):
            return _Whose.OWN
        for j in namesakes:
            features = self._said[j]
            evidence = assess(self._model, bare, Profile.of((features,)), self._frequency)
            if judge(self._model, evidence) is not Verdict.CERTAIN:
                continue
            if features.number_is_firm and features.id_number != number:
                told = not is_a_slip or self._is_listed_with(unit, owners)
                return _Whose.FOREIGN if told else _Whose.CONTESTED
            # Without a number of the namesake's, a slip in the owner's name is likelier.
            if not is_a_slip and is_sibling(assess(self._model, features, owner, self._frequency)):
                return _Whose.FOREIGN
        return _Whose.OWN

    def _is_listed_with(self, unit: int, others: Iterable[int]) -> bool:
        mine = self._listed[unit]
        return any(not mine.isdisjoint(self._listed[j]) for j in others)


def _share_a_name(one: Standard, other: Standard) -> bool:
    return any(a.text == b.text for a in one.names for b in other.names)


def _without_number(features: Standard) -> Standard:
    stated = features.stated_birth
    return features._replace(
        id_number=None, number_is_firm=False, births=(stated,) if stated else ()
    )
