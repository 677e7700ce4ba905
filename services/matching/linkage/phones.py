"""Phone numbers: digits alone, as many as a field holds."""

import re
import unicodedata

_SEVERAL = re.compile("[/,，、;；|或]")
_NOT_DIGITS = re.compile("[^0-9]+")


def phones_in(text: str) -> list[str]:
    """Every number that a field holds."""
    if (len(text) == 11 and text.isascii()) or not _SEVERAL.search(text):
        one = phone(text)
        return [] if one is None else [one]
    return [one for part in _SEVERAL.split(text) if (one := phone(part)) is not None]


def phone(text: str | None) -> str | None:
    """Digits without country code; None for short numbers and fillers such as 11111111111."""
    if not text:
        return None
    digits = text
    if not (text.isascii() and text.isdigit()):
        digits = _NOT_DIGITS.sub("", unicodedata.normalize("NFKC", text))
    digits = digits.removeprefix("00")
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if not 7 <= len(digits) <= 13 or len(set(digits[3:])) == 1:
        return None
    return digits
