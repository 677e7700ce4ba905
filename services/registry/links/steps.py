"""Steps: the comparisons that a match weight adds up, as far as a caller may know how the two sides compare.

A comparison tells of what it compares: its level is shown to those who see the fields behind it.  Of a shielded child
nothing is shown that tells of a place, nor a sum from which it could be reckoned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Comparison → the field group that opens it; one that is not named here is shown to nobody.
GROUPS: Mapping[str, str] = {
    "identifier": "id_number",
    "name": "identity",
    "birth": "birth",
    "sex": "identity",
    "family": "guardians",
    "hukou": "hukou",
    "residence": "residence",
    "school": "school",
}
#: What tells where a child lives: families are compared by their home too.
PLACES = frozenset({"family", "hukou", "residence", "school"})


@dataclass(frozen=True, slots=True)
class Steps:
    """The comparisons shown; ``whole`` where none was held back."""

    shown: list[dict[str, Any]]
    whole: bool


def steps_of(
    comparisons: Sequence[Mapping[str, Any]], groups: Mapping[str, str], shielded: bool
) -> Steps:
    """What of these comparisons is open to the field ``groups``."""
    shown = [
        {key: one[key] for key in ("comparison", "level", "weight")}
        for one in comparisons
        if GROUPS.get(one["comparison"]) in groups
        and not (shielded and one["comparison"] in PLACES)
    ]
    return Steps(shown, len(shown) == len(comparisons))


def waterfall(
    comparisons: Sequence[Mapping[str, Any]],
    weight: float,
    groups: Mapping[str, str],
    shielded: bool,
) -> dict[str, Any]:
    """From the prior, comparison by comparison, to the match weight; the two ends only where the whole way is shown."""
    steps = steps_of(comparisons, groups, shielded)
    told: dict[str, Any] = {"comparisons": steps.shown, "whole": steps.whole}
    if steps.whole:
        told["prior"] = round(weight - sum(one["weight"] for one in comparisons), 6)
        told["weight"] = weight
    return told
