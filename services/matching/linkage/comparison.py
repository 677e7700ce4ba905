"""Ordered comparison levels: an entry's standard features beside a person's profile.

A profile is what all of a person's entries say together, so each comparison takes the best any of
them offers: the parents may be known from one record and the phone from another. A level is a word;
what it weighs is the model's. ``missing`` is no evidence either way.
"""

from collections.abc import Collection, Iterable

from services.matching.linkage import numbers
from services.matching.linkage.births import BIRTH_LEVELS, BIRTH_RANK, Birth, compare_births
from services.matching.linkage.name_comparison import MISWRITTEN, NAME_LEVELS, best_level
from services.matching.linkage.names import Name, is_called_a_child
from services.matching.linkage.normalization import Standard
from services.matching.linkage.numbers import is_a_generation_older
from services.matching.linkage.profile import Profile as Profile

MISSING = "missing"

_PLACES = ("same_township", "same_county", "same_city", "different")
#: Guardians, phones and homes hang together, so they are one comparison: each level says what of
#: them agrees, and nothing is counted twice.
FAMILY_LEVELS = (
    "guardian_id", "guardian_and_phone", "guardian_and_address", "phone_and_address",
    "phone", "address", "guardian", "neighbour", "guardian_homophone", "different", "other_parent",
)  # fmt: skip
#: Every comparison with its levels, best first.  The model must weigh each of them.
LEVELS: dict[str, tuple[str, ...]] = {
    "identifier": ("same", "same_document", "near", "cut", "different", "clash"),
    "name": NAME_LEVELS,
    "birth": BIRTH_LEVELS,
    "sex": ("same", "different"),
    "family": FAMILY_LEVELS,
    "hukou": _PLACES,
    "residence": _PLACES,
    "school": ("same_class", "same_cohort", "same", "onward", "different"),
}
COMPARISONS = tuple(LEVELS)
Levels = tuple[str, ...]
"""One level for each of COMPARISONS, in that order."""

_PERHAPS_ONE = MISWRITTEN | {"part", "one_glyph"}
_NOT_ONE_NAME = frozenset(("given", "one_glyph", "surname", "different"))


def compare(entry: Standard, person: Profile) -> Levels:
    """The level of each comparison."""
    identifier = compare_identifiers(entry, person)
    mine, theirs = _births_told(identifier, entry, person)
    sex, sexes = entry.sex, person.sexes
    return (
        identifier,
        _names(entry, person),
        _births(mine, theirs),
        MISSING if sex is None or not sexes else "same" if sex in sexes else "different",
        _family(entry, person),
        _places(entry.hukou, person.hukous),
        _places(entry.residence, person.residences),
        _school(entry, person),
    )


def compare_identifiers(entry: Standard, person: Profile) -> str:
    """Valid numbers are the same or clash; a number with a wrong checksum may be near; papers of
    birth are equal.  A number that the other side knows as a guardian's is nobody's here.
    """
    number, theirs, firm = entry.id_number, person.id_numbers, person.firm_numbers
    if number is not None:
        if number in firm:
            return "same"
        if number in person.guardian_ids or is_a_generation_older(number, person.births):
            number = None
    for n in theirs:
        if n in entry.guardian_ids or is_a_generation_older(n, entry.births):
            theirs = tuple(m for m in theirs if m != n)
            firm = tuple(m for m in firm if m != n)
    if number is not None:
        if entry.number_is_firm and firm:
            return "clash"
        if number in theirs:
            return "same"
    if entry.document is not None and entry.document in person.documents:
        return "same_document"
    typed, others = entry.id_typed, theirs + person.ids_typed
    if typed is None:
        typed, others = number, person.ids_typed
    if typed is None or not others:
        return MISSING
    if any(numbers.nearly_one(typed, n) for n in others):
        return "near"
    return "cut" if any(numbers.is_cut(typed, n) for n in others) else "different"


def _names(entry: Standard, person: Profile) -> str:
    """The best level; none where one side's name is a guardian's, entered for the child's, or says whose child it is."""
    level = best_level(entry.names, person.names)
    if level in _NOT_ONE_NAME and (
        _are_called_by(entry.names, person.guardian_names)
        or _are_called_by(person.names, entry.guardian_names)
    ):
        return MISSING
    return level or MISSING


def _are_called_by(children: Iterable[Name], guardians: frozenset[Name]) -> bool:
    """Whether all that a child is called is its guardian's name, alone or with a word for a child: 宋华子, of a mother 宋华."""
    return bool(guardians) and all(
        child in guardians
        or (is_called_a_child(child) and any(one.text == child.text[:-1] for one in guardians))
        for child in children
    )


def _births_told(
    identifier: str, entry: Standard, person: Profile
) -> tuple[tuple[Birth, ...], tuple[Birth, ...]]:
    """Both sides' births, without those that an adult's number entered for the child brought in.
    A date read out of the number that both bear agrees by itself: then only a stated one counts.
    """
    mine, theirs = entry.births, person.births
    if identifier == "same":
        mine = () if entry.stated_birth is None else (entry.stated_birth,)
        return mine, person.stated_births or theirs
    if entry.id_number is not None and is_a_generation_older(entry.id_number, theirs):
        mine = () if entry.stated_birth is None else (entry.stated_birth,)
    for number in person.id_numbers:
        if is_a_generation_older(number, entry.births):
            theirs = person.stated_births
    return mine, theirs


def _births(mine: tuple[Birth, ...], theirs: tuple[Birth, ...]) -> str:
    if not mine or not theirs:
        return MISSING
    if len(mine) == 1 == len(theirs):
        return compare_births(mine[0], theirs[0])
    return min((compare_births(a, b) for a in mine for b in theirs), key=BIRTH_RANK.__getitem__)


def _family(entry: Standard, person: Profile) -> str:
    ids, names = entry.guardian_ids, entry.guardian_names
    if ids and (ids & person.guardian_ids or not ids.isdisjoint(person.id_numbers)):
        return "guardian_id"
    if entry.id_number is not None and entry.id_number in person.guardian_ids:
        return "guardian_id"
    guardian = _guardians(names, person.guardian_names)
    phone = not entry.phones.isdisjoint(person.phones)
    home = not entry.homes.isdisjoint(person.homes)
    near = home or entry.village in person.villages or entry.street in person.streets
    if guardian in ("guardian", "guardian_homophone"):
        if phone:
            return "guardian_and_phone"
        return "guardian_and_address" if near else guardian
    if phone:
        return "phone_and_address" if near else "phone"
    if home:
        return "address"
    if _is_another(entry.father, person.fathers) or _is_another(entry.mother, person.mothers):
        return "other_parent"
    if near:
        return "neighbour"
    if guardian == "different" or (entry.phones and person.phones):
        return "different"
    return "different" if (ids and person.guardian_ids) else MISSING


def shares_a_family(entry: Standard, person: Profile) -> bool:
    """Whether both have two of a guardian, a phone and a home in common, or two guardians: one family, surely."""
    guardian = (
        not entry.guardian_ids.isdisjoint(person.guardian_ids)
        or _guardians(entry.guardian_names, person.guardian_names) == "guardian"
    )
    phone = not entry.phones.isdisjoint(person.phones)
    home = not entry.homes.isdisjoint(person.homes)
    return guardian + phone + home >= 2 or len(entry.guardian_names & person.guardian_names) >= 2


def shares_a_parents_name(entry: Standard, person: Profile) -> bool:
    """Whether both name one guardian alike, whom one of them calls father or mother."""
    shared = entry.guardian_names & person.guardian_names
    return not shared.isdisjoint((entry.father, entry.mother, *person.fathers, *person.mothers))


def has_other_parents(entry: Standard, person: Profile) -> bool:
    """Whether both name the father or the mother, or state guardians' numbers, and not the same."""
    if _is_another(entry.father, person.fathers) or _is_another(entry.mother, person.mothers):
        return True
    ids = entry.guardian_ids
    return bool(ids and person.guardian_ids) and ids.isdisjoint(person.guardian_ids)


def are_of_two_papers(one: Collection[str], other: Collection[str]) -> bool:
    """Whether both sides have papers of birth, and none in common."""
    return bool(one and other) and set(one).isdisjoint(other)


def are_of_two_turns(one: Collection[str], other: Collection[str]) -> bool:
    """Whether both sides tell which of its mother's children a newborn is, counted alike, and none is the same
    (``names.turn_in``).
    """
    mine, theirs = _by_kind(one), _by_kind(other)
    return any(mine[kind].isdisjoint(theirs[kind]) for kind in mine.keys() & theirs.keys())


def _by_kind(turns: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for turn in turns:
        kind, number = turn.split()
        found.setdefault(kind, set()).add(number)
    return found


def _guardians(mine: frozenset[Name], theirs: frozenset[Name]) -> str:
    if not mine or not theirs:
        return MISSING
    if not mine.isdisjoint(theirs):
        return "guardian"
    level = best_level(mine, theirs)
    if level == "exact":
        return "guardian"
    return "guardian_homophone" if level in MISWRITTEN else "different"


def _is_another(parent: Name | None, parents: tuple[Name, ...]) -> bool:
    """Whether both sides name this parent, and not alike."""
    if parent is None or not parents:
        return False
    return best_level((parent,), parents) not in _PERHAPS_ONE


def _places(mine: int | None, theirs: tuple[int, ...]) -> str:
    if mine is None or not theirs:
        return MISSING
    return _PLACES[min([_distance(mine, other) for other in theirs])]


def compare_places(a: int, b: int) -> str:
    """Divisions of twelve digits: a county is six of them, a township nine, and a bare county
    names no township.
    """
    return _PLACES[_distance(a, b)]


def _distance(a: int, b: int) -> int:
    if a // 10**3 == b // 10**3 and a % 10**6:
        return 0
    if a // 10**6 == b // 10**6:
        return 1
    return 2 if a // 10**8 == b // 10**8 else 3


def _school(entry: Standard, person: Profile) -> str:
    mine, cohort, others = entry.school, entry.cohort, person.schoolings
    if not others or (mine is None and cohort is None):
        return MISSING
    rank = 5
    for school, year, school_class in others:
        if mine is not None and mine == school:
            if cohort is None or cohort != year:
                rank = min(rank, 2)
            else:
                same_class = entry.school_class is not None and entry.school_class == school_class
                rank = min(rank, 0 if same_class else 1)
        elif cohort is not None and year is not None and abs(cohort - year) <= 1:
            rank = min(rank, 3)
        elif mine is not None and school is not None:
            rank = min(rank, 4)
    return MISSING if rank == 5 else _SCHOOL_LEVELS[rank]


_SCHOOL_LEVELS = LEVELS["school"]
