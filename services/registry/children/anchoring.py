"""Anchoring: whose a word is, a decision's or a case's, when its anchor is linked to another child than it was said of.

A word has an *anchor*, an entry of the child it was said of.  What people rule and linkage finds about the same entry
takes the word along: it follows its anchor.  What the entry's own source makes of it does not: an entry that came to
name somebody else after the word was said is *astray*, and the word stays with its child, as long as that one has
entries.  Otherwise whoever had one entry linked to a child could carry off what was decided about it, by a correction.

A pure question to links and records, so that a rebuild answers it alike.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.records.vault import SELECTED, Opened, open_row
from shared import resident_id
from shared.sealing import Sealer, Unsealable

#: Of each word w: whom its anchor is linked to, and whether the child that it was said of still has entries.
LINKED = (
    "(SELECT person FROM links WHERE entry_id = {word}.anchor) AS person,"
    " EXISTS (SELECT 1 FROM links WHERE person = {word}.child_id) AS stands"
)
_VERSIONS = (
    f"SELECT {SELECTED} FROM unnest($1::uuid[]) AS a(entry_id)"
    " CROSS JOIN LATERAL (SELECT * FROM records WHERE entry_id = a.entry_id OFFSET 0) r"
    " LEFT JOIN LATERAL (SELECT * FROM vault.data_keys WHERE id = r.id OFFSET 0) k ON true"
    " WHERE $2::timestamptz IS NULL OR r.received_at <= $2 ORDER BY r.entry_id, r.version, r.kind"
)


def in_doubt(word: Any) -> bool:
    """Whether it takes the anchor's records to say whose a word is; its row bears ``LINKED``."""
    return word["stands"] and word["person"] not in (None, word["child_id"])


async def whose(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer | None,
    words: Sequence[Any],
    said_at: str,
    known_at: datetime | None = None,
) -> dict[UUID, UUID | None]:
    """By the word's id, the child that it is about today; None for a word about no registered child.

    ``said_at`` names the column that tells when.  As the service itself, where any is ``in_doubt``.  Without a ``sealer``
    an entry with any version since is taken to be astray.  With ``known_at``, by the versions that had come by then.
    """
    doubtful = {word["anchor"] for word in words if in_doubt(word)}
    versions: dict[UUID, list[Any]] = {}
    if doubtful:
        for row in await connection.fetch(_VERSIONS, list(doubtful), known_at):
            versions.setdefault(row["entry_id"], []).append(row)
    return {
        word["id"]: word["child_id"]
        if word["person"] is None
        or (in_doubt(word) and _astray(sealer, versions.get(word["anchor"], []), word[said_at]))
        else word["person"]
        for word in words
    }


def _astray(sealer: Sealer | None, versions: Sequence[Any], said_at: Any) -> bool:
    """Whether an entry's versions, the oldest first, came to name somebody else after the word was said."""
    since = [row for row in versions if row["received_at"] >= said_at]
    if not since or len(versions) < 2:
        return False
    if sealer is None:
        return True
    before = [row for row in versions if row["received_at"] < said_at] or versions[:1]
    named = _named(sealer, before[-1])
    return named is None or named != _named(sealer, versions[-1])


def _named(sealer: Sealer, row: Any) -> tuple[object, ...] | None:
    """Who a version says the child is, and whose; None where it cannot be read."""
    try:
        opened: Opened | None = open_row(sealer, row)
    except Unsealable:  # named by whoever folds it
        return None
    if opened is None or opened.item is None:
        return None
    child = opened.item.child
    return (
        _number(child.id_number),
        child.name,
        child.birth_date,
        sorted((one.name or "", _number(one.id_number)) for one in opened.item.guardians),
    )


def _number(text: str | None) -> str:
    return resident_id.read(text).number or text if text else ""
