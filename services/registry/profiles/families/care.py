"""Looking after children in need: files, risk, compartments, guardianship."""

from dataclasses import dataclass
from typing import Literal

from services.registry.profiles.families.offices import Category, Office
from services.registry.profiles.rules import NOT_CONFIGURED, Rule, Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCareFile(Rule):
    """How key care is kept on file (R15–R17).

    `one_child_one_file`: 一人一档. `columns`: the ledger's, where a text lays it out.
    `like_difficulty`: visits follow the rules for children in difficulty (参照困境儿童管理).
    """

    family = "key_care_file"
    if_silent = "listed"

    one_child_one_file: Literal["required", "where_conditions_allow"] | Unset
    columns: tuple[str, ...] = ()
    shared: bool = False
    like_difficulty: bool = False


@dataclass(frozen=True, slots=True)
class RiskLevel:
    """`follow_up_days`: how often a child at this level is seen; no text says."""

    name: Literal["green", "yellow", "orange", "red"]
    follow_up_days: int | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskScale(Rule):
    """Graded risk (风险等级, R21), from the lowest level to the highest, of which the highest is urgent; a compartment.

    `population`: of whom a level is kept at all; the highest is taken down of any child, so that no danger waits for a
    finding. `assessor` keeps it; `readers` may read it, `level_readers` the level alone; not configured: none but the
    assessor. `urgent_hours`: within how many somebody has followed the highest level up; no text says.
    """

    family = "risk_scale"
    keyed_by = "scale"
    waiting = frozenset({"levels", "urgent_hours"})

    scale: Literal["psychological"]
    population: Literal["key_care"]
    assessor: Office
    levels: tuple[RiskLevel, ...]
    urgent_hours: int | Unset = NOT_CONFIGURED
    readers: tuple[Office, ...] | Unset = NOT_CONFIGURED
    level_readers: tuple[Office, ...] | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolFile(Rule):
    """A file that schools keep (R22): its content stays there, the hub may know the level.

    `three_level_warning` 三级预警管理档案, `growth_file` “一生一策”心理成长档案, `psychological_archive` 心理健康档案.
    A compartment; `level_readers` beside the schools see the level alone; not configured: none.
    """

    family = "school_file"
    keyed_by = "kind"

    kind: Literal["three_level_warning", "growth_file", "psychological_archive"]
    pupils: Literal["key_pupils", "all_pupils", "screened_pupils"]
    levels: int | None = None
    level_readers: tuple[Office, ...] | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class MisconductLedger(Rule):
    """The ledger of serious misconduct (严重不良行为流动儿童重点帮教信息台账, R20), a compartment.

    `members`: the offices that may read it beside `lead`; not configured: none but the lead.
    """

    family = "misconduct_ledger"

    lead: Office
    members: tuple[Office, ...] | Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class Protectees(Rule):
    """Key protectees (重点关护对象, R61): the categories that bring a child in, of `classes` in all; a compartment.

    `keepers` put children in; to `hand_over_to` the list is handed over.
    """

    family = "protectees"
    keyed_by = "programme"
    waiting = frozenset({"keepers", "hand_over_to"})

    programme: str
    classes: int
    triggers: tuple[Category, ...]
    keepers: tuple[Office, ...] | Unset
    hand_over_to: tuple[Office, ...] | Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveMarker(Rule):
    """A diagnosis that a service of the place asks for, and that is kept more strictly than all else (R57).

    `keepers` mark a child; `readers` may ask about one child that they see; not configured: none but the keepers.
    """

    family = "sensitive_marker"
    keyed_by = "marker"
    if_silent = "listed"

    marker: Literal["hiv", "severe_mental_disorder"]
    keepers: tuple[Office, ...]
    readers: tuple[Office, ...] | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardianship(Rule):
    """What is done about guardianship (监护, R31), for whom and by whom.

    `assessment`s look at a family, `intervention` acts on a high risk, `care` places a child.
    `review_days`: how often a placement or a risk is looked at again; no text says.
    """

    family = "guardianship"
    keyed_by = "measure"
    if_silent = "listed"

    measure: Literal[
        "capacity_assessment",
        "risk_assessment",
        "high_risk_intervention",
        "support",
        "temporary_care",
        "long_term_care",
        "daily_care",
    ]
    population: Literal["migrant", "key_care", "high_risk"]
    performers: tuple[Office, ...] | Unset
    review_days: int | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(Rule):
    """A measure that needs the guardian's consent (经监护人同意, R32)."""

    family = "consent"
    keyed_by = "measure"

    measure: Literal["guardianship_placement", "disability_subsidies"]
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Rule):
    """The network of people (基层工作网络, R56): posts, institutions, and how many are to be trained.

    `training_months`: how long a training is good for; no text says.
    """

    family = "network"
    if_silent = "listed"

    posts: tuple[Literal["child_supervisor", "child_director"], ...]
    institutions: tuple[Literal["protection_institution", "protection_station"], ...]
    training: Literal["full_coverage"] | Unset
    training_months: int | Unset = NOT_CONFIGURED
