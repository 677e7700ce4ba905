"""Listing: which records stood beside each other in one register, told to matching without telling which register.

A register lists a child once at a time, so two names that it lists in one season are two children: often the one thing that
tells twins apart while neither has a number. Matching is told marks, and compares them for equality alone. A mark is of one
register, one season and one birth date: no two children born on different days share any, so that whoever reads marks
sees of a register only who in it was born on one day, and cannot count what it holds (docs/adr/0032).

Other hubs are no register: all of them speak as one source, each may know one child by another name, and an answer of a
hukou place repeats the name that is known here.
"""

from datetime import date

from services.registry.records import quality
from services.registry.records.feeds import FEEDS, Item
from shared import resident_id
from shared.hashes import keyed

#: Days. Records of one register so near to each other share a mark, and none do that are twice as far apart.
SEASON = 60
_BYTES = 4


def marks(key: bytes, source: str, feed: str, item: Item) -> list[int]:
    """The marks of an item that ``source`` pushed to ``feed``; none where no birth date is told, by day or by number, or
    where another hub speaks.
    """
    if FEEDS[feed].internal:
        return []
    born = quality.birth_on(item) or _numbered(item.child.id_number)
    if born is None:
        return []
    season = item.observed_on.toordinal() // SEASON
    return [
        int.from_bytes(keyed(key, "listing", source, feed, born.toordinal(), at)[:_BYTES], "big")
        for at in (season, season + 1)
    ]


def _numbered(number: str | None) -> date | None:
    return resident_id.read(number).birth_on if number else None
