"""Finding children and exchanging what is known of them: surveys, sharing, rosters, the national system."""

from dataclasses import dataclass
from typing import Literal

from services.registry.profiles.families.offices import Category, Office
from services.registry.profiles.rules import NOT_CONFIGURED, Rule, Unset

Channel = Literal["home_visit", "self_declaration", "phone"]
Block = Literal["child", "parents", "family_life", "guardianship", "living_security"]
Helper = Literal[
    "child_supervisor",
    "child_director",
    "community_worker",
    "grid_worker",
    "teacher",
    "police_officer",
    "medical_staff",
    "village_head",
    "volunteer",
]


@dataclass(frozen=True, slots=True)
class Contractors:
    """Social-work agencies (专业社会工作服务机构) that may survey, and the condition in the text's words.

    The level of area and the days that one contract opens are the place's to set.
    """

    condition: str
    area: Literal["county", "township", "village"] | Unset = NOT_CONFIGURED
    days: int | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyRound(Rule):
    """What one round of the survey (摸底排查) takes: who, through which channels (R9), asking what (R8).

    A survey is complete when every one of `blocks` was asked.
    """

    family = "survey_round"
    waiting = frozenset({"blocks"})
    if_silent = "needed"

    lead: Office
    partners: tuple[Office, ...] = ()
    helpers: tuple[Helper, ...] = ()
    channels: tuple[Channel, ...] | Unset
    blocks: tuple[Block, ...] | Unset
    contractors: Contractors | Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportColumn:
    """One column of a file that another system takes in (导入模板): its title there, and which of the roster's columns
    (``rosters/layout.toml``) stands in it; none leaves it empty.

    `words`: what that system calls a word of ours, such as ``male=男性``.  `days`: how it writes a day.
    """

    title: str
    name: Literal[
        "", "name", "sex", "birth_date", "id_number", "ethnicity", "hukou_division", "hukou_address",
        "residence_division", "residence_address", "residence_since", "moved_out_on", "guardian_name",
        "guardian_relation", "guardian_phone", "school", "grade", "guardian_capacity", "insured", "disability", "status",
    ] = ""  # fmt: skip
    words: tuple[str, ...] = ()
    days: Literal["2025-01-31", "2025/01/31", "20250131", "2025年1月31日"] = "2025-01-31"


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalSystem(Rule):
    """Entering children into the national child-welfare information system (全国儿童福利信息系统, R10).

    `enter`: `promptly` 及时, `all_of_first_survey` 首次监测摸排的全部录入, `unsaid` without a word on when.
    `in_step`: whether changes are to be carried over as well (同步完成信息维护).
    `layout`: the columns of that system's import file, in order.  No text has them and they are not public, so whoever
    has the file sets them; until then people map our columns by hand.
    """

    family = "national_system"
    if_silent = "listed"

    enter: Literal["promptly", "all_of_first_survey", "unsaid"]
    in_step: bool
    layout: tuple[ImportColumn, ...] | Unset = NOT_CONFIGURED

    def fault(self) -> tuple[str, str] | None:
        columns = () if isinstance(self.layout, Unset) else self.layout
        titles = [column.title for column in columns]
        if len(titles) != len(set(titles)):
            return "layout", "must have each title once"
        if any("=" not in word for column in columns for word in column.words):
            return "layout", "must have words such as male=男性"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing(Rule):
    """What one department shares with civil affairs (数据共享, R11), by the hub's feeds as far as said."""

    family = "sharing"
    keyed_by = "office"
    if_silent = "listed"

    office: Office
    feeds: tuple[str, ...] | Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster(Rule):
    """Lists between civil affairs and departments (R13): `feedback` 花名册反馈 goes out to be verified,
    `return` 回流 comes back to be counted. Without `reply_days` no department is ever late.
    """

    family = "roster"
    keyed_by = "direction"
    waiting = frozenset({"reply_days"})

    direction: Literal["feedback", "return"]
    offices: tuple[Office, ...]
    reply_days: int | Unset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HukouExchange(Rule):
    """Data passing between residence and hukou place (R14), and how firmly the text asks for it."""

    family = "hukou_exchange"
    if_silent = "listed"

    force: Literal["to_be_built", "where_conditions_allow"]
    exchange_platform: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpwardRoster(Rule):
    """A list of eligible children to a higher level (R60), such as for an insurance bought there.

    `key_difficulty`: the categories of key care whose confirmed children count as in key difficulty
    (重点困境儿童); no text says.
    """

    family = "upward_roster"
    keyed_by = "purpose"

    purpose: str
    to: Literal["province"]
    eligible: tuple[Literal["scattered_orphan", "de_facto_unsupported", "key_difficulty"], ...]
    key_difficulty: tuple[Category, ...] | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics(Rule):
    """By what migrant children are counted and analysed (统计分析, R52)."""

    family = "statistics"
    if_silent = "listed"

    by: tuple[
        Literal["number", "age", "area", "health", "schooling", "guardianship", "insurance"], ...
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedBesides(Rule):
    """A population that a place wishes to count beside its migrant children, never among them."""

    family = "counted_besides"
    keyed_by = "population"

    population: Literal["cross_township", "central_districts", "unaccompanied", "left_behind"]
    months: int
    age_below: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JointAnalysis(Rule):
    """Migrant and left-behind children (留守儿童) analysed together (R62).

    The texts name left-behind children and say nowhere who they are.  `parents_away`: whether `both` parents must be away, or
    `either`, for a child to be proposed; `age_below`: until which age, that of migrant children while nobody has said.  A
    person decides in any case.
    """

    family = "joint_analysis"

    left_behind: bool
    parents_away: Literal["both", "either"] | Unset = NOT_CONFIGURED
    age_below: int | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot(Rule):
    """Areas in which dynamic monitoring is tried out (动态监测试点, R55); their codes are for a place to set."""

    family = "pilot"

    areas: tuple[str, ...] | Unset
