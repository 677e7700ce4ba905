"""What a record says of a child, made comparable.

Guaranteed: never raises on any text; the same features give the same standard; nothing is guessed,
so what cannot be read is absent.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import TypedDict

from opencc import OpenCC

from services.matching.linkage import names
from services.matching.linkage.names import Name
from shared import resident_id

#: Part of the rule version: raise it when any table or rule of reading changes.
NORMALIZATION = 1

Birth = tuple[int, int, int]
"""Year, month, day as stated; the day need not exist in that month."""


class GuardianFeatures(TypedDict, total=False):
    name: str | None
    relation: str | None
    id_number: str | None
    phone: str | None


class Features(TypedDict, total=False):
    """What the registry sends; every field may be absent, empty or wrong."""

    name: str | None
    former_name: str | None
    id_number: str | None
    id_kind: str | None
    birth_date: str | None
    sex: str | None
    phone: str | None
    guardians: list[GuardianFeatures]
    hukou_division: str | None
    residence_division: str | None
    school: str | None


@dataclass(frozen=True, slots=True)
class Standard:
    """Standard features. ``births`` holds the stated birth date first, then the one inside the
    ID number. A number is *firm* unless the stated birth date or sex contradict it, as they do
    where a sibling's number was entered; only firm numbers clash.
    """

    names: tuple[Name, ...] = ()
    id_number: str | None = None
    number_is_firm: bool = False
    id_typed: str | None = None
    document: str | None = None
    stated_birth: Birth | None = None
    births: tuple[Birth, ...] = ()
    sex: str | None = None
    guardian_ids: frozenset[str] = frozenset()
    guardian_names: frozenset[Name] = frozenset()
    phones: frozenset[str] = frozenset()
    hukou: int | None = None
    residence: int | None = None
    school: str | None = None


_SIMPLIFIED = OpenCC("t2s")
_SEPARATED_DATE = re.compile(r"(\d{4})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})(?:\D.*)?")
_PACKED_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NOT_WORD = re.compile(r"[\W_]+")
_NOT_ID = re.compile(r"[^0-9A-Z]")
_PERSONAL = {"male", "female"}
_GENERATION = 15


def standardise(features: Features) -> Standard:
    """Remove the dirt of writing; a guardian's ID number given as the child's is kept as the
    guardian's.
    """
    own = [_name(features.get("name")), _name(features.get("former_name"))]
    guardians = features.get("guardians") or []
    guardian_ids = {number for g in guardians if (number := _any_number(g.get("id_number")))}
    phones = [phone(features.get("phone")), *(phone(g.get("phone")) for g in guardians)]
    stated = birth_date(features.get("birth_date"))

    number, typed, document = _identifier(features.get("id_number"), features.get("id_kind"))
    id_birth, id_sex = _inside(number) if number else (None, None)
    if number and (number in guardian_ids or (stated and is_a_generation_older(number, (stated,)))):
        guardian_ids.add(number)
        number = id_birth = id_sex = None
    sex = features.get("sex")
    return Standard(
        names=tuple(dict.fromkeys(name for name in own if name is not None)),
        id_number=number,
        number_is_firm=number is not None
        and _compatible(stated, id_birth)
        and (id_sex == sex or sex not in _PERSONAL),
        id_typed=typed,
        document=document,
        stated_birth=stated,
        births=tuple(dict.fromkeys(birth for birth in (stated, id_birth) if birth is not None)),
        sex=sex if sex in _PERSONAL else id_sex,
        guardian_ids=frozenset(guardian_ids),
        guardian_names=frozenset(n for g in guardians if (n := _name(g.get("name"))) is not None),
        phones=frozenset(p for p in phones if p is not None),
        hukou=division(features.get("hukou_division")),
        residence=division(features.get("residence_division")),
        school=school(features.get("school")),
    )


@lru_cache(maxsize=1 << 14)
def birth_date(text: str | None) -> Birth | None:
    """A date in any order-keeping spelling; day and month are exchanged where only that makes a
    month.
    """
    if not text:
        return None
    clean = unicodedata.normalize("NFKC", text).strip()
    found = _SEPARATED_DATE.fullmatch(clean) or _PACKED_DATE.fullmatch(clean[:8])
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    if month > 12 >= day:
        month, day = day, month
    if not (1901 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    return year, month, day


@lru_cache(maxsize=1 << 14)
def phone(text: str | None) -> str | None:
    """Digits without country code; None for short numbers and fillers such as 11111111111."""
    if not text:
        return None
    digits = "".join(c for c in unicodedata.normalize("NFKC", text) if c.isascii() and c.isdigit())
    digits = digits.removeprefix("00")
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if not 7 <= len(digits) <= 13 or len(set(digits[3:])) == 1:
        return None
    return digits


@lru_cache(maxsize=1 << 14)
def division(text: str | None) -> int | None:
    """A division code widened to twelve digits; None for anything else."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 12:
        return None
    code = int(text.ljust(12, "0"))
    return code if code >= 10**11 else None


@lru_cache(maxsize=1 << 14)
def school(text: str | None) -> str | None:
    if not text:
        return None
    clean = _NOT_WORD.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return str(_SIMPLIFIED.convert(clean)) or None


def _name(text: str | None) -> Name | None:
    return names.read(text) if text else None


def _identifier(text: str | None, kind: str | None) -> tuple[str | None, str | None, str | None]:
    """A checksum-valid resident number, or one that is none, or another document's number."""
    if not text:
        return None, None, None
    if kind in (None, "resident_id") and (number := _valid_number(text)):
        return number, None, None
    clean = _NOT_ID.sub("", unicodedata.normalize("NFKC", text).upper())
    if len(clean) < 6 or len(set(clean)) <= 2:
        return None, None, None
    if kind in (None, "resident_id"):
        return None, clean, None
    return None, None, f"{kind}:{clean}"


@lru_cache(maxsize=1 << 14)
def _valid_number(text: str | None) -> str | None:
    if not text:
        return None
    found = resident_id.read(text)
    return found.number if found.valid else None


@lru_cache(maxsize=1 << 14)
def _any_number(text: str | None) -> str | None:
    """A guardian's number: one of 15 digits is widened, since adults still hold papers that show
    it.
    """
    return resident_id.read(text).number if text else None


@lru_cache(maxsize=1 << 14)
def _inside(number: str) -> tuple[Birth | None, str | None]:
    """The birth date and sex that a valid number carries."""
    found = resident_id.read(number)
    born = found.birth_on
    sex = str(found.sex) if found.sex in _PERSONAL else None
    return ((born.year, born.month, born.day) if born else None), sex


def _compatible(stated: Birth | None, inside: Birth | None) -> bool:
    """Whether one could be the other with a single part miswritten."""
    if stated is None or inside is None:
        return True
    alike = sum(a == b for a, b in zip(stated, inside, strict=True))
    return alike >= 2 or (stated[0] == inside[0] and stated[1:] == inside[:0:-1])


def is_a_generation_older(number: str, births: Collection[Birth]) -> bool:
    """Whether a valid number must be that of an adult of the family, given the child's births."""
    year = int(number[6:10])
    return bool(births) and all(birth[0] - year >= _GENERATION for birth in births)
