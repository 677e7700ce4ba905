"""Writing: the rows of children that changed, a statement a table for all of them, in the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from services.registry.alerts import writing as alerts
from services.registry.children import folded_rows
from services.registry.children.building import gist_bound
from services.registry.children.change import Change
from services.registry.children.folded_rows import inserting, updating
from services.registry.children.kit import Kit
from services.registry.children.parts import Part
from shared.sealing import WrappedKey, seal

#: Columns of ``children`` with their types; a list of departments travels as one text, since an array of arrays of
#: different lengths is none.
_CHILD = {
    "id": "uuid",
    "child_seq": "bigint",
    "told_seq": "bigint",
    "birth_on": "date",
    "sex": "text",
    "residence_code": "bigint",
    "hukou_code": "bigint",
    "residence_stated_by": "text",
    "hukou_stated_by": "text",
    "status": "text",
    "decision": "jsonb",
    "next_change_on": "date",
    "shielded": "boolean",
    "entries": "integer",
    "digest": "bytea",
    "told": "bytea",
    "sealed": "bytea",
    "gist": "bytea",
    "folded_on": "date",
    "changed_at": "timestamptz",
}
_KEY = {"id": "uuid", "master": "smallint", "wrapped": "bytea"}


#: Whoever is new is registered now; a gist that stands as it is does not travel.
_INSERT_CHILDREN = inserting("children", _CHILD | {"registered_at": "timestamptz"})
_UPDATE_CHILDREN = updating("children", _CHILD, kept=("gist",))
_UPSERT_KEYS = (
    inserting("vault.data_keys", _KEY)
    + " ON CONFLICT (id) DO UPDATE SET master = excluded.master, wrapped = excluded.wrapped"
)


async def write(
    connection: "asyncpg.Connection[Any]",
    kit: Kit,
    changes: Sequence[Change],
    hashes: Mapping[UUID, Collection[bytes]],
    day: date,
    now: datetime,
) -> None:
    """Put the changed children in the place of what stood there; each was folded on ``day``.

    ``hashes`` are those by which children could be found that are found by others now.
    """
    if not changes:
        return
    keys: list[WrappedKey] = []
    come: list[tuple[Any, ...]] = []
    stay: list[tuple[Any, ...]] = []
    for change in changes:
        new, old = change.new, change.old
        if old is not None and old["wrapped"] is not None:
            data_key = kit.sealer.unwrap(new.id, old["master"], old["wrapped"])
        else:
            data_key, wrapped = kit.sealer.new_key(new.id)
            keys.append(wrapped)
        row = _row(change, data_key, day, now)
        if old is None:
            come.append((*row, now))
        else:
            stay.append(row)
    if keys:
        await connection.execute(_UPSERT_KEYS, *zip(*keys, strict=True))
    if come:
        await connection.execute(_INSERT_CHILDREN, *zip(*come, strict=True))
    if stay:
        await connection.execute(_UPDATE_CHILDREN, *zip(*stay, strict=True))
    await _write_lookups(connection, changes, hashes)
    await folded_rows.write(connection, changes)
    await alerts.write(connection, kit, [(one.new, *one.alerts()) for one in changes], day)
    await folded_rows.write_handovers(connection, changes)


def _row(change: Change, data_key: bytes, day: date, now: datetime) -> tuple[Any, ...]:
    new, old = change.new, change.old
    return (
        new.id,
        (old["child_seq"] if old else 0) + 1,
        (old["told_seq"] if old else 0) + (not change.silent),
        new.birth_on,
        new.sex,
        new.residence_code,
        new.hukou_code,
        ",".join(new.residence_stated_by),
        ",".join(new.hukou_stated_by),
        new.status,
        orjson.dumps(new.decision).decode(),
        new.next_change_on,
        new.shielded,
        new.entries,
        change.digest,
        change.told,
        seal(data_key, new.payload, new.bound()),
        None if change.gist_stands else seal(data_key, new.gist, gist_bound(new.id)),
        day,
        now,
    )


async def _write_lookups(
    connection: "asyncpg.Connection[Any]",
    changes: Sequence[Change],
    hashes: Mapping[UUID, Collection[bytes]],
) -> None:
    gone, come = [], []
    for change in changes:
        if Part.LOOKUPS in change.altered:
            new, child = set(change.new.lookups), change.new.id
            old = set(hashes.get(child, ()))
            gone += [(hashed, child) for hashed in old - new]
            come += [(hashed, child) for hashed in new - old]
    if gone:
        await connection.execute(
            "DELETE FROM child_lookups l USING unnest($1::bytea[], $2::uuid[]) AS n(hash, child_id)"
            " WHERE l.hash = n.hash AND l.child_id = n.child_id",
            *zip(*gone, strict=True),
        )
    if come:
        await connection.copy_records_to_table(
            "child_lookups", records=come, columns=["hash", "child_id"]
        )


async def remove(
    connection: "asyncpg.Connection[Any]", kit: Kit, children: Sequence[UUID], day: date
) -> None:
    """Remove children of whom no record speaks any more, with their keys."""
    await alerts.let_go(connection, kit, children, (), day)
    for table, column in (
        ("key_care", "child_id"),
        ("duties", "child_id"),
        ("survey_standings", "child_id"),
        ("handovers", "child_id"),
        ("child_lookups", "child_id"),
        ("children", "id"),
        ("vault.data_keys", "id"),
    ):
        await connection.execute(f"DELETE FROM {table} WHERE {column} = ANY($1)", children)
