"""The Chinese lunar calendar (农历), 1900 to 2100: a day of it, as the day of the common calendar.

Families count birthdays by it, and forms take what families say. Its months follow the moon and the
sun, so no short rule gives them: each year's are written down below, five hexadecimal digits a
year. The highest says whether the leap month has 30 days, the next three the same of months 1 to
12, the last which month is doubled (0: none). Generated with borax 4.1.3 (MIT), which agrees with
lunardate 0.3.0 on every day from 1901 to 2099 except the sixth month of 1933, which began minutes
from midnight.
"""

from datetime import date, timedelta

_FIRST_YEAR = 1900
_FIRST_DAY = date(1900, 1, 31).toordinal()
_YEARS = (
    "04bd804ae00a570054d50d2600d95016554056a009ad0055d204ae00a5b60a4d00d2501d2550b5400d6a00ada2095b0"
    "14977049700a4b00b4b506a5006d401ab5402b6009570052f204970065660d4a00ea5016a9505ad002b60186e3092e0"
    "1c8d70c9500d4a01d8a60b550056a01a5b4025d0092d00d2b20a9500b55706ca00b5501535504da00a5b014573052b0"
    "0a9a80e95006aa00aea60ab5004b600aae40a570052600f2630d95005b57056a0096d004dd504ad00a4d00d4d40d250"
    "0d5580b5400b6a0195a6095b0049b00a9740a4b00b27a06a5006d400af460ab600957004af504970064b0074a30ea50"
    "06b5805ac00ab60096d5092e00c9600d9540d4a00da5007552056a00abb7025d0092d00cab50a9500b4a00baa40ad50"
    "055d904ba00a5b015176052b00a9300795406aa00ad5005b5204b600a6e60a4e00d2600ea650d53005aa0076a3096d0"
    "04afb04ad00a4d01d0b60d2500d5200dd450b5a0056d0055b2049b00a5770a4b00aa501b25506d200ada014b6309370"
    "049f804970064b0168a60ea5006b201a6c40aae0092e00d2e30c9600d5570d4a00da5005d55056a00a6d0055d4052d0"
    "0a9b80a9500b4a00b6a60ad50055a00aba40a5b0052b00b273069300733706aa00ad5014b5504b600a570054e40d260"
    "0e9680d5200daa016aa6056d004ae00a9d40a4d00d1500f2520d520"
)


def _months() -> dict[tuple[int, int], tuple[tuple[int, int], ...]]:
    """First day and length of each month, the doubled one second."""
    found: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
    begins = _FIRST_DAY
    for index in range(len(_YEARS) // 5):
        code = int(_YEARS[index * 5 : index * 5 + 5], 16)
        for month in range(1, 13):
            lengths = [30 if code >> (16 - month) & 1 else 29]
            if code & 0xF == month:
                lengths.append(30 if code >> 16 else 29)
            for length in lengths:
                key = (_FIRST_YEAR + index, month)
                found[key] = (*found.get(key, ()), (begins, length))
                begins += length
    return found


_MONTHS = _months()


def solar_days(year: int, month: int, day: int) -> tuple[tuple[int, int, int], ...]:
    """The common days (year, month, day) that a lunar day may be: two where the month is doubled,
    none where there is no such day.
    """
    days = (
        date.fromordinal(begins) + timedelta(days=day - 1)
        for begins, length in _MONTHS.get((year, month), ())
        if 1 <= day <= length
    )
    return tuple((one.year, one.month, one.day) for one in days)
