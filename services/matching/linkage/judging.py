"""What one entry's evidence about one person allows: a link, a review, or neither.

Weight alone does not decide. Two different valid ID numbers forbid a link whatever else agrees; and
a child is never told from its twin by guardians, phones or places, so a link needs evidence of the
child's own: its name or its papers.
"""

from enum import Enum

from services.matching.linkage.comparison import MISSING, Profile, compare
from services.matching.linkage.normalization import Standard
from services.matching.linkage.weights import Evidence, Frequency, Model, weigh


class Verdict(Enum):
    CERTAIN = "certain"
    POSSIBLE = "possible"
    SEPARATE = "separate"


#: Name levels at which two records may name one child; at the others siblings' names meet too.
AGREEING_NAMES = frozenset(
    ("exact", "homophone", "look_alike", "wildcard", "fuzzy_sound", "reordered", "part", "given")
)
#: Close enough to be one name miswritten, and to be two children of one family.
_SIBLING_LIKE_NAMES = frozenset(("one_glyph", MISSING))
_AGREEING_BIRTHS = frozenset(("exact", "swapped"))
_CLOSE_BIRTHS = _AGREEING_BIRTHS | {"day_differs", "month_differs", "year_differs"}
_SAME_PAPERS = frozenset(("same", "same_document"))
_REVIEWABLE_CLASH = 6.0
"""Bits above ``certain`` that all else must reach before a clash of numbers is shown to a
person.
"""


def assess(model: Model, entry: Standard, person: Profile, frequency: Frequency) -> Evidence:
    """Weigh an entry against a person as a whole."""
    levels = compare(entry, person)
    agreeing = None
    if levels[1] == "exact":
        borne = {name.text for name in person.names}
        agreeing = next((name for name in entry.names if name.text in borne), None)
    return weigh(model, levels, agreeing, frequency)


def judge(model: Model, evidence: Evidence) -> Verdict:
    identifier, name, birth, sex, *_ = evidence.levels
    if identifier == "clash":
        rest = evidence.weight - evidence.weights[0]
        striking = name in AGREEING_NAMES and birth in _AGREEING_BIRTHS
        reviewable = striking and rest >= model.certain + _REVIEWABLE_CLASH
        return Verdict.POSSIBLE if reviewable else Verdict.SEPARATE
    if identifier in _SAME_PAPERS:
        return _with_same_papers(name, birth, sex)
    if evidence.weight < model.possible:
        return Verdict.SEPARATE
    strong = evidence.weight >= model.certain
    sibling_like = name in _SIBLING_LIKE_NAMES
    near = identifier == "near" and birth in _CLOSE_BIRTHS and sex != "different"
    if name in AGREEING_NAMES or (near and sibling_like):
        return Verdict.CERTAIN if strong else Verdict.POSSIBLE
    if sibling_like or identifier == "near":
        return Verdict.POSSIBLE if strong else Verdict.SEPARATE
    return Verdict.SEPARATE


def is_sure(evidence: Evidence, verdict: Verdict) -> bool:
    """Whether the papers and the name agree: nothing else needs to be weighed against it."""
    papers, name, *_ = evidence.levels
    return verdict is Verdict.CERTAIN and papers == "same" and name in AGREEING_NAMES


def rests_on_papers(evidence: Evidence) -> bool:
    """Whether the papers agree but the name does not: also how a sibling's number entered for
    the child looks.
    """
    return evidence.levels[0] in _SAME_PAPERS and evidence.levels[1] not in AGREEING_NAMES


def _with_same_papers(name: str, birth: str, sex: str) -> Verdict:
    """A guardian's or sibling's number entered for the child agrees in neither name nor birth."""
    if name in AGREEING_NAMES:
        contradicted = birth in ("same_year", "different") and sex == "different"
        return Verdict.POSSIBLE if contradicted else Verdict.CERTAIN
    if sex == "different":
        return Verdict.POSSIBLE
    if name in _SIBLING_LIKE_NAMES and birth in _CLOSE_BIRTHS | {MISSING}:
        return Verdict.CERTAIN
    return Verdict.CERTAIN if birth in _AGREEING_BIRTHS else Verdict.POSSIBLE
