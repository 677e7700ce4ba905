"""Assessments and placements as they are found.  The service alone reads these tables, for callers who see the child: they
name it, as decisions do, and lie behind the same wall.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.assessments.authenticity import COLUMNS
from services.registry.cases import queries as cases
from services.registry.cases.authenticity import note_of, words_of
from services.registry.cases.stepping import state_of
from services.registry.cases.terms import CaseActKind, CaseKind, CaseState
from services.registry.children.anchoring import LINKED, whose
from services.registry.children.kit import Kit
from services.registry.past.gathering import ENTRIES, LINKED_THEN
from services.registry.past.recalling import Past
from services.registry.records.authenticity import forged
from services.registry.rulebooks import adopting
from shared.auth import Caller
from shared.database import raw
from shared.sealing import Unsealable


def _select(table: str, source: str, linked: str = LINKED) -> str:
    columns = ", ".join(f"w.{name}" for name in COLUMNS[table])
    return (
        f"SELECT {columns}, w.sealed, k.master, k.wrapped, {linked.format(word='w')} FROM {source} w"
        " LEFT JOIN vault.data_keys k ON k.id = w.id"
    )


def _of_child(table: str) -> str:
    source = (
        f"(SELECT x.* FROM links l JOIN {table} x ON x.anchor = l.entry_id WHERE l.person = $1"
        f" UNION SELECT x.* FROM {table} x WHERE x.child_id = $1)"
    )
    return _select(table, source) + " ORDER BY w.id LIMIT 500"


_THEN = (
    f"SELECT w.id, w.anchor, w.child_id, w.made_at, {LINKED_THEN.format(word='w')} FROM placements w"
    " WHERE w.id = ANY($1) AND w.made_at <= $2"
)


def _of_child_then(table: str) -> str:
    source = (
        f"(SELECT x.* FROM {ENTRIES} e JOIN {table} x ON x.anchor = e.entry_id"
        f" UNION SELECT x.* FROM {table} x WHERE x.child_id = ANY($1))"
    )
    return _select(table, source, LINKED_THEN) + " WHERE w.made_at <= $2 ORDER BY w.id LIMIT 500"


async def _ruled(session: AsyncSession, kit: Kit, rows: Sequence[Any]) -> list[Any]:
    """The rows, each with the ``rules`` that the hub went by when it was made, and since."""
    if not rows:
        return []
    made = {row["made_at"] for row in rows}
    rules = await adopting.courses(await raw(session), kit.audit, kit.profiles, made)
    return [{**row, "rules": rules[row["made_at"]]} for row in rows]


async def of_child(
    session: AsyncSession, kit: Kit, caller: Caller, table: str, child: UUID
) -> list[Any]:
    """The rows about a child that the caller has been shown, the oldest first."""
    async with as_system(session, caller):
        connection = await raw(session)
        rows = await connection.fetch(_of_child(table), child)
        belongs = await whose(connection, kit.sealer, rows, "made_at")
        return await _ruled(session, kit, [row for row in rows if belongs[row["id"]] == child])


async def of_past(
    session: AsyncSession, kit: Kit, caller: Caller, table: str, past: Past
) -> list[Any]:
    """The rows that were held to be about a recalled child then, the oldest first.

    None that is about another today whom the caller has not been shown with it.
    """
    shown = {past.child, *past.others}
    async with as_system(session, caller):
        connection = await raw(session)
        rows = await connection.fetch(_of_child_then(table), [past.child], past.known_at)
        rows = await _sure(connection, kit, rows)
        then = await whose(connection, kit.sealer, rows, "made_at", past.known_at)
        rows = [row for row in rows if then[row["id"]] == past.child]
        linked = await connection.fetch(
            f"SELECT w.id, w.anchor, w.child_id, w.made_at, {LINKED.format(word='w')} FROM {table} w"
            " WHERE w.id = ANY($1)",
            [row["id"] for row in rows],
        )
        today = await whose(connection, kit.sealer, linked, "made_at")
        return await _ruled(session, kit, [row for row in rows if today[row["id"]] in shown])


async def placement(
    session: AsyncSession, kit: Kit, caller: Caller, at: UUID, *, held: bool = False
) -> tuple[Any, UUID | None] | None:
    """A placement and its child of today; whether the caller sees that one is for the caller to find out."""
    async with as_system(session, caller):
        connection = await raw(session)
        row = await connection.fetchrow(
            _select("placements", "placements")
            + " WHERE w.id = $1"
            + (" FOR UPDATE OF w" if held else ""),
            at,
        )
        if row is None:
            return None
        (ruled,) = await _ruled(session, kit, [row])
        return ruled, (await whose(connection, kit.sealer, [row], "made_at"))[at]


async def about_then(
    session: AsyncSession, kit: Kit, caller: Caller, placements: Sequence[UUID], known_at: datetime
) -> dict[UUID, UUID | None]:
    """Of these placements those that had been made by an instant, each with whom it was held to be about then; without those
    of which a link that would tell it was not written so."""
    async with as_system(session, caller):
        connection = await raw(session)
        rows = await connection.fetch(_THEN, list(placements), known_at)
        rows = await _sure(connection, kit, rows)
        return await whose(connection, kit.sealer, rows, "made_at", known_at)


async def _sure(
    connection: "asyncpg.Connection[Any]", kit: Kit, rows: Sequence[Any]
) -> Sequence[Any]:
    anchors, children = {row["anchor"] for row in rows}, {row["child_id"] for row in rows}
    unsure = await forged(connection, kit.audit, anchors, children)
    return [row for row in rows if not unsure & {row["anchor"], row["child_id"]}]


async def acts_of(
    session: AsyncSession, kit: Kit, caller: Caller, placements: Sequence[UUID]
) -> dict[UUID, list[Any]]:
    """The acts of these placements, in order."""
    columns = ", ".join(f"w.{name}" for name in COLUMNS["placement_acts"])
    async with as_system(session, caller):
        connection = await raw(session)
        rows = await connection.fetch(
            f"SELECT {columns}, w.sealed, k.master, k.wrapped FROM placement_acts w"
            " LEFT JOIN vault.data_keys k ON k.id = w.id WHERE w.placement_id = ANY($1)"
            " ORDER BY w.placement_id, w.number",
            list(placements),
        )
        rows = await _ruled(session, kit, rows)
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row["placement_id"], []).append(row)
    return found


async def page(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    after: UUID | None,
    limit: int,
    known_at: datetime | None = None,
) -> list[tuple[Any, UUID | None]]:
    """The next placements made in the caller's area, by an instant if it is asked for, each with its child of today.

    Whether one was ended its acts say, once they have been opened: whoever can write to the table alone ends none.
    """
    async with as_system(session, caller):
        connection = await raw(session)
        rows = await connection.fetch(
            _select("placements", "placements") + " WHERE w.place BETWEEN $1 AND $2"
            " AND ($3::uuid IS NULL OR w.id > $3) AND ($5::timestamptz IS NULL OR w.made_at <= $5)"
            " ORDER BY w.id LIMIT $4",
            caller.grant.low,
            caller.grant.high,
            after,
            limit,
            known_at,
        )
        belongs = await whose(connection, kit.sealer, rows, "made_at")
        return [(row, belongs[row["id"]]) for row in await _ruled(session, kit, rows)]


async def open_intervention(
    session: AsyncSession, kit: Kit, caller: Caller, child: UUID
) -> UUID | None:
    """A case of intervention about the child in the caller's own area that nobody has closed.

    Neither another county's case nor one that was not written here stands in the place of a case that somebody handles.
    """
    for case in await cases.of_child(session, kit, caller, child):
        if case["kind"] != CaseKind.INTERVENTION or case["wrapped"] is None:
            continue
        acts = await cases.acts_of(session, kit, caller, case)
        try:
            words_of(kit.sealer, case)
            for act in acts:
                note_of(kit.sealer, act)
        except Unsealable:
            continue
        done = [CaseActKind(act["kind"]) for act in acts]
        if state_of(CaseKind.INTERVENTION, done) != CaseState.CLOSED:
            found: UUID = case["id"]
            return found
    return None
