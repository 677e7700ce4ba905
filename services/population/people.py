"""The invented people: guardians, children, and where each child truly lived, day by day.

Cast: a *family* shares guardians, hukou and moves; a *stay* (one leg of a life) lasts from its
first day to the day of moving on; a *spell* is a time of being registered in one place; a
*hardship* is a fact that at least one department reports, so that a hub can know of it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.population.places import Place

SIGNING: Final = {"one_parent": "mother", "other_guardian": "grandmother"}
"""Which guardian signs, by the child's company; otherwise the father."""


@dataclass(frozen=True, slots=True)
class Guardian:
    """A guardian, whose phone number may have changed."""

    relation: str
    name: str
    number: str
    phone: str
    earlier_phone: str
    phone_since: date

    def phone_on(self, day: date) -> str:
        return self.phone if self.phone_since <= day else self.earlier_phone


@dataclass(frozen=True, slots=True)
class Stay:
    """One leg; `until` is the day of moving on (also the first day of the next), None if it lasts.

    `company` is both_parents, one_parent, other_guardian or none.
    """

    place: Place
    since: date
    until: date | None
    company: str
    address: str

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class HukouSpell:
    """A registration, which lasts until the next one begins."""

    place: Place
    since: date
    address: str


@dataclass(frozen=True, slots=True)
class Hardship:
    """One true reason for key care, and the hub in which it is reported."""

    category: str
    since: date
    hub: str


@dataclass(frozen=True, slots=True)
class Child:
    """A child as it truly is; what departments say about it is another matter."""

    id: str
    family: str
    name: str
    former_name: str | None
    sex: str
    born: date
    number: str
    certificate: str
    ethnicity: str
    guardians: tuple[Guardian, ...]
    hukou: tuple[HukouSpell, ...]
    stays: tuple[Stay, ...]
    hardships: tuple[Hardship, ...] = ()
    twin: bool = False
    phone: str | None = None
    former_name_is_told: bool = False
    """Whether the household register names it."""

    def hukou_on(self, day: date) -> HukouSpell:
        """The registration in force; before the first one, the first one."""
        spells = [spell for spell in self.hukou if spell.since <= day]
        return spells[-1] if spells else self.hukou[0]

    def stay_on(self, day: date) -> Stay | None:
        """The stay of that day; None before birth."""
        return next((stay for stay in self.stays if stay.holds_on(day)), None)

    def guardian_in(self, stay: Stay | None) -> Guardian:
        """Who signs for the child during a stay; the father from afar, where nobody is with it."""
        relation = SIGNING.get(stay.company if stay else "none", "father")
        return next(one for one in self.guardians if one.relation == relation)

    def age_on(self, day: date) -> int:
        passed = (day.month, day.day) >= (self.born.month, self.born.day)
        return day.year - self.born.year - (not passed)
