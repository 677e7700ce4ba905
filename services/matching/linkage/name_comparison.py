"""How two names of one child could have come from one name, best level first.

Siblings share surnames and often one glyph of the given name (字辈), so the last three levels are
what two children of one family show too.
"""

from functools import lru_cache

from rapidfuzz.fuzz import ratio

from services.matching.linkage.glyphs import LOOK_ALIKES
from services.matching.linkage.names import WILDCARD, Name

NAME_LEVELS = (
    "exact", "homophone", "look_alike", "wildcard", "fuzzy_sound", "reordered",
    "part", "given", "one_glyph", "surname", "different",
)  # fmt: skip
NAME_RANK = {level: rank for rank, level in enumerate(NAME_LEVELS)}
_LONG_NAME = 5
_LONG_NAME_ALIKE = 85.0


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
        worst = max(worst, level, key=NAME_RANK.__getitem__)
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
