"""Beside a child: what is folded of it into tables of its own, a statement a table: key care, duties, surveys, handovers."""

from collections.abc import Collection, Sequence
from typing import Any

import asyncpg
import orjson

from services.registry.children.change import Change
from services.registry.children.parts import Part

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
_LISTS = {"residence_stated_by": "text", "hukou_stated_by": "text", "done_on": "date"}


def inserting(table: str, columns: dict[str, str]) -> str:
    """An insert of many rows, a parameter a column."""
    values = ", ".join(map(_value, columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {_rows(columns)}"


def updating(table: str, columns: dict[str, str], kept: Collection[str]) -> str:
    """An update of many rows by their ``id``, a parameter a column; null leaves a ``kept`` column as it is."""
    values = (
        f"{c} = coalesce({_value(c)}, t.{c})" if c in kept else f"{c} = {_value(c)}"
        for c in columns
        if c != "id"
    )
    return f"UPDATE {table} AS t SET {', '.join(values)} FROM {_rows(columns)} WHERE t.id = n.id"


def _value(column: str) -> str:
    kind = _LISTS.get(column)
    return f"n.{column}" if kind is None else f"string_to_array(n.{column}, ',')::{kind}[]"


def _rows(columns: dict[str, str]) -> str:
    arrays = (f"${i}::{kind}[]" for i, kind in enumerate(columns.values(), 1))
    return f"unnest({', '.join(arrays)}) AS n({', '.join(columns)})"


_INSERT_CARE = inserting("key_care", _CARE)
_INSERT_DUTIES = inserting("duties", _DUTY)
_INSERT_SURVEYS = inserting("survey_standings", _SURVEY)
_INSERT_HANDOVERS = inserting("handovers", _HANDOVER)


async def write(connection: "asyncpg.Connection[Any]", changes: Sequence[Change]) -> None:
    """Put what was folded in the place of what stood there; handovers by themselves, once alerts are written."""
    await _write_care(connection, changes)
    await _write_duties(connection, changes)
    await _write_surveys(connection, changes)


async def _write_care(connection: "asyncpg.Connection[Any]", changes: Sequence[Change]) -> None:
    altered = [change for change in changes if Part.KEY_CARE in change.altered]
    before = [change.new.id for change in altered if change.old is not None]
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
        for new in (change.new for change in altered)
        for care in new.key_care
    ]
    if rows:
        await connection.execute(_INSERT_CARE, *zip(*rows, strict=True))


async def _write_duties(connection: "asyncpg.Connection[Any]", changes: Sequence[Change]) -> None:
    altered = [change for change in changes if Part.DUTIES in change.altered]
    before = [change.new.id for change in altered if change.old is not None]
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
        for new in (change.new for change in altered)
        for one in new.duties
    ]
    if rows:
        await connection.execute(_INSERT_DUTIES, *zip(*rows, strict=True))


async def _write_surveys(connection: "asyncpg.Connection[Any]", changes: Sequence[Change]) -> None:
    altered = [change for change in changes if Part.SURVEY in change.altered]
    before = [change.new.id for change in altered if change.old is not None]
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
        for new in (change.new for change in altered)
        if new.survey is not None
    ]
    if rows:
        await connection.execute(_INSERT_SURVEYS, *zip(*rows, strict=True))


async def write_handovers(connection: "asyncpg.Connection[Any]", changes: Sequence[Change]) -> None:
    altered = [change for change in changes if Part.HANDOVERS in change.altered]
    before = [change.new.id for change in altered if change.old is not None]
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
        for new in (change.new for change in altered)
        for one in new.handovers
    ]
    if rows:
        # One that came along with an entry may still stand with the child that it left.
        await connection.execute("DELETE FROM handovers WHERE id = ANY($1)", [r[0] for r in rows])
        await connection.execute(_INSERT_HANDOVERS, *zip(*rows, strict=True))
