"""Tables of Chinese writing, generated once and frozen: see PROVENANCE.md.

Cast: a *sound* is one syllable without its tone, written as one character of its own, so that a
name's sounds are a text as long as the name; a glyph's *look-alikes* are those it is mistaken for;
its *components* are what a typist spells it with who cannot write it.
"""

from importlib.resources import files

from services.matching.linkage import glyphs

_FIRST_SOUND = 0x100


def _lines(name: str) -> list[tuple[str, str]]:
    text = (files(__name__) / name).read_text(encoding="utf-8")
    return [(line[: line.index(" ")], line[line.index(" ") + 1 :]) for line in text.splitlines()]


def _simplified() -> dict[int, str]:
    table = {ord(glyph): one for one, many in _lines("simplified.txt") for glyph in many}
    for glyph in glyphs.KEPT_APART:
        table.pop(ord(glyph), None)
    # The glyphs that stay are listed too: `str.translate` is slow where it finds none.
    kept = {code: chr(code) for code in (*range(0x20, 0x7F), *range(0x4E00, 0xA000))}
    return kept | {code: table.get(ord(one), one) for code, one in table.items()}


def _readings() -> tuple[dict[str, str], dict[int, str], dict[str, str]]:
    listed = _lines("readings.txt")
    syllables = sorted({sound.rstrip("+") for sound, _ in listed})
    sounds = {syllable: chr(_FIRST_SOUND + at) for at, syllable in enumerate(syllables)}
    main: dict[int, str] = {}
    also: dict[str, str] = {}
    for sound, many in listed:
        for glyph in many:
            if sound.endswith("+"):
                also[glyph] = also.get(glyph, "") + sounds[sound[:-1]]
            else:
                main[ord(glyph)] = sounds[sound]
    for glyph, syllable in glyphs.NAME_READINGS.items():
        also[glyph] = also.get(glyph, "") + main[ord(glyph)]
        main[ord(glyph)] = sounds[syllable]
    return sounds, main, also


def _look_alikes() -> dict[str, str]:
    found: dict[str, list[str]] = {}
    pairs = [(glyph, other) for glyph, others in _lines("look_alikes.txt") for other in others]
    for group in glyphs.ALSO_LOOK_ALIKE:
        pairs += [(one, other) for one in group for other in group if one < other]
    for one, other in pairs:
        found.setdefault(one, []).append(other)
        found.setdefault(other, []).append(one)
    return {glyph: "".join(dict.fromkeys(others)) for glyph, others in found.items()}


def _fuzzy() -> dict[int, str]:
    """Each sound to the one that stands for all it is confused with."""
    table = {}
    for syllable, sound in SOUNDS.items():
        merged = syllable
        for long, short in glyphs.FUZZY_INITIALS:
            if merged.startswith(long):
                merged = short + merged[len(long) :]
                break
        for long, short in glyphs.FUZZY_FINALS:
            if merged.endswith(long):
                merged = merged[: -len(long)] + short
                break
        table[ord(sound)] = _FUZZY_SOUNDS.setdefault(merged, sound)
    return table


#: Written otherwise today; for `str.translate`.
SIMPLIFIED: dict[int, str] = _simplified()
#: Sound of each syllable; of each glyph (for `str.translate`); what else a glyph may be read as.
SOUNDS, READINGS, ALSO_READ = _readings()
#: Syllable of each sound.
SYLLABLES: dict[int, str] = {ord(sound): syllable for syllable, sound in SOUNDS.items()}
_FUZZY_SOUNDS: dict[str, str] = {}
#: Sounds that are often confused made one; for `str.translate`.
FUZZY: dict[int, str] = _fuzzy()
LOOK_ALIKES: dict[str, str] = _look_alikes()
COMPONENTS: dict[str, str] = dict(_lines("components.txt"))


def look_alike(one: str, other: str) -> bool:
    """Whether either glyph is mistaken for the other."""
    return other in LOOK_ALIKES.get(one, "")
