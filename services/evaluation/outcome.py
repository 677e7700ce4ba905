"""What the linker made of a corpus, as numbers: each entry's child and person, and open reviews."""

from array import array
from dataclasses import dataclass, field
from uuid import UUID

from services.evaluation.hub import Hub
from services.evaluation.truth import Truth
from shared.database import SYSTEM, raw

_PAGE = 20_000


@dataclass(slots=True)
class Outcome:
    """Entries whose child is known, each with its child's and its person's number.

    ``reviews`` are pairs of persons' numbers. ``untold`` counts entries that the truth leaves out.
    """

    entries: list[UUID] = field(default_factory=list)
    children: "array[int]" = field(default_factory=lambda: array("L"))
    persons: "array[int]" = field(default_factory=lambda: array("L"))
    reviews: list[tuple[int, int]] = field(default_factory=list)
    untold: int = 0


async def gather(hub: Hub, truth: Truth) -> Outcome:
    """Read all links and open reviews as they stand."""
    outcome, numbers = Outcome(), dict[UUID, int]()
    async with hub.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        cursor = await connection.cursor(
            "SELECT entry, person FROM entries WHERE person IS NOT NULL ORDER BY entry"
        )
        while rows := await cursor.fetch(_PAGE):
            for entry, person in rows:
                child = truth.child_of(entry)
                if child is None:
                    outcome.untold += 1
                    continue
                outcome.entries.append(entry)
                outcome.children.append(child)
                outcome.persons.append(numbers.setdefault(person, len(numbers)))
        for one, other in await connection.fetch(
            "SELECT one, other FROM reviews WHERE closed_at IS NULL ORDER BY review"
        ):
            if one in numbers and other in numbers:
                outcome.reviews.append((numbers[one], numbers[other]))
    return outcome
