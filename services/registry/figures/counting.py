"""Counting: under which heads one child is counted on a day, and the table that heads of many children make; pure.

Cast: a *figure* is about an *area* and a day; its *parts* are the divisions next below, its *breakdowns* ask one question
each, and every child that it counts gives one *answer* to each.  Three populations: the *ledger* (台账) is every child whose
home, the last one that had begun by that day, lies in the area; the *migrants* (流动儿童) are those of them whose status was
that; the *left behind* (留守儿童) those whom a person had confirmed as such.  No child is of the last two at once, and both are
asked the same, so that they can be analysed jointly (R62); what a place counts besides (`besides.py`) is asked of its own alone.
By what is counted stands in the texts (数量规模、年龄结构、区域分布、
健康、就学、监护、参保); in which bands, none says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.registry.children.building import Folded, is_shielded
from services.registry.children.company import company_of
from services.registry.children.kit import Kit
from services.registry.figures.besides import PREFIX, besides
from services.registry.left_behind.terms import LeftBehindState
from services.registry.past.gathering import Known
from services.registry.past.standing import Standing, standing
from services.registry.profiles import NOT_CONFIGURED, Profile, Profiles
from services.registry.profiles.families.surveys import Pilot
from services.registry.records.feeds import InsuranceEnrolment
from services.registry.records.vault import Opened
from services.registry.status import Status
from shared import divisions

#: Version of this way of counting: what it counts otherwise than another way cannot be counted again by it.
METHOD = "2026-11-22.3"
#: The way before, which knew no left-behind children: figures frozen by it show none of what they did not count.
WITHOUT_LEFT_BEHIND = "2026-11"
#: The way after that, which counted nothing besides, whatever a place had set.
WITHOUT_BESIDES = "2026-11-22"
#: The way after that, by which a child shielded after the day of a figure was counted in the part where it lived.
SHIELDED_BY_THE_DAY = "2026-11-22.2"
#: The ways by which a figure can be counted again, each in what it counted.
METHODS = (WITHOUT_LEFT_BEHIND, WITHOUT_BESIDES, SHIELDED_BY_THE_DAY, METHOD)
CATEGORIES = (
    "family_hardship",
    "disability",
    "missing_guardianship",
    "vagrancy",
    "psychological_behavioural",
    "self_request",
    "out_of_school",
    "insurance_status",
)
#: Breakdowns of the ledger; those of key care name a category each, since a child can be in several.
LEDGER = ("status", "presence", "left_behind", *(f"key_care.{one}" for one in CATEGORIES))
#: Breakdowns of its migrant children.
MIGRANTS = ("age", "sex", "health", "schooling", "guardianship", "insurance")
#: The same of its left-behind children.
LEFT_BEHIND = tuple(f"left_behind.{one}" for one in MIGRANTS)
#: The populations that a place may wish to count besides; of its children alone, `not_set` being all others of the area.
BESIDES = tuple(
    f"{PREFIX}{one}"
    for one in ("cross_township", "central_districts", "unaccompanied", "left_behind")
)
NOT_SET = "not_set"
#: First age of each band, in years.
BANDS = (0, 3, 6, 9, 12, 15, 16)
UNREPORTED = "unreported"
CONFIRMED = str(LeftBehindState.CONFIRMED)

#: Part → breakdown → answer → children.
Table = dict[int, dict[str, dict[str, int]]]


@dataclass(frozen=True, slots=True)
class Question:
    """``division`` names the area; with ``pilot`` those children alone who live in pilot areas of monitoring (试点)."""

    division: int
    on: date
    pilot: bool = False
    method: str = METHOD

    @property
    def area(self) -> tuple[int, int]:
        return divisions.area_of(self.division)

    def part_of(self, home: int, shielded: bool) -> int:
        """The division next below the area in which a home lies: a county, a township, a village.

        Below its county a shielded child is counted in no part, nor is whoever's home no source knows finer; in a figure
        of less than a county it is not counted at all, since a part of the county's name would tell that it is there.
        """
        if self.division % 10**6 == 0 and divisions.county_of(self.division) != self.division:
            return divisions.county_of(home)
        low, high = self.area
        if high - low >= 10**6:
            return divisions.county_of(home)
        if shielded:
            return divisions.county_of(home)
        width = 1000 if high - low >= 10**3 else 1
        return home // width * width


@dataclass(frozen=True, slots=True)
class Counted:
    part: int
    answers: Mapping[str, str]


def counted(
    kit: Kit, profiles: Profiles, question: Question, child: UUID, known: Known
) -> Counted | None:
    """How one child is counted; None where it is not of the area."""
    stood = standing(kit, profiles, child, known, question.on)
    row = stood.row
    low, high = question.area
    if row.residence_code is None:
        return None
    # Of a shielded child nothing may tell in which part of its county it lives.
    county = divisions.area_of(divisions.county_of(row.residence_code))
    # Whoever was shielded since the day of the figure, as far as was known: it is read after the shielding.
    shielded = row.shielded or (question.method == METHOD and is_shielded(known.decisions))
    home = county if shielded else (row.residence_code, row.residence_code)
    if not (low <= home[0] and home[1] <= high):
        return None
    profile = profiles.for_division(row.residence_code, question.on)
    if question.pilot and not in_pilot(profile, home, question.on):
        return None
    states = {one.category: str(one.state) for one in row.key_care}
    answers = {
        "status": row.status,
        "presence": "moved_out" if row.decision["moved_out"] else "living_here",
    }
    for category in CATEGORIES:
        state = states.get(category, "none")
        answers[f"key_care.{category}"] = "none" if state in ("refused", "closed") else state
    answers["left_behind"] = _left_behind(row)
    if row.status == Status.MIGRANT:
        answers |= _particulars(stood, question.on)
    elif answers["left_behind"] == CONFIRMED:
        particulars = _particulars(stood, question.on)
        answers |= {f"left_behind.{head}": answer for head, answer in particulars.items()}
    answers |= besides(stood, profile, question.on)
    return Counted(question.part_of(row.residence_code, shielded), answers)


def in_pilot(profile: Profile | None, home: tuple[int, int], on: date) -> bool:
    """Whether a home, or all of its county, lies where the place tries monitoring out, as its rules have it on that day."""
    rule = profile.rule(Pilot, on) if profile else None
    if rule is None or rule.areas is NOT_CONFIGURED or not isinstance(rule.areas, tuple):
        return False
    areas = [divisions.area_of(divisions.widen(one)) for one in rule.areas]
    return any(low <= home[0] and home[1] <= high for low, high in areas)


def _left_behind(row: Folded) -> str:
    """As it stood; no migrant child is left behind, whatever somebody has yet to end."""
    state = row.decision.get("left_behind", {}).get("state", "none")
    if state in (LeftBehindState.REFUSED, LeftBehindState.ENDED):
        return "none"
    if state == CONFIRMED and row.status == Status.MIGRANT:
        return str(LeftBehindState.UNDER_REVIEW)
    return str(state)


def _particulars(stood: Standing, on: date) -> dict[str, str]:
    fields = {name: one.value for name, one in stood.fold.fields.items()}
    managed = fields.get("health_managed")
    return {
        "age": band_of(stood.row, on),
        "sex": stood.row.sex,
        "health": {"yes": "managed", "no": "not_managed"}.get(managed or "", UNREPORTED),
        "schooling": _schooling(stood, fields),
        "guardianship": _guardianship(stood.live, on),
        "insurance": _insurance(stood.live, on),
    }


def band_of(row: Folded, on: date) -> str:
    """The band of a child's age in full years."""
    born = row.birth_on
    if born is None or born > on:
        return "unknown"
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    first = max(one for one in BANDS if one <= years)
    after = next((one for one in BANDS if one > first), None)
    if after is None:
        return f"{first}+"
    return str(first) if after == first + 1 else f"{first}-{after - 1}"


def _schooling(stood: Standing, fields: Mapping[str, str]) -> str:
    if stood.fold.schooling.since is not None:
        return stood.fold.schooling.pupil.stage or "pupil"
    event = fields.get("schooling", "")
    return event if event in ("dropped_out", "graduated") else UNREPORTED


def _guardianship(live: Iterable[Opened], on: date) -> str:
    """With whom the child lives, by the newest word of that day."""
    said = [
        (one.plain.observed_on, one.plain.entry_id.int, company)
        for one in live
        if one.item is not None
        and one.plain.observed_on <= on
        and (company := company_of(one.item, one.plain.observed_on)) not in ("", "unknown")
    ]
    return max(said)[2] if said else UNREPORTED


def _insurance(live: Iterable[Opened], on: date) -> str:
    """Whether insured in the year of that day: whoever is insured anywhere is."""
    said = [
        one.item.enrolled
        for one in live
        if isinstance(one.item, InsuranceEnrolment)
        and one.item.year == on.year
        and one.plain.observed_on <= on
    ]
    return UNREPORTED if not said else "insured" if any(said) else "uninsured"


def counted_by(method: str, breakdown: str) -> bool:
    """Whether a way of counting asked this at all: of what it did not count nothing is shown, not even none."""
    if breakdown.startswith(PREFIX):
        return method not in (WITHOUT_LEFT_BEHIND, WITHOUT_BESIDES)
    return method != WITHOUT_LEFT_BEHIND or not breakdown.startswith("left_behind")


@dataclass(slots=True)
class Tally:
    """What has been counted so far; as large as the table, however many children."""

    table: Table = field(default_factory=dict)
    children: int = 0
    unreadable: int = 0
    """Children of whom something stored was changed past the hub: they are not counted."""

    def add(self, one: Counted) -> None:
        self.children += 1
        heads = self.table.setdefault(one.part, {})
        for breakdown, answer in one.answers.items():
            answers = heads.setdefault(breakdown, {})
            answers[answer] = answers.get(answer, 0) + 1

    def as_json(self) -> dict[str, object]:
        """Equal for equal counts, whatever the order of counting."""
        return {
            "children": self.children,
            "unreadable": self.unreadable,
            "parts": {
                divisions.text_of(part): {
                    head: dict(sorted(answers.items())) for head, answers in sorted(heads.items())
                }
                for part, heads in sorted(self.table.items())
            },
        }
