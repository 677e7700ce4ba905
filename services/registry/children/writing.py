"""Writing: the rows of children that changed, a statement a table for all of them, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from services.registry.alerts import writing as alerts
from services.registry.children.building import Folded, gist_bound
from services.registry.children.kit import Kit
from shared.sealing import WrappedKey, seal


@dataclass(frozen=True, slots=True)
class Change:
    """A child as it is now, with its digests, and its row before (``gathering.rows_of``), if there was one."""

    new: Folded
    digest: bytes
    told: bytes
    old: Any | None

    @property
    def silent(self) -> bool:
        """Whether nothing changed of which everyone who sees the child is told."""
        return self.old is not None and bool(self.old["told"] == self.told)

    @property
    def care(self) -> tuple[str, ...]:
        """The categories of key care in which something changed."""
        now = {one.category: (one.state, _plain(one.detail)) for one in self.new.key_care}
        before: dict[str, Any] = {}
        if self.old is not None:
            details = self.old["care_details"]
            before = {c: (state, _plain(details[c])) for c, state in self.old["care"].items()}
        return tuple(sorted(c for c in now.keys() | before if now.get(c) != before.get(c)))

    @property
    def carried(self) -> bool:
        """Whether it stands under other codes than before."""
        new, old = self.new, self.old
        return old is not None and (new.residence_code, new.hukou_code) != (
            old["residence_code"],
            old["hukou_code"],
        )

    @property
    def cares_anew(self) -> bool:
        """Whether what siblings are alerted about has changed: confirmed key care, and where the child is seen."""
        new, old = self.new, self.old
        now = {one.category for one in new.key_care if one.state == "confirmed"}
        before = {c for c, s in old["care"].items() if s == "confirmed"} if old else set()
        if now != before or old is None:
            return bool(now | before)
        places = (new.residence_code, new.hukou_code, list(new.residence_stated_by))
        return bool(now) and places != (
            old["residence_code"],
            old["hukou_code"],
            old["residence_stated_by"],
        )


def _plain(detail: Any) -> bytes:
    return orjson.dumps(detail, option=orjson.OPT_SORT_KEYS)


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
    "registered_at": "timestamptz",
    "changed_at": "timestamptz",
}
_CARE = {
    "id": "uuid",
    "child_id": "uuid",
    "category": "text",
    "state": "text",
    "residence_code": "bigint",
    "hukou_code": "bigint",
    "residence_stated_by": "text",
    "hukou_stated_by": "text",
    "detail": "jsonb",
    "since": "timestamptz",
}
_DUTY = {
    "id": "uuid",
    "child_id": "uuid",
    "duty": "text",
    "department": "text",
    "population": "text",
    "state": "text",
    "step": "text",
    "begun_on": "date",
    "due_on": "date",
    "done_on": "text",
    "residence_code": "bigint",
    "hukou_code": "bigint",
    "residence_stated_by": "text",
    "hukou_stated_by": "text",
    "detail": "jsonb",
}
_SURVEY = {
    "child_id": "uuid",
    "last_on": "date",
    "made": "jsonb",
    "residence_code": "bigint",
    "hukou_code": "bigint",
    "residence_stated_by": "text",
    "hukou_stated_by": "text",
}
_HANDOVER = {
    "id": "uuid",
    "child_id": "uuid",
    "state": "text",
    "giving": "bigint",
    "taking": "bigint",
    "side": "text",
    "begun_on": "date",
    "effective_on": "date",
    "acts": "integer",
    "shielded": "boolean",
}
_KEY = {"id": "uuid", "master": "smallint", "wrapped": "bytea"}
_LISTS = {"residence_stated_by": "text", "hukou_stated_by": "text", "done_on": "date"}


def _inserting(table: str, columns: dict[str, str]) -> str:
    """An insert of many rows, a parameter a column."""
    values = (
        f"string_to_array(n.{c}, ',')::{_LISTS[c]}[]" if c in _LISTS else f"n.{c}" for c in columns
    )
    arrays = (f"${i}::{kind}[]" for i, kind in enumerate(columns.values(), 1))
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM unnest({', '.join(arrays)}) AS n({', '.join(columns)})"
    )


_UPSERT_CHILDREN = (
    _inserting("children", _CHILD)
    + " ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{c} = excluded.{c}" for c in _CHILD if c not in ("id", "registered_at"))
)
_UPSERT_KEYS = (
    _inserting("vault.data_keys", _KEY)
    + " ON CONFLICT (id) DO UPDATE SET master = excluded.master, wrapped = excluded.wrapped"
)
_INSERT_CARE = _inserting("key_care", _CARE)
_INSERT_DUTIES = _inserting("duties", _DUTY)
_INSERT_SURVEYS = _inserting("survey_standings", _SURVEY)
_INSERT_HANDOVERS = _inserting("handovers", _HANDOVER)


async def write(
    connection: "asyncpg.Connection[Any]",
    kit: Kit,
    changes: Sequence[Change],
    day: date,
    now: datetime,
) -> None:
    """Put the changed children in the place of what stood there; each was folded on ``day``."""
    if not changes:
        return
    keys: list[WrappedKey] = []
    rows = []
    for change in changes:
        new, old = change.new, change.old
        if old is not None and old["wrapped"] is not None:
            data_key = kit.sealer.unwrap(new.id, old["master"], old["wrapped"])
        else:
            data_key, wrapped = kit.sealer.new_key(new.id)
            keys.append(wrapped)
        rows.append(
            (
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
                seal(data_key, new.gist, gist_bound(new.id)),
                day,
                old["registered_at"] if old else now,
                now,
            )
        )
    if keys:
        await connection.execute(_UPSERT_KEYS, *zip(*keys, strict=True))
    await connection.execute(_UPSERT_CHILDREN, *zip(*rows, strict=True))
    await _write_lookups(connection, changes)
    await _write_care(connection, changes)
    await _write_duties(connection, changes)
    await _write_surveys(connection, changes)
    await alerts.write(connection, kit, [(one.new, one.old) for one in changes])
    await _write_handovers(connection, changes)


async def _write_lookups(connection: "asyncpg.Connection[Any]", changes: Sequence[Change]) -> None:
    gone, come = [], []
    for change in changes:
        new, child = set(change.new.lookups), change.new.id
        old = set(change.old["hashes"]) if change.old else set()
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


async def _write_care(connection: "asyncpg.Connection[Any]", changes: Sequence[Change]) -> None:
    before = [change.new.id for change in changes if change.old and change.old["care"]]
    if before:
        await connection.execute("DELETE FROM key_care WHERE child_id = ANY($1)", before)
    rows = [
        (
            care.id,
            new.id,
            care.category,
            care.state,
            new.residence_code,
            new.hukou_code,
            ",".join(new.residence_stated_by),
            ",".join(new.hukou_stated_by),
            orjson.dumps(care.detail).decode(),
            care.since,
        )
        for new in (change.new for change in changes)
        for care in new.key_care
    ]
    if rows:
        await connection.execute(_INSERT_CARE, *zip(*rows, strict=True))


async def _write_duties(connection: "asyncpg.Connection[Any]", changes: Sequence[Change]) -> None:
    before = [change.new.id for change in changes if change.old and change.old["has_duties"]]
    if before:
        await connection.execute("DELETE FROM duties WHERE child_id = ANY($1)", before)
    rows = [
        (
            one.id,
            new.id,
            one.duty,
            one.department,
            one.population,
            one.state,
            one.step,
            one.begun_on,
            one.due_on,
            ",".join(day.isoformat() for day in one.done_on),
            new.residence_code,
            new.hukou_code,
            ",".join(new.residence_stated_by),
            ",".join(new.hukou_stated_by),
            orjson.dumps(one.detail).decode(),
        )
        for new in (change.new for change in changes)
        for one in new.duties
    ]
    if rows:
        await connection.execute(_INSERT_DUTIES, *zip(*rows, strict=True))


async def _write_surveys(connection: "asyncpg.Connection[Any]", changes: Sequence[Change]) -> None:
    before = [change.new.id for change in changes if change.old and change.old["has_survey"]]
    if before:
        await connection.execute("DELETE FROM survey_standings WHERE child_id = ANY($1)", before)
    rows = [
        (
            new.id,
            new.survey.last_on,
            orjson.dumps(new.survey.made).decode(),
            new.residence_code,
            new.hukou_code,
            ",".join(new.residence_stated_by),
            ",".join(new.hukou_stated_by),
        )
        for new in (change.new for change in changes)
        if new.survey is not None
    ]
    if rows:
        await connection.execute(_INSERT_SURVEYS, *zip(*rows, strict=True))


async def _write_handovers(
    connection: "asyncpg.Connection[Any]", changes: Sequence[Change]
) -> None:
    before = [change.new.id for change in changes if change.old and change.old["has_handovers"]]
    if before:
        await connection.execute("DELETE FROM handovers WHERE child_id = ANY($1)", before)
    rows = [
        (
            one.id,
            new.id,
            one.state,
            one.giving,
            one.taking,
            one.side,
            one.begun_on,
            one.effective_on,
            one.acts,
            new.shielded,
        )
        for new in (change.new for change in changes)
        for one in new.handovers
    ]
    if rows:
        # One that came along with an entry may still stand with the child that it left.
        await connection.execute("DELETE FROM handovers WHERE id = ANY($1)", [r[0] for r in rows])
        await connection.execute(_INSERT_HANDOVERS, *zip(*rows, strict=True))


async def remove(connection: "asyncpg.Connection[Any]", kit: Kit, children: Sequence[UUID]) -> None:
    """Remove children of whom no record speaks any more, with their keys."""
    await alerts.let_go(connection, kit, children, ())
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
