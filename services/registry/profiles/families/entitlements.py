"""What the texts say about benefits, insurance, school and vaccination, as far as software holds it."""

from dataclasses import dataclass
from typing import Literal

from services.registry.profiles.rules import NOT_CONFIGURED, Rule, Unset

Proof = Literal["residence_permit", "identity_card", "valid_identity_document"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPlace(Rule):
    """Where one benefit is applied for (R33): where the child lives, is registered, or met the emergency.

    `through`: 跨省通办, 省内通办 or 全省通办 (R28), 静默认证, 主动告知 (R29).
    """

    family = "application_place"
    keyed_by = "item"
    waiting = frozenset({"place"})
    if_silent = "listed"

    item: Literal[
        "basic_living_allowance",
        "minimum_living",
        "minimum_living_margin",
        "extreme_poverty",
        "temporary_aid",
        "disability_subsidies",
        "rehabilitation",
    ]
    place: Literal["residence", "hukou", "place_of_emergency"] | Unset
    through: tuple[
        Literal["cross_province", "in_province", "silent_certification", "proactive_notice"], ...
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Insurance(Rule):
    """Resident medical insurance where the child lives (居民医保, R43).

    `accepted`: with which proof; `explored`: with which others places are encouraged to try.
    `assisted`: 帮办代办; `subsidised`: 资助参保. Without `assist_days` no such task ever counts as overdue.
    """

    family = "insurance"
    waiting = frozenset({"assist_days"})
    if_silent = "listed"

    accepted: tuple[Proof, ...]
    explored: tuple[Proof, ...] = ()
    assisted: bool
    subsidised: bool
    assist_days: int | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True)
class SchoolAges:
    """Of school age: `from_age` completed by a day of the year, and not yet `below_age`."""

    from_age: int
    by_month: int
    by_day: int
    below_age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schooling(Rule):
    """Compulsory schooling where the child lives (义务教育, R44).

    `ages`: between which a child must be enrolled; the texts name the stage and no ages.
    """

    family = "schooling"
    waiting = frozenset({"ages"})
    if_silent = "needed"

    admission_proof: Proof | Unset
    purchased_places: bool
    dropout_control: bool
    ages: SchoolAges | Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp(Rule):
    """An entitlement that reaches past the age at which counting ends (R5): it is followed up after that.

    `from_age`: from which completed year it is claimed; None where school alone decides.
    """

    family = "follow_up"
    keyed_by = "entitlement"
    if_silent = "listed"

    entitlement: Literal["senior_high", "vocational", "study_grant"]
    children: tuple[Literal["every", "orphan", "hiv", "de_facto_unsupported"], ...]
    place: Literal["residence", "hukou"]
    from_age: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyScreening(Rule):
    """One screening of small children that a list names (早期筛查, R42), and the age in months before which it is done.

    Without that age nobody knows from when on it is missing, and no gap is found.
    """

    family = "early_screening"
    keyed_by = "screening"
    waiting = frozenset({"before_months"})
    if_silent = "listed"

    screening: Literal[
        "newborn_metabolism", "newborn_hearing", "newborn_heart", "autism", "eyesight"
    ]
    before_months: int | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Vaccination(Rule):
    """By which schedule children are vaccinated (免疫程序, R42), and whether gaps are to be made up (补种)."""

    family = "vaccination"
    if_silent = "listed"

    schedule: Literal["national", "local"]
    catch_up: bool
