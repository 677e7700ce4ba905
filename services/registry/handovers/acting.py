"""Acting: proposing, accepting, rejecting and revoking a handover; each act becomes a row, and the child is folded at once.

Whoever acts holds the child first, as deciders do, and folds it, so that everybody acts on who has the file today.  Nobody
accepts what he proposed himself.  Between hubs the counties act by notice (``answering.py``): here it is only proposed.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.access.subjects import Subject, only_civil_affairs
from services.registry.children import events, queueing
from services.registry.children import queries as children
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.children.registration import refold
from services.registry.handovers import queries
from services.registry.handovers.authenticity import bound, stands_for
from services.registry.handovers.beginning import inside
from services.registry.handovers.schemas import HandoverActIn, ProposalIn
from services.registry.handovers.showing import file_of
from services.registry.handovers.sight import concerns
from services.registry.handovers.terms import HandoverActKind as Act
from services.registry.handovers.terms import HandoverSide
from services.registry.handovers.terms import HandoverState as State
from services.registry.key_care import queries as key_care
from services.registry.vault import new_key
from shared import divisions, outbox, preconditions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Conflict, Flaw, Forbidden, Invalid, NotFound, Unavailable
from shared.sealing import seal

#: A day farther off than this is a slip of the pen.
FARTHEST = timedelta(days=366)
PROPOSED = "handover.proposed"
BY_NOTICE = "Hubs hand over by notice (通知单): the other place answers that."


class HandoverOpen(Conflict):
    type = "handover-open"
    title = "Another handover of this child is open"
    title_zh = "该儿童已有办理中的移交"


class Author(Protocol):
    """Who acts: a caller, or the hub in the name of another place."""

    @property
    def client(self) -> str: ...
    @property
    def department(self) -> str: ...
    @property
    def actor(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Word:
    """What is said of a handover; ``number`` counts its acts from one."""

    handover: UUID
    number: int
    kind: Act
    side: HandoverSide
    giving: int
    taking: int
    effective_on: date | None = None
    reason: str = ""
    note: str = ""


async def propose(
    session: AsyncSession, kit: Kit, caller: Caller, body: ProposalIn, now: datetime
) -> UUID:
    """The new handover's id.  NotFound where the child is neither seen nor has to do with the caller's county."""
    only_civil_affairs(caller)
    Subject.of(caller)
    child, day = body.child_id, _day(now)
    seen = bool(await children.visible(session, caller, [child]))
    if not seen and not await concerns(session, kit, caller, child, day, day):
        raise NotFound
    await queueing.hold(await raw(session), child)
    async with as_system(session, caller):
        row = await fresh(session, kit, child, now)
        open_one = await queries.open_of(session, child)
    giving = county_of(kit, row, day)
    taking = divisions.county_of(kit.profiles.code_on(divisions.widen(body.to), day))
    side = HandoverSide.GIVING if caller.covers(giving) else HandoverSide.TAKING
    if side is HandoverSide.TAKING:
        if not seen:
            raise NotFound
        if not (caller.covers(taking) and inside(taking, kit.territory)):
            raise Forbidden(
                "The county that has the file proposes, or one of this hub that takes it."
            )
    if not kit.profiles.known(taking, day) or divisions.above_county(taking, day):
        raise Invalid(flaws=[Flaw("/body/to", "division", "No county has this code today.")])
    if taking == giving:
        raise Conflict("That county has the child's file already.")
    if not inside(giving, kit.territory):
        raise Conflict(BY_NOTICE)
    if open_one is not None:
        raise HandoverOpen
    made = uuid7()
    word = Word(made, 1, Act.PROPOSE, side, giving, taking, None, str(body.reason), body.note)
    async with as_system(session, caller):
        await append(session, kit, caller, child, await anchor_of(session, child), word, now)
        row = await fresh(session, kit, child, now)
        if not inside(taking, kit.territory):
            await outbox.append(session, kit.audit, now, [_proposed(row, made, giving, taking)])
    return made


async def act(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    handover: UUID,
    body: HandoverActIn,
    read: str,
    now: datetime,
) -> Any:
    """Append the act; the handover's row as it was.  NotFound, Forbidden, Conflict, SecondPersonNeeded, PreconditionFailed."""
    only_civil_affairs(caller)
    person = Subject.of(caller)
    row = await queries.one(session, caller, handover)
    if row is None:
        raise NotFound
    child = row["child_id"]
    await queueing.hold(await raw(session), child)
    async with as_system(session, caller):
        await fresh(session, kit, child, now)
        acts = await queries.acts_of(session, handover)
    row = await queries.one(session, caller, handover)
    if row is None or row["child_id"] != child or not stands_for(kit, row, acts, _day(now)):
        raise NotFound
    preconditions.check(read, preconditions.etag(row["acts"]))
    state = State(row["state"])
    if state not in _TAKES[body.act]:
        raise Conflict(f"A handover that is {state} takes no such act.")
    if not all(inside(row[str(side)], kit.territory) for side in HandoverSide):
        raise Conflict(BY_NOTICE)
    side = _side(caller, row, body.act, state)
    if body.act == Act.ACCEPT:
        person.apart_from(Subject(acts[0]["client"], acts[0]["actor"]))
        check_day(body.effective_on, _day(now))
    word = Word(
        handover,
        row["acts"] + 1,
        body.act,
        side,
        row["giving"],
        row["taking"],
        body.effective_on,
        str(body.reason or ""),
        body.note,
    )
    async with as_system(session, caller):
        await append(session, kit, caller, acts[0]["child_id"], acts[0]["anchor"], word, now)
        await fresh(session, kit, child, now)
    return row


#: In which state each act is possible.
_TAKES = {
    Act.ACCEPT: (State.PROPOSED,),
    Act.REJECT: (State.PROPOSED,),
    Act.REVOKE: (State.PROPOSED, State.ACCEPTED),
    Act.PROPOSE: (),
}


def _side(caller: Caller, row: Any, what: Act, state: State) -> HandoverSide:
    """For which county the caller acts: the other one answers, its own takes back; either, what was accepted."""
    proposed_by = HandoverSide(row["side"])
    if what == Act.REVOKE:
        sides = (proposed_by, proposed_by.other) if state is State.ACCEPTED else (proposed_by,)
    else:
        sides = (proposed_by.other,)
    for side in sides:
        if caller.covers(row[str(side)]):
            return side
    raise Forbidden("The other county does this.")


def check_day(effective_on: date | None, earliest: date) -> None:
    """Invalid before ``earliest``, and beyond any that is meant."""
    if effective_on is None or not earliest <= effective_on <= earliest + FARTHEST:
        detail = "From today on, and within a year."
        raise Invalid(flaws=[Flaw("/body/effective_on", "effective_on", detail)])


async def fresh(session: AsyncSession, kit: Kit, child: UUID, now: datetime) -> Any:
    """The child, which must be held, folded as of now, as the service itself; Unavailable where it cannot be folded."""
    if await refold(session, kit, [child], _day(now), now):
        raise Unavailable(headers={"Retry-After": "60"})
    connection = await raw(session)
    await connection.execute("DELETE FROM fold_queue WHERE child_id = $1", child)
    row = await connection.fetchrow(
        "SELECT c.*, k.master, k.wrapped FROM children c JOIN vault.data_keys k ON k.id = c.id"
        " WHERE c.id = $1",
        child,
    )
    if row is None:
        raise NotFound
    return row


def county_of(kit: Kit, row: Any, day: date) -> int:
    """The county that has the file of a child that was folded today."""
    found = file_of(open_state(kit.sealer, row), kit.profiles.code_on)
    if found is None:
        raise Unavailable(headers={"Retry-After": "60"})
    return found.county_on(day)


async def anchor_of(session: AsyncSession, child: UUID) -> UUID:
    anchor = await key_care.surest_entry(session, child)
    if anchor is None:
        raise NotFound
    return anchor


async def append(
    session: AsyncSession,
    kit: Kit,
    author: Author,
    child: UUID,
    anchor: UUID,
    word: Word,
    now: datetime,
) -> None:
    """Append an act under a data key of its own, as the service itself."""
    row: dict[str, Any] = {
        "id": uuid7(),
        "handover_id": word.handover,
        "number": word.number,
        "child_id": child,
        "anchor": anchor,
        "kind": str(word.kind),
        "side": str(word.side),
        "giving": word.giving,
        "taking": word.taking,
        "effective_on": word.effective_on,
        "reason": word.reason,
        "client": author.client,
        "department": str(author.department),
        "actor": author.actor,
        "acted_at": now,
    }
    data_key = await new_key(session, kit.sealer, row["id"])
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO handover_acts (id, handover_id, number, child_id, anchor, kind, side, giving, taking,"
        " effective_on, reason, client, department, actor, acted_at, sealed)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        *row.values(),
        seal(data_key, word.note.encode(), bound(row)),
    )


def _proposed(row: Any, handover: UUID, giving: int, taking: int) -> outbox.Event:
    """What makes notifications tell the other place."""
    body = {
        "residence": events.county(row["residence_code"]),
        "hukou": events.county(row["hukou_code"]),
        "shielded": row["shielded"],
        "handover": str(handover),
        "giving": divisions.text_of(giving),
        "taking": divisions.text_of(taking),
    }
    return outbox.Event(PROPOSED, row["id"], row["child_seq"], body)


def _day(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()
