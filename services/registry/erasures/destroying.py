"""Destroying: after this nothing of a child can be read any more, here or in a copy of the database.

Sealed rows stay where they are, since records are never changed; what goes are the data keys that open them, the fold,
its look-up hashes, and, by way of the resolution queue, everything matching holds.  It may be repeated at any time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.alerts import gathering as alerts
from services.registry.children.anchoring import LINKED, whose
from services.registry.children.queueing import hold, queue
from services.registry.erasures.tombstones import shred
from services.registry.records.queueing import enqueue
from shared.sealing import Sealer

_SHRED_DECISIONS = (
    "DELETE FROM vault.data_keys k USING decisions d WHERE k.id = d.id"
    " AND (d.anchor = ANY($1) AND d.id <> ALL($4) OR d.child_id = $3 OR (d.category = '' AND d.basis && $1))"
    " AND ($2::timestamptz IS NULL OR d.decided_at <= $2)"
)
_SHRED_OPENINGS = (
    "DELETE FROM vault.data_keys k USING break_glass b WHERE k.id = b.id AND b.child_id = $1"
    " AND ($2::timestamptz IS NULL OR b.opened_at <= $2)"
)
_SHRED_CASES = (
    "DELETE FROM vault.data_keys k USING cases c LEFT JOIN case_acts a ON a.case_id = c.id"
    " WHERE k.id IN (c.id, a.id) AND (c.child_id = $3 OR c.anchor = ANY($1) AND c.id <> ALL($4))"
    " AND ($2::timestamptz IS NULL OR coalesce(a.acted_at, c.opened_at) <= $2)"
)
_SHRED_COMPARTMENTS = (
    "DELETE FROM vault.data_keys k USING compartment_entries e"
    " LEFT JOIN compartment_acts a ON a.entry_id = e.id"
    " WHERE k.id IN (e.id, a.id) AND (e.child_id = $3 OR e.anchor = ANY($1) AND e.id <> ALL($4))"
    " AND ($2::timestamptz IS NULL OR coalesce(a.acted_at, e.opened_at) <= $2)"
)
_SHRED_GUARDIANSHIP = (
    "DELETE FROM vault.data_keys k WHERE k.id IN ("
    " SELECT g.id FROM assessments g WHERE {about} UNION ALL SELECT g.id FROM placements g WHERE {about}"
    " UNION ALL SELECT a.id FROM placement_acts a JOIN placements g ON g.id = a.placement_id"
    "  WHERE (g.child_id = $3 OR g.anchor = ANY($1) AND g.id <> ALL($4))"
    "  AND ($2::timestamptz IS NULL OR a.made_at <= $2))"
).format(
    about="(g.child_id = $3 OR g.anchor = ANY($1) AND g.id <> ALL($4))"
    " AND ($2::timestamptz IS NULL OR g.made_at <= $2)"
)
_SHRED_ALERT_ACTS = (
    "DELETE FROM vault.data_keys k USING alert_acts a WHERE k.id = a.id"
    " AND (a.child_id = $3 OR a.anchor = ANY($1) AND a.id <> ALL($4))"
    " AND ($2::timestamptz IS NULL OR a.acted_at <= $2)"
)
#: What was done about others' alerts names the child as their sibling in key care, in plain: it goes altogether.
_SIBLING = (
    "a.kind = 'sibling_in_care' AND left(a.cause, 32) = ANY(SELECT replace(id::text, '-', '')"
    " FROM unnest($1::uuid[]) AS n(id))"
)
_REMOVE_ACTS_ON_SIBLINGS = (
    f"WITH gone AS (DELETE FROM alert_acts a WHERE {_SIBLING}"
    " AND ($2::timestamptz IS NULL OR a.acted_at <= $2) RETURNING a.id, a.child_id, a.anchor),"
    " keys AS (DELETE FROM vault.data_keys k USING gone WHERE k.id = gone.id)"
    " SELECT child_id AS other FROM gone WHERE child_id IS NOT NULL"
    " UNION SELECT l.person FROM gone JOIN links l ON l.entry_id = gone.anchor WHERE l.person IS NOT NULL"
)
_ALERTED_SIBLINGS = f"SELECT DISTINCT a.child_id AS other FROM alerts a WHERE {_SIBLING}"
#: As whom the child was known before its entries were linked otherwise.
_FORMERLY = (
    "SELECT DISTINCT f.person FROM former_links f WHERE f.entry_id = ANY($1)"
    " AND NOT EXISTS (SELECT 1 FROM links l WHERE l.person = f.person)"
)
#: A handover goes whole, by its proposal.
_SHRED_HANDOVERS = (
    "DELETE FROM vault.data_keys k USING handover_acts a WHERE k.id = a.id"
    " AND (a.child_id = $3 OR a.anchor = ANY($1) AND a.handover_id <> ALL($4))"
    " AND ($2::timestamptz IS NULL OR a.acted_at <= $2)"
)
_ANCHORED = (
    "SELECT d.id, d.anchor, d.child_id, d.decided_at AS said_at, "
    + LINKED.format(word="d")
    + " FROM decisions d"
    " WHERE d.anchor = ANY($1) AND d.child_id <> $2 UNION ALL"
    " SELECT c.id, c.anchor, c.child_id, c.opened_at, " + LINKED.format(word="c") + " FROM cases c"
    " WHERE c.anchor = ANY($1) AND c.child_id <> $2"
    + "".join(
        f" UNION ALL SELECT g.id, g.anchor, g.child_id, g.{at}, {LINKED.format(word='g')} FROM {table} g"
        " WHERE g.anchor = ANY($1) AND g.child_id <> $2"
        for table, at in (
            ("compartment_entries", "opened_at"),
            ("assessments", "made_at"),
            ("placements", "made_at"),
            ("alert_acts", "acted_at"),
        )
    )
    + " UNION ALL SELECT h.handover_id, h.anchor, h.child_id, h.acted_at, "
    + LINKED.format(word="h")
    + " FROM handover_acts h WHERE h.anchor = ANY($1) AND h.child_id <> $2 AND h.number = 1"
)
_REMOVE_FROM_ROSTERS = (
    "WITH gone AS (DELETE FROM roster_rows WHERE child_id = $1 OR anchor = ANY($2) RETURNING id)"
    " DELETE FROM roster_acts WHERE row_id IN (SELECT id FROM gone)"
)
_REMOVE_FOLD = (
    "DELETE FROM child_lookups WHERE child_id = $1",
    "DELETE FROM key_care WHERE child_id = $1",
    "DELETE FROM duties WHERE child_id = $1",
    "DELETE FROM survey_standings WHERE child_id = $1",
    "DELETE FROM alerts WHERE child_id = $1",
    "DELETE FROM handovers WHERE child_id = $1",
    "DELETE FROM match_reviews WHERE one = $1 OR other = $1",
    "DELETE FROM former_links WHERE person = $1",
    "DELETE FROM children WHERE id = $1",
    "DELETE FROM vault.data_keys WHERE id = $1",
)


async def lock(connection: "asyncpg.Connection[Any]", child: UUID) -> list[UUID]:
    """The child's entries, with nobody linking, folding or deciding about it until the transaction ends.

    Links first, then the child's lock and its place in the fold queue: the order in which everyone takes them.
    """
    rows = await connection.fetch(
        "SELECT entry_id FROM links WHERE person = $1 ORDER BY entry_id FOR UPDATE", child
    )
    await hold(connection, child)
    return [row["entry_id"] for row in rows]


async def destroy(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer | None,
    child: UUID,
    entries: Sequence[UUID],
    until: datetime | None = None,
) -> None:
    """Make the child unreadable and ask matching to forget its entries.

    ``until`` spares what came later: a restore, which has no ``sealer``, replays an erasure after which newer versions
    may have come.
    """
    strangers = await _of_others(connection, sealer, child, entries)
    await shred(connection, entries, until)
    await connection.execute(_SHRED_DECISIONS, entries, until, child, strangers)
    await connection.execute(_SHRED_OPENINGS, child, until)
    await connection.execute(_SHRED_CASES, entries, until, child, strangers)
    await connection.execute(_SHRED_COMPARTMENTS, entries, until, child, strangers)
    await connection.execute(_SHRED_GUARDIANSHIP, entries, until, child, strangers)
    await connection.execute(_REMOVE_FROM_ROSTERS, child, entries)
    await connection.execute(_SHRED_ALERT_ACTS, entries, until, child, strangers)
    await connection.execute("DELETE FROM alerts WHERE entry = ANY($1)", entries)
    await connection.execute(_SHRED_HANDOVERS, entries, until, child, strangers)
    siblings = await alerts.shared_until_now(connection, [child])
    siblings += await _unsay_to_siblings(connection, child, entries, until)
    for statement in _REMOVE_FOLD:
        await connection.execute(statement, child)
    await connection.execute("DELETE FROM former_links WHERE entry_id = ANY($1)", entries)
    await enqueue(connection, set(entries))
    linked = await connection.fetch(
        "SELECT DISTINCT person FROM links WHERE entry_id = ANY($1) AND person IS NOT NULL", entries
    )
    # In a restored database the entries may still be another child's: it is folded again without them.
    # Its siblings may be alerted about it.
    await queue(connection, {child, *siblings, *(row["person"] for row in linked)})


async def _unsay_to_siblings(
    connection: "asyncpg.Connection[Any]",
    child: UUID,
    entries: Sequence[UUID],
    until: datetime | None,
) -> list[UUID]:
    """Remove what was done about others' alerts that name the child, or whom its entries were linked to before; the others,
    whose alerts go when they are folded again."""
    former = [row["person"] for row in await connection.fetch(_FORMERLY, entries)]
    names = [child, *former]
    rows = await connection.fetch(_REMOVE_ACTS_ON_SIBLINGS, names, until)
    rows += await connection.fetch(_ALERTED_SIBLINGS, names)
    return [row["other"] for row in rows]


async def _of_others(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer | None,
    child: UUID,
    entries: Sequence[UUID],
) -> list[UUID]:
    """Words about another child that stands, whose anchor went astray to this one: they are not this one's.

    In a restored database the anchor may be linked to nobody any more: what was spared then is spared again.
    """
    words = await connection.fetch(_ANCHORED, entries, child)
    belongs = await whose(connection, sealer, words, "said_at")
    return [w["id"] for w in words if w["stands"] and belongs[w["id"]] == w["child_id"]]
