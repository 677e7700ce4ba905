"""Deciding: what a person decides about a child becomes a row like any record, and the child is folded again at once.

Cast: a *decision* has an *anchor*, the entry by which it follows its child through merges and splits, and a *basis*,
the entries it rested on.  Whoever decides first *holds* the child: its lock and its place in the fold queue, which the
workers skip meanwhile, so that deciders of one child take turns and no fold from before the decision overwrites one from
after it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children import queries as children
from services.registry.children import queueing
from services.registry.children.kit import Kit
from services.registry.children.registration import refold
from services.registry.key_care import queries
from services.registry.key_care.authenticity import bound
from services.registry.key_care.authenticity import note_of as note_of
from services.registry.key_care.terms import KeyCareReason
from services.registry.vault import new_key
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Flaw, Invalid, NotFound, Unavailable
from shared.sealing import seal

SHIELD, UNSHIELD = "shield", "unshield"


class Author(Protocol):
    """Who decides: a caller, or the person whose ruling had this consequence."""

    @property
    def client(self) -> str: ...
    @property
    def department(self) -> str: ...
    @property
    def actor(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Word:
    """What a person decides, and why; ``category`` is empty for a decision on the child as a whole."""

    kind: str
    category: str
    reason: str
    note: str


def check_reason(reason: str, note: str, fitting: Collection[str] | None = None) -> None:
    """Invalid when the reason does not fit the decision, or says nothing and no note does."""
    if fitting is not None and reason not in fitting:
        detail = f"For this decision: {', '.join(sorted(map(str, fitting)))}."
        raise Invalid(flaws=[Flaw("/body/reason", "unfitting_reason", detail)])
    if reason == KeyCareReason.OTHER and not note.strip():
        raise Invalid(flaws=[Flaw("/body/note", "note_required", "Say what the other reason is.")])


async def hold(session: AsyncSession, caller: Caller, child: UUID) -> Any:
    """Wait until nobody else decides on this child or folds it; held until the transaction ends.

    The child's row as it is then; NotFound unless the caller sees it.
    """
    if not await children.visible(session, caller, [child]):
        raise NotFound
    await queueing.hold(await raw(session), child)
    rows = await children.visible(session, caller, [child])
    if not rows:
        raise NotFound
    return rows[0]


async def decide(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    child: UUID,
    word: Word,
    records: Sequence[UUID],
    now: datetime,
) -> UUID:
    """Append the decision and fold the child, which must be held; the decision's id.

    ``records`` are the evidence it rests on.  NotFound when no entry speaks of the child any more.
    """
    async with as_system(session, caller):
        basis = await queries.entries_behind(session, records)
        anchor = await queries.surest_entry(session, child, basis or None)
        if anchor is None and basis:
            anchor = basis[0]
        if anchor is None:
            raise NotFound
        made = await append(session, kit, caller, child, word, anchor, basis, now)
        if await refold(session, kit, [child], now.astimezone(SHANGHAI).date(), now):
            # The child's records cannot be folded now: a decision that would take no effect is not taken.
            raise Unavailable(headers={"Retry-After": "60"})
        connection = await raw(session)
        await connection.execute("DELETE FROM fold_queue WHERE child_id = $1", child)
    return made


async def append(
    session: AsyncSession,
    kit: Kit,
    author: Author,
    child: UUID,
    word: Word,
    anchor: UUID,
    basis: Sequence[UUID],
    now: datetime,
) -> UUID:
    """Append a decision under a data key of its own, as the service itself; its id."""
    row: dict[str, Any] = {
        "id": uuid7(),
        "anchor": anchor,
        "child_id": child,
        "basis": list(basis),
        "kind": word.kind,
        "category": word.category,
        "reason": word.reason,
        "client": author.client,
        "department": str(author.department),
        "actor": author.actor,
        "decided_at": now,
    }
    data_key = await new_key(session, kit.sealer, row["id"])
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO decisions (id, anchor, child_id, basis, kind, category, reason, client, department,"
        " actor, decided_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        *row.values(),
        seal(data_key, word.note.encode(), bound(row)),
    )
    made: UUID = row["id"]
    return made
