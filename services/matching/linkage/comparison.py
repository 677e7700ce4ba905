"""Ordered comparison levels: an entry's standard features beside a person's profile.

A profile is what all of a person's entries say together, so each comparison takes the best any of
them offers: the parents may be known from one record and the phone from another. A level is a word;
what it weighs is the model's. ``missing`` is no evidence either way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from rapidfuzz.distance import DamerauLevenshtein

from services.matching.linkage.name_comparison import NAME_LEVELS, NAME_RANK, compare_names
from services.matching.linkage.names import Name
from services.matching.linkage.normalization import Birth, Standard, is_a_generation_older

MISSING = "missing"
T = TypeVar("T")

#: Every comparison with its levels, best first.  The model must weigh each of them.
LEVELS: dict[str, tuple[str, ...]] = {
    "identifier": ("same", "same_document", "near", "different", "clash"),
    "name": NAME_LEVELS,
    "birth": (
        "exact", "swapped", "day_differs", "month_differs", "year_differs", "same_year", "different",
    ),
    "sex": ("same", "different"),
    "guardian": ("same_id", "same_name", "homophone", "different"),
    "phone": ("same", "different"),
    "hukou": ("same_township", "same_county", "same_city", "different"),
    "residence": ("same_township", "same_county", "same_city", "different"),
    "school": ("same", "different"),
}  # fmt: skip
COMPARISONS = tuple(LEVELS)
Levels = tuple[str, ...]
"""One level for each of COMPARISONS, in that order."""

_BIRTH_RANK = {level: rank for rank, level in enumerate(LEVELS["birth"])}
_PLACE_RANK = {level: rank for rank, level in enumerate(LEVELS["hukou"])}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person's entries say together; every field keeps the order of first mention."""

    names: tuple[Name, ...]
    id_numbers: tuple[str, ...]
    firm_numbers: tuple[str, ...]
    ids_typed: tuple[str, ...]
    documents: tuple[str, ...]
    stated_births: tuple[Birth, ...]
    births: tuple[Birth, ...]
    sexes: tuple[str, ...]
    guardian_ids: frozenset[str]
    guardian_names: frozenset[Name]
    phones: frozenset[str]
    hukous: tuple[int, ...]
    residences: tuple[int, ...]
    schools: tuple[str, ...]

    @classmethod
    def of(cls, members: Iterable[Standard]) -> "Profile":
        """The members' features together. A number that any member gives as a guardian's is not
        the child's.
        """
        listed = list(members)
        guardian_ids = frozenset().union(*(m.guardian_ids for m in listed))
        births = _distinct(birth for m in listed for birth in m.births)
        if births:
            youngest = (max(births),)
            adults = {
                m.id_number
                for m in listed
                if m.id_number and is_a_generation_older(m.id_number, youngest)
            }
            guardian_ids |= adults
        numbers = [
            (m.id_number, m.number_is_firm)
            for m in listed
            if m.id_number and m.id_number not in guardian_ids
        ]
        return cls(
            names=_distinct(name for m in listed for name in m.names),
            id_numbers=_distinct(number for number, _ in numbers),
            firm_numbers=_distinct(number for number, firm in numbers if firm),
            ids_typed=_distinct(m.id_typed for m in listed if m.id_typed),
            documents=_distinct(m.document for m in listed if m.document),
            stated_births=_distinct(m.stated_birth for m in listed if m.stated_birth),
            births=births,
            sexes=_distinct(m.sex for m in listed if m.sex),
            guardian_ids=guardian_ids,
            guardian_names=frozenset().union(*(m.guardian_names for m in listed)),
            phones=frozenset().union(*(m.phones for m in listed)),
            hukous=_distinct(m.hukou for m in listed if m.hukou),
            residences=_distinct(m.residence for m in listed if m.residence),
            schools=_distinct(m.school for m in listed if m.school),
        )


def compare(entry: Standard, person: Profile) -> Levels:
    identifier = compare_identifiers(entry, person)
    mine, theirs = _of_one_generation(entry, person)
    if identifier == "same":
        # A date read out of the number that both bear agrees by itself; only a stated one counts.
        mine = () if entry.stated_birth is None else (entry.stated_birth,)
        theirs = person.stated_births or theirs
    return (
        identifier,
        _names(entry.names, person.names),
        _births(mine, theirs),
        _sexes(entry.sex, person.sexes),
        _guardians(entry, person),
        _sets(entry.phones, person.phones),
        _places(entry.hukou, person.hukous),
        _places(entry.residence, person.residences),
        MISSING if not entry.school or not person.schools
        else "same" if entry.school in person.schools
        else "different",
    )  # fmt: skip


def _own_number(entry: Standard, person: Profile) -> str | None:
    """The entry's number, unless it is that of an adult of the person's family."""
    number = entry.id_number
    if number is None or number in person.guardian_ids:
        return None
    return None if is_a_generation_older(number, person.births) else number


def compare_identifiers(entry: Standard, person: Profile) -> str:
    """Valid numbers are the same or clash; a number with a wrong checksum may be near; papers of
    birth are equal.  A number that the other side knows as a guardian's is nobody's here.
    """
    number = _own_number(entry, person)
    adults = {
        n
        for n in person.id_numbers
        if n in entry.guardian_ids or is_a_generation_older(n, entry.births)
    }
    numbers = tuple(n for n in person.id_numbers if n not in adults)
    firm_numbers = tuple(n for n in person.firm_numbers if n not in adults)
    if number is not None and entry.number_is_firm and firm_numbers and number not in firm_numbers:
        return "clash"
    if number is not None and number in numbers:
        return "same"
    if entry.document is not None and entry.document in person.documents:
        return "same_document"
    typed, others = entry.id_typed, numbers + person.ids_typed
    if typed is None:
        typed, others = number, person.ids_typed
    if typed is None or not others:
        return MISSING
    near = any(DamerauLevenshtein.distance(typed, n, score_cutoff=1) <= 1 for n in others)
    return "near" if near else "different"


def _names(mine: tuple[Name, ...], theirs: tuple[Name, ...]) -> str:
    if not mine or not theirs:
        return MISSING
    if len(mine) == 1 and len(theirs) == 1:
        return compare_names(mine[0], theirs[0])
    return min((compare_names(a, b) for a in mine for b in theirs), key=NAME_RANK.__getitem__)


def _of_one_generation(
    entry: Standard, person: Profile
) -> tuple[tuple[Birth, ...], tuple[Birth, ...]]:
    """Both sides' births, without those that an adult's number entered for the child brought in."""
    mine, theirs = entry.births, person.births
    if entry.id_number is not None and is_a_generation_older(entry.id_number, theirs):
        mine = () if entry.stated_birth is None else (entry.stated_birth,)
    if any(is_a_generation_older(number, entry.births) for number in person.id_numbers):
        theirs = person.stated_births
    return mine, theirs


def _births(mine: tuple[Birth, ...], theirs: tuple[Birth, ...]) -> str:
    if not mine or not theirs:
        return MISSING
    return min((compare_births(a, b) for a in mine for b in theirs), key=_BIRTH_RANK.__getitem__)


def compare_births(a: Birth, b: Birth) -> str:
    if a == b:
        return "exact"
    year, month, day = a[0] == b[0], a[1] == b[1], a[2] == b[2]
    if year and a[1] == b[2] and a[2] == b[1]:
        return "swapped"
    if year and month:
        return "day_differs"
    if year and day:
        return "month_differs"
    if month and day and abs(a[0] - b[0]) <= 2:
        return "year_differs"
    return "same_year" if year else "different"


def _sexes(mine: str | None, theirs: tuple[str, ...]) -> str:
    if mine is None or not theirs:
        return MISSING
    return "same" if mine in theirs else "different"


def _guardians(entry: Standard, person: Profile) -> str:
    if entry.guardian_ids & person.guardian_ids:
        return "same_id"
    if entry.id_number is not None and entry.id_number in person.guardian_ids:
        return "same_id"
    if not entry.guardian_ids.isdisjoint(person.id_numbers):
        return "same_id"
    mine, theirs = entry.guardian_names, person.guardian_names
    if not mine or not theirs:
        return "different" if entry.guardian_ids and person.guardian_ids else MISSING
    if mine & theirs:
        return "same_name"
    levels = {compare_names(a, b) for a in mine for b in theirs}
    if "exact" in levels:
        return "same_name"
    return "homophone" if levels & {"homophone", "look_alike"} else "different"


def _sets(mine: frozenset[str], theirs: frozenset[str]) -> str:
    if not mine or not theirs:
        return MISSING
    return "different" if mine.isdisjoint(theirs) else "same"


def _places(mine: int | None, theirs: tuple[int, ...]) -> str:
    if mine is None or not theirs:
        return MISSING
    return min((compare_places(mine, other) for other in theirs), key=_PLACE_RANK.__getitem__)


def compare_places(a: int, b: int) -> str:
    """Divisions of twelve digits: a county is six of them, a township nine, and a bare county
    names no township.
    """
    if a // 10**3 == b // 10**3 and a % 10**6:
        return "same_township"
    if a // 10**6 == b // 10**6:
        return "same_county"
    return "same_city" if a // 10**8 == b // 10**8 else "different"


def _distinct(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
