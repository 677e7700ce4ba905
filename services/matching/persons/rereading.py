"""Rereading: what this release reads otherwise than the one that linked it is placed again, as if it were told anew.

A person's document is what its entries said when they were linked. Entry by entry it is compared with what they say now,
without a lock; what differs is placed by the linker, in the version that stands, a page in a transaction. So it may be
stopped anywhere and begun again, and finds only what is left.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from services.matching.entries.sealing import Strongroom
from services.matching.links import linking, queries
from services.matching.links.linker import Linker
from services.matching.links.linking import Item
from services.matching.links.queries import StoredLink
from services.matching.persons.agreeing import said_in, said_of
from shared.database import SYSTEM, Database, raw
from shared.sealing import Unsealable

log = structlog.get_logger()

#: Entries looked at together: were all of them read otherwise, whoever waits for the linker waits some tenths of a second.
PAGE = 300
# By entry, not by person: placing one may part a person whose turn is yet to come.
_STANDING = """
SELECT e.entry, e.version, e.sealed, p.person, p.sealed AS document, p.doubtful, p.keying
FROM entries e JOIN persons p USING (person)
WHERE e.sealed IS NOT NULL AND p.sealed IS NOT NULL AND e.entry > $1 ORDER BY e.entry LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Reread:
    """Of one page of entries: how many were placed again, how many of these are linked to another person now, and how many
    do not open, or whose person does not. What was told anew or taken back meanwhile is none of them.
    """

    entries: int = 0
    moved: int = 0
    broken: int = 0


async def reread(database: Database, linker: Linker) -> AsyncIterator[Reread]:
    """Place again, page by page, what is read otherwise now."""
    after: UUID | None = UUID(int=0)
    while after is not None:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            await queries.look_up(connection)
            linker = await linker.current(session)
            rows = await connection.fetch(_STANDING, after, PAGE)
        items, broken = await asyncio.to_thread(_unlike, linker.strongroom, rows)
        stood = {row["entry"]: row["person"] for row in rows}
        placed = await _place(database, linker, items)
        moved = sum(link.person != stood[link.entry] for link in placed)
        yield Reread(len(placed), moved, broken)
        after = rows[-1]["entry"] if len(rows) == PAGE else None


async def _place(database: Database, linker: Linker, items: Sequence[Item]) -> list[StoredLink]:
    """The links of those that stand in the version that was read."""
    if not items:
        return []
    async with database.transaction(SYSTEM) as session:
        links = await linking.reread(session, linker, items)
    return [link for item, link in zip(items, links, strict=True) if link.version == item.version]


def _unlike(strongroom: Strongroom, rows: Sequence[Any]) -> tuple[list[Item], int]:
    """What to place again, and how many rows do not open."""
    items: list[Item] = []
    broken = 0
    for row in rows:
        try:
            features = strongroom.open_entry(row["entry"], row["version"], row["sealed"])
            person = strongroom.open_person(
                row["person"], row["document"], doubtful=row["doubtful"]
            )
        except (Unsealable, ValueError):
            log.error("entry.unsealable", entry=str(row["entry"]), person=str(row["person"]))
            broken += 1
            continue
        # What an older keying posted is brought under the current one by whoever rekeys.
        before = person.keys if row["keying"] == strongroom.keying else None
        is_found_otherwise = before not in (None, strongroom.keys_of_person(person))
        if is_found_otherwise or said_of(person).get(row["entry"]) != said_in(features):
            items.append(Item(row["entry"], row["version"], features))
    return items, broken
