"""Proving: alerts are what the records say, and those without a child what the entry says that they stand for."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

import orjson

from services.registry.alerts.gathering import COLUMNS, acted
from services.registry.alerts.raising import AlertRow, alert_id, state_of
from services.registry.alerts.reporting import KINDS
from services.registry.alerts.writing import placed
from services.registry.children.building import Folded
from services.registry.children.kit import Kit
from services.registry.children.proving import Difference
from shared.database import SYSTEM, Database, raw

PAGE = 500
_HELD = tuple(one.name for one in fields(AlertRow) if one.name != "place")
_UNREGISTERED = (
    "SELECT a.*, r.feed, r.kind AS record_kind, r.division, l.person FROM alerts a"
    " LEFT JOIN LATERAL (SELECT * FROM records WHERE entry_id = a.entry"
    "  ORDER BY version DESC, kind DESC LIMIT 1) r ON true"
    " LEFT JOIN links l ON l.entry_id = a.entry"
    " WHERE a.id > $1 AND (a.child_id IS NULL OR NOT EXISTS (SELECT 1 FROM children c WHERE c.id = a.child_id))"
    " ORDER BY a.id LIMIT $2"
)


async def rows_of(connection: Any, children: Sequence[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in await connection.fetch(
        "SELECT * FROM alerts WHERE child_id = ANY($1) ORDER BY kind, cause", children
    ):
        found.setdefault(row["child_id"], []).append(row)
    return found


def agree(expected: Folded, rows: Sequence[Any], territory: Iterable[tuple[int, int]]) -> bool:
    """Whether these rows are the alerts of a child, each where it belongs."""
    wanted = sorted(expected.alerts, key=lambda one: str(one.id))
    found = sorted(rows, key=lambda row: str(row["id"]))
    if [_text(one.held()) for one in wanted] != [_text(_held(row)) for row in found]:
        return False
    return all(
        (row["residence_code"], tuple(row["residence_stated_by"]))
        == placed(expected, one, territory)
        and row["hukou_code"] == expected.hukou_code
        and tuple(row["hukou_stated_by"]) == expected.hukou_stated_by
        for row, one in zip(found, wanted, strict=True)
    )


def _held(row: Any) -> tuple[Any, ...]:
    return AlertRow(**{name: row[name] for name in _HELD}, place=None).held()


async def strays(database: Database, kit: Kit) -> AsyncIterator[Difference]:
    """Alerts of no registered child that no entry accounts for."""
    after = UUID(int=0)
    while True:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            rows = await connection.fetch(_UNREGISTERED, after, PAGE)
            acts: dict[UUID, list[Any]] = {}
            for act in await connection.fetch(
                f"SELECT {COLUMNS} FROM alert_acts a JOIN vault.data_keys k ON k.id = a.id"
                " WHERE a.alert_id = ANY($1) ORDER BY a.acted_at, a.id",
                [row["id"] for row in rows],
            ):
                acts.setdefault(act["alert_id"], []).append(acted(act))
        for row in rows:
            if not _accounted(kit, row, acts.get(row["id"], [])):
                yield Difference("alerts", row["id"], "differs from its entry")
        if len(rows) < PAGE:
            return
        after = rows[-1]["id"]


def _accounted(kit: Kit, row: Any, acts: Sequence[Any]) -> bool:
    entry, kind = row["entry"], KINDS.get(row["feed"] or "")
    if row["child_id"] is not None or entry is None or kind is None:
        return False
    named = (row["kind"], row["cause"], row["category"]) == (kind, entry.hex, "")
    state, closed_on = state_of(acts, None)
    return (
        named
        and row["id"] == alert_id(kit.entries.key, None, kind, entry.hex, entry)
        and (row["state"], row["closed_on"]) == (state, closed_on)
        and (row["record_kind"] == 0 or bool(acts))
        and row["residence_code"] == row["division"]
        and row["hukou_code"] is None
        and not row["residence_stated_by"]
        and not row["hukou_stated_by"]
    )


def _text(held: Any) -> bytes:
    return orjson.dumps(held, option=orjson.OPT_SORT_KEYS)
