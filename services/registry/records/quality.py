"""What is wrong with an item that is stored all the same: its quality findings.

A *finding* is a snake_case code without any value in it. Findings never refuse an item: they are
stored with the record, answered to the pushing source, and counted. `findings` is pure and reads
the item alone; what other records say about the same child is no concern of it.
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from unicodedata import normalize

from services.registry.records.feeds.hukou_answers import HukouAnswer
from services.registry.records.feeds.item import IdKind, Item, Sex
from shared import divisions, resident_id
from shared.resident_id import ResidentId

WRITTEN_DATE = re.compile(
    r"(?P<year>(?:19|20|21)[0-9]{2})"
    r"(?:(?P<mm>[0-9]{2})(?P<dd>[0-9]{2})"
    r"|[-/.年] ?(?P<month>[0-9]{1,2})[-/.月] ?(?P<day>[0-9]{1,2})日?)"
    r"(?:[T ].*)?"
)
MIDDLE_DOTS = "·•・‧∙⋅・"
HANZI = re.compile(
    rf"[〇㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]+"
    rf"(?:[{MIDDLE_DOTS}][〇㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]+)*"
)
BETWEEN_DIGITS = re.compile(r"[ ()-]")
PHONE = re.compile(r"(?:\+?86)?(?:1[3-9][0-9]{9}|0[0-9]{2,3}[2-9][0-9]{6,7})")
BIRTH_CERTIFICATE = re.compile(r"[A-Z][0-9]{9}")


def findings(item: Item) -> tuple[str, ...]:
    """Every finding about `item`, each once, in a fixed order."""
    identity = _resident_id(item)
    guardians = [_read(guardian.id_number) for guardian in item.guardians]
    found = (
        *_about_name(item),
        *_about_number(item, identity, guardians),
        *_about_birth(item, identity),
        *_about_sex(item, identity),
        *_about_places(item),
        *_about_guardians(item, guardians),
    )
    return tuple(dict.fromkeys(found)) if len(found) > 1 else found


def birth_on(item: Item) -> date | None:
    """The child's birth date as the source states it, or None where no day can be read.

    Read leniently: 2017-05-03, 20170503, 2017/5/3, 2017.5.3, 2017年5月3日, full-width digits,
    with or without a time of day. What the identity number says is not looked at.
    """
    stated = item.child.birth_date
    return _day(stated) if stated else None


def sex(item: Item) -> Sex | None:
    """The child's sex as the source states it; None where it says nothing or *unknown*."""
    return None if item.child.sex is Sex.UNKNOWN else item.child.sex


@lru_cache(maxsize=8192)
def _day(text: str) -> date | None:
    stated = WRITTEN_DATE.fullmatch(_plain(text))
    if stated is None:
        return None
    year, mm, dd, month, day = stated.groups()
    try:
        return date(int(year), int(month or mm), int(day or dd))
    except ValueError:
        return None


def _about_name(item: Item) -> Sequence[str]:
    name = _plain(item.child.name).replace(" ", "")
    if not name:
        return ("name_missing",)
    return () if HANZI.fullmatch(name) else ("name_not_hanzi",)


def _about_number(
    item: Item, identity: ResidentId | None, guardians: Sequence[ResidentId | None]
) -> Sequence[str]:
    number = _plain(item.child.id_number)
    if not number:
        return ("id_missing",)
    if identity is not None:
        numbers = {guardian.number for guardian in guardians if guardian is not None}
        if identity.number is not None and identity.number in numbers:
            return (*identity.findings, "id_is_guardians")
        return identity.findings
    if item.child.id_kind is IdKind.BIRTH_CERTIFICATE:
        if BIRTH_CERTIFICATE.fullmatch(number.upper()) is None:
            return ("id_birth_certificate", "birth_certificate_malformed")
        return ("id_birth_certificate",)
    return ("id_of_other_kind",)


def _about_birth(item: Item, identity: ResidentId | None) -> Sequence[str]:
    born = birth_on(item)
    if born is None:
        return ("birth_date_impossible" if _plain(item.child.birth_date) else "birth_date_missing",)
    if born > item.observed_on:
        return ("birth_date_impossible",)
    if identity is not None and identity.valid and identity.birth_on != born:
        return ("birth_date_disagrees_with_id",)
    return ()


def _about_sex(item: Item, identity: ResidentId | None) -> Sequence[str]:
    if identity is not None and identity.valid and sex(item) not in (None, identity.sex):
        return ("sex_disagrees_with_id",)
    return ()


def _about_places(item: Item) -> Sequence[str]:
    found = []
    if item.hukou is None or item.hukou.division is None:
        found.append("hukou_missing")
    elif flaw := _division_flaw(item.hukou.division, item.observed_on):
        found.append(f"hukou_division_{flaw}")
    answered = item.hukou_division if isinstance(item, HukouAnswer) else None
    if answered is not None and (flaw := _division_flaw(answered, item.observed_on)):
        found.append(f"hukou_division_{flaw}")
    home = item.residence
    if home is None or home.division is None:
        found.append("residence_missing")
    elif flaw := _division_flaw(home.division, item.observed_on):
        found.append(f"residence_division_{flaw}")
    if home and home.since and home.until and home.until < home.since:
        found.append("residence_dates_reversed")
    return found


@lru_cache(maxsize=4096)
def _division_flaw(text: str, on: date) -> str | None:
    """Remembered, because the same few places are stated over and over."""
    county = divisions.county_of(divisions.widen(text))
    if not divisions.ever(county):
        return "unknown"
    if divisions.known(county, on):
        return None
    ended = any(spell.until and spell.until < on for spell in divisions.spells_of(county))
    return "ended" if ended else "not_begun"


def _about_guardians(item: Item, identities: Sequence[ResidentId | None]) -> Sequence[str]:
    found = ["phone_malformed"] if _malformed(item.child.phone) else []
    if not item.guardians:
        found.append("guardian_missing")
    for guardian, identity in zip(item.guardians, identities, strict=True):
        if not _plain(guardian.name):
            found.append("guardian_name_missing")
        if _malformed(guardian.phone):
            found.append("guardian_phone_malformed")
        if identity is not None and not identity.valid:
            found.append("guardian_id_invalid")
    return found


def _malformed(phone: str | None) -> bool:
    if not phone or PHONE.fullmatch(phone):
        return False
    dialled = BETWEEN_DIGITS.sub("", _plain(phone))
    return bool(dialled) and PHONE.fullmatch(dialled) is None


def _resident_id(item: Item) -> ResidentId | None:
    """The child's number read as a resident identity number, unless it claims to be another."""
    if item.child.id_kind is None or item.child.id_kind is IdKind.RESIDENT_ID:
        return _read(item.child.id_number)
    return None


def _read(number: str | None) -> ResidentId | None:
    """A number as it is read; None where there is none."""
    return resident_id.read(number) if number and _plain(number) else None


def _plain(text: str | None) -> str:
    """Full-width forms folded, outer blanks gone; empty for an absent text."""
    if not text:
        return ""
    return text.strip() if text.isascii() else normalize("NFKC", text).strip()
