"""How two names of one child could have come from one name, best level first.

Siblings share surnames and often one glyph of the given name (字辈), so the last four levels are
what two children of one family show too; the others come of writing one name in two ways.
"""

from collections.abc import Collection

from rapidfuzz.fuzz import ratio

from services.matching.linkage.hanzi import ALSO_READ, COMPONENTS, LOOK_ALIKES, READINGS, SYLLABLES
from services.matching.linkage.names import DOT, WILDCARD, Name

NAME_LEVELS = (
    "exact", "homophone", "look_alike", "wildcard", "fuzzy_sound", "reordered", "masked",
    "part", "given", "one_glyph", "surname", "different",
)  # fmt: skip
NAME_RANK = {level: rank for rank, level in enumerate(NAME_LEVELS)}
#: Levels at which two names are one name, written in two ways.
MISWRITTEN = frozenset(NAME_LEVELS[: NAME_LEVELS.index("masked")])
_HEARD, _SEEN, _LOST, _HEARD_VAGUELY, _MASKED = (
    NAME_RANK[level] for level in ("homophone", "look_alike", "wildcard", "fuzzy_sound", "masked")
)
_LAST_COMMON = 0xD7
"""First byte of the last of GB 2312's 3,755 common glyphs, which every system can write."""
_LONG_NAME = 5
_LONG_NAME_ALIKE = 85.0
_LETTERS_ALIKE = 90.0
_SKELETON = str.maketrans("", "", "aeiouvwyh ")
_SHORTEST_SKELETON = 4


def compare_names(a: Name, b: Name) -> str:
    """How two names of one child could have come from one name."""
    if a.text == b.text and WILDCARD not in a.text:
        return "exact"
    if a.latin or b.latin:
        return _by_sound(a, b)
    if len(a.text) == len(b.text):
        level = _glyph_by_glyph(a, b)
        if level in ("one_glyph", None) and len(a.text) >= _LONG_NAME and _long_and_alike(a, b):
            return "fuzzy_sound"
        if level is not None:
            return level
    else:
        short, long = (a, b) if len(a.text) < len(b.text) else (b, a)
        ends_meet = short.text[0] in long.text or short.text[-1] in long.text
        if not ends_meet and len(long.text) < _LONG_NAME:
            return _by_surname(a, b)
        if _spelled_out(short.text, long.text):
            return "look_alike"
        if WILDCARD in long.text and long.text.replace(WILDCARD, "") == short.text:
            return "wildcard"
        if len(short.text) >= _LONG_NAME and _long_and_alike(a, b):
            return "fuzzy_sound"
        if _is_part(short, long):
            return "part"
    return _by_surname(a, b)


def best_level(mine: Collection[Name], theirs: Collection[Name]) -> str | None:
    """The best level of any two names; None where a side has none."""
    if not mine or not theirs:
        return None
    if len(mine) == 1 == len(theirs):
        (one,), (other,) = mine, theirs
        return compare_names(one, other)
    best = len(NAME_LEVELS) - 1
    for one in mine:
        for other in theirs:
            best = min(best, NAME_RANK[compare_names(one, other)])
            if best == 0:
                return NAME_LEVELS[0]
    return NAME_LEVELS[best]


def differ_as_twins_do(a: Name, b: Name) -> bool:
    """Whether the names are alike but for one glyph of the given name, or its two glyphs changed places: 子涵, 涵子."""
    x, y = a.text, b.text
    if len(x) != len(y) or not a.surname or a.surname != b.surname or a.latin or b.latin:
        return False
    if WILDCARD in x + y:
        return False
    return (x != y and a.given == b.given[::-1]) or sum(
        p != q for p, q in zip(x, y, strict=True)
    ) == 1


def are_two_names(a: Name, b: Name) -> bool:
    """Whether both are written out in glyphs, share the surname, and are not the same."""
    if not a.surname or a.surname != b.surname or a.latin or b.latin:
        return False
    return a.text != b.text and WILDCARD not in a.text + b.text


def _by_surname(a: Name, b: Name) -> str:
    one, other = a.surname, b.surname
    if one and other:
        if one == other:
            return "surname"
        given = a.text[len(one) :]
        if len(given) > 1 and given == b.text[len(other) :] and WILDCARD not in given:
            return "given"
    return "different"


def _glyph_by_glyph(a: Name, b: Name) -> str | None:
    """The worst of the glyphs' levels; None where more than one glyph is another."""
    x, y, p, q, f, g = a.text, b.text, a.sounds, b.sounds, a.fuzzy, b.fuzzy
    if f[0] != g[0] and f[-1] != g[-1] and WILDCARD not in x and WILDCARD not in y:
        return "reordered" if f in g + g or sorted(x) == sorted(y) else None
    worst = unlike = lost = 0
    for i, one in enumerate(x):
        other = y[i]
        if one == other and one != WILDCARD:
            continue
        level = 0
        if WILDCARD in (one, other):
            lost += 1
            if WILDCARD in (p[i], q[i]):
                level = _MASKED if _is_common(one) or _is_common(other) else _LOST
            elif p[i] == q[i]:
                level = _HEARD
        elif p[i] == q[i] or p[i] in ALSO_READ.get(other, "") or q[i] in ALSO_READ.get(one, ""):
            level = _HEARD
        elif other in LOOK_ALIKES.get(one, "") or _is_within(one, other):
            level = _SEEN
        if level == 0 and f[i] == g[i]:
            level = _HEARD_VAGUELY
        if level == 0:
            unlike += 1
            if unlike > 1:
                break
        worst = max(worst, level)
    if not unlike:
        if lost and len(x) - lost < 2:
            return "part" if worst == _LOST and lost == 1 and x != y else None
        return NAME_LEVELS[worst]
    if sorted(x) == sorted(y):
        return "reordered"
    if unlike == 1 and a.surname == b.surname and len(x) - lost >= 3:
        return "one_glyph"
    return None


def _is_within(one: str, other: str) -> bool:
    """Whether one glyph stands for a rare one of which it is a part: 永 for 昶."""
    return other in COMPONENTS.get(one, "") or one in COMPONENTS.get(other, "")


def _is_common(glyph: str) -> bool:
    """Whether every system can write the glyph, so that it stays hidden but is never lost."""
    code = glyph.encode("gb2312", "ignore")
    return len(code) == 2 and code[0] <= _LAST_COMMON


def _spelled_out(short: str, long: str) -> bool:
    """Whether one glyph of the shorter name is written as its parts in the longer one."""
    if len(long) - len(short) > 2 or len(long) >= _LONG_NAME:
        return False
    return any(
        glyph in COMPONENTS and short[:at] + COMPONENTS[glyph] + short[at + 1 :] == long
        for at, glyph in enumerate(short)
    )


def _is_part(short: Name, long: Name) -> bool:
    """A dotted name's own part, however transliterated, or a name of which one glyph was left out."""
    at_least_three = len(short.text) >= 3
    own = long.parts[0]
    if len(own) < len(long.text):
        if short.text in long.parts:
            return True
        if at_least_three and DOT not in short.written:
            return ratio(short.reading, _letters(long.sounds[: len(own)])) >= _LONG_NAME_ALIKE
    if len(long.text) >= _LONG_NAME:
        return at_least_three and long.fuzzy.startswith(short.fuzzy)
    if WILDCARD in short.text or WILDCARD in long.text:
        return False
    rest = iter(long.text)
    return len(long.text) - len(short.text) == 1 and all(glyph in rest for glyph in short.text)


def _long_and_alike(a: Name, b: Name) -> bool:
    """Transliterated names, of which the child's own part and the rest must each sound alike."""
    p, q = a.parts, b.parts
    if len(p) > 1 and len(q) > 1:
        cut, other = len(p[0]), len(q[0])
    elif a.sounds[-1] == b.sounds[-1]:
        # No dot says where the child's own part ends: what is the same at the end proves nothing.
        cut, other = len(a.sounds), len(b.sounds)
        while min(cut, other) > 1 and a.sounds[cut - 1] == b.sounds[other - 1]:
            cut, other = cut - 1, other - 1
    else:
        cut = other = 0
    return _alike(a.fuzzy[:cut], b.fuzzy[:other]) and _alike(a.fuzzy[cut:], b.fuzzy[other:])


def _alike(one: str, other: str) -> bool:
    return one == other or ratio(_letters(one), _letters(other)) >= _LONG_NAME_ALIKE


def _by_sound(a: Name, b: Name) -> str:
    """Names of which at least one is in Latin letters, its words perhaps in another order."""
    plain = (_without_surname_reading(a), _without_surname_reading(b))
    for level, p, q in (
        ("homophone", a.sounds, b.sounds),
        ("homophone", *plain),
        ("fuzzy_sound", a.fuzzy, b.fuzzy),
    ):
        if p == q or (len(p) == len(q) and p in q + q) or _letters(p) == _letters(q):
            return level
    p, q = a.sounds, b.sounds
    one, other = a.reading, b.reading
    if min(len(one), len(other)) >= _LONG_NAME and ratio(one, other) >= _LETTERS_ALIKE:
        return "fuzzy_sound"
    one, other = one.translate(_SKELETON), other.translate(_SKELETON)
    if one == other and len(one) >= _SHORTEST_SKELETON:
        return "fuzzy_sound"
    if p[0] != q[0]:
        return "different"
    if min(len(p), len(q)) >= 3 and (p.startswith(q) or q.startswith(p)):
        return "part"
    if len(p) == len(q) == 3 and sum(x != y for x, y in zip(p, q, strict=True)) == 1:
        return "one_glyph"
    return "surname"


def _without_surname_reading(name: Name) -> str:
    """As a machine reads it that knows no surnames: ceng for 曾."""
    return name.sounds if name.latin else name.text.translate(READINGS)


def _letters(sounds: str) -> str:
    return sounds.translate(SYLLABLES)
