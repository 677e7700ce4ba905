"""Noting: each change of a post, with the post as it stood with that, so that every earlier view of it can be told again.

The history of a post that is older than histories begins with its next change, or when an operator vouches for it: it was
*found* so.  Who held it before is not known from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

import asyncpg
import structlog

from services.registry.posts.authenticity import POST_ACTS
from services.registry.posts.terms import PostChange
from shared.auth import Caller
from shared.ids import uuid7
from shared.keys import KeySet

log = structlog.get_logger()

#: What is read of a post in order to note it.
COLUMNS = ("id", "kind", "division", "seat", "staff", "since", "version")
HELD = ("kind", "division", "seat", "staff", "since")
PAGE = 1000
_BARE = "NOT EXISTS (SELECT 1 FROM post_acts a WHERE a.post_id = p.id)"


@dataclass(frozen=True, slots=True)
class Who:
    """Who changed something, and when the hub heard of it."""

    client: str
    actor: str
    at: datetime

    @classmethod
    def of(cls, caller: Caller, now: datetime) -> Self:
        return cls(caller.client, caller.actor, now)


async def note(
    connection: "asyncpg.Connection[Any]",
    keys: KeySet,
    who: Who,
    post: Mapping[str, Any],
    change: PostChange,
    day: date,
    *,
    topic: str = "",
    hours: int = 0,
    reason: str = "",
) -> UUID:
    """Note a change from ``day`` on; ``post`` is the row after it.  The id of the act."""
    act = {
        "id": uuid7(),
        "post_id": post["id"],
        "number": post["version"],
        "act": str(change),
        **{name: post[name] for name in HELD},
        "day": day,
        "topic": topic,
        "hours": hours,
        "reason": reason,
        "client": who.client,
        "actor": who.actor,
        "at": who.at,
    }
    await POST_ACTS.insert(connection, keys, [act])
    made: UUID = act["id"]
    return made


async def begin(
    connection: "asyncpg.Connection[Any]", keys: KeySet, who: Who, post: Mapping[str, Any]
) -> None:
    """Note that a post was found so, unless it has a history; before the change that is about to be noted."""
    if not await connection.fetchval(
        "SELECT EXISTS (SELECT 1 FROM post_acts WHERE post_id = $1)", post["id"]
    ):
        await note(connection, keys, who, post, PostChange.FOUND, post["since"])


async def stands(
    connection: "asyncpg.Connection[Any]", keys: KeySet, post: Mapping[str, Any]
) -> bool:
    """Whether a post is what its newest act made of it; one without a history is.

    Asked before anything is noted: an act vouches for all of the post, also for what somebody else wrote into it.
    """
    newest = await connection.fetchrow(
        f"SELECT {POST_ACTS.selected} FROM post_acts WHERE post_id = $1 ORDER BY number DESC LIMIT 1",
        post["id"],
    )
    if newest is None:
        return True
    if not POST_ACTS.authentic(keys, newest):
        return False
    if newest["number"] == post["version"] and all(newest[one] == post[one] for one in HELD):
        return True
    log.error(POST_ACTS.event, table="posts", id=str(post["id"]))
    return False


async def bare(connection: "asyncpg.Connection[Any]") -> int:
    """How many posts have no history."""
    found: int = await connection.fetchval(f"SELECT count(*) FROM posts p WHERE {_BARE}")
    return found


async def begin_all(connection: "asyncpg.Connection[Any]", keys: KeySet, who: Who) -> int:
    """Note of every post without a history how it was found; of how many."""
    done = 0
    columns = ", ".join(f"p.{name}" for name in COLUMNS)
    while rows := await connection.fetch(
        f"SELECT {columns} FROM posts p WHERE {_BARE} ORDER BY p.id LIMIT {PAGE} FOR UPDATE"
    ):
        for row in rows:
            await note(connection, keys, who, row, PostChange.FOUND, row["since"])
        done += len(rows)
    return done
