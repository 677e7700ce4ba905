"""The rules a place can have (地方规则), each citing its clause and the days on which it holds.

A *document* is a text that binds; a *rule* is what one of its clauses says. A rule comes in
versions: `valid_from` is its first day, `valid_until` its last, the document's own unless the rule
says otherwise. A document that bears no day is taken to hold on every day, and that is an open
point. Where a text is silent a field holds NOT_CONFIGURED: nothing is guessed or borrowed from
another place.

This file has what every rule shares and the families on which a status is decided; the others are
in cadences.py and families/. Adding a family takes one class: its fields say how it is read.
"""

from dataclasses import dataclass, fields
from datetime import date
from enum import Enum
from typing import ClassVar, Final, Literal


class Unset(Enum):
    """The marker of a value that no text and no administrator has given."""

    NOT_CONFIGURED = "not_configured"


NOT_CONFIGURED: Final = Unset.NOT_CONFIGURED

Arrival = Literal["counted", "not_counted"]
Birthday = Literal["on_the_day", "day_after"]
LeapBirthday = Literal["feb_28", "mar_1"]
Onward = Literal["continues", "restarts"]
EarlierHukou = Literal["same", "unknown"]
Handling = Literal["ledger", "accept_promptly"]
Silence = Literal["nothing", "listed", "needed"]


@dataclass(frozen=True, slots=True)
class Document:
    """A text that binds, by the name that clauses cite, and the days that it says it holds.

    A silence about either day is NOT_CONFIGURED; None is a text that plainly has no end.
    `at_hand` is False for an annex that is cited and was not supplied.
    """

    name: str
    valid_from: date | Unset
    valid_until: date | Unset | None
    at_hand: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What every rule carries.

    `wording` is the text's own phrase; `note` is for the administrator's eyes; `assumed` says how
    this software reads a phrase that can be read in two ways. Of the class:
    `family` is its name in a profile, `keyed_by` the field that tells the rules of one family
    apart (empty where a place has one such rule), `waiting` the fields for whose value some child
    or duty waits while it is not configured, `if_silent` what it means that a place has no such
    rule: `nothing` is owed there, or the silence is `listed`, or some child or duty waits (`needed`).
    """

    family: ClassVar[str] = ""
    keyed_by: ClassVar[str] = ""
    waiting: ClassVar[frozenset[str]] = frozenset()
    if_silent: ClassVar[Silence] = "nothing"

    clause: str
    valid_from: date | None = None
    valid_until: date | None = None
    wording: str = ""
    note: str = ""
    assumed: str = ""

    @property
    def key(self) -> str:
        return str(getattr(self, self.keyed_by)) if self.keyed_by else ""

    def fault(self) -> tuple[str, str] | None:
        """A field, and why its value cannot stand beside the others; None if all is well."""
        return None

    def holds(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on <= self.valid_until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition(Rule):
    """Who is a migrant child (流动儿童): away from the hukou county, `months` long, below
    `age_below`.

    `months_inclusive`: "6个月以上" includes six exactly, as "以上" does throughout Chinese civil
    law.
    """

    family = "migrant_child"
    if_silent = "needed"

    cross_county: bool
    months: int
    months_inclusive: bool
    age_below: int
    accompanied: bool


@dataclass(frozen=True, slots=True)
class City:
    """One city's central districts (中心城区的市辖区): county-level codes, national or local."""

    area: tuple[int, int]
    members: frozenset[int] | Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class CentralDistricts(Rule):
    """Moves between central districts of one city do not count; `exempt` is False where they do."""

    family = "central_districts"
    waiting = frozenset({"cities", "others"})
    if_silent = "needed"

    exempt: bool
    cities: tuple[City, ...]
    others: Literal["none"] | Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCounting(Rule):
    """How days are counted. No text says; a value not stated by the place is the software's own,
    listed among the open points as assumed.

    - `arrival_day` counted: arrived on the 15th, a month is complete when the next 15th begins.
    - A month without that day ends on its last: 31 August and six months is 28 or 29 February.
    - `birthday`: an age is reached when the birthday begins, or the day after (as criminal law has
      it).
    - `leap_birthday`: the birthday of a 29 February child in a year without one.
    - `onward_move`: whether months already spent away go on counting in the next county.
    - `tolerated_gap_days`: days without a known residence that do not interrupt a stay.
    - `earlier_hukou`: what is taken for days before the first known hukou spell.
    - `autumn_term_begins`, `spring_term_begins`: month and day (MM-DD) on which the two terms begin
      where no school calendar is dated; the last day of one is the day before the other.
    - `township_after_days`, `county_after_days`: days overdue after which a duty has come to the
      township, and to the county.
    """

    family = "day_counting"

    arrival_day: Arrival = "counted"
    birthday: Birthday = "on_the_day"
    leap_birthday: LeapBirthday = "mar_1"
    onward_move: Onward = "continues"
    tolerated_gap_days: int = 0
    earlier_hukou: EarlierHukou = "same"
    autumn_term_begins: str = "09-01"
    spring_term_begins: str = "03-01"
    township_after_days: int = 7
    county_after_days: int = 14
    stated: frozenset[str] = frozenset()

    @classmethod
    def settings(cls) -> tuple[str, ...]:
        common = {f.name for f in fields(Rule)} | {"stated"}
        return tuple(f.name for f in fields(cls) if f.name not in common)


ASSUMED_COUNTING: Final = DayCounting(clause="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardship(Rule):
    """One hardship category (重点关爱困境类型) that calls for key care.

    `cross_township` is True where only children from another township (跨乡镇) are meant;
    `handling` says whether they enter the ledger (台账) or the text has them accepted promptly
    (及时受理).
    """

    family = "hardship"
    keyed_by = "category"
    if_silent = "needed"

    category: str
    cross_township: bool = False
    handling: Handling = "ledger"


@dataclass(frozen=True, slots=True)
class LocalDivision:
    """A county-level unit without a national code, under a local extension code of this software.

    The code ends where `superseded_by`, a national code, begins; NOT_CONFIGURED: none chosen yet.
    `basis` says where the code comes from.
    """

    code: int | Unset
    name: str
    basis: str
    superseded_by: int | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A division that passed to another county (区划调整) and bears the code `becomes` from the day `on`.

    Both codes are of one level; what lies inside keeps its last digits. `basis` says who decided it.
    """

    code: int
    becomes: int
    on: date
    basis: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Clauses of one text, or of two, that cannot both be followed in what `rule` settles.

    `rule` is a family, or family.key; a narrower layer that has that rule settles it.
    """

    rule: str
    clauses: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """What an administrator should settle: a silence of the text, a value assumed for it, or texts
    that contradict each other. `needed`: some child or duty waits for it.
    """

    kind: Literal["not_configured", "assumed", "contradiction"]
    rule: str
    setting: str
    value: str
    clause: str
    needed: bool
