"""Birth dates: read in any spelling, and compared with the slips that clerks make.

A *vague* date is one that forms are filled up with: 1 January where only the year is known, the
first of a month where only the month is.
"""

import re
import unicodedata
from datetime import date, timedelta

from services.matching.linkage.lunar import solar_days

Birth = tuple[int, int, int]
"""Year, month, day as stated; the day need not exist in that month."""

BIRTH_LEVELS = (
    "exact", "swapped", "lunar", "near_day", "year_differs", "month_differs", "day_differs",
    "vague", "same_year", "different",
)  # fmt: skip
BIRTH_RANK = {level: rank for rank, level in enumerate(BIRTH_LEVELS)}

_SEPARATED = re.compile(r"(\d{4})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})(?:\D.*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:\D.*)?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SHORT = re.compile(r"(\d{2})(\d{2})(\d{2})")
_PARTIAL = re.compile(r"(\d{4})(?:\D{1,2}(\d{1,2})?)?\D?")
_LUNAR = re.compile("[农阴夏]历|[正冬腊]月|初|廿|闰")
_LUNAR_DAY = re.compile("初([1-9]|10)")
_DIGITS = {
    ord(glyph): digit
    for glyph, digit in zip("〇零○一二三四五六七八九", "000123456789", strict=True)
}
_NUMERAL = re.compile("([1-9])?十([1-9])?")
_SPREADSHEET = re.compile(r"(\d{5})(?:\.\d+)?")
_SPREADSHEET_DAYS = range(36526, 55153)  # 2000 to 2050
_SPREADSHEET_ZERO = date(1899, 12, 30)
_LAST_SHORT_YEAR = 50
_MOON = range(12, 65)
"""By how many days, counting each month as 31, a common date follows the lunar one of its name."""


def read(text: str | None) -> Birth | None:
    """A date in any order-keeping spelling; day and month are exchanged where only that makes a
    month. A date marked as lunar is converted.
    """
    if not text:
        return None
    if len(text) == 10 and text[4] == "-" == text[7] and text.isascii():
        year, month, day = text[:4], text[5:7], text[8:]
        if year.isdigit() and month.isdigit() and day.isdigit():
            return _checked(int(year), int(month), int(day))
    return _read(unicodedata.normalize("NFKC", text).strip())


def _read(clean: str) -> Birth | None:
    lunar = _LUNAR.search(clean) is not None
    if not clean.isascii():
        clean = _arabic(clean)
    if found := _SEPARATED.fullmatch(clean) or _PACKED.fullmatch(clean[:8]):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.fullmatch(clean):
        month, day, year = (int(part) for part in found.groups())
    elif found := _SHORT.fullmatch(clean):
        year, month, day = (int(part) for part in found.groups())
        if year >= _LAST_SHORT_YEAR:
            return None
        year += 2000
    elif (found := _SPREADSHEET.fullmatch(clean)) and int(found[1]) in _SPREADSHEET_DAYS:
        one = _SPREADSHEET_ZERO + timedelta(days=int(found[1]))
        year, month, day = one.year, one.month, one.day
    elif found := _PARTIAL.fullmatch(clean):
        year, month, day = int(found[1]), int(found[2] or 1), 1
    else:
        return None
    birth = _checked(year, month, day)
    if birth is not None and lunar:
        return next(iter(solar_days(*birth)), birth)
    return birth


def _arabic(text: str) -> str:
    """Chinese numerals as digits: 二〇一五年腊月廿三 is 2015年12月23."""
    text = text.replace("正月", "1月").replace("冬月", "11月").replace("腊月", "12月")
    text = text.replace("廿", "二十").replace("卅", "三十").translate(_DIGITS)
    text = _NUMERAL.sub(lambda n: str(int(n[1] or 1) * 10 + int(n[2] or 0)), text)
    text = _LUNAR_DAY.sub(r"\1", text.replace("农历", "").replace("阴历", "").replace("闰", ""))
    return text.replace("夏历", "").replace("公历", "").replace("阳历", "").strip()


def _checked(year: int, month: int, day: int) -> Birth | None:
    if month > 12 >= day:
        month, day = day, month
    if not (1901 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    return year, month, day


def compare_births(a: Birth, b: Birth) -> str:
    """How two dates could be one child's, best first."""
    if a == b:
        return "exact" if a[1:] != (1, 1) else "vague"
    year, month, day = a[0] == b[0], a[1] == b[1], a[2] == b[2]
    if year and a[1] == b[2] and a[2] == b[1]:
        return "swapped"
    if _is_lunar(a, b) or _is_lunar(b, a):
        return "lunar"
    if (1, 1) in (a[1:], b[1:]):
        return "vague" if year else "different"
    if year and month:
        if abs(a[2] - b[2]) == 1:
            return "near_day"
        return "vague" if 1 in (a[2], b[2]) else "day_differs"
    if month and day and (abs(a[0] - b[0]) <= 2 or _digits_apart(a[0], b[0]) == 1):
        return "year_differs"
    if year and day:
        return "month_differs"
    if _follows(a, b) or _follows(b, a):
        return "near_day"
    return "same_year" if year else "different"


def may_be_one(stated: Birth | None, other: Birth | None) -> bool:
    """Whether one could be the other with a single part miswritten, or read off another calendar."""
    if stated is None or other is None:
        return True
    return BIRTH_RANK[compare_births(stated, other)] < BIRTH_RANK["same_year"]


def _is_lunar(stated: Birth, common: Birth) -> bool:
    apart = (common[0] - stated[0]) * 372 + (common[1] - stated[1]) * 31 + common[2] - stated[2]
    return apart in _MOON and common in solar_days(*stated)


def _follows(a: Birth, b: Birth) -> bool:
    """Whether b is the first of the month after a's, and a the last of its own."""
    next_month = (a[0] + a[1] // 12, a[1] % 12 + 1, 1)
    return b == next_month and a[2] >= 28 and _last_day(a[0], a[1]) == a[2]


def _last_day(year: int, month: int) -> int:
    after = date(year + month // 12, month % 12 + 1, 1)
    return (after - timedelta(days=1)).day


def _digits_apart(a: int, b: int) -> int:
    return sum(x != y for x, y in zip(str(a), str(b), strict=True))
