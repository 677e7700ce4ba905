"""Blocking rules: which entries are worth comparing at all.

A rule turns an entry's standard features into texts; entries that share a text are a candidate
pair. Each rule survives another kind of dirt, so that a true pair is missed only where several
things are wrong at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product

from services.matching.linkage.normalization import Birth, Standard

Rule = Callable[[Standard], Iterator[str]]


def identifier(entry: Standard) -> Iterator[str]:
    if entry.id_number:
        yield entry.id_number
    if entry.document:
        yield entry.document


def identifier_tail(entry: Standard) -> Iterator[str]:
    """Month, day, sequence and check digit: survives a slip in the first half of a number."""
    number = entry.id_number or entry.id_typed
    if number:
        yield number[-8:]


def sound_and_birth(entry: Standard) -> Iterator[str]:
    """Survives homophones, fuzzy sounds and exchanged day and month."""
    for name, (year, month, day) in product(entry.names, entry.births):
        yield f"{name.fuzzy_reading}|{year}|{min(month, day)}|{max(month, day)}"
        if name.latin and len(name.syllables) > 1:
            turned = "".join(name.fuzzy[1:] + name.fuzzy[:1])
            yield f"{turned}|{year}|{min(month, day)}|{max(month, day)}"


def name_and_month(entry: Standard) -> Iterator[str]:
    """Survives a wrong day."""
    for name, birth in product(entry.names, entry.births):
        yield f"{name.text}|{birth[0]}|{birth[1]}"


def name_and_day(entry: Standard) -> Iterator[str]:
    """Survives a wrong year."""
    for name, birth in product(entry.names, entry.births):
        yield f"{name.text}|{birth[1]}|{birth[2]}"


def sound_and_hukou(entry: Standard) -> Iterator[str]:
    """Survives any wrong birth date.  Where hukou is not told, the ID number's issuer stands in."""
    number = entry.id_number or entry.id_typed
    counties = {str(entry.hukou // 10**6)} if entry.hukou else set()
    if number and len(number) >= 15:
        counties.add(number[:6])
    for name, county in product(entry.names, sorted(counties)):
        yield f"{name.fuzzy_reading}|{county}"


def sound_and_phone(entry: Standard) -> Iterator[str]:
    for name, phone in product(entry.names, entry.phones):
        yield f"{name.fuzzy_reading}|{phone}"


def sound_and_guardian(entry: Standard) -> Iterator[str]:
    for name, guardian in product(entry.names, entry.guardian_names):
        yield f"{name.fuzzy_reading}|{guardian.fuzzy_reading}"


def birth_and_phone(entry: Standard) -> Iterator[str]:
    """Survives any wrong or changed name, as the next three do."""
    for birth, phone in product(entry.births, entry.phones):
        yield f"{_text(birth)}|{phone}"


def birth_and_guardian(entry: Standard) -> Iterator[str]:
    for birth, guardian in product(entry.births, entry.guardian_names):
        yield f"{_text(birth)}|{guardian.fuzzy_reading}"


def birth_and_guardian_number(entry: Standard) -> Iterator[str]:
    for birth, number in product(entry.births, entry.guardian_ids):
        yield f"{_text(birth)}|{number}"


def birth_and_hukou(entry: Standard) -> Iterator[str]:
    """Survives a wrong glyph in the given name where no contact is known."""
    if entry.hukou:
        for name, birth in product(entry.names, entry.births):
            if name.surname:
                yield f"{_text(birth)}|{entry.hukou // 10**6}|{name.fuzzy[0]}"


def birth_and_school(entry: Standard) -> Iterator[str]:
    if entry.school:
        for birth in entry.births:
            yield f"{_text(birth)}|{entry.school}"


RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        identifier,
        identifier_tail,
        sound_and_birth,
        name_and_month,
        name_and_day,
        sound_and_hukou,
        sound_and_phone,
        sound_and_guardian,
        birth_and_phone,
        birth_and_guardian,
        birth_and_guardian_number,
        birth_and_hukou,
        birth_and_school,
    )
}


def keys(entry: Standard, rules: Iterable[str]) -> list[str]:
    """The entry's blocking texts under the named rules, each once, in rule order."""
    return list(dict.fromkeys(f"{name}|{text}" for name in rules for text in RULES[name](entry)))


def _text(birth: Birth) -> str:
    return f"{birth[0]}-{birth[1]}-{birth[2]}"
