"""Changing posts: making, filling and vacating them, and what their holders learnt.

Each change goes ahead only on the version that its author has read, so that nobody fills a post that somebody else has
just filled.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from services.registry.posts import noting, queries
from services.registry.posts.schemas import FillIn, PostIn, TrainingIn, VacateIn
from services.registry.posts.terms import BELONGS_TO, PostChange, layer_of
from shared import divisions, preconditions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Conflict, Flaw, Forbidden, Invalid, NotFound


async def make(
    session: AsyncSession, kit: Kit, caller: Caller, body: PostIn, now: datetime
) -> tuple[UUID, UUID]:
    """A new, vacant post, and the act of making it; Conflict when there is one of that kind and seat already."""
    division = divisions.widen(body.division)
    if not caller.covers(division):
        raise Forbidden("The post lies outside your area.")
    if layer_of(division) != BELONGS_TO[body.kind]:
        raise Invalid(
            flaws=[Flaw("/body/division", "wrong_layer", "A post of this kind belongs elsewhere.")]
        )
    since = body.since or now.astimezone(SHANGHAI).date()
    made = {
        "id": uuid7(),
        "kind": str(body.kind),
        "division": division,
        "seat": body.seat,
        "staff": None,
        "since": since,
        "version": 1,
    }
    connection = await raw(session)
    written: UUID | None = await connection.fetchval(
        "INSERT INTO posts (id, kind, division, seat, staff, since, version)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " ON CONFLICT (division, kind, seat) DO NOTHING RETURNING id",
        *made.values(),
    )
    if written is None:
        raise Conflict("There is such a post already.")
    who = noting.Who.of(caller, now)
    return written, await noting.note(connection, kit.audit, who, made, PostChange.MADE, since)


async def held(session: AsyncSession, caller: Caller, post: UUID, read: str) -> Any:
    """The post, held until the transaction ends; NotFound, or PreconditionFailed when it is newer than was read."""
    row = await queries.one(session, caller, post, held=True)
    if row is None:
        raise NotFound
    preconditions.check(read, preconditions.etag(row["version"]))
    return row


async def fill(
    session: AsyncSession, kit: Kit, caller: Caller, row: Any, body: FillIn, now: datetime
) -> UUID:
    """The id of the act, as each of these gives it: the audit trail is told of it."""
    if row["staff"] is not None:
        raise Conflict("The post is filled.")
    if body.on < row["since"]:
        raise Conflict("The post was not vacant then.")
    after = {**row, "staff": body.staff, "since": body.on}
    return await _change(session, kit, caller, row, after, PostChange.FILLED, body.on, now)


async def vacate(
    session: AsyncSession, kit: Kit, caller: Caller, row: Any, body: VacateIn, now: datetime
) -> UUID:
    if row["staff"] is None:
        raise Conflict("The post is vacant.")
    if body.on < row["since"]:
        raise Conflict("The post was not filled then.")
    after = {**row, "staff": None, "since": body.on}
    why = {"reason": str(body.reason)}
    return await _change(session, kit, caller, row, after, PostChange.VACATED, body.on, now, **why)


async def train(
    session: AsyncSession, kit: Kit, caller: Caller, row: Any, body: TrainingIn, now: datetime
) -> UUID:
    if row["staff"] is None:
        raise Conflict("Nobody holds the post.")
    if body.held_on > now.astimezone(SHANGHAI).date():
        raise Invalid(
            flaws=[Flaw("/body/held_on", "in_the_future", "A training is told of after it.")]
        )
    learnt = {"topic": body.topic, "hours": body.hours}
    made = await _change(
        session, kit, caller, row, row, PostChange.TRAINED, body.held_on, now, **learnt
    )
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO trainings (id, post_id, division, staff, held_on, topic, hours)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        made,
        row["id"],
        row["division"],
        row["staff"],
        body.held_on,
        body.topic,
        body.hours,
    )
    return made


async def _change(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    before: Any,
    after: Any,
    change: PostChange,
    day: date,
    now: datetime,
    **more: Any,
) -> UUID:
    """The id of the act; Conflict where the post is not what its history made of it."""
    connection = await raw(session)
    if not await noting.stands(connection, kit.audit, before):
        raise Conflict("The post was changed past the hub: an operator has to look at it.")
    who = noting.Who.of(caller, now)
    await noting.begin(connection, kit.audit, who, before)
    await connection.execute(
        "UPDATE posts SET staff = $2, since = $3, version = version + 1 WHERE id = $1",
        after["id"],
        after["staff"],
        after["since"],
    )
    after = {**after, "version": before["version"] + 1}
    return await noting.note(connection, kit.audit, who, after, change, day, **more)
