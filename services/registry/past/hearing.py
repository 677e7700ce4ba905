"""Hearing: what people had done about children's alerts and files by an instant, each act with the child of then.

As ``alerts.gathering`` and ``handovers.gathering`` have it of today.  Siblings are no part of it: of whom one child was held for
the sibling then, the hub does not keep.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from services.registry.alerts import gathering as alerts
from services.registry.alerts.authenticity import note_of as alert_note
from services.registry.alerts.raising import Acted
from services.registry.alerts.terms import AlertKind
from services.registry.children.anchoring import whose
from services.registry.children.words import Words
from services.registry.handovers import gathering as handovers
from services.registry.past.gathering import ENTRIES, LINKED_THEN
from shared.sealing import Sealer, Unsealable

log = structlog.get_logger()

_FOUND = (
    "SELECT id FROM {table} WHERE child_id = ANY($1) {more} UNION SELECT id FROM {table}"
    f" WHERE anchor = ANY(ARRAY(SELECT entry_id FROM {ENTRIES} e)) {{more}}"
)
_ALERT_ACTS: Final = (
    f"SELECT {alerts.COLUMNS}, {LINKED_THEN.format(word='a')}, k.master, k.wrapped"
    f" FROM ({_FOUND.format(table='alert_acts', more='')}) AS found"
    " CROSS JOIN LATERAL (SELECT * FROM alert_acts WHERE id = found.id AND acted_at <= $2 OFFSET 0) a"
    " CROSS JOIN LATERAL (SELECT master, wrapped FROM vault.data_keys WHERE id = a.id OFFSET 0) k"
    " ORDER BY a.acted_at, a.id"
)
_PROPOSALS: Final = (
    f"SELECT p.id, p.handover_id, p.anchor, p.child_id, p.acted_at, {LINKED_THEN.format(word='p')}"
    f" FROM ({_FOUND.format(table='handover_acts', more='AND number = 1')}) AS found"
    " CROSS JOIN LATERAL (SELECT * FROM handover_acts WHERE id = found.id AND acted_at <= $2 OFFSET 0) p"
)


async def heard(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer,
    children: Sequence[UUID],
    known_at: datetime,
    broken: set[UUID],
) -> dict[UUID, Words]:
    """By child; one of whom an act was forged or changed goes into ``broken``.  As the service itself."""
    acts = await _alert_acts(connection, sealer, children, known_at, broken)
    proposals = await connection.fetch(_PROPOSALS, list(children), known_at)
    files = await handovers.acts_behind(connection, sealer, proposals, children, broken, known_at)
    return {
        child: Words(acts=acts.get(child, ()), handovers=files.get(child, ())) for child in children
    }


async def _alert_acts(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer,
    children: Sequence[UUID],
    known_at: datetime,
    broken: set[UUID],
) -> dict[UUID, list[Acted]]:
    rows = await connection.fetch(_ALERT_ACTS, list(children), known_at)
    belongs = await whose(connection, sealer, rows, "acted_at", known_at) if rows else {}
    wanted = set(children)
    found: dict[UUID, list[Acted]] = {}
    for row in rows:
        if row["kind"] == AlertKind.SIBLING_IN_CARE:
            continue
        on_entry = alerts.entry_of(row["kind"], row["cause"]) is not None
        child = row["person"] if on_entry else belongs[row["id"]]
        if child not in wanted:
            continue
        try:
            alert_note(sealer, row)
        except Unsealable:
            log.error("alert_act.unsealable", act=str(row["id"]))
            broken.add(child)
            continue
        found.setdefault(child, []).append(alerts.acted(row))
    return found
