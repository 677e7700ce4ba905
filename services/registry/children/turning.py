"""Turning: the daily clock.  Children whose day has come are judged again, from their gist; no record is opened.

Whoever has no gist yet, or one that does not open, is asked to be folded.  A child that waits to be folded is left to its
fold, which judges by the same day.
"""

from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry import planning
from services.registry.changes import noting
from services.registry.changes.noting import Turn
from services.registry.children import events, gathering, queueing, writing
from services.registry.children.building import open_reading
from services.registry.children.change import Change
from services.registry.children.gist import Reading
from services.registry.children.kit import Kit
from services.registry.children.registration import (
    changed,
    listen,
    relooked,
    tell_siblings,
    turn_of,
)
from services.registry.match_reviews import placing
from shared import outbox
from shared.database import raw
from shared.sealing import Unsealable

log = structlog.get_logger()

_DUE = (
    "SELECT id FROM (SELECT id FROM children WHERE next_change_on <= $1 AND folded_on < $1"
    "  AND NOT EXISTS (SELECT 1 FROM fold_queue q WHERE q.child_id = children.id)"
    "  ORDER BY next_change_on LIMIT 4 * $2::bigint) AS next"
    f" WHERE pg_try_advisory_xact_lock({queueing.LOCK.format(child='id')}) LIMIT $2"
)


async def turn_batch(session: AsyncSession, kit: Kit, limit: int, day: date, now: datetime) -> int:
    """Judge up to ``limit`` children anew whose day has come, in this transaction; how many were taken up."""
    connection = await raw(session)
    await planning.by_index(connection)
    await planning.once(connection)
    due = [row["id"] for row in await connection.fetch(_DUE, day, limit)]
    if not due:
        return 0
    rows = await gathering.rows_of(connection, due)
    readings: dict[UUID, Reading] = {}
    gists: dict[UUID, bytes] = {}
    unread: set[UUID] = set()
    for child, row in rows.items():
        if row["folded_on"] >= day:
            continue  # another worker took it up before its lock was ours
        try:
            readings[child], gists[child] = open_reading(kit.sealer, row)
        except Unsealable:
            if row["gist"]:
                log.error("gist.unsealable", child=str(child))
            unread.add(child)
    children = list(readings)
    broken: set[UUID] = set()
    heard = await listen(connection, kit, readings, children, broken)
    cared = await gathering.care_of(connection, children)
    code_on = partial(kit.profiles.code_on, on=day)
    changes: list[Change] = []
    turns: list[Turn] = []
    announced: list[outbox.Event] = []
    for child in children:
        if child in broken:
            continue
        change = changed(
            kit,
            child,
            readings[child],
            heard,
            rows[child],
            cared.get(child, {}),
            day,
            broken,
            gists[child],
        )
        if change is not None:
            changes.append(change)
            if (turn := turn_of(change)) is not None:
                turns.append(turn)
            announced += events.announce(change, code_on=code_on)
    hashes = await gathering.lookups_of(connection, relooked(changes))
    await writing.write(connection, kit, changes, hashes, day, now)
    if left := [*unread, *broken]:
        await queueing.queue(connection, left)
    await tell_siblings(connection, changes)
    await _stay(connection, set(children) - broken - {one.new.id for one in changes}, day)
    if carried := [one.new.id for one in changes if one.carried]:
        await placing.place(connection, carried)
    await noting.note(connection, kit.audit, turns, now)
    await outbox.append(session, kit.audit, now, announced)
    return len(due)


async def _stay(connection: "asyncpg.Connection[Any]", same: set[UUID], day: date) -> None:
    """Note of children of whom nothing changed that their day was looked at, lest it come again and again."""
    if same:
        await connection.execute(
            "UPDATE children SET folded_on = $2 WHERE id = ANY($1)", list(same), day
        )
