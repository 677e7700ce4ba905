"""What one entry's evidence about one person allows: a link, a review, or neither.

Weight alone does not decide. Two different valid ID numbers forbid a link whatever else agrees; and
a child is never told from its twin by guardians, phones or places, so a link needs evidence of the
child's own: its name or its papers. One slip is a slip; two, in name and sex or in name and number,
are another child. Nor is it told from a brother whose name sounds like its own, so
a name that only resembles needs a birth date that could be the same.
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
_SIBLING_LIKE_NAMES = frozenset(("one_glyph", "masked", MISSING))
#: Levels of one name miswritten at which twins' names meet too.
_TWIN_LIKE_NAMES = frozenset(("homophone", "look_alike", "fuzzy_sound", "reordered"))
_NO_PAPERS = frozenset((MISSING, "cut"))
_OTHER_NAMES = frozenset(("one_glyph", "surname", "different"))
_ONE_FAMILY = frozenset((
    "guardian_id", "guardian_and_phone", "guardian_and_address", "phone_and_address",
    "phone", "address", "guardian",
))  # fmt: skip
#: What strangers with a guardian of one name do not have in common.
_MORE_THAN_A_NAME = _ONE_FAMILY - {"guardian"}
#: What few families have in common: not a name in one street.
_TIES = _MORE_THAN_A_NAME - {"guardian_and_address"}
_IN_ONE_COUNTY = frozenset(("same_township", "same_county"))
_AGREEING_BIRTHS = frozenset(("exact", "swapped", "lunar", "near_day"))
#: Birth dates that no slip of the pen makes of one another: what brothers and sisters have.
_FAR_BIRTHS = frozenset(("same_year", "different"))
_SAME_PAPERS = frozenset(("same", "same_document"))
#: Entries from which on a child is well known: the offices that told them would have told of a twin
#: too, by its own name and number, so another glyph in one name more is a slip.
WELL_KNOWN = 3
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
        striking = name in AGREEING_NAMES and birth in ("exact", "swapped")
        reviewable = striking and rest >= model.certain + _REVIEWABLE_CLASH
        return Verdict.POSSIBLE if reviewable else Verdict.SEPARATE
    if identifier == "same_document" and name == "one_glyph":
        # Nothing tells to which twin a certificate was given.
        return Verdict.POSSIBLE
    if identifier in _SAME_PAPERS:
        return _with_same_papers(evidence)
    if evidence.weight < model.possible:
        return Verdict.SEPARATE
    near = identifier == "near"
    if name != "exact" and not near and birth in _FAR_BIRTHS:
        return Verdict.SEPARATE
    strong = evidence.weight >= model.certain
    if name in AGREEING_NAMES:
        told_apart = name != "exact" and (sex == "different" or identifier == "different")
        is_of_another_age = birth == "different" and not near
        told_apart |= is_of_another_age and evidence.level("family") not in _MORE_THAN_A_NAME
        return Verdict.CERTAIN if strong and not told_apart else Verdict.POSSIBLE
    if sex == "different" or birth in _FAR_BIRTHS:
        return Verdict.SEPARATE
    if near and name in _SIBLING_LIKE_NAMES:
        return Verdict.CERTAIN if strong else Verdict.POSSIBLE
    if near or name in _SIBLING_LIKE_NAMES:
        return Verdict.POSSIBLE if strong else Verdict.SEPARATE
    return Verdict.SEPARATE


def is_related(evidence: Evidence, verdict: Verdict) -> bool:
    """Whether the entry and the person must be looked at together: linked, doubtful, or so alike
    under different numbers that one of them may hold a record of the other. One name in one family is enough: a number brings
    its birth date along.
    """
    if verdict is not Verdict.SEPARATE:
        return True
    papers, name, birth, _, family, *_ = evidence.levels
    if papers != "clash":
        return False
    if name == "exact" and family in _MORE_THAN_A_NAME:
        return True
    return name in AGREEING_NAMES and birth not in _FAR_BIRTHS


def is_namesake(evidence: Evidence) -> bool:
    """Whether both bear one name under different numbers."""
    papers, name, *_ = evidence.levels
    return papers == "clash" and name == "exact"


def is_sibling(evidence: Evidence) -> bool:
    """Whether birth or sex tell two children of one family apart."""
    _, _, birth, sex, *_ = evidence.levels
    return birth in _FAR_BIRTHS or sex == "different"


def is_far_in_age(evidence: Evidence) -> bool:
    """Whether no slip of the pen makes one birth date of the other."""
    return evidence.level("birth") in _FAR_BIRTHS


def may_be_a_twins(evidence: Evidence) -> bool:
    """Whether a twin's record might show the same: a name that only resembles, and no papers."""
    papers, name, birth, *_ = evidence.levels
    return name in _TWIN_LIKE_NAMES and papers in _NO_PAPERS and birth == "exact"


def is_nameless(evidence: Evidence) -> bool:
    """Whether an entry names nobody, but shows the birth date and the sex of the person."""
    papers, name, birth, sex, *_ = evidence.levels
    return papers == MISSING == name and birth == "exact" and sex == "same"


def is_told_by_nothing_of_its_own(evidence: Evidence) -> bool:
    """Whether one side names nobody and no paper says who it is, a number nearly the same least of all: it may be another
    child of the family.
    """
    papers, name, *_ = evidence.levels
    return name == MISSING and papers not in _SAME_PAPERS


def has_a_tie(evidence: Evidence) -> bool:
    """Whether a guardian's number or a phone is the same on both sides, or a home beside which no guardian agrees."""
    return evidence.level("family") in _TIES


def is_in_one_county(evidence: Evidence) -> bool:
    """Whether both sides are registered, or live, in one county."""
    *_, hukou, residence, _ = evidence.levels
    return not _IN_ONE_COUNTY.isdisjoint((hukou, residence))


def is_twin(evidence: Evidence) -> bool:
    """Whether the entry shows the person's birth date and family, but not its name."""
    _, name, birth, _, family, *_ = evidence.levels
    return name not in AGREEING_NAMES and birth == "exact" and family in _ONE_FAMILY


def is_one_glyph_off(evidence: Evidence) -> bool:
    """Whether a number says the child and one glyph of the name another: a slip of the pen, or a twin's record with its number."""
    papers, name, *_ = evidence.levels
    return name == "one_glyph" and papers == "same"


def contradicts(evidence: Evidence) -> bool:
    """Whether the entry speaks of somebody else: records that hold for one child never do so. A name that only resembles and a
    birth date that no slip makes of the other are a brother's.
    """
    papers, name, birth, *_ = evidence.levels
    if papers in _SAME_PAPERS:
        return False
    return name in _OTHER_NAMES or (name != "exact" and papers != "near" and birth in _FAR_BIRTHS)


def bears(person: Profile, entry: Standard) -> bool:
    """Whether the person bears the entry's own number and one of its names as written: then nobody
    else needs to be looked for under what the person is known by already.
    """
    return entry.id_number in person.id_numbers and any(n in person.names for n in entry.names)


def _with_same_papers(evidence: Evidence) -> Verdict:
    """A guardian's or sibling's number entered for the child agrees in neither name nor birth; a stranger's, of the line above in
    a sheet, brings its birth date along, but no family.
    """
    _, name, birth, sex, family, *_ = evidence.levels
    if name in AGREEING_NAMES:
        faults = (name != "exact") + (sex == "different") + (birth in _FAR_BIRTHS)
        return Verdict.POSSIBLE if faults > 1 else Verdict.CERTAIN
    if sex == "different" or (name == "one_glyph" and birth != "exact"):
        return Verdict.POSSIBLE
    if name in _SIBLING_LIKE_NAMES and birth not in _FAR_BIRTHS:
        return Verdict.CERTAIN
    if name == "different" and family not in _ONE_FAMILY:
        return Verdict.POSSIBLE
    return Verdict.CERTAIN if birth in _AGREEING_BIRTHS else Verdict.POSSIBLE
