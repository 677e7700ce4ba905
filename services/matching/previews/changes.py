"""The changes that a model makes to one group after the other, added up and digested."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from uuid import UUID

from services.matching.linkage.decisions import Outcome
from services.matching.links.neighbourhood import Neighbourhood
from services.matching.links.storing import ReviewChanges


@dataclass(slots=True)
class Counts:
    groups: int = 0
    entries_moved: int = 0
    persons_merged: int = 0
    persons_parted: int = 0
    reviews_opened: int = 0
    reviews_closed: int = 0


@dataclass(slots=True)
class Changes:
    """``persons`` are those who gain or lose an entry or a review."""

    counts: Counts = field(default_factory=Counts)
    persons: set[UUID] = field(default_factory=set)
    moved: dict[UUID, UUID] = field(default_factory=dict)
    _lines: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome, reviews: ReviewChanges, group: Collection[UUID]) -> bool:
        """Take one group's changes in; whether there are any."""
        opened = [review for review in reviews.news if review not in reviews.opened]
        if not (outcome.placements or reviews.settled or reviews.news):
            return False
        living = {person for person, found in outcome.persons.items() if found.size}
        self.counts.groups += 1
        self.counts.entries_moved += len(outcome.placements)
        self.counts.persons_merged += len(outcome.joined)
        self.counts.persons_parted += len(living.difference(group))
        self.counts.reviews_opened += len(opened)
        self.counts.reviews_closed += len(reviews.settled)
        for entry, placement in outcome.placements.items():
            self.moved[entry] = placement.person
            grade = "certain" if placement.certain else "possible"
            self._lines.append(f"{entry} {placement.person} {grade}")
        for review, doubt in reviews.news.items():
            self._lines.append(f"{review} {doubt.one} {doubt.other} {doubt.entry}")
            self.persons |= {doubt.one, doubt.other} & set(group)
        for review in reviews.settled:
            self._lines.append(f"{review} closed")
            self.persons |= {reviews.opened[review].one, reviews.opened[review].other}
        self.persons |= {placement.person for placement in outcome.placements.values()}
        self.persons |= outcome.joined.keys()
        return True

    @property
    def digest(self) -> bytes:
        return sha256("\n".join(sorted(self._lines)).encode()).digest()

    def as_json(self) -> dict[str, int]:
        return asdict(self.counts)


async def surveyed(near: Neighbourhood, group: Collection[UUID]) -> None:
    """Fetch all that the group is decided by, and nothing beyond it."""
    await near.fetch(group)
    near.doubt(group)
    await near.fetch_bound()
    near.keep_to(group)
