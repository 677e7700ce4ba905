"""The Chinese calendar (农历) for the years in which the children are born."""

from datetime import date
from typing import Final

# One number a year. Its last hexadecimal digit is the month that comes twice, 0 for none; the twelve
# bits before are the months from the first, 1 for thirty days; the bit before those is the twin month's.
_YEARS: Final = (
    0x092D0, 0x0CAB5, 0x0A950, 0x0B4A0, 0x0BAA4, 0x0AD50, 0x055D9, 0x04BA0,
    0x0A5B0, 0x15176, 0x052B0, 0x0A930, 0x07954, 0x06AA0, 0x0AD50, 0x05B52,
    0x04B60, 0x0A6E6, 0x0A4E0, 0x0D260, 0x0EA65, 0x0D530, 0x05AA0,
)  # fmt: skip
_FIRST_YEAR: Final = 2008
_FIRST_DAY: Final = date(2008, 2, 7)


def lunar(day: date) -> tuple[int, int, int] | None:
    """Year, month and day of a solar day; None outside the table (2008 to 2030)."""
    left = (day - _FIRST_DAY).days
    if left < 0:
        return None
    for year, told in enumerate(_YEARS, _FIRST_YEAR):
        for month, length in _months(told):
            if left < length:
                return year, month, left + 1
            left -= length
    return None


def _months(told: int) -> list[tuple[int, int]]:
    twice = told & 0xF
    months = []
    for month in range(1, 13):
        months.append((month, 30 if told & (0x10000 >> month) else 29))
        if month == twice:
            months.append((month, 30 if told & 0x10000 else 29))
    return months
