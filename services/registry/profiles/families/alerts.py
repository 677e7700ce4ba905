"""Early warning (发现预警): when somebody is to be alerted about a child, who, and by when."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.registry.profiles.rules import NOT_CONFIGURED, Rule, Unset

AlertName = Literal[
    "costly_bill",
    "not_enrolled",
    "dropped_out",
    "vaccination_gap",
    "insurance_gap",
    "permit_expiring",
    "silence",
    "contradiction",
    "unaccompanied",
    "status_unclear",
    "overdue_duty",
    "ageing_out",
    "sibling_in_care",
    "left_behind",
    "screening_gap",
]
AlertOwner = Literal[
    "civil_affairs",
    "education",
    "police",
    "health",
    "disease_control",
    "medical_insurance",
    "disabled_federation",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule(Rule):
    """One kind of alert, in force from `valid_from`: what was so on that day is raised on it (R41–R44).

    `owner` answers for it, or the `post` that it names; without `due_days` nothing makes it late.
    What `days`, `months` and `known_by` mean depends on the kind:
    - `not_enrolled`: `days` after the term has begun; `dropped_out`: after a term begins without the child, which left
      one school and entered no other.
    - `insurance_gap`: `known_by` is the day (MM-DD) of the insured year by which no word counts as no insurance;
      without it only a department's own finding does.
    - `permit_expiring`, `ageing_out`: so many `days`, or `months`, before the day.
    - `silence`: so many `months` without a word from any source.
    - `status_unclear`, `overdue_duty`: `days` of patience.
    """

    family = "alert"
    keyed_by = "alert"

    alert: AlertName
    active: bool = True
    owner: AlertOwner
    post: Literal["child_director", "child_supervisor"] | None = None
    due_days: int | Unset
    days: int | Unset | None = None
    months: int | Unset | None = None
    known_by: str | Unset | None = None

    def fault(self) -> tuple[str, str] | None:
        if isinstance(self.known_by, str):
            try:
                date.fromisoformat(f"2001-{self.known_by}")
            except ValueError:
                return "known_by", "must be a day of every year, MM-DD"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class VaccineDose(Rule):
    """One dose (剂次) of a place's own schedule (地方免疫程序), and the age in months before which it is to be given.

    Where a place has any, they are its whole schedule.
    """

    family = "vaccine_dose"
    keyed_by = "dose"

    dose: str
    before_months: int | Unset = NOT_CONFIGURED

    @property
    def vaccine(self) -> str:
        return self.dose.partition(":")[0]

    @property
    def number(self) -> int:
        return int(self.dose.partition(":")[2])

    def fault(self) -> tuple[str, str] | None:
        vaccine, _, number = self.dose.partition(":")
        if not vaccine or not number.isdecimal() or not 1 <= int(number) <= 20:
            return "dose", "must be a vaccine's code and the number of the dose, as MMR:1"
        return None
