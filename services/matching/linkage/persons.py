"""A person as the linker holds it: who says what of one child, and under which keys it is found.

A *card* is what one or more entries say alike, word for word. A person is its cards; every fact
about it is read from them, so that moving an entry is taking it from one person's card to another's.
"""

from collections.abc import Iterable
from uuid import UUID

from services.matching.linkage.comparison import Profile
from services.matching.linkage.normalization import Standard

Card = dict[UUID, int]
"""The entries that say the same, each with its *arrival*: a number that grows with first sight."""


class Person:
    """``keys`` are the hashed blocking texts of its cards; a *doubtful* person has open reviews or
    is bound by rulings, so whatever touches it is clustered afresh.
    """

    __slots__ = ("_profile", "cards", "doubtful", "keys", "person")

    def __init__(
        self,
        person: UUID,
        cards: dict[Standard, Card] | None = None,
        keys: Iterable[int] = (),
        *,
        doubtful: bool = False,
    ) -> None:
        self.person = person
        self.cards: dict[Standard, Card] = cards if cards is not None else {}
        self.keys = set(keys)
        self.doubtful = doubtful
        self._profile: Profile | None = None

    @property
    def profile(self) -> Profile:
        if self._profile is None:
            self._profile = Profile.of(self.cards)
        return self._profile

    @property
    def has_nameless(self) -> bool:
        """Whether an entry here names nobody, or a guardian for the child."""
        guardians = self.profile.guardian_names
        return any(guardians.issuperset(features.names) for features in self.cards)

    @property
    def entries(self) -> Card:
        """All entries with their arrivals."""
        return {entry: arrival for card in self.cards.values() for entry, arrival in card.items()}

    def add(self, entry: UUID, arrival: int, features: Standard, keys: Iterable[int]) -> None:
        card = self.cards.get(features)
        if card is None:
            self.cards[features] = {entry: arrival}
            self._profile = None
        else:
            card[entry] = arrival
        self.keys.update(keys)

    def remove(self, entry: UUID) -> None:
        """Take an entry out; its keys stay until they are counted anew."""
        for features, card in list(self.cards.items()):
            if entry in card:
                del card[entry]
                if not card:
                    del self.cards[features]
                    self._profile = None
