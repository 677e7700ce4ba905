"""Resident identity numbers (公民身份号码) of GB 11643-1999, and the 15 digits used before.

Cast: six digits of the division that first registered the person, eight of the birth date, a
sequence of three (odd for men, even for women), and a check character (ISO 7064 MOD 11-2). A
*finding* names a flaw without repeating the number.

`read` never raises and keeps no text it could not read. The first six digits say where a number was
issued, often decades ago: they are not a hukou and must not be used as one. No clock is consulted,
so a birth in the future is not a finding here.
"""

import re
from datetime import date
from functools import lru_cache
from operator import mul
from typing import Literal, NamedTuple

from shared import divisions

Sex = Literal["male", "female", "unknown"]

_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_DIGITS = re.compile(r"[0-9]+X?")
_WEIGHTS = tuple(2**power % 11 for power in range(17, 0, -1))
# Digits are summed as their ASCII codes, so what 17 zeros come to is taken off.
_ZEROS = sum(_WEIGHTS) * ord("0")
_CHECKS = "10X98765432"
_EARLIEST_BIRTH_YEAR = 1850

# What keyboards, spreadsheets and scans put into numbers: full-width digits, look-alikes of X
# (full-width, small, Cyrillic, times signs), separators, and marks that cannot be seen.
_FORMS = {0xFF10 + digit: str(digit) for digit in range(10)} | dict.fromkeys(
    map(ord, "x\uff38\uff58\u0425\u0445\u00d7\u2715"), "X"
)
_SEPARATORS = re.compile(
    r"[\s\-_./:'`,\u00b7\u2010-\u2015\u2018\u2019\uff0c-\uff0f\uff1a\u200b-\u200f\u2060\ufeff]+"
)
# Residence permits of Hong Kong, Macao and Taiwan residents; the last is not in GB/T 2260.
_PERMITS = frozenset({"810000", "820000", "830000"})


class ResidentId(NamedTuple):
    """What a text says when read as a resident identity number.

    `number` has 18 characters and is there when the number is valid, or when 15 digits could be
    widened (those carry no check character, so a slip in them stays unseen). `birth_on` and `sex`
    are told by `number` alone.
    """

    valid: bool
    number: str | None
    birth_on: date | None
    sex: Sex
    findings: tuple[str, ...]


def read(text: str) -> ResidentId:
    """Read a number as people type it. Findings come in a fixed order:

    `id_missing`, `id_not_a_number`, `id_length_wrong`, `id_fifteen_digits`, `id_checksum_wrong`,
    `id_birth_date_impossible`, `id_division_unknown`.
    """
    if len(text) == 18 and _SHAPE.fullmatch(text):
        return _read_18(text)  # as nearly all are written
    plain = normalized(text)
    if not plain:
        return _unread("id_missing")
    if _DIGITS.fullmatch(plain) is None:
        return _unread("id_not_a_number")
    if len(plain) == 18:
        return _read_18(plain)
    if len(plain) == 15 and plain[-1] != "X":
        return _read_15(plain)
    return _unread("id_length_wrong")


def normalized(text: str) -> str:
    """Plain digits and a capital X, without separators; any other character stays as it is."""
    return _SEPARATORS.sub("", text.translate(_FORMS))


def checksum_ok(number: str) -> bool:
    """Whether 18 plain characters end in the check character of the 17 before."""
    return _SHAPE.fullmatch(number) is not None and _check(number) == number[17]


def make(division6: int, born: date, sequence: int) -> str:
    """Build a valid number, for generated people. `sequence` is 1 to 999, odd for men."""
    if not 110000 <= division6 <= 999999:
        raise ValueError("division must have six digits")
    if not 1 <= sequence <= 999:
        raise ValueError("sequence must be between 1 and 999")
    body = f"{division6}{born.isoformat().replace('-', '')}{sequence:03d}"
    return body + _check(body)


def mask(text: str) -> str:
    """Show province, city and the last two characters of a number; of anything else, nothing."""
    plain = normalized(text)
    if re.fullmatch(r"[0-9]{15}|[0-9]{17}[0-9X]", plain):
        return plain[:4] + "*" * (len(plain) - 6) + plain[-2:]
    return "*" * min(len(plain), 18)


def _read_18(plain: str) -> ResidentId:
    born = _birth(plain[6:14])
    right = _check(plain) == plain[17]
    findings = _body_findings(plain, born)
    if not right:
        findings = ("id_checksum_wrong", *findings)
    valid = right and born is not None
    return _told(plain if valid else None, born, valid, findings)


def _read_15(plain: str) -> ResidentId:
    body = plain[:6] + "19" + plain[6:]
    born = _birth(body[6:14])
    number = body + _check(body) if born is not None else None
    return _told(number, born, False, ("id_fifteen_digits", *_body_findings(body, born)))


def _told(
    number: str | None, born: date | None, valid: bool, findings: tuple[str, ...]
) -> ResidentId:
    if number is None:
        return ResidentId(False, None, None, "unknown", findings)
    return ResidentId(valid, number, born, "male" if int(number[16]) % 2 else "female", findings)


def _unread(finding: str) -> ResidentId:
    return ResidentId(False, None, None, "unknown", (finding,))


def _body_findings(body: str, born: date | None) -> tuple[str, ...]:
    impossible = ("id_birth_date_impossible",) if born is None else ()
    unknown = () if _division_known(body[:6]) else ("id_division_unknown",)
    return impossible + unknown


@lru_cache(maxsize=1 << 13)
def _division_known(six: str) -> bool:
    if six in _PERMITS:
        return True
    return six[0] != "0" and divisions.ever(divisions.widen(six))


@lru_cache(maxsize=1 << 13)
def _birth(digits: str) -> date | None:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if year < _EARLIEST_BIRTH_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _check(body: str) -> str:
    return _CHECKS[(sum(map(mul, body[:17].encode(), _WEIGHTS)) - _ZEROS) % 11]
