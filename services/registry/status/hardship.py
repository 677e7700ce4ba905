"""Which hardship evidence calls for key care (重点关爱), by the categories of the child's place.

*Evidence* is one record that speaks for a hardship; a *proposal* gathers the evidence of one
category for civil affairs to confirm. Nothing here asks for a status: protection never waits for
it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.registry.profiles.profile import Profile
from services.registry.profiles.rules import Handling


@dataclass(frozen=True, slots=True)
class HardshipEvidence:
    """What one record says of one category, from `since` to its last day `until` (None: open)."""

    category: str
    record_id: UUID
    since: date | None = None
    until: date | None = None

    def holds(self, on: date) -> bool:
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One category to be confirmed by a person, with its records and the clause that asks for it.

    `unsure` names a condition of the clause that no fact settles: it is for the person to settle.
    """

    category: str
    evidence: tuple[UUID, ...]
    clause: str
    handling: Handling
    unsure: tuple[str, ...] = ()


def propose(
    evidence: Iterable[HardshipEvidence],
    profile: Profile | None,
    day: date,
    cross_township: bool | None,
) -> tuple[Proposal, ...]:
    """Key care proposed on `day`, in the order of the text.

    Evidence of a category that the place's texts do not name proposes nothing.
    `cross_township`: whether the child lives in another township (跨乡镇) than its hukou, None if
    unknown. A category meant for such children is withheld only from a child known to be no such.
    """
    if profile is None:
        return ()
    records: dict[str, set[UUID]] = {}
    for one in evidence:
        if one.holds(day):
            records.setdefault(one.category, set()).add(one.record_id)
    return tuple(
        Proposal(
            category=rule.category,
            evidence=tuple(sorted(records[rule.category])),
            clause=rule.clause,
            handling=rule.handling,
            unsure=("cross_township",) if rule.cross_township and cross_township is None else (),
        )
        for rule in profile.hardship_categories(day)
        if rule.category in records and not (rule.cross_township and cross_township is False)
    )
