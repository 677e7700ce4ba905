"""Answering: handovers between hubs, as the hub's own notifications service brings what was said to their notices.

Ours went to another place: its answer accepts, rejects, or (withdrawn before it left) revokes.  Another hub's came to us: our
county's acceptance is kept here too, so that both registries know the same county for each day.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children import queueing
from services.registry.children.kit import Kit
from services.registry.handovers import queries
from services.registry.handovers.acting import Word, append, county_of, fresh
from services.registry.handovers.authenticity import stands_for
from services.registry.handovers.beginning import inside
from services.registry.handovers.owning import carried
from services.registry.handovers.schemas import HandoverAnswerIn
from services.registry.handovers.terms import HandoverActKind as Act
from services.registry.handovers.terms import HandoverSide
from services.registry.handovers.terms import HandoverState as State
from shared import divisions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.problems import Conflict, Invalid, NotFound
from shared.vocabulary import Department


@dataclass(frozen=True, slots=True)
class AnotherPlace:
    """The author of what a person of another place, or at a notice, said."""

    client: str
    department: str
    actor: str


@dataclass(frozen=True, slots=True)
class Taken:
    handover: UUID
    child: UUID


async def take(
    session: AsyncSession, kit: Kit, caller: Caller, body: HandoverAnswerIn, now: datetime
) -> Taken:
    """Keep the answer, once, as the service itself.  NotFound, Conflict or Invalid."""
    author = AnotherPlace(caller.client, str(Department.HUB), f"notice:{body.notice}")
    if body.handover is not None:
        return await _of_ours(session, kit, author, body.handover, body, now)
    if body.entry is None:
        raise Invalid
    return await _of_theirs(session, kit, author, body.entry, body, now)


async def _of_ours(
    session: AsyncSession,
    kit: Kit,
    author: AnotherPlace,
    handover: UUID,
    body: HandoverAnswerIn,
    now: datetime,
) -> Taken:
    connection = await raw(session)
    child = await connection.fetchval("SELECT child_id FROM handovers WHERE id = $1", handover)
    if child is None:
        raise NotFound
    await queueing.hold(connection, child)
    await fresh(session, kit, child, now)
    row = await connection.fetchrow("SELECT * FROM handovers WHERE id = $1", handover)
    acts = await queries.acts_of(session, handover)
    day = now.astimezone(SHANGHAI).date()
    if row is None or not acts or not stands_for(kit, row, acts, day):
        raise NotFound
    if inside(row["taking"], kit.territory):
        raise Conflict("The two counties of this hub do this themselves.")
    if not _said_already(acts, body):
        if row["state"] not in (State.PROPOSED, State.LAPSED):
            raise Conflict(f"A handover that is {row['state']} takes no answer.")
        side = HandoverSide.GIVING if body.act == Act.REVOKE else HandoverSide.TAKING
        word = _word(handover, len(acts) + 1, body, side, row["giving"], row["taking"])
        await append(session, kit, author, acts[0]["child_id"], acts[0]["anchor"], word, now)
        await fresh(session, kit, child, now)
    return Taken(handover, child)


async def _of_theirs(
    session: AsyncSession,
    kit: Kit,
    author: AnotherPlace,
    entry: UUID,
    body: HandoverAnswerIn,
    now: datetime,
) -> Taken:
    """The notice's id is that of the handover here: an answer sent again is the same.

    Conflict where the other hub's county has not the file to give: the notice is refused then.
    """
    giving, taking = (divisions.county_of(divisions.widen(c)) for c in (body.giving, body.taking))
    if inside(giving, kit.territory) or not inside(taking, kit.territory):
        raise Conflict("Another hub's county hands over to one of ours.")
    connection = await raw(session)
    child = await connection.fetchval("SELECT person FROM links WHERE entry_id = $1", entry)
    if child is None:
        raise NotFound
    await queueing.hold(connection, child)
    if not _said_already(await queries.acts_of(session, body.notice), body):
        day = now.astimezone(SHANGHAI).date()
        row = await fresh(session, kit, child, now)
        if county_of(kit, row, day) != carried(giving, day, kit.profiles.code_on):
            raise Conflict("By what this hub knows another county has the child's file.")
        proposal = Word(body.notice, 1, Act.PROPOSE, HandoverSide.GIVING, giving, taking)
        answer = _word(body.notice, 2, body, HandoverSide.TAKING, giving, taking)
        for word in (proposal, answer):
            await append(session, kit, author, child, entry, word, now)
        await fresh(session, kit, child, now)
    return Taken(body.notice, child)


def _word(
    handover: UUID,
    number: int,
    body: HandoverAnswerIn,
    side: HandoverSide,
    giving: int,
    taking: int,
) -> Word:
    return Word(handover, number, body.act, side, giving, taking, body.effective_on)


def _said_already(acts: list[Any], body: HandoverAnswerIn) -> bool:
    return any((a["kind"], a["effective_on"]) == (body.act, body.effective_on) for a in acts)
