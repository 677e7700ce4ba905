"""Numbers entered for the wrong child: a sibling's number says nothing of who bears it.

Cast: a number's *bearers* are the units that state it, grouped by the name they bear; one group is the
number's *owner*. In any other group the number is *foreign* if the unit, read without it, is certainly
of a child who bears the unit's very name and cannot be the owner. *Namesakes* are the units of other numbers, or of
none, that bear a name of the group's. Where as much speaks for the number as for the name (a twin's; a sibling's that brought
its birth date or sex along) the unit is *contested*: only a person can tell whose it is (docs/adr/0040).

Twins' names are often a slip apart, and their numbers are of one office and day: the one's number, told once under the other's
name, may be either's. A person's ruling tells whose it is, or a register: whom it lists besides it does not list here. Where
none tells, or a register lists both, the unit is contested, too (docs/adr/0034).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from services.matching.linkage.comparison import Profile
from services.matching.linkage.judging import WELL_KNOWN, Verdict, assess, is_sibling, judge
from services.matching.linkage.name_comparison import MISWRITTEN, best_level
from services.matching.linkage.names import Name
from services.matching.linkage.normalization import Standard
from services.matching.linkage.weights import Frequency, Model


class Ruled(NamedTuple):
    """What people ruled of units: groups ``together``, each unit in one; pairs ``apart``, both ways."""

    together: Iterable[AbstractSet[int]] = ()
    apart: AbstractSet[tuple[int, int]] = frozenset()


class Reading(NamedTuple):
    """What units say without foreign numbers; which of them only a person can tell whose they are; and which *differ by a
    glyph* from the owner of their number in a name that is told elsewhere without it, as a twin's is.
    """

    features: list[Standard]
    contested: frozenset[int]
    a_glyph_off: frozenset[int]


def without_foreign_numbers(
    model: Model,
    said: Sequence[Standard],
    entries: Sequence[Collection[UUID]],
    listed: Sequence[AbstractSet[int]],
    ruled: Ruled,
    frequency: Frequency,
) -> Reading:
    """``entries`` of each unit and the marks under which they were ``listed``, in the order of what they ``said``."""
    return _Numbers(model, said, entries, listed, ruled, frequency).read()


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
        ruled: Ruled,
        frequency: Frequency,
    ) -> None:
        self._together = {i: group for group in ruled.together for i in group}
        self._apart = ruled.apart
        self._model = model
        self._said = said
        self._entries = entries
        self._listed = listed
        self._frequency = frequency

    def read(self) -> Reading:
        read, contested, a_glyph_off = list(self._said), set[int](), set[int]()
        bearers: dict[str, list[int]] = {}
        for i, features in enumerate(read):
            if features.id_number and features.names:
                bearers.setdefault(features.id_number, []).append(i)
        for number, bearing in sorted(bearers.items()):
            owners, *others = self._by_name(number, bearing)
            owner = Profile.of(self._said[j] for j in owners)
            for group in others:
                namesakes = self._namesakes(group, frozenset(bearing))
                if self._are_told_apart(group, owners, frozenset(bearing)):
                    a_glyph_off.update(group)
                for i in group:
                    bare = _without_number(read[i])
                    is_a_slip = best_level(bare.names, owner.names) in MISWRITTEN
                    if not is_a_slip and self._is_of_another(bare, number, namesakes, owner):
                        if self._is_one_against_one(i, namesakes, owner):
                            contested.add(i)
                        else:
                            read[i] = bare
                    elif is_a_slip:
                        match self._whose(i, bare, group, namesakes, owners):
                            case _Whose.FOREIGN:
                                read[i] = bare
                            case _Whose.CONTESTED:
                                contested.add(i)
        return Reading(read, frozenset(contested), frozenset(a_glyph_off))

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
        """Whether the group's name is known elsewhere under a number of its own. A child well known by this one loses it only
        where the other is told no less often: one invented record takes nobody's number away.
        """
        others = [
            j
            for j, features in enumerate(self._said)
            if features.number_is_firm
            and features.id_number != number
            and any(_share_a_name(features, self._said[i]) for i in group)
        ]
        known = self._count(group)
        return bool(others) and (known < WELL_KNOWN or self._count(others) >= known)

    def _namesakes(self, group: Sequence[int], bearing: AbstractSet[int]) -> list[int]:
        """Whoever bears a name of the group's under another number, or without any."""
        names = {name.text for i in group for name in self._said[i].names}
        return [
            j
            for j, features in enumerate(self._said)
            if j not in bearing and any(name.text in names for name in features.names)
        ]

    def _is_one_against_one(self, unit: int, namesakes: Sequence[int], owner: Profile) -> bool:
        """Whether as much speaks for the number as for the name, so that only a person can tell: the namesake is a twin, whom
        neither birth date nor sex tells from the owner; or one of these agrees with the number, and not with the name.
        """
        said = self._said[unit]
        if self._may_be_a_twins(said, namesakes, owner):
            return True
        # What does not state a birth date most likely states no sex either, but has it of the number, as it has its birth date.
        if not said.number_is_firm or said.stated_birth is None:
            return False
        sexes = {self._said[j].sex for j in namesakes} - {None}
        births = {birth for j in namesakes for birth in self._said[j].births}
        is_of_the_owners_day = said.stated_birth in owner.births and said.stated_birth not in births
        return (bool(sexes) and said.sex not in sexes) or is_of_the_owners_day

    def _may_be_a_twins(self, said: Standard, namesakes: Sequence[int], owner: Profile) -> bool:
        """Whether a namesake was born on the owner's day, and no sex tells the two apart."""
        sexes = {self._said[j].sex for j in namesakes} - {None}
        for each in (sexes, {said.sex} - {None}):
            if each and owner.sexes and each.isdisjoint(owner.sexes):
                return False
        return any(not set(self._said[j].births).isdisjoint(owner.births) for j in namesakes)

    def _are_told_apart(
        self, group: Sequence[int], owners: Sequence[int], bearing: AbstractSet[int]
    ) -> bool:
        """Whether the two names are one glyph apart, and the one that is told less often with the number is told without it
        too, be it miswritten: then it may be a twin's. Where both are told with it alike, or each more than once and so neither
        is a slip, either counts.
        """
        mine, theirs = self._names_of(group), self._names_of(owners)
        if best_level(mine, theirs) != "one_glyph":
            return False
        told, others = self._count(owners), self._count(group)
        more = told - others if min(told, others) == 1 else 0
        return (more >= 0 and any(self._bearing_rather(mine, theirs, bearing))) or (
            more <= 0 and any(self._bearing_rather(theirs, mine, bearing))
        )

    def _names_of(self, units: Iterable[int]) -> list[Name]:
        return [name for i in units for name in self._said[i].names]

    def _bearing_rather(
        self, names: Sequence[Name], others: Sequence[Name], but: AbstractSet[int]
    ) -> Iterator[Standard]:
        """What units say that bear the names, written in whatever way, and not the others; ``but`` some."""
        for j, features in enumerate(self._said):
            borne = features.names if j not in but else ()
            if (
                best_level(borne, names) in MISWRITTEN
                and best_level(borne, others) not in MISWRITTEN
            ):
                yield features

    def _is_of_another(
        self, bare: Standard, number: str, namesakes: Sequence[int], owner: Profile
    ) -> bool:
        # Read without its birth date, too: a form may have filled that in by the number.
        unborn = bare._replace(stated_birth=None, births=())
        return any(
            self._differ(features, number)
            or is_sibling(assess(self._model, features, owner, self._frequency))
            for read in (bare, unborn)
            for features in self._like(read, namesakes)
        )

    def _whose(
        self,
        unit: int,
        bare: Standard,
        group: Sequence[int],
        namesakes: Sequence[int],
        owners: Sequence[int],
    ) -> _Whose:
        """Whose number a unit states whose name, but for a slip, is the owner's."""
        number = self._said[unit].id_number or ""
        numbered = [j for j in namesakes if self._differ(self._said[j], number)]
        if self._is_ruled_with(unit, owners) or self._is_ruled_apart(unit, numbered):
            return _Whose.OWN
        if self._is_ruled_with(unit, numbered) or self._is_ruled_apart(unit, owners):
            return _Whose.FOREIGN
        # Whoever takes a number from the line above does it once: a name that is told again under a number is its bearer's.
        # And without a twin, a slip in the owner's name is likelier.
        twins = [j for j in numbered if _are_of_one_line(self._said[j], number)]
        if self._count(group) > 1 or not any(self._like(bare, twins)):
            return _Whose.OWN
        beside_owner = self._is_listed_with(unit, owners)
        beside_namesake = self._is_listed_with(unit, namesakes)
        if beside_namesake and not beside_owner:
            return _Whose.OWN
        # One record does not make a namesake of whom to take a number away.
        told = beside_owner and not beside_namesake and self._count(twins) > 1
        return _Whose.FOREIGN if told else _Whose.CONTESTED

    def _count(self, units: Iterable[int]) -> int:
        return sum(len(self._entries[i]) for i in units)

    def _is_ruled_with(self, unit: int, others: Iterable[int]) -> bool:
        return not self._together.get(unit, frozenset()).isdisjoint(others)

    def _is_ruled_apart(self, unit: int, others: Iterable[int]) -> bool:
        return bool(self._apart) and any((unit, j) in self._apart for j in others)

    def _like(self, bare: Standard, namesakes: Iterable[int]) -> Iterator[Standard]:
        """Those of the namesakes of whose child the unit certainly is, read without its number."""
        for j in namesakes:
            if _share_a_name(bare, self._said[j]):
                profile = Profile.of((self._said[j],))
                evidence = assess(self._model, bare, profile, self._frequency)
                if judge(self._model, evidence) is Verdict.CERTAIN:
                    yield self._said[j]

    @staticmethod
    def _differ(features: Standard, number: str) -> bool:
        return features.number_is_firm and features.id_number != number

    def _is_listed_with(self, unit: int, others: Iterable[int]) -> bool:
        mine = self._listed[unit]
        return any(not mine.isdisjoint(self._listed[j]) for j in others)


def _are_of_one_line(features: Standard, number: str) -> bool:
    """Twins are registered together: one office and one day of birth are the first 14 digits (GB 11643-1999). To whom another
    office gave a number is a stranger, although of one name and day.
    """
    return (features.id_number or "")[:14] == number[:14]


def _share_a_name(one: Standard, other: Standard) -> bool:
    return any(a.text == b.text for a in one.names for b in other.names)


def _without_number(features: Standard) -> Standard:
    stated = features.stated_birth
    return features._replace(
        id_number=None, number_is_firm=False, births=(stated,) if stated else ()
    )
