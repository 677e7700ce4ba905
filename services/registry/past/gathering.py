"""Gathering what was known: the records, links and people's decisions of children as they stood at an instant.

Cast: *valid* time is the day of which something is said; *known* time is the instant up to which the hub had heard.  A
record is known from its receipt, a link from when matching's word was taken until another took its place, a decision from
when it was made.  Nothing of it is ever changed, so that what was known at an instant is the same whenever it is asked
for; erased children alone are gone from the past too.

An instant is *settled* once every write that bears it or an earlier one has surely been committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from services.registry.children.anchoring import whose
from services.registry.children.gathering import by_child
from services.registry.children.kit import Kit
from services.registry.children.words import NO_WORDS, Words
from services.registry.records.authenticity import FORMER_LINKS
from services.registry.records.vault import SELECTED, Opened, open_row
from shared.limits import REQUEST_TIMEOUT_SECONDS
from shared.sealing import Sealer, Unsealable

log = structlog.get_logger()

#: Requests bear the instant at which they came in, and end within their time; links are taken in seconds.
SETTLES_AFTER = timedelta(seconds=2 * REQUEST_TIMEOUT_SECONDS)
Area = tuple[int, int]
_COUNTY = 10**6

ENTRIES = (
    "(SELECT entry_id, person FROM links WHERE person = ANY($1) AND taken_at <= $2"
    " UNION ALL SELECT entry_id, person FROM former_links"
    "  WHERE person = ANY($1) AND taken_at <= $2 AND replaced_at > $2)"
)
_RECORDS = (
    f"SELECT {SELECTED}, l.person FROM {ENTRIES} l"
    " CROSS JOIN LATERAL (SELECT * FROM records WHERE entry_id = l.entry_id AND received_at <= $2 OFFSET 0) r"
    " LEFT JOIN LATERAL (SELECT * FROM vault.data_keys WHERE id = r.id OFFSET 0) k ON true"
)
#: The former links that anything about these children is told by.
_FORMER = (
    "SELECT f.*, e.child FROM (SELECT person AS child, entry_id FROM links WHERE person = ANY($1)"
    "  UNION SELECT person, entry_id FROM former_links WHERE person = ANY($1)"
    "  UNION SELECT child_id, anchor FROM decisions WHERE child_id = ANY($1)) e"
    " CROSS JOIN LATERAL (SELECT * FROM former_links WHERE entry_id = e.entry_id OFFSET 0) f"
)
#: As ``anchoring.LINKED`` has it of today, of the instant ``$2``.
LINKED_THEN = (
    "(SELECT x.person FROM (SELECT person, link_seq FROM links"
    "   WHERE entry_id = {word}.anchor AND taken_at <= $2"
    "  UNION ALL SELECT person, link_seq FROM former_links"
    "   WHERE entry_id = {word}.anchor AND taken_at <= $2 AND replaced_at > $2) x"
    "  ORDER BY x.link_seq DESC LIMIT 1) AS person,"
    " (EXISTS (SELECT 1 FROM links WHERE person = {word}.child_id AND taken_at <= $2)"
    " OR EXISTS (SELECT 1 FROM former_links WHERE person = {word}.child_id AND taken_at <= $2"
    "  AND replaced_at > $2)) AS stands"
)
_DECISIONS = (
    f"SELECT {LINKED_THEN.format(word='d')}, d.id, d.anchor, d.child_id, d.basis, d.kind, d.category, d.reason,"
    " d.client, d.department, d.actor, d.decided_at, d.sealed, k.master, k.wrapped FROM"
    " (SELECT id FROM decisions WHERE child_id = ANY($1) UNION SELECT id FROM decisions"
    "  WHERE anchor = ANY(ARRAY(SELECT entry_id FROM"
    f"  {ENTRIES} e))) AS found"
    " CROSS JOIN LATERAL (SELECT * FROM decisions WHERE id = found.id AND decided_at <= $2 OFFSET 0) d"
    " CROSS JOIN LATERAL (SELECT master, wrapped FROM vault.data_keys WHERE id = d.id OFFSET 0) k"
    " ORDER BY d.decided_at, d.id"
)
# Each of the two lists begins where the page does and is long enough for the whole of it.
_PERSONS = (
    "SELECT person FROM ("
    " (SELECT DISTINCT person FROM links WHERE person > $1 ORDER BY person LIMIT $2)"
    " UNION (SELECT DISTINCT person FROM former_links WHERE person > $1 ORDER BY person LIMIT $2)"
    ") AS p ORDER BY person LIMIT $2"
)
# Who speaks of a place elsewhere is found by an index of its own; nearly all speak of their own county.
_OF_PLACE = (
    "SELECT DISTINCT p.person FROM"
    " (SELECT entry_id FROM records WHERE division BETWEEN $1 AND $2"
    "   AND (division BETWEEN $3 AND $4 OR residence_code BETWEEN $3 AND $4)"
    "  UNION SELECT entry_id FROM records WHERE residence_code BETWEEN $3 AND $4"
    "   AND residence_code / 1000000 <> division / 1000000) e"
    " CROSS JOIN LATERAL (SELECT person FROM links WHERE entry_id = e.entry_id"
    "  UNION SELECT person FROM former_links WHERE entry_id = e.entry_id) p"
    " WHERE p.person IS NOT NULL ORDER BY p.person LIMIT $5"
)


@dataclass(frozen=True, slots=True)
class Known:
    """One child as the hub knew it: its records, what people had decided, in order, and what else they had done."""

    records: list[Opened]
    decisions: list[Any] = field(default_factory=list)
    words: Words = NO_WORDS


async def persons(connection: "asyncpg.Connection[Any]", after: UUID, limit: int) -> list[UUID]:
    """The next children, by id, of whom any entry ever spoke."""
    return [row["person"] for row in await connection.fetch(_PERSONS, after, limit)]


async def persons_of(connection: "asyncpg.Connection[Any]", place: Area, limit: int) -> list[UUID]:
    """The children, by id, of whom any entry ever spoke that puts them in a place, or comes from there."""
    low, high = place
    counties = low // _COUNTY * _COUNTY, high // _COUNTY * _COUNTY + _COUNTY - 1
    rows = await connection.fetch(_OF_PLACE, *counties, low, high, limit)
    return [row["person"] for row in rows]


async def known(
    connection: "asyncpg.Connection[Any]",
    kit: Kit,
    children: Sequence[UUID],
    known_at: datetime,
    broken: set[UUID],
    areas: Sequence[Area] | None = None,
) -> dict[UUID, Known]:
    """Those of the children that the hub knew at ``known_at``; as the service itself.

    With ``areas``, those alone of whom some record speaks of a place in them: no other can have lived there.  A child of
    whom a record, a decision or a former link was tampered with goes into ``broken``.
    """
    for former in await connection.fetch(_FORMER, list(children)):
        if not FORMER_LINKS.authentic(kit.audit, former):
            broken.add(former["child"])
    rows: dict[UUID, list[Any]] = {}
    for row in await connection.fetch(_RECORDS, list(children), known_at):
        rows.setdefault(row["person"], []).append(row)
    if areas is not None:
        rows = {child: held for child, held in rows.items() if _speak_of(held, areas)}
    if not rows:
        return {}
    found = {}
    for child, held in rows.items():
        if records := _opened(kit.sealer, held, child, broken):
            found[child] = Known(records)
    words = await connection.fetch(_DECISIONS, list(rows), known_at)
    belongs = await whose(connection, kit.sealer, words, "decided_at", known_at)
    for child, decided in by_child(kit.sealer, words, belongs, list(rows), broken).items():
        if child in found:
            found[child].decisions.extend(decided)
    return {child: one for child, one in found.items() if child not in broken}


def _speak_of(rows: Sequence[Any], areas: Sequence[Area]) -> bool:
    return any(
        low <= row["division"] <= high or low <= (row["residence_code"] or -1) <= high
        for row in rows
        for low, high in areas
    )


def _opened(sealer: Sealer, rows: Sequence[Any], child: UUID, broken: set[UUID]) -> list[Opened]:
    found = []
    for row in rows:
        try:
            opened = open_row(sealer, row)
        except Unsealable:
            log.error("record.unsealable", record=str(row["id"]))
            broken.add(child)
            return []
        if opened is not None:
            found.append(opened)
    return found
