"""Beside a child: what is folded of it into tables of its own, a statement a table: key care, duties, surveys, handovers."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import asyncpg
import orjson

from services.registry.children.building import Folded
from services.registry.children.change import Change
from services.registry.children.parts import Part

Row: TypeAlias = tuple[Any, ...]

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
    for part, table, insert, rows_of in (
        (Part.KEY_CARE, "key_care", _INSERT_CARE, _care),
        (Part.DUTIES, "duties", _INSERT_DUTIES, _duties),
        (Part.SURVEY, "survey_standings", _INSERT_SURVEYS, _survey),
    ):
        if rows := await _cleared(connection, changes, part, table, rows_of):
            await connection.execute(insert, *zip(*rows, strict=True))


async def write_handovers(connection: "asyncpg.Connection[Any]", changes: Sequence[Change]) -> None:
    if rows := await _cleared(connection, changes, Part.HANDOVERS, "handovers", _handovers):
        # One that came along with an entry may still stand with the child that it left.
        await connection.execute("DELETE FROM handovers WHERE id = ANY($1)", [r[0] for r in rows])
        await connection.execute(_INSERT_HANDOVERS, *zip(*rows, strict=True))


async def _cleared(
    connection: "asyncpg.Connection[Any]",
    changes: Sequence[Change],
    part: Part,
    table: str,
    rows_of: Callable[[Folded], Iterable[Row]],
) -> list[Row]:
    """The rows to be written of children of whom something in the table is other, once those that stood there are gone."""
    altered = [change for change in changes if part in change.altered]
    before = [change.new.id for change in altered if change.old is not None]
    if before:
        await connection.execute(f"DELETE FROM {table} WHERE child_id = ANY($1)", before)
    return [row for change in altered for row in rows_of(change.new)]


def _care(new: Folded) -> Iterator[Row]:
    for care in new.key_care:
        detail = orjson.dumps(care.detail).decode()
        yield care.id, new.id, care.category, care.state, *_placed(new), detail, care.since


def _duties(new: Folded) -> Iterator[Row]:
    for one in new.duties:
        yield (
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
            *_placed(new),
            orjson.dumps(one.detail).decode(),
        )


def _survey(new: Folded) -> Iterator[Row]:
    if new.survey is not None:
        made = orjson.dumps(new.survey.made).decode()
        yield new.id, new.survey.last_on, made, *_placed(new)


def _handovers(new: Folded) -> Iterator[Row]:
    for one in new.handovers:
        yield (
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


def _placed(new: Folded) -> Row:
    """Where the child is, and who says so, as every row beside it repeats."""
    stated_by = ",".join(new.residence_stated_by), ",".join(new.hukou_stated_by)
    return new.residence_code, new.hukou_code, *stated_by
