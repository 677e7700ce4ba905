"""Counting months and birthdays by a profile's stated settings; days beyond the calendar are its
end.
"""

from calendar import isleap
from datetime import date, timedelta

from services.registry.profiles.rules import DayCounting, Definition

#: Of each month, in a common year: asking the calendar would also tell weekdays.
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def day_after(day: date) -> date:
    """The next day; the last day of the calendar stays."""
    return day if day == date.max else day + timedelta(days=1)


def day_before(day: date) -> date | None:
    return None if day == date.min else day - timedelta(days=1)


def months_reached_on(start: date, definition: Definition, counting: DayCounting) -> date:
    """The first day on which a stay counted from `start` is long enough.

    With the arrival day counted, six months from 15 January are complete when 15 July begins, and
    six months from 31 August when the last day of February begins.
    """
    reached = months_on(start, definition.months, counting)
    return reached if definition.months_inclusive else day_after(reached)


def months_on(start: date, months: int, counting: DayCounting) -> date:
    """The day on which so many months from ``start`` are complete; a month without that day ends on its last."""
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    if year > date.max.year:
        return date.max
    last = _DAYS[month] + (month == 1 and isleap(year))
    reached = date(year, month + 1, min(start.day, last))
    return day_after(reached) if counting.arrival_day == "not_counted" else reached


def age_reached_on(birth_on: date, age: int, counting: DayCounting) -> date:
    """The first day on which a child born on `birth_on` is `age` years old."""
    year = birth_on.year + age
    if year > date.max.year:
        return date.max
    if (birth_on.month, birth_on.day) == (2, 29) and not isleap(year):
        reached = date(year, 2, 28) if counting.leap_birthday == "feb_28" else date(year, 3, 1)
    else:
        reached = birth_on.replace(year=year)
    return day_after(reached) if counting.birthday == "day_after" else reached
