"""Names as written, made comparable: simplified glyphs, one kind of dot, a reading for each
glyph.

A glyph's reading is the same wherever it stands, except in a surname; so a homophone stays a
homophone whatever its neighbours are.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC
from pypinyin import lazy_pinyin

from services.matching.linkage import glyphs

#: Stands for one glyph that the source masked or could not write.
WILDCARD = "?"
DOT = "·"

_SIMPLIFIED = OpenCC("t2s")
_DOTS = re.compile("[·•∙⋅・･‧.。．˙ꞏ᛫▪●˚﹒]")
_UNKNOWN_GLYPHS = re.compile("[?？*＊□■▢◻△○\ufffd\ue000-\uf8ff]")
_BRACKETED = re.compile(r"[(（\[【<《].*?[)）\]】>》]")
_NOT_NAME = re.compile(r"[^\w·? ]|[\d_]")
_LATIN = re.compile(r"[a-zA-Zü' ]+")


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """One standard name; names are equal when text and parts are, whichever text they were read
    from.

    ``text`` has neither spaces nor dots; ``parts`` are what the dots separated. A name in Latin
    letters has one syllable a word and no surname. ``turned`` is its reading with the first word
    last.
    """

    text: str
    parts: tuple[str, ...]
    syllables: tuple[str, ...]
    fuzzy: tuple[str, ...]
    surname: str
    latin: bool

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Name) and self.text == other.text and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def given(self) -> str:
        return self.text[len(self.surname) :]

    @property
    def reading(self) -> str:
        return "".join(self.syllables)

    @property
    def turned(self) -> str:
        return "".join(self.syllables[1:] + self.syllables[:1])

    @property
    def fuzzy_reading(self) -> str:
        return "".join(self.fuzzy)


@lru_cache(maxsize=1 << 14)
def read(text: str) -> Name | None:
    """The standard name, or None where the text names nobody (empty, a placeholder, a parent's
    child).
    """
    clean = unicodedata.normalize("NFKC", text)
    clean = _UNKNOWN_GLYPHS.sub(WILDCARD, _DOTS.sub(DOT, clean))
    clean = _NOT_NAME.sub("", _BRACKETED.sub("", clean)).strip(" " + DOT)
    if not clean or set(clean) <= {WILDCARD, " ", DOT}:
        return None
    if _LATIN.fullmatch(clean):
        return _latin(clean)
    clean = _SIMPLIFIED.convert(clean.replace(" ", "")).casefold()
    if clean in glyphs.PLACEHOLDERS or clean.endswith(glyphs.PLACEHOLDER_ENDINGS):
        return None
    parts = tuple(part for part in clean.split(DOT) if part)
    return _hanzi("".join(parts), parts)


def _latin(clean: str) -> Name | None:
    words = tuple(re.sub("[^a-z]", "", word) for word in clean.lower().replace("ü", "v").split())
    words = tuple(word for word in words if word)
    if sum(map(len, words)) < 3:
        return None
    return Name("".join(words), words, words, tuple(fuzzy(word) for word in words), "", latin=True)


def _hanzi(text: str, parts: tuple[str, ...]) -> Name:
    whole = len(parts) == 1 and 2 <= len(text) <= 4
    surname = ""
    opening: tuple[str, ...] = ()
    if whole and len(text) > 2 and text[:2] in glyphs.COMPOUND_SURNAMES:
        surname, opening = text[:2], glyphs.COMPOUND_SURNAMES[text[:2]]
    elif whole:
        surname, opening = text[0], (glyphs.SURNAME_READINGS.get(text[0]) or reading_of(text[0]),)
    syllables = opening + tuple(reading_of(glyph) for glyph in text[len(surname) :])
    return Name(text, parts, syllables, tuple(fuzzy(s) for s in syllables), surname, latin=False)


@lru_cache(maxsize=1 << 14)
def reading_of(glyph: str) -> str:
    """The commonest reading of one glyph, without tone; the glyph itself where none is known."""
    return str(lazy_pinyin(glyph, v_to_u=False)[0])


@lru_cache(maxsize=1 << 14)
def fuzzy(syllable: str) -> str:
    """The syllable with sounds that are often confused made one."""
    for long, short in glyphs.FUZZY_INITIALS:
        if syllable.startswith(long):
            syllable = short + syllable[len(long) :]
            break
    for long, short in glyphs.FUZZY_FINALS:
        if syllable.endswith(long):
            return syllable[: -len(long)] + short
    return syllable
