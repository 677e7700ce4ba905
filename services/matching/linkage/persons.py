"""A person as the linker holds it: who says what of one child, and under which keys it is found.

A *card* is what one or more entries say alike, word for word. A person is its cards; every fact
about it is read from them, so that moving an entry is taking it from one person's card to another's.
Cards repeat each other, so a person holds each facet once, in columns, and a card as its *row*: the
place of each of its facets. Both stay packed until somebody asks what they say.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from services.matching.linkage import facets
from services.matching.linkage.facets import Facets, Packed
from services.matching.linkage.normalization import Standard
from services.matching.linkage.profile import Profile


class Sight(NamedTuple):
    """An entry seen: its *arrival*, a number that grows with first sight, and the marks under which a register *listed*
    it: two entries with a common one stood in one register in one season (docs/adr/0032).
    """

    arrival: int
    listed: tuple[int, ...] = ()


Card = dict[UUID, Sight]
"""The entries that say the same."""
Row = list[list[Any]]
"""A card, packed: the place of each of its facets; its entries in hexadecimal; their sights."""


class Document(NamedTuple):
    """What a person's cards say, packed."""

    columns: list[list[Any]]
    rows: list[Row]


class Person:
    """``keys`` are the hashed blocking texts of its cards; a *doubtful* person has open reviews or
    is bound by rulings, so whatever touches it is clustered afresh.
    """

    __slots__ = ("_profile", "document", "doubtful", "keys", "person")

    def __init__(
        self,
        person: UUID,
        cards: Mapping[Standard, Card] | None = None,
        keys: Iterable[int] = (),
        *,
        doubtful: bool = False,
        document: Document | None = None,
    ) -> None:
        self.person = person
        self.document = document or _blank()
        self.keys = set(keys)
        self.doubtful = doubtful
        self._profile: Profile | None = None
        for features, card in (cards or {}).items():
            self.put(facets.packed(features), card)

    @property
    def profile(self) -> Profile:
        if self._profile is None:
            self._profile = Profile.of_columns(facets.unpacked(self.document.columns))
        return self._profile

    @property
    def cards(self) -> dict[Standard, Card]:
        """What is said, and by which entries."""
        columns = facets.unpacked(self.document.columns)
        return {
            facets.standard_of(
                Facets._make([column[at] for column, at in zip(columns, places, strict=True)])
            ): dict(zip(map(UUID, entries), map(_sight, sights), strict=True))
            for places, entries, sights in self.document.rows
        }

    @property
    def size(self) -> int:
        """How many cards there are; none where nobody speaks of this person."""
        return len(self.document.rows)

    @property
    def has_nameless(self) -> bool:
        """Whether an entry here names nobody, or a guardian for the child."""
        guardians = self.profile.guardian_names
        return any(guardians.issuperset(features.names) for features in self.cards)

    @property
    def entries(self) -> Card:
        """All entries."""
        return {
            UUID(entry): _sight(sight)
            for _, entries, sights in self.document.rows
            for entry, sight in zip(entries, sights, strict=True)
        }

    @property
    def listed(self) -> set[int]:
        """Every mark under which a register listed this child."""
        sights = (sight for _, _, sights in self.document.rows for sight in sights)
        return {mark for sight in sights for mark in _sight(sight).listed}

    def put(self, said: Packed, card: Card) -> None:
        """Have the card's entries, none of which is here, say this."""
        arriving, sights = [entry.hex for entry in card], [_packed(each) for each in card.values()]
        columns, rows = self.document
        if not rows:
            first: Row = [[0] * len(said), arriving, sights]
            self.document = Document([[facet] for facet in said], [first])
            self._profile = None
            return
        places: list[int] = []
        for column, facet in zip(columns, said, strict=True):
            if facet == column[0]:
                places.append(0)
            elif facet in column:
                places.append(column.index(facet, 1))
            else:
                places.append(len(column))
                column.append(facet)
                self._profile = None
        for row in rows:
            if row[0] == places:
                row[1].extend(arriving)
                row[2].extend(sights)
                return
        rows.append([places, arriving, sights])

    def remove(self, entry: UUID) -> None:
        """Take an entry out; its keys stay until they are counted anew."""
        cards = self.cards
        self.document = _blank()
        self._profile = None
        for features, card in cards.items():
            card.pop(entry, None)
            if card:
                self.put(facets.packed(features), card)


def _packed(sight: Sight) -> int | list[int]:
    return [sight.arrival, *sight.listed] if sight.listed else sight.arrival


def _sight(packed: int | list[int]) -> Sight:
    return Sight(packed) if isinstance(packed, int) else Sight(packed[0], tuple(packed[1:]))


def _blank() -> Document:
    return Document([[] for _ in Facets._fields], [])
