"""A feed: one kind of thing that departments push, with the ground on which they may."""

from dataclasses import dataclass

from services.registry.records.feeds.item import Item
from shared.vocabulary import Department


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed: the shape of its items, its owners, its legal ground and its expected rhythm.

    `expected_every_days` is the longest silence of one pushing department that is still on time
    (R11); None means that the feed has no rhythm, because it reports rare events.
    """

    name: str
    model: type[Item]
    departments: tuple[Department, ...]
    legal_basis: str
    expected_every_days: int | None
    title_zh: str
    title_en: str

    @property
    def internal(self) -> bool:
        """Whether only a peer hub speaks on it; such a feed is no department's to push."""
        return self.departments == (Department.HUB,)
