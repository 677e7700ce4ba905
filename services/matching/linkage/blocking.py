"""Blocking rules: which entries are worth comparing at all.

A rule turns an entry's standard features into texts; entries that share a text are a candidate
pair. Each rule survives another kind of dirt, so that a true pair is missed only where several
things are wrong at once. Each docstring says how many other children are expected to share one of
its texts in a hub of a million, where the commonest names are borne by some hundreds.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from services.matching.linkage import numbers
from services.matching.linkage.births import Birth
from services.matching.linkage.lunar import solar_days
from services.matching.linkage.names import Name
from services.matching.linkage.normalization import Standard

Rule = Callable[[Standard], Iterable[str]]
_TAIL = 8
_COUNTY = 10**6
_AND_SURNAME = 2


def identifier(entry: Standard) -> Iterable[str]:
    """A number, even one that no checksum confirms, or a document: none."""
    papers = (entry.id_number, entry.id_typed, entry.document)
    return [paper for paper in papers if paper is not None]


def identifier_tail(entry: Standard) -> Iterable[str]:
    """Month, day, sequence and check digit: survives a slip in the first half of a number. 3."""
    number = entry.id_number or entry.id_typed
    return (number[-_TAIL:],) if number else ()


def sound_and_birth(entry: Standard) -> Iterable[str]:
    """The sounds in any order, and year and month of birth: survives homophones, fuzzy sounds,
    exchanged name fields, a wrong day, the lunar calendar. Less than 1; of the commonest name 3.
    """
    sounds = [_sounds(name) for name in entry.names]
    return [f"{sound}|{birth[0]}|{birth[1]}" for birth in _all_births(entry) for sound in sounds]


def sound_and_day(entry: Standard) -> Iterable[str]:
    """The sounds in any order, and month and day in either order: survives a wrong year and an
    exchange. Less than 1; of the commonest name 3.
    """
    return [
        f"{_sounds(name)}|{min(month, day)}|{max(month, day)}"
        for _, month, day in _births_or_typed(entry)
        for name in entry.names
    ]


def sound_and_hukou(entry: Standard) -> Iterable[str]:
    """Survives any wrong birth date, where hukou is told. Less than 1; of the commonest name 10."""
    if entry.hukou is None:
        return ()
    county = entry.hukou // _COUNTY
    return [f"{_sounds(name)}|{county}" for name in entry.names]


def own_part_and_birth(entry: Standard) -> Iterable[str]:
    """The first two sounds of a long name, and the day of birth: survives a patronymic left out
    or written otherwise. Less than 1.
    """
    return [
        f"{name.fuzzy[:_AND_SURNAME]}|{_text(birth)}"
        for name in entry.names
        if not name.surname and len(name.fuzzy) > _AND_SURNAME and not name.latin
        for birth in entry.births
    ]


def phone(entry: Standard) -> Iterable[str]:
    """Survives any wrong name and birth, as the next does. Siblings."""
    return sorted(entry.phones)


def guardian_number(entry: Standard) -> Iterable[str]:
    """Siblings."""
    return sorted(entry.guardian_ids)


def sound_and_guardian(entry: Standard) -> Iterable[str]:
    """The sounds of a child and of a guardian: survives any wrong birth date. Less than 1."""
    guardians = _guardians_sounds(entry)
    return [f"{_sounds(name)}|{sounds}" for name in entry.names for sounds in guardians]


def birth_and_guardian(entry: Standard) -> Iterable[str]:
    """Survives a child's changed name and a changed phone. Less than 1, and twins."""
    guardians = _guardians_sounds(entry)
    return [f"{_text(birth)}|{sounds}" for birth in entry.births for sounds in guardians]


def home(entry: Standard) -> Iterable[str]:
    """Survives any wrong name and birth where no guardian is told. Siblings."""
    return sorted(entry.homes)


def birth_and_hukou(entry: Standard) -> Iterable[str]:
    """Survives a wrong glyph in the given name where no contact is known. Less than 1."""
    if entry.hukou is None:
        return ()
    county = entry.hukou // _COUNTY
    surnames = sorted({name.fuzzy[0] for name in entry.names})
    return [f"{_text(birth)}|{county}|{surname}" for birth in entry.births for surname in surnames]


def birth_and_school(entry: Standard) -> Iterable[str]:
    """Less than 1."""
    if entry.school is None:
        return ()
    return [f"{_text(birth)}|{entry.school}" for birth in entry.births]


RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        identifier,
        identifier_tail,
        sound_and_birth,
        sound_and_day,
        sound_and_hukou,
        own_part_and_birth,
        phone,
        guardian_number,
        sound_and_guardian,
        birth_and_guardian,
        home,
        birth_and_hukou,
        birth_and_school,
    )
}


def mistyped(entry: Standard) -> list[str]:
    """Texts under which a number that no checksum confirms is looked for besides, in a search: the
    numbers that it may have been. Each is borne by one child, if by any.
    """
    if entry.id_typed is None:
        return []
    meant = numbers.one_slip_from(entry.id_typed)
    return [f"{identifier.__name__}|{number}" for number in meant]


def keys(entry: Standard, rules: Iterable[str]) -> list[str]:
    """The entry's blocking texts under the named rules, each once, in rule order."""
    return list(dict.fromkeys([f"{name}|{text}" for name in rules for text in RULES[name](entry)]))


def rule_of(text: str) -> str:
    """The name of the rule that gave a blocking text."""
    return text[: text.index("|")]


def faint(entry: Standard, rules: frozenset[str]) -> frozenset[str]:
    """Those of the rules by which one shared text is not enough to compare the entry with somebody: none while its birth date
    is unknown, since it shares little else with anybody.
    """
    return rules if entry.births else _NONE


def families(entry: Standard, rules: frozenset[str]) -> frozenset[str]:
    """Those of the rules under which the entry is not looked for: whose number nothing contradicts is told by it from the
    brothers and sisters who are found there.
    """
    return rules if entry.number_is_firm else _NONE


_NONE = frozenset[str]()


def _sounds(name: Name) -> str:
    return _in_any_order(name.fuzzy)


def _guardians_sounds(entry: Standard) -> list[str]:
    return sorted({name.fuzzy for name in entry.guardian_names})


@lru_cache(maxsize=1 << 14)
def _in_any_order(sounds: str) -> str:
    return "".join(sorted(sounds))


def _births_or_typed(entry: Standard) -> tuple[Birth, ...]:
    """Births, or where none is told the one inside a number that no checksum confirms: the slip may be anywhere in it."""
    if entry.births or entry.id_typed is None:
        return entry.births
    born = numbers.born_as_typed(entry.id_typed)
    return (born,) if born else ()


def _all_births(entry: Standard) -> tuple[Birth, ...]:
    """The same, and the common day of a stated one that nothing confirms, were it lunar."""
    if entry.stated_birth is None or entry.number_is_firm:
        return _births_or_typed(entry)
    return (*entry.births, *solar_days(*entry.stated_birth))


def _text(birth: Birth) -> str:
    return f"{birth[0]}-{birth[1]}-{birth[2]}"
