"""Names as written, made comparable: simplified glyphs, one kind of dot, a sound for each glyph.

A glyph's sound is the same wherever it stands, except in a surname; so a homophone stays a
homophone whatever its neighbours are.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from services.matching.linkage import glyphs, hanzi

#: Stands for one glyph that the source masked or could not write.
WILDCARD = "?"
DOT = "·"

_PLAIN = re.compile("[\u4e00-\u9fff\u3400-\u4dbf]{2,4}")
_DOTS = re.compile("[·•∙⋅・･‧.。．˙ꞏ᛫▪●˚﹒,，、‒–—‐‑-]")
_SPELLED = re.compile("[⿰-⿻][^⿰-⿻·]{2}|\\w[+＋]\\w")
_UNKNOWN_GLYPHS = re.compile("[?？*＊□■▢◻△▲○〇◯×✕_＿#＃\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_BRACKETED = re.compile(r"[(（\[【<《{「『].*?[)）\]】>》}」』]")
_LONE_SURNAME = re.compile(r"([^\W\d_])[(（\[【]([^\W\d_]{2,3})[)）\]】]([^\W\d_]?)")
_NOT_NAME = re.compile(r"[^\w·? ]|[\d_]")
_LATIN = re.compile(r"[a-z? ·]*[a-z][a-z? ·]*")
_LETTERS = re.compile("[a-z]+")
_NOT_BARE = re.compile(r"[\W_]+")
_MARKS = re.compile("[\u0300-\u0307\u0309-\u036f]")
_CHILD_OF = re.compile(
    r"((?:[^\W\d_]|·){2,}?)(?:[之的家][大小长次二三]?(?:子|女|男|儿|孩|宝|婴|双).*|宝宝|毛毛|婴儿|(?<=...)子|(?<=..)女)"
)
_BABY = re.compile("(?i)bb$|baby|宝宝")
_RESPELLED = re.compile("|".join(sorted(glyphs.RESPELLED, key=len, reverse=True)))
_SUSPECT_ENDS = frozenset("子女男毛大小甲乙丙一二三").union(
    end[-1] for end in glyphs.PLACEHOLDER_ENDINGS
)
_AFTER_A_PARENT = ("之男", "毛毛")
_NUMERALS = dict.fromkeys(("大", "长", "甲", "一", "a", "1", "i"), 1)
_NUMERALS |= dict.fromkeys(("小", "次", "乙", "二", "b", "2", "ii"), 2)
_NUMERALS |= dict.fromkeys(("丙", "三", "c", "3", "iii"), 3)
#: Behind a word for a newborn these tell it from its twin; behind a bare 子 or 女 letters and digits alone do, and
#: behind bb digits: no word ends as a mark, so that reading what is before one comes to an end.
_MARK = re.compile("之?([大小甲乙丙一二三abc123]|i{1,3})双?$")
_BARE_MARKS = {"子": frozenset("abc123"), "女": frozenset("abc123"), "bb": frozenset("123")}
#: Whose turns are counted apart: twins, a mother's elder and younger, her sons, her daughters, all her children.
_TURNS = {
    "twin": re.compile("([大小])双$|双([大小])$"),
    "size": re.compile("之([大小])[子女]$|([大小])bb$"),
    "son": re.compile("之([长次])子$"),
    "daughter": re.compile("之([长次])女$"),
    "child": re.compile("([大二三])宝$|^老([大二三])$"),
}
#: What calls a newborn a son or a daughter.
_SONS_AND_DAUGHTERS = {
    "male": re.compile("[之的][大小长次二三]?(?:子|男|儿子)|男[婴孩]"),
    "female": re.compile("[之的][大小长次二三]?女|女[婴孩]"),
}
_TITLE_ENDS = frozenset(title[-1] for title in glyphs.TITLES)
_LONGEST_WHOLE = 4
_LONGEST_SYLLABLE = 6


class Name(NamedTuple):
    """One standard name.

    ``text`` has neither spaces nor dots; ``written`` has them. ``sounds`` and ``fuzzy`` hold one
    character a glyph (see ``hanzi``), or a syllable where the name is in Latin letters; letters
    that spell no syllables stand for themselves. Only a name of two to four glyphs has a surname.
    """

    text: str
    sounds: str
    fuzzy: str
    surname: str
    written: str
    latin: bool

    @property
    def given(self) -> str:
        return self.text[len(self.surname) :]

    @property
    def parts(self) -> tuple[str, ...]:
        """What dots, or spaces in Latin letters, separate."""
        return tuple(self.written.split(" " if self.latin else DOT))

    @property
    def reading(self) -> str:
        """In Latin letters, without tones or spaces."""
        return self.sounds.translate(hanzi.SYLLABLES)

    @property
    def fuzzy_reading(self) -> str:
        return self.fuzzy.translate(hanzi.SYLLABLES)


def read(text: str) -> Name | None:
    """The standard name, or None where the text names nobody (empty, a placeholder, a parent's
    child).
    """
    simple = text.translate(hanzi.SIMPLIFIED)
    if _PLAIN.fullmatch(simple):
        return _whole(simple)
    return _read(text)


@lru_cache(maxsize=1 << 12)
def _read(text: str) -> Name | None:
    if _is_marked(text):
        return None
    clean = _LONE_SURNAME.sub(rf"\1{WILDCARD}\3", unicodedata.normalize("NFKC", text))
    clean = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", clean)))
    clean = clean.casefold().replace("ü", "v").replace("u:", "v")
    clean = _BRACKETED.sub("", _SPELLED.sub(WILDCARD, clean))
    clean = _UNKNOWN_GLYPHS.sub(WILDCARD, clean).translate(hanzi.SIMPLIFIED)
    if _LATIN.fullmatch(latin := _NOT_NAME.sub(" ", clean.replace("'", "").replace("’", ""))):
        return _latin(latin)
    clean = _DOTS.sub(DOT, clean).strip()
    words = clean.split()
    dotted = sum(map(len, words)) > _LONGEST_WHOLE and max(map(len, words)) > 1
    clean = (DOT if dotted else "").join(words)
    clean = re.sub(f"{DOT}+", DOT, _NOT_NAME.sub("", clean)).strip(DOT)
    if not clean or not set(clean) - {WILDCARD, DOT}:
        return None
    if _LETTERS.search(clean):
        return _mixed(clean)
    if 2 <= len(clean) <= 4 and DOT not in clean:
        return _whole(clean)
    if _names_nobody(clean.replace(DOT, "")):
        return None
    if clean.endswith(glyphs.TITLES) and DOT not in clean:
        return _untitled(clean)
    return _glyphs(clean.replace(DOT, ""), clean)


def parent_in(text: str) -> Name | None:
    """The parent by whom a child without a name is called: 李芳 of 李芳之女."""
    called = _BRACKETED.sub("", text.strip().translate(hanzi.SIMPLIFIED))
    if marked := _marked(_bare(called)):
        called = marked[0]
    found = _CHILD_OF.fullmatch(called)
    return read(found[1]) if found else None


def is_a_pet_name(name: Name) -> bool:
    """果果, 安安, 小军: one glyph twice, or 小, which is no surname, and another."""
    text = name.text
    return len(text) == 2 and not name.latin and (text[0] == text[1] or text[0] == "小")


def is_called_a_child(name: Name) -> bool:
    """宋华子, 李芳女: a real name, or a parent's with a word for a child."""
    return len(name.text) > 2 and name.text[-1] in "子女宝婴"


def sex_in(text: str) -> str | None:
    """The sex of a newborn, where what it is called tells: ``female`` of 李芳之女."""
    bare = _bare(text)
    told = [sex for sex, words in _SONS_AND_DAUGHTERS.items() if words.search(bare)]
    return told[0] if len(told) == 1 else None


def turn_in(text: str) -> str | None:
    """Which of its mother's children a text calls one that has no name yet, and how they are counted: ``twin 1`` is 李芳之大双,
    ``twin 2`` 李芳之女B, ``son 2`` 李芳之次子, ``child 2`` 李芳二宝.
    """
    bare = _bare(text)
    if marked := _marked(bare):
        return f"twin {_NUMERALS[marked[1]]}"
    for kind, words in _TURNS.items():
        if found := words.search(bare):
            (turn,) = filter(None, found.groups())
            return f"{kind} {_NUMERALS[turn]}"
    return None


def _bare(text: str) -> str:
    """Letters and digits alone, simplified: what stands in brackets, too."""
    simple = unicodedata.normalize("NFKC", text).casefold().translate(hanzi.SIMPLIFIED)
    return _NOT_BARE.sub("", simple)


def _marked(bare: str) -> tuple[str, str] | None:
    """What calls a newborn, and the mark behind it: 李芳之女 and b. A mark behind a real name (张毛毛2) is none."""
    found = _MARK.search(bare)
    if found is None:
        return None
    newborn, mark = bare[: found.start()], found[1]
    if newborn.endswith(glyphs.MULTIPLES):
        return newborn, mark
    told = newborn.endswith(glyphs.NEWBORNS) or any(
        newborn.endswith(word) and mark in marks for word, marks in _BARE_MARKS.items()
    )
    return (newborn, mark) if told and read(newborn) is None else None


def _is_marked(text: str) -> bool:
    """Whether a text calls a newborn with a mark: 李芳之女（大双）, and not 张子涵（双胞胎大）, who has a name."""
    if _marked(_bare(text)) is None:
        return False
    written = unicodedata.normalize("NFKC", text)
    outside = _BRACKETED.sub("", written)
    return outside == written or read(outside) is None


def _names_nobody(text: str) -> bool:
    if text[-1] not in _SUSPECT_ENDS:
        return text in glyphs.PLACEHOLDERS
    return (
        text.endswith(glyphs.PLACEHOLDER_ENDINGS)
        or text in glyphs.PLACEHOLDERS
        or _marked(text) is not None
        or (text[-1] in "子女" and _is_child_of(text))
        or (text.endswith(_AFTER_A_PARENT) and _is_after_a_parent(text))
    )


def _is_child_of(text: str) -> bool:
    """Whether a parent's name and a word for a child make up the text: 黄红艳子, 李芳女."""
    if len(text) == _LONGEST_WHOLE:
        return text[:2] not in glyphs.COMPOUND_SURNAMES
    return len(text) == 3 and text[-1] == "女"


def _is_after_a_parent(text: str) -> bool:
    """Whether a parent's whole name is before the last two glyphs, which end real names too: 王之男."""
    parent = text[:-2]
    return len(parent) > 1 and parent not in glyphs.COMPOUND_SURNAMES


def _whole(text: str) -> Name | None:
    """A name of two to four glyphs: surname first."""
    if _names_nobody(text):
        return None
    if text[-1] in _TITLE_ENDS and text.endswith(glyphs.TITLES):
        return _untitled(text)
    sounds = text.translate(hanzi.READINGS)
    first = text[0]
    if len(text) > 2 and text[:2] in glyphs.COMPOUND_SURNAMES:
        surname = text[:2]
        one, two = glyphs.COMPOUND_SURNAMES[surname]
        sounds = hanzi.SOUNDS[one] + hanzi.SOUNDS[two] + sounds[2:]
    else:
        surname = "" if first == WILDCARD else first
        if first in glyphs.SURNAME_READINGS:
            sounds = hanzi.SOUNDS[glyphs.SURNAME_READINGS[first]] + sounds[1:]
    if len(text) == _LONGEST_WHOLE or text in glyphs.RESPELLED:
        return Name(text, sounds, _heard(text), surname, text, False)
    return Name(text, sounds, sounds.translate(hanzi.FUZZY), surname, text, False)


def _heard(text: str) -> str:
    """The fuzzy sounds of a name whose transliterated words are spelled in one way."""
    spelled = _RESPELLED.sub(lambda found: glyphs.RESPELLED[found[0]], text)
    return spelled.translate(hanzi.READINGS).translate(hanzi.FUZZY)


def _untitled(text: str) -> Name | None:
    """The name before 女士 or 同学; none where only a surname is before it."""
    title = next(title for title in glyphs.TITLES if text.endswith(title))
    rest = text.removesuffix(title)
    return _whole(rest) if len(rest) > 1 else None


def _glyphs(text: str, written: str) -> Name:
    sounds = text.translate(hanzi.READINGS)
    return Name(text, sounds, _heard(text), "", written, False)


def _mixed(clean: str) -> Name | None:
    """Glyphs among which syllables are spelled: each such glyph is lost, but its sound is known."""
    if _BABY.search(clean):
        return None
    text, sounds, written, at = "", "", "", 0
    for found in _LETTERS.finditer(clean):
        before = clean[at : found.start()]
        word = found.group()
        spelled = syllables(word) or WILDCARD * (len(word) if set(word) == {"x"} else 1)
        written += before + WILDCARD * len(spelled)
        before = before.replace(DOT, "")
        text += before + WILDCARD * len(spelled)
        sounds += before.translate(hanzi.READINGS) + spelled
        at = found.end()
    written += clean[at:]
    rest = clean[at:].replace(DOT, "")
    text, sounds = text + rest, sounds + rest.translate(hanzi.READINGS)
    if not set(text) - {WILDCARD} and not set(sounds) - {WILDCARD}:
        return None
    if _names_nobody(text):
        return None
    surname = text[0] if 2 <= len(text) <= 4 and text[0] != WILDCARD else ""
    return Name(text, sounds, sounds.translate(hanzi.FUZZY), surname, written, False)


def _latin(clean: str) -> Name | None:
    words = clean.replace(DOT, " ").replace(WILDCARD, " ").split()
    if sum(map(len, words)) < 3:
        return None
    spelled = [syllables(word) for word in words]
    text = "".join(words)
    sounds = "".join(spelled) if all(spelled) else text
    return Name(text, sounds, sounds.translate(hanzi.FUZZY), "", " ".join(words), True)


@lru_cache(maxsize=1 << 12)
def syllables(word: str) -> str:
    """The sounds that a word in Latin letters spells, fewest first; empty where it spells none."""
    best: list[str | None] = [""] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - _LONGEST_SYLLABLE), end):
            before, sound = best[start], hanzi.SOUNDS.get(word[start:end])
            if before is not None and sound is not None:
                found = best[end]
                if found is None or len(before) + 1 < len(found):
                    best[end] = before + sound
    return best[len(word)] or ""
