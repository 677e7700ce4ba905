"""Writing: the alerts of children that changed, and those that no child has yet."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from services.registry.alerts.gathering import COLUMNS, acted, entry_of
from services.registry.alerts.raising import Acted, AlertRow
from services.registry.alerts.reporting import give_back
from services.registry.children.kit import Kit

if TYPE_CHECKING:
    from services.registry.children.building import Folded

_COLUMNS = {
    "id": "uuid",
    "child_id": "uuid",
    "kind": "text",
    "cause": "text",
    "department": "text",
    "category": "text",
    "state": "text",
    "raised_on": "date",
    "due_on": "date",
    "closed_on": "date",
    "entry": "uuid",
    "residence_code": "bigint",
    "hukou_code": "bigint",
    "residence_stated_by": "text",
    "hukou_stated_by": "text",
    "detail": "jsonb",
}
_LISTS = ("residence_stated_by", "hukou_stated_by")
#: An alert on one entry may stand already, without a child or with another.
_UPSERT = (
    f"INSERT INTO alerts ({', '.join(_COLUMNS)}) SELECT "
    + ", ".join(f"string_to_array(n.{c}, ',')" if c in _LISTS else f"n.{c}" for c in _COLUMNS)
    + f" FROM unnest({', '.join(f'${i}::{kind}[]' for i, kind in enumerate(_COLUMNS.values(), 1))})"
    + f" AS n({', '.join(_COLUMNS)}) ORDER BY n.id ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{c} = excluded.{c}" for c in _COLUMNS if c != "id")
)
#: Alerts on entries that are nobody's now, and were not recalled, or were acted upon: they still concern their office's place.
_ORPHANS = (
    "SELECT a.entry FROM alerts a"
    " WHERE a.child_id = ANY($1) AND a.entry IS NOT NULL AND a.id <> ALL($2)"
    " AND EXISTS (SELECT 1 FROM links l WHERE l.entry_id = a.entry AND l.person IS NULL)"
    " AND (EXISTS (SELECT 1 FROM alert_acts t WHERE t.alert_id = a.id) OR"
    "  (SELECT r.kind = 0 FROM records r WHERE r.entry_id = a.entry ORDER BY r.version DESC, r.kind DESC LIMIT 1))"
)
_ACTS = (
    f"SELECT {COLUMNS} FROM alert_acts a JOIN vault.data_keys k ON k.id = a.id"
    " WHERE a.anchor = ANY($1) ORDER BY a.acted_at, a.id"
)


async def write(
    connection: "asyncpg.Connection[Any]",
    kit: Kit,
    changes: Sequence[tuple["Folded", Sequence[AlertRow], bool]],
    day: date,
) -> None:
    """Of each child as of ``day``, write the alerts that are new or other than before, and take away what is none of its any
    more, if any may be."""
    rows = [_row(new, one) for new, come, _ in changes for one in come]
    fewer = [new for new, _, gone in changes if gone]
    if fewer:
        kept = {row[0] for row in rows} | {one.id for new in fewer for one in new.alerts}
        await let_go(connection, kit, [new.id for new in fewer], list(kept), day)
    if rows:
        await connection.execute(_UPSERT, *zip(*rows, strict=True))


async def let_go(
    connection: "asyncpg.Connection[Any]",
    kit: Kit,
    children: Sequence[UUID],
    kept: Sequence[UUID],
    day: date,
) -> None:
    """Take away what is no alert of these children any more; what is about an entry alone stays, without a child, where it is
    to be handled on ``day``."""
    orphans = [row["entry"] for row in await connection.fetch(_ORPHANS, children, kept)]
    await connection.execute(
        "DELETE FROM alerts WHERE child_id = ANY($1) AND id <> ALL($2)", children, kept
    )
    if orphans:
        acts: dict[UUID, list[Acted]] = {}
        for row in await connection.fetch(_ACTS, orphans):
            if entry_of(row["kind"], row["cause"]) == row["anchor"]:
                acts.setdefault(row["anchor"], []).append(acted(row))
        await give_back(connection, kit, orphans, acts, day)


def placed(new: Any, one: AlertRow) -> tuple[int | None, tuple[str, ...]]:
    """Where a child's alert is to be handled, and who states that: nobody, where it is the office that told."""
    if one.place is None:
        return new.residence_code, new.residence_stated_by
    return one.place, ()


def _row(new: "Folded", one: AlertRow) -> tuple[Any, ...]:
    place, stated_by = placed(new, one)
    return (
        one.id,
        new.id,
        one.kind,
        one.cause,
        one.department,
        one.category,
        one.state,
        one.raised_on,
        one.due_on,
        one.closed_on,
        one.entry,
        place,
        new.hukou_code,
        ",".join(stated_by),
        ",".join(new.hukou_stated_by),
        orjson.dumps(dict(one.detail)).decode(),
    )
