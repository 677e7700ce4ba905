"""Ordered comparison levels: an entry's standard features beside a person's profile.

A profile is what all of a person's entries say together, so each comparison takes the best any of
them offers: the parents may be known from one record and the phone from another. A level is a word;
what it weighs is the model's. ``missing`` is no evidence either way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.fuzz import ratio

from services.matching.linkage.glyphs import LOOK_ALIKES
from services.matching.linkage.names import WILDCARD, Name
from services.matching.linkage.normalization import Birth, Standard, is_a_generation_older

MISSING = "missing"
T = TypeVar("T")

#: Every comparison with its levels, best first.  The model must weigh each of them.
LEVELS: dict[str, tuple[str, ...]] = {
    "identifier": ("same", "same_document", "near", "different", "clash"),
    "name": (
        "exact", "homophone", "look_alike", "wildcard", "fuzzy_sound", "reordered",
        "part", "one_glyph", "given", "surname", "different",
    ),
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

_NAME_RANK = {level: rank for rank, level in enumerate(LEVELS["name"])}
_BIRTH_RANK = {level: rank for rank, level in enumerate(LEVELS["birth"])}
_PLACE_RANK = {level: rank for rank, level in enumerate(LEVELS["hukou"])}
_LONG_NAME = 5
_LONG_NAME_ALIKE = 85.0


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
    return min((compare_names(a, b) for a in mine for b in theirs), key=_NAME_RANK.__getitem__)


@lru_cache(maxsize=1 << 14)
def compare_names(a: Name, b: Name) -> str:
    """How two names of one child could have come from one name."""
    if a is b or a.text == b.text:
        return "wildcard" if WILDCARD in a.text else "exact"
    if a.latin or b.latin:
        return _by_sound(a, b)
    level = _same_length(a, b) if len(a.text) == len(b.text) else None
    if level in (None, "one_glyph") and _long_and_alike(a, b):
        return "fuzzy_sound"
    if level is not None:
        return level
    if _part_of(a, b) or _part_of(b, a):
        return "part"
    if a.surname and b.surname:
        if len(a.given) >= 2 and a.given == b.given:
            return "given"
        if a.surname == b.surname:
            return "surname"
    return "different"


def _same_length(a: Name, b: Name) -> str | None:
    differing = [i for i, (x, y) in enumerate(zip(a.text, b.text, strict=True)) if x != y]
    worst = "homophone"
    unlike = 0
    for i in differing:
        x, y = a.text[i], b.text[i]
        if WILDCARD in (x, y):
            level = "wildcard"
        elif a.syllables[i] == b.syllables[i]:
            continue
        elif y in LOOK_ALIKES.get(x, ()):
            level = "look_alike"
        elif a.fuzzy[i] == b.fuzzy[i]:
            level = "fuzzy_sound"
        else:
            unlike += 1
            continue
        worst = max(worst, level, key=_NAME_RANK.__getitem__)
    if not unlike:
        known = len(a.text) - sum(WILDCARD in (a.text[i], b.text[i]) for i in differing)
        return worst if worst != "wildcard" or known >= 2 else "surname"
    if sorted(a.text) == sorted(b.text):
        return "reordered"
    if unlike == 1 and len(a.text) >= 3 and not (a.surname and a.surname != b.surname):
        return "one_glyph"
    return None


def _long_and_alike(a: Name, b: Name) -> bool:
    """Transliterated names, of which the child's own part and the rest must each sound alike."""
    if min(len(a.text), len(b.text)) < _LONG_NAME:
        return False
    cuts = (len(a.parts[0]), len(b.parts[0])) if min(len(a.parts), len(b.parts)) > 1 else (0, 0)
    one = ("".join(a.fuzzy[: cuts[0]]), "".join(a.fuzzy[cuts[0] :]))
    other = ("".join(b.fuzzy[: cuts[1]]), "".join(b.fuzzy[cuts[1] :]))
    return all(ratio(x, y) >= _LONG_NAME_ALIKE for x, y in zip(one, other, strict=True))


def _by_sound(a: Name, b: Name) -> str:
    readings = {a.reading, a.turned}
    if b.reading in readings or b.turned in readings:
        return "homophone"
    if a.fuzzy_reading == b.fuzzy_reading or ratio(a.reading, b.reading) >= 90.0:
        return "fuzzy_sound"
    return "different"


def _part_of(short: Name, long: Name) -> bool:
    """A dotted name's own part, or three glyphs of which one was left out."""
    if len(short.text) >= len(long.text):
        return False
    if len(long.parts) > 1:
        return short.text in long.parts or (
            len(short.text) >= 3 and long.text.startswith(short.text)
        )
    if len(long.text) >= _LONG_NAME:
        return len(short.text) >= 3 and long.text.startswith(short.text)
    rest = iter(long.text)
    return len(long.text) - len(short.text) == 1 and all(glyph in rest for glyph in short.text)


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
