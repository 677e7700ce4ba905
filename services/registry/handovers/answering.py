"""Answering: handovers between hubs, as the hub's own notifications service brings what was said to their notices.

Ours went to another place: its answer accepts or rejects; a person here who takes it back revokes.  Whichever is here first holds:
an acceptance of what has ended is *void*, and the other hub is told so.  Another hub's came to us: what it proposes is kept here
once our county says yes, and the acceptance once the giving hub has kept it, so that never both registries have the file.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children import gathering, queueing
from services.registry.children.building import open_state
from services.registry.children.folding import current
from services.registry.children.kit import Kit
from services.registry.handovers import queries
from services.registry.handovers.acting import Word, append, county_of, fresh
from services.registry.handovers.authenticity import stands_for
from services.registry.handovers.beginning import gives_way, inside
from services.registry.handovers.owning import carried
from services.registry.handovers.schemas import HandoverAnswerIn
from services.registry.handovers.showing import file_of
from services.registry.handovers.terms import HandoverActKind as Act
from services.registry.handovers.terms import HandoverSide
from services.registry.handovers.terms import HandoverState as State
from shared import divisions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Conflict, Invalid, NotFound
from shared.vocabulary import Department

NOT_THEIRS = "By what this hub knows another county has the child's file."
#: What happened before comes before, in the order of the acts too.
A_MOMENT = timedelta(milliseconds=1)


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
    kept: bool = True
    """False: it had ended before, and this answer is void."""


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
    if _said_already(acts, body):
        return Taken(handover, child)
    if row["state"] not in (State.PROPOSED, State.LAPSED):
        return Taken(handover, child, kept=False)
    side = HandoverSide.GIVING if body.act == Act.REVOKE else HandoverSide.TAKING
    word = _word(handover, len(acts) + 1, body, side, row["giving"], row["taking"])
    anchored = acts[0]["child_id"], acts[0]["anchor"]
    if await _holds(session, kit, author, anchored, word, child, now):
        return Taken(handover, child)
    # Two children were found to be one, and another handover went before: this one must not come back when they are parted.
    ended = replace(word, kind=Act.REVOKE, side=HandoverSide.GIVING, effective_on=None)
    await append(session, kit, author, *anchored, ended, now)
    await fresh(session, kit, child, now)
    return Taken(handover, child, kept=False)


async def _holds(
    session: AsyncSession,
    kit: Kit,
    author: AnotherPlace,
    anchored: tuple[UUID, UUID],
    word: Word,
    child: UUID,
    now: datetime,
) -> bool:
    """Append the act, unless it is an acceptance by which no file would pass."""
    async with session.begin_nested() as attempt:
        await append(session, kit, author, *anchored, word, now)
        await fresh(session, kit, child, now)
        state = await (await raw(session)).fetchval(
            "SELECT state FROM handovers WHERE id = $1", word.handover
        )
        if word.kind == Act.ACCEPT and state == State.LAPSED:
            await attempt.rollback()
            return False
    return True


async def _of_theirs(
    session: AsyncSession,
    kit: Kit,
    author: AnotherPlace,
    entry: UUID,
    body: HandoverAnswerIn,
    now: datetime,
) -> Taken:
    """The notice's id is that of the handover here: an answer sent again is the same.

    Conflict where the other hub's county has not the file to give: the notice is refused then.  What that hub has settled is
    kept whatever is known here: it alone says whether the file has passed.
    """
    giving, taking = (divisions.county_of(divisions.widen(c)) for c in (body.giving, body.taking))
    if inside(giving, kit.territory) or not inside(taking, kit.territory):
        raise Conflict("Another hub's county hands over to one of ours.")
    connection = await raw(session)
    child = await connection.fetchval("SELECT person FROM links WHERE entry_id = $1", entry)
    if child is None:
        raise NotFound
    await queueing.hold(connection, child)
    acts = await queries.acts_of(session, body.notice)
    proposal = Word(body.notice, 1, Act.PROPOSE, HandoverSide.GIVING, giving, taking)
    words: list[Word] = []
    day = now.astimezone(SHANGHAI).date()
    if not acts and body.act != Act.REVOKE:
        row = await fresh(session, kit, child, now)
        here = county_of(kit, row, day)
        if here != carried(giving, day, kit.profiles.code_on):
            if body.giving_area is not None and _within(body.giving_area, giving, here):
                for word in _passed_there(here, giving, day):
                    await append(session, kit, author, child, entry, word, now - A_MOMENT)
            elif not await _gives_way(session, kit, row, taking, day):
                raise Conflict(NOT_THEIRS)
        words.append(proposal)
    known = bool(acts or words)
    if known and body.act != Act.PROPOSE and not _said_already(acts, body):
        side = HandoverSide.GIVING if body.act == Act.REVOKE else HandoverSide.TAKING
        number = len(acts) + len(words) + 1
        words.append(_word(body.notice, number, body, side, giving, taking))
    for word in words:
        await append(session, kit, author, child, entry, word, now)
    if words:
        row = await fresh(session, kit, child, now)
        passed = body.effective_on is not None and body.effective_on <= day
        has = carried(taking if passed else giving, day, kit.profiles.code_on)
        if proposal in words and county_of(kit, row, day) != has:
            raise Conflict(NOT_THEIRS)
    return Taken(body.notice, child)


async def _gives_way(session: AsyncSession, kit: Kit, row: Any, taking: int, day: date) -> bool:
    """Whether the county that has the file here lets the other hub's have it, so that ``taking``, which accepts, takes it.

    The county itself does by accepting; a third one of ours may, as long as nobody has handed the file to it.
    """
    found = file_of(open_state(kit.sealer, row), kit.profiles.code_on)
    if found is None or len(found.spells) > 1 or not inside(found.county_on(day), kit.territory):
        return False
    if found.county_on(day) == carried(taking, day, kit.profiles.code_on):
        return True
    records = (await gathering.records_of(await raw(session), kit.sealer, [row["id"]]))[row["id"]]
    return gives_way(current(records), records, taking, kit.territory, kit.profiles.in_line)


def _within(area: str, *counties: int) -> bool:
    low, high = divisions.area_of(divisions.widen(area))
    return all(low <= county <= high for county in counties)


def _passed_there(before: int, now: int, day: date) -> list[Word]:
    """Inside the other hub the file had passed to the county that gives: that hub says so of its own counties, from today on."""
    made = uuid7()
    return [
        Word(made, 1, Act.PROPOSE, HandoverSide.GIVING, before, now),
        Word(made, 2, Act.ACCEPT, HandoverSide.TAKING, before, now, day),
    ]


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
