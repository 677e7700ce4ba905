"""Carrying over: what people decided by hand while two children were taken for one stays visible on both.

A decision that rests on records follows them.  One that rests on none follows the entry it was anchored to; made before
the children were joined, or when only one of them was known, it is about that one.  Of any other nobody can tell: it goes
on where its anchor is, and the other child gets it for review (待复核), for a person to confirm or close.  A shield holds
for both.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.anchoring import LINKED, whose
from services.registry.children.kit import Kit
from services.registry.children.queueing import queue
from services.registry.key_care import deciding
from services.registry.key_care import queries as care
from services.registry.key_care.deciding import SHIELD, UNSHIELD, Word
from services.registry.key_care.terms import DecisionKind, KeyCareReason
from services.registry.rulings import queries
from services.registry.rulings.terms import RulingKind
from shared.database import raw

_LASTING = (DecisionKind.OPEN, DecisionKind.CONFIRM, SHIELD)


@dataclass(frozen=True, slots=True)
class Author:
    """The person whose ruling had this consequence."""

    client: str
    department: str
    actor: str


async def carry(
    session: AsyncSession, kit: Kit, ruling: Any, joined_at: datetime | None, now: datetime
) -> None:
    """Carry over what cannot be told apart between the children that the ruling's entries are linked to now.

    ``joined_at`` is when they were joined by a ruling, where one did.  As the service itself.
    """
    connection = await raw(session)
    linked = await queries.children_of(connection, ruling["entries"])
    children = sorted(set(linked.values()))
    if len(children) < 2:
        return
    # A record that was moved takes nothing along; what was anchored to it stays with the child it left.
    takers = children if ruling["kind"] != RulingKind.MOVE else [ruling["one"]]
    known_since = await _known_since(connection, children)
    author = await _author(connection, ruling["id"])
    for last in await _last_words(connection, kit, ruling["one"], joined_at):
        home = last["home"]
        for child in takers:
            known = known_since.get(child)
            if child == home or known is None or known > last["decided_at"]:
                continue
            anchor = await care.surest_entry(session, child)
            if anchor is not None:
                shield = last["kind"] == SHIELD
                reason = last["reason"] if shield else KeyCareReason.CARRIED_OVER
                word = Word(last["kind"], last["category"], reason, "")
                basis = [] if shield else [last["anchor"]]
                await deciding.append(session, kit, author, child, word, anchor, basis, now)
    await queue(connection, children)


async def _known_since(
    connection: "asyncpg.Connection[Any]", children: Collection[UUID]
) -> dict[UUID, datetime]:
    rows = await connection.fetch(
        "SELECT l.person, min(r.received_at) AS since FROM links l JOIN records r ON r.entry_id = l.entry_id"
        " WHERE l.person = ANY($1) GROUP BY l.person",
        list(children),
    )
    return {row["person"]: row["since"] for row in rows}


async def _last_words(
    connection: "asyncpg.Connection[Any]", kit: Kit, child: UUID, since: datetime | None
) -> Sequence[Any]:
    """The last decision on each category of the child, and on its shield, where it lasts and rests on no record.

    Each with its ``home``, the child that has it today; None where its anchor is linked to none.
    """
    rows = await connection.fetch(
        "SELECT DISTINCT ON (d.category) d.id, d.child_id, d.kind, d.category, d.reason, d.anchor, d.basis,"
        f" d.decided_at, {LINKED.format(word='d')} FROM decisions d JOIN vault.data_keys k ON k.id = d.id"
        " WHERE d.child_id = $1 AND (d.category <> '' OR d.kind = ANY($2))"
        " ORDER BY d.category, d.decided_at DESC, d.id DESC",
        child,
        [SHIELD, UNSHIELD],
    )
    belongs = await whose(connection, kit.sealer, rows, "decided_at")
    return [
        {**row, "home": belongs[row["id"]] if row["person"] else None}
        for row in rows
        if row["kind"] in _LASTING
        and not row["basis"]
        and (since is None or row["decided_at"] > since)
    ]


async def _author(connection: "asyncpg.Connection[Any]", ruling: UUID) -> Author:
    row = await connection.fetchrow(
        "SELECT client, department, actor FROM decisions WHERE id = $1", ruling
    )
    return Author(row["client"], row["department"], row["actor"])
