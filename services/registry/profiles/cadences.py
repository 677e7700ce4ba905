"""How often something is due (频次要求), and the school calendar that some of it follows.

A *duty* is something that someone owes: to one child, to the pupils of a school, or to a place. Its
*period* is in months, or follows the school calendar, or names *occasions* of the year. A text that
says only 定期 (regularly) has a duty without a period: nothing is due on a day, and everyone to
whom the duty is owed waits until an administrator sets one.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.registry.profiles.rules import NOT_CONFIGURED, Rule, Unset

Unit = Literal["month", "semester", "school_year", "calendar_year", "occasion"]
Occasion = Literal[
    "before_winter_holiday",
    "before_summer_holiday",
    "winter_holiday",
    "summer_holiday",
    "important_holidays",
    "term_start",
    "entrance_exams",
    "psychology_day",
    "psychology_month",
]
Level = Literal["child", "school", "place"]
Tier = Literal["province", "prefecture", "county"]
Population = Literal["migrant", "key_care", "enrolled"]
Stage = Literal["kindergarten", "primary", "junior", "senior", "vocational", "special"]
Performer = Literal[
    "child_director",
    "child_supervisor",
    "school",
    "village_committee",
    "civil_affairs",
    "education",
    "health",
    "justice",
    "womens_federation",
    "youth_league",
]
SCHOOL_CALENDAR: frozenset[Unit] = frozenset({"semester", "school_year", "occasion"})
"""The units whose days only a school calendar tells."""


@dataclass(frozen=True, slots=True)
class Period:
    """At least `times` within every `count` of `unit`; or at each of `occasions`.

    `month` counts from the last time (每三个月); `semester` (每学期), `school_year` (每学年) and
    `calendar_year` (每年) are fixed spans, whenever within them it was done.
    """

    unit: Unit
    count: int = 1
    times: int = 1
    occasions: tuple[Occasion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence(Rule):
    """How often a duty is due, to whom, and by whom.

    - `level`: owed to each child, or once for a whole school or place.
    - `tier`: of level `place`, the divisions that owe it: each county, or the province (省、自治区) or city (市) alone.
    - `population`: the migrant children, those in key care, or the migrant children enrolled in a
      school; `stages` narrows the enrolled to these stages, and primary school to `from_grade`
      (None: every grade). `categories`, if any, narrow key care to those named.
    - `performers`: the posts (岗位) or departments that the sentence names as doing it.
    """

    family = "cadence"
    keyed_by = "duty"
    waiting = frozenset({"period", "from_grade"})
    if_silent = "needed"

    duty: str
    level: Level = "child"
    tier: Tier = "county"
    population: Population
    stages: tuple[Stage, ...] = ()
    from_grade: int | Unset | None = None
    categories: tuple[str, ...] = ()
    period: Period | Unset
    performers: tuple[Performer, ...] | Unset

    @property
    def every_months(self) -> int | Unset | None:
        """The period where it is in months; None where a calendar rules."""
        if isinstance(self.period, Unset):
            return NOT_CONFIGURED
        return self.period.count if self.period.unit == "month" else None

    @property
    def by_school_calendar(self) -> bool:
        return isinstance(self.period, Period) and self.period.unit in SCHOOL_CALENDAR

    def fault(self) -> tuple[str, str] | None:
        if isinstance(self.period, Period):
            if (self.period.unit == "occasion") is not bool(self.period.occasions):
                return "period.occasions", "are for the unit occasion, and that needs some"
            if not (1 <= self.period.count <= 120 and 1 <= self.period.times <= 366):
                return "period", "must be at least once within at most 120 units"
        if self.stages and self.population != "enrolled":
            return "stages", "narrow the enrolled alone"
        if self.tier != "county" and self.level != "place":
            return "tier", "is of the level place alone"
        if self.from_grade is not None and "primary" not in self.stages:
            return "from_grade", "is a grade of primary school, which stages must name"
        return None


@dataclass(frozen=True, slots=True)
class Semester:
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class DatedOccasion:
    """An occasion of one school year; what is due *before* it is due by the day before `first`."""

    occasion: Occasion
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolCalendar(Rule):
    """One school year (学年) of a place: its semesters, and the days of its occasions.

    No text dates them: an administrator does, year by year.
    """

    family = "school_calendar"
    keyed_by = "school_year"

    school_year: str
    first: date
    last: date
    semesters: tuple[Semester, ...]
    occasions: tuple[DatedOccasion, ...] = ()

    def fault(self) -> tuple[str, str] | None:
        if not self.first <= self.last:
            return "last", "lies before first"
        ends = [day for one in self.semesters for day in (one.first, one.last)]
        if not ends or ends != sorted(set(ends)) or ends[0] < self.first or self.last < ends[-1]:
            return "semesters", "must follow one another within the school year"
        if any(one.last < one.first for one in self.occasions):
            return "occasions", "must not end before they begin"
        return None
