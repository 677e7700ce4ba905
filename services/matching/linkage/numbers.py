"""Identity numbers as linkage reads them: quick, and repaired where only one repair is possible.

What a number is stands in ``shared.resident_id``; the first six digits are never taken for a place
where anyone lives or is registered today.
"""

import re
import unicodedata
from collections.abc import Collection
from datetime import date
from operator import mul

from rapidfuzz.distance import OSA

from services.matching.linkage.births import Birth
from shared import resident_id

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ZEROS = ord("0") * sum(_WEIGHTS)
_CHECKS = "10X98765432"
_CHARACTERS = "0123456789X"
_WITHOUT_CHECK = 17
_LENGTH = 18
_OLD_LENGTH = 15
_ROUNDED = "000"
_EARLIEST_CHILD = 1990
_NOT_ID = re.compile("[^0-9A-Z]")
_CERTIFICATE = re.compile("[A-Z][0-9]{9}")
_SHORTEST_TYPED = 13
_GENERATION = 15
_MOST_SLIPS_IN_BIRTH = 2


def read(text: str) -> tuple[str | None, str]:
    """The number if its checksum and birth date are right, and the text's letters and digits."""
    plain = text if text.isascii() and text.isalnum() else resident_id.normalized(text)
    plain = plain.upper()
    return (plain if is_valid(plain) else None), plain


def is_valid(number: str) -> bool:
    """Whether a text is 17 digits and their check character, and holds a day."""
    return (
        len(number) == _LENGTH
        and number.isascii()
        and number[:_WITHOUT_CHECK].isdigit()
        and _check(number) == number[_WITHOUT_CHECK]
        and born_as_typed(number) is not None
    )


def any_number(text: str | None) -> str | None:
    """An adult's number: one of 15 digits is widened, since adults still hold papers that show
    it.
    """
    if not text:
        return None
    number, plain = read(text)
    return number or (resident_id.read(plain).number if len(plain) == 15 else None)


def identifier(
    text: str | None, kind: str | None, stated: Birth | None
) -> tuple[str | None, str | None, str | None]:
    """A checksum-valid resident number, or one that is none, or another document's number."""
    if not text:
        return None, None, None
    number, plain = read(text)
    if number is not None:
        return number, None, None
    resident = kind in (None, "resident_id")
    adult = any_number(plain) if resident and len(plain) == 15 and stated else None
    if adult and stated and is_a_generation_older(adult, (stated,)):
        return adult, None, None
    if "*" in plain:
        return None, None, None
    clean = _NOT_ID.sub("", unicodedata.normalize("NFKC", plain).upper())
    if len(clean) < 6 or len(set(clean)) <= 2:
        return None, None, None
    if kind in (None, "resident_id", "other") and _CERTIFICATE.fullmatch(clean):
        return None, None, f"birth_certificate:{clean}"
    if resident:
        whole = len(clean) >= _SHORTEST_TYPED
        return None, repaired(clean, stated) if whole else None, None
    return None, None, f"{kind}:{clean}"


def is_a_generation_older(number: str, all_births: Collection[Birth]) -> bool:
    """Whether a valid number must be that of an adult of the family, given the child's births."""
    youngest_parent = int(number[6:10]) + _GENERATION
    for birth in all_births:
        if birth[0] < youngest_parent:
            return False
    return bool(all_births)


def repaired(plain: str, stated: Birth | None) -> str:
    """A mistyped number made whole where that leaves no choice: its lost check character, its
    century where it is written in the old way, or its birth date by the stated one if the checksum
    then holds. Anything else stays as typed.
    """
    if not (plain.isascii() and plain[:_WITHOUT_CHECK].isdigit()):
        return plain
    inside = born_as_typed(plain)
    if len(plain) == _OLD_LENGTH and inside is None:
        plain = f"{plain[:6]}20{plain[6:]}"
        inside = born_as_typed(plain)
    if len(plain) == _WITHOUT_CHECK and inside and inside[0] >= _EARLIEST_CHILD:
        return plain + _check(plain) if stated in (None, inside) else plain
    if len(plain) == _LENGTH and stated is not None and inside != stated:
        other = f"{plain[:6]}{stated[0]}{stated[1]:02}{stated[2]:02}{plain[14:]}"
        slips = OSA.distance(plain[6:14], other[6:14])
        if slips <= _MOST_SLIPS_IN_BIRTH and is_valid(other):
            return other
    return plain


def born(number: str) -> Birth:
    """The birth date that a valid number carries."""
    return int(number[6:10]), int(number[10:12]), int(number[12:14])


def sex(number: str) -> str:
    """The sex that a valid number carries."""
    return "male" if number[16] in "13579" else "female"


def born_as_typed(plain: str) -> Birth | None:
    """The day at the place of the birth date, if it is one."""
    digits = plain[6:14]
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return None
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    try:
        date(year, month, day)
    except ValueError:
        return None
    return (year, month, day) if year >= 1900 else None


def nearly_one(one: str, other: str) -> bool:
    """Whether two numbers differ by a digit mistyped, left out, added or exchanged with the next,
    or by two lost at an end.
    """
    if OSA.distance(one, other, score_cutoff=1) <= 1:
        return True
    short, long = sorted((one, other), key=len)
    lost_two = len(short) == _LENGTH - 2 and len(long) == _LENGTH
    return lost_two and (long.startswith(short) or long.endswith(short))


def one_slip_from(typed: str) -> list[str]:
    """The valid numbers that a typed one may have been, had one character of it been mistyped, left
    out, added or exchanged with the next; some tens at most.
    """
    if not (_LENGTH - 1 <= len(typed) <= _LENGTH + 1 and typed.isascii()):
        return []
    places = range(len(typed) + 1)
    if len(typed) == _LENGTH:
        mistyped = {typed[:at] + one + typed[at + 1 :] for at in places for one in _CHARACTERS}
        exchanged = {typed[:at] + typed[at : at + 2][::-1] + typed[at + 2 :] for at in places}
        meant = mistyped | exchanged
    elif len(typed) < _LENGTH:
        meant = {typed[:at] + one + typed[at:] for at in places for one in _CHARACTERS}
    else:
        meant = {typed[:at] + typed[at + 1 :] for at in places}
    return sorted(number for number in meant if is_valid(number))


def is_cut(one: str, other: str) -> bool:
    """Whether one is the other cut to fifteen digits, or rounded to them by a spreadsheet: enough
    for issuer and birth, too little to tell twins apart.
    """
    if one[:_OLD_LENGTH] != other[:_OLD_LENGTH]:
        return False
    ends = one[_OLD_LENGTH:], other[_OLD_LENGTH:]
    return "" in ends or _ROUNDED in ends


def _check(plain: str) -> str:
    return _CHECKS[(sum(map(mul, plain.encode(), _WEIGHTS)) - _ZEROS) % 11]
