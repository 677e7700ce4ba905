"""Searching what is stored and logged for what must not be there, in every form it could have taken."""

import base64
import json
import re
import subprocess
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from urllib.parse import quote

from pypinyin import lazy_pinyin

from services.local.backup import tool
from services.population import Population
from services.registry.alerts.rules import FILE as ALERT_RULES
from services.registry.profiles import SHIPPED

#: Machine-made text in which any letters may stand by chance: a child's opaque reference.
_REFERENCE = re.compile(rb"\b[a-z2-7]{52}\b")
_CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff]+")
#: A shorter romanised name would be found in ordinary words.
SHORTEST_PINYIN = 5
#: Sealed bytes are hex digits by the megabyte, in which any eight stand somewhere by chance.  A leak in an encoding of two
#: bytes a character would show the names of three as well.
SHORTEST_HEX = 12
#: So many bytes of a needle tell most texts from it; a shorter needle would never be found.
START = 6


def personal(population: Population, *more: str) -> list[str]:
    """Every value pushed and every value of the truth behind it, and ``more``; what is shorter than a name is no value."""
    true = {
        value
        for child in population.children
        for value in (
            child.name,
            child.number,
            child.certificate,
            *(one for g in child.guardians for one in (g.name, g.number, g.phone, g.earlier_phone)),
        )
    }
    kept = {v for v in population.personal_values() | true if len(v.encode()) >= START}
    assert len(kept) > 5 * len(population.children)
    return sorted({*kept, *more})


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """The bytes by which a value would be found, by the name of its form."""
    raw = value.encode()
    yield "text", raw
    yield "hex", raw.hex().encode()
    yield "upper-case hex", raw.hex().upper().encode()
    if not value.isascii():
        yield "JSON escapes", json.dumps(value)[1:-1].encode()
        yield "percent-encoding", quote(value).encode()
        yield "percent-encoding", quote(value).lower().encode()
        yield "hex of GB 18030", value.encode("gb18030").hex().encode()
    for order in ("le", "be"):
        wide = value.encode(f"utf-16-{order}")
        yield "UTF-16", wide
        yield "hex of UTF-16", wide.hex().encode()
    for shift in range(3):
        yield "base64", aligned(raw, shift)
        yield "base64", aligned(raw, shift).replace(b"+", b"-").replace(b"/", b"_")


def aligned(raw: bytes, shift: int) -> bytes:
    """The part of a base64 text that is the same whatever stands around ``raw``, which begins ``shift`` bytes in."""
    encoded = base64.b64encode(bytes(shift) + raw)
    first = -(-shift * 8 // 6)
    last = (shift + len(raw)) * 8 // 6
    return encoded[first:last]


def found(values: Iterable[str], text: bytes) -> list[tuple[str, str]]:
    """Each value that stands in the text, and in which form."""
    text = _REFERENCE.sub(b"", text)
    starts = {text[at : at + START] for at in range(len(text))}
    hits = [
        (value, form)
        for value in values
        for form, needle in forms(value)
        if needle[:START] in starts and needle in text and not _by_chance(form, needle)
    ]
    return hits + romanised(values, text)


def _by_chance(form: str, needle: bytes) -> bool:
    return "hex" in form and len(needle) < SHORTEST_HEX


def romanised(values: Iterable[str], text: bytes) -> list[tuple[str, str]]:
    """Names whose pinyin stands there as words of its own: joined or apart, in any case, with any tones."""
    plain = unicodedata.normalize("NFD", text.decode(errors="replace"))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    words = re.sub("[^a-z]+", " ", plain)
    single = set(words.split())
    hits = []
    for value in values:
        if not _CHINESE.fullmatch(value):
            continue
        syllables = lazy_pinyin(value)
        joined = "".join(syllables)
        given = "".join(syllables[1:])
        if len(joined) < SHORTEST_PINYIN or len(syllables) < 2:
            continue
        apart = {" ".join(syllables), f"{syllables[0]} {given}", f"{given} {syllables[0]}"}
        if joined in single or any(f" {one} " in words for one in apart):
            hits.append((value, "pinyin"))
    return hits


def chinese_in(text: bytes) -> set[str]:
    """Every run of Chinese characters."""
    return set(_CHINESE.findall(text.decode(errors="replace")))


def is_public(run: str, *offices: str) -> bool:
    """Chinese that is nobody's: what a profile or a shipped rule cites, or an office."""
    return any(run in text for text in (*offices, *_profiles()))


@cache
def _profiles() -> list[str]:
    files = (*SHIPPED.rglob("*.toml"), ALERT_RULES)
    return [file.read_text(encoding="utf-8") for file in files]


def dump(url: str) -> bytes:
    """A database as ``pg_dump`` writes it; ``url`` is a superuser's, whom row-level security lets through."""
    done = subprocess.run([tool("pg_dump"), "--dbname", url], check=True, capture_output=True)
    return done.stdout
