"""Changing posts: making, filling and vacating them, and what their holders learnt.

Each change goes ahead only on the version that its author has read, so that nobody fills a post that somebody else has
just filled.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.posts import queries
from services.registry.posts.schemas import FillIn, PostIn, TrainingIn, VacateIn
from services.registry.posts.terms import BELONGS_TO, layer_of
from shared import divisions, preconditions
from shared.auth import Caller
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Conflict, Flaw, Forbidden, Invalid, NotFound


async def make(session: AsyncSession, caller: Caller, body: PostIn, day: date) -> UUID:
    """A new, vacant post; Conflict when there is one of that kind and seat already."""
    division = divisions.widen(body.division)
    if not caller.covers(division):
        raise Forbidden("The post lies outside your area.")
    if layer_of(division) != BELONGS_TO[body.kind]:
        raise Invalid(
            flaws=[Flaw("/body/division", "wrong_layer", "A post of this kind belongs elsewhere.")]
        )
    made = uuid7()
    connection = await raw(session)
    written = await connection.fetchval(
        "INSERT INTO posts (id, kind, division, seat, since, version) VALUES ($1, $2, $3, $4, $5, 1)"
        " ON CONFLICT (division, kind, seat) DO NOTHING RETURNING id",
        made,
        body.kind,
        division,
        body.seat,
        body.since or day,
    )
    if written is None:
        raise Conflict("There is such a post already.")
    return made


async def held(session: AsyncSession, caller: Caller, post: UUID, read: str) -> Any:
    """The post, held until the transaction ends; NotFound, or PreconditionFailed when it is newer than was read."""
    row = await queries.one(session, caller, post, held=True)
    if row is None:
        raise NotFound
    preconditions.check(read, preconditions.etag(row["version"]))
    return row


async def fill(session: AsyncSession, row: Any, body: FillIn) -> None:
    if row["staff"] is not None:
        raise Conflict("The post is filled.")
    if body.on < row["since"]:
        raise Conflict("The post was not vacant then.")
    await _change(session, row, body.staff, body.on)


async def vacate(session: AsyncSession, row: Any, body: VacateIn) -> None:
    if row["staff"] is None:
        raise Conflict("The post is vacant.")
    if body.on < row["since"]:
        raise Conflict("The post was not filled then.")
    await _change(session, row, None, body.on)


async def train(session: AsyncSession, row: Any, body: TrainingIn, day: date) -> None:
    if row["staff"] is None:
        raise Conflict("Nobody holds the post.")
    if body.held_on > day:
        raise Invalid(
            flaws=[Flaw("/body/held_on", "in_the_future", "A training is told of after it.")]
        )
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO trainings (id, post_id, division, staff, held_on, topic, hours)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        uuid7(),
        row["id"],
        row["division"],
        row["staff"],
        body.held_on,
        body.topic,
        body.hours,
    )
    await _change(session, row, row["staff"], row["since"])


async def _change(session: AsyncSession, row: Any, staff: str | None, since: date) -> None:
    connection = await raw(session)
    await connection.execute(
        "UPDATE posts SET staff = $2, since = $3, version = version + 1 WHERE id = $1",
        row["id"],
        staff,
        since,
    )
