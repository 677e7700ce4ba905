"""Gathering: what a fold is made from, for many children at once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from services.registry.children.anchoring import LINKED, whose
from services.registry.children.building import SHIELDING
from services.registry.children.change import Care
from services.registry.key_care.authenticity import note_of
from services.registry.records.vault import SELECTED, Opened, open_row
from shared.sealing import Sealer, Unsealable

log = structlog.get_logger()

# From child to links to records to keys: OFFSET 0 keeps the planner from beginning with every record there is.
_RECORDS = (
    f"SELECT {SELECTED}, c.person FROM unnest($1::uuid[]) AS c(person)"
    " CROSS JOIN LATERAL (SELECT entry_id FROM links WHERE person = c.person OFFSET 0) l"
    " CROSS JOIN LATERAL (SELECT * FROM records WHERE entry_id = l.entry_id OFFSET 0) r"
    " LEFT JOIN LATERAL (SELECT * FROM vault.data_keys WHERE id = r.id OFFSET 0) k ON true"
)


_DECISIONS = (
    f"SELECT {LINKED.format(word='d')}, d.id, d.anchor, d.child_id, d.basis, d.kind, d.category, d.reason, d.client,"
    " d.department, d.actor, d.decided_at, d.sealed, k.master, k.wrapped FROM"
    " (SELECT id FROM decisions WHERE child_id = ANY($1) UNION SELECT id FROM decisions"
    "  WHERE anchor = ANY(ARRAY(SELECT entry_id FROM links WHERE person = ANY($1)))) AS found"
    " CROSS JOIN LATERAL (SELECT * FROM decisions WHERE id = found.id OFFSET 0) d"
    " CROSS JOIN LATERAL (SELECT master, wrapped FROM vault.data_keys WHERE id = d.id OFFSET 0) k"
    " ORDER BY d.decided_at, d.id"
)


async def records_of(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer,
    children: Sequence[UUID],
    broken: set[UUID] | None = None,
) -> dict[UUID, list[Opened]]:
    """Every record linked to these children whose key was not destroyed.

    A child of whom a record was tampered with goes into ``broken``; without that set ``Unsealable`` is raised.
    """
    found: dict[UUID, list[Opened]] = {}
    for row in await connection.fetch(_RECORDS, children):
        try:
            opened = open_row(sealer, row)
        except Unsealable:
            if broken is None:
                raise
            log.error("record.unsealable", record=str(row["id"]))
            broken.add(row["person"])
            continue
        if opened is not None:
            found.setdefault(row["person"], []).append(opened)
    return found


async def decisions_of(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer,
    children: Sequence[UUID],
    broken: set[UUID],
) -> dict[UUID, list[Any]]:
    """Decisions by child: where their anchor is linked now, unless it went astray; else where they were made.

    A shield holds for both: an entry that is led astray must not carry the shield off with it.  A decision whose key was
    destroyed was erased and speaks no more; one that was forged or changed puts its child into ``broken``.
    """
    rows = await connection.fetch(_DECISIONS, children)
    belongs = await whose(connection, sealer, rows, "decided_at")
    return by_child(sealer, rows, belongs, children, broken)


def by_child(
    sealer: Sealer,
    rows: Sequence[Any],
    belongs: Mapping[UUID, UUID | None],
    children: Sequence[UUID],
    broken: set[UUID],
) -> dict[UUID, list[Any]]:
    """Decisions in order, each with the children that it holds for; ``belongs`` says whose it is (``whose``)."""
    wanted = set(children)
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        of = {belongs[row["id"]] or row["child_id"]}
        if row["kind"] in SHIELDING:
            of.add(row["child_id"])
        try:
            note_of(sealer, row)
        except Unsealable:
            log.error("decision.unsealable", decision=str(row["id"]))
            broken |= of & wanted
            continue
        for child in of & wanted:
            found.setdefault(child, []).append(row)
    return found


async def rows_of(
    connection: "asyncpg.Connection[Any]", children: Sequence[UUID]
) -> dict[UUID, Any]:
    """The children as they stand, with their data keys."""
    rows = await connection.fetch(
        "SELECT c.id, c.child_seq, c.told_seq, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by,"
        " c.hukou_stated_by, c.status, (c.decision->'moved_out')::boolean AS moved_out, c.next_change_on, c.shielded,"
        " c.entries, c.digest, c.told, c.sealed, c.gist, c.folded_on, k.master, k.wrapped"
        " FROM children c LEFT JOIN vault.data_keys k ON k.id = c.id WHERE c.id = ANY($1)",
        children,
    )
    return {row["id"]: row for row in rows}


async def care_of(
    connection: "asyncpg.Connection[Any]", children: Sequence[UUID]
) -> dict[UUID, dict[str, Care]]:
    """The key care of children as it stands, by category."""
    found: dict[UUID, dict[str, Care]] = {}
    for row in await connection.fetch(
        "SELECT child_id, category, state, detail FROM key_care WHERE child_id = ANY($1)", children
    ):
        found.setdefault(row["child_id"], {})[row["category"]] = Care(row["state"], row["detail"])
    return found


async def lookups_of(
    connection: "asyncpg.Connection[Any]", children: Sequence[UUID]
) -> dict[UUID, set[bytes]]:
    """The hashes by which children can be found until they are written or removed."""
    found: dict[UUID, set[bytes]] = {}
    if children:
        for row in await connection.fetch(
            "SELECT child_id, hash FROM child_lookups WHERE child_id = ANY($1)", children
        ):
            found.setdefault(row["child_id"], set()).add(row["hash"])
    return found
