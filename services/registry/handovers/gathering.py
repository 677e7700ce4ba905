"""Gathering: the acts of handovers by child, for a fold.

A handover is whole: all its acts go where its proposal's anchor is linked, unless that went astray.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from services.registry.children.anchoring import LINKED, whose
from services.registry.handovers.authenticity import note_of
from shared.sealing import Sealer, Unsealable

log = structlog.get_logger()

ACT = (
    "a.id, a.handover_id, a.number, a.child_id, a.anchor, a.kind, a.side, a.giving, a.taking, a.effective_on,"
    " a.reason, a.client, a.department, a.actor, a.acted_at, a.sealed"
)
_FOUND = (
    "SELECT id FROM handover_acts WHERE child_id = ANY($1) AND number = 1 UNION SELECT id FROM handover_acts"
    " WHERE anchor = ANY(ARRAY(SELECT entry_id FROM links WHERE person = ANY($1))) AND number = 1"
)
_PROPOSALS = (
    f"SELECT p.id, p.handover_id, p.anchor, p.child_id, p.acted_at, {LINKED.format(word='p')}"
    f" FROM ({_FOUND}) AS found"
    " CROSS JOIN LATERAL (SELECT * FROM handover_acts WHERE id = found.id OFFSET 0) p"
)
ACTS = (
    f"SELECT {ACT}, k.master, k.wrapped FROM unnest($1::uuid[]) AS h(id)"
    " CROSS JOIN LATERAL (SELECT * FROM handover_acts WHERE handover_id = h.id OFFSET 0) a"
    " CROSS JOIN LATERAL (SELECT master, wrapped FROM vault.data_keys WHERE id = a.id OFFSET 0) k"
    " ORDER BY a.handover_id, a.number"
)


async def acts_of(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer,
    children: Sequence[UUID],
    broken: set[UUID],
) -> dict[UUID, list[Any]]:
    """Acts by child.  One whose key was destroyed was erased and speaks no more; one that was forged or changed puts its
    child into ``broken``."""
    proposals = await connection.fetch(_PROPOSALS, list(children))
    return await acts_behind(connection, sealer, proposals, children, broken)


async def acts_behind(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer,
    proposals: Sequence[Any],
    children: Sequence[UUID],
    broken: set[UUID],
    known_at: datetime | None = None,
) -> dict[UUID, list[Any]]:
    """The acts of the proposals' handovers by child, as ``acts_of``; those that were known at an instant, if one is given."""
    if not proposals:
        return {}
    belongs = await whose(connection, sealer, proposals, "acted_at", known_at)
    wanted = set(children)
    about = {
        row["handover_id"]: child
        for row in proposals
        if (child := belongs[row["id"]] or row["child_id"]) in wanted
    }
    found: dict[UUID, list[Any]] = {}
    for act in await connection.fetch(ACTS, list(about)):
        if known_at is not None and act["acted_at"] > known_at:
            continue
        child = about[act["handover_id"]]
        try:
            note_of(sealer, act)
        except Unsealable:
            log.error("handover.unsealable", act=str(act["id"]))
            broken.add(child)
            continue
        found.setdefault(child, []).append(act)
    return found
