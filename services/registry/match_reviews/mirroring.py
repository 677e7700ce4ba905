"""Mirroring: matching's reviews, followed by ``review_seq`` into this registry's own table.

Matching says which children it takes for one another and when a doubt has ended; the registry knows who may see them
and what people have said.  A doubt whose evidence changes comes back to the queue, whatever was put off or only
proposed; one that ends is closed here too.  Changes may come twice or to two workers: a page is stored only by whoever
finds the position where the page begins, so the newest stands.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson

from services.registry.children.queueing import queue
from services.registry.match_reviews.terms import ReviewState
from services.registry.planning import by_index
from services.registry.rulings.terms import RulingProblem, RulingState
from shared.database import SYSTEM, Database, raw
from shared.limits import MAX_PAGE

TARGET = "review-changes"
#: A ruling that is on its way, or in force, will end the doubt: until then matching may still speak of it.
_ANSWERED = (RulingState.PENDING, RulingState.STANDING)

_STORE = (
    "INSERT INTO match_reviews (id, review_seq, one, other, entry, weight, rule_version, comparisons, opened_at,"
    " state, returned, one_shielded, other_shielded, one_residence_code, one_hukou_code, other_residence_code,"
    " other_hukou_code)"
    " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', '', coalesce(a.shielded, false), coalesce(b.shielded, false),"
    " a.residence_code, a.hukou_code, b.residence_code, b.hukou_code"
    " FROM (SELECT) AS one LEFT JOIN children a ON a.id = $3 LEFT JOIN children b ON b.id = $4"
    " ON CONFLICT (id) DO UPDATE SET review_seq = excluded.review_seq, one = excluded.one, other = excluded.other,"
    " entry = excluded.entry, weight = excluded.weight, rule_version = excluded.rule_version,"
    " comparisons = excluded.comparisons, opened_at = excluded.opened_at, closed_at = NULL,"
    " one_shielded = excluded.one_shielded, other_shielded = excluded.other_shielded,"
    " one_residence_code = excluded.one_residence_code, one_hukou_code = excluded.one_hukou_code,"
    " other_residence_code = excluded.other_residence_code, other_hukou_code = excluded.other_hukou_code"
    " WHERE match_reviews.review_seq < excluded.review_seq"
)


async def follow_reviews(
    database: Database, matching: httpx.AsyncClient, page: int = MAX_PAGE
) -> int:
    """Read matching's review changes from where this registry stands; how many were news."""
    async with database.transaction(SYSTEM) as session:
        begun = await _position(await raw(session))
    reply = await matching.get("/v1/review-changes", params={"after": begun, "limit": page})
    reply.raise_for_status()
    changes = orjson.loads(reply.content)["items"]
    if not changes:
        return 0
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        await by_index(connection)
        if await _position(connection, locked=True) != begun:
            return 0  # another worker has taken this page, and perhaps more
        news = await take(connection, changes)
        await connection.execute(
            "UPDATE relay_positions SET seq = $2 WHERE target = $1",
            TARGET,
            max(int(change["review_seq"]) for change in changes),
        )
    return news if len(changes) < page else max(news, 1)


async def _position(connection: "asyncpg.Connection[Any]", *, locked: bool = False) -> int:
    """The number of the last change taken; ``locked`` until the transaction ends."""
    if locked:
        await connection.execute(
            "INSERT INTO relay_positions (target, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING",
            TARGET,
        )
    found = await connection.fetchval(
        "SELECT seq FROM relay_positions WHERE target = $1" + (" FOR UPDATE" if locked else ""),
        TARGET,
    )
    return found or 0


async def take(connection: "asyncpg.Connection[Any]", changes: Sequence[dict[str, Any]]) -> int:
    """Take matching's word on these reviews, the position held; how many were news."""
    newest = {UUID(change["review"]): change for change in changes}
    held = await _held(connection, list(newest))
    news = {
        review: change
        for review, change in sorted(newest.items())
        if (review in held or change.get("closed_at") is None)
        and change["review_seq"] > held.get(review, -1)
    }
    opened = {r: change for r, change in news.items() if change.get("closed_at") is None}
    if children := {UUID(change[side]) for change in opened.values() for side in ("one", "other")}:
        # Where they are is looked up again once whatever folds them now has committed.  Before the reviews are locked:
        # whoever decides on a child holds its place in the queue first.
        await queue(connection, sorted(children))
    rows = await _locked(connection, list(news))
    for review, change in news.items():
        if review in opened:
            await _store(connection, change)
        else:
            await _close(connection, change)
        if (row := rows.get(review)) is not None:
            await _settle(connection, row, review not in opened)
    return len(news)


async def _held(connection: "asyncpg.Connection[Any]", reviews: Sequence[UUID]) -> dict[UUID, int]:
    """The number of the last change of each review; whoever holds the position alone changes it."""
    rows = await connection.fetch(
        "SELECT id, review_seq FROM match_reviews WHERE id = ANY($1)", reviews
    )
    return {row["id"]: row["review_seq"] for row in rows}


async def _locked(
    connection: "asyncpg.Connection[Any]", reviews: Sequence[UUID]
) -> dict[UUID, Any]:
    """The reviews and their rulings as they stand once nobody else is at work on them."""
    rulings = await connection.fetch(
        "SELECT ruling FROM match_reviews WHERE id = ANY($1) ORDER BY id FOR UPDATE", reviews
    )
    await connection.execute(
        "SELECT 1 FROM rulings WHERE id = ANY($1) ORDER BY id FOR UPDATE",
        [row["ruling"] for row in rulings],
    )
    rows = await connection.fetch(
        "SELECT r.id, r.state, r.ruling, u.state AS ruled FROM match_reviews r"
        " LEFT JOIN rulings u ON u.id = r.ruling WHERE r.id = ANY($1)",
        reviews,
    )
    return {row["id"]: row for row in rows}


def after(state: str, ruled: str | None, closed: bool) -> ReviewState:
    """The state that follows a change, given the state and the ruling there were; pure."""
    if closed:
        return ReviewState.CLOSED
    if state == ReviewState.DECIDED and ruled in _ANSWERED:
        return ReviewState.DECIDED
    return ReviewState.OPEN


async def _settle(connection: "asyncpg.Connection[Any]", row: Any, closed: bool) -> None:
    state = after(row["state"], row["ruled"], closed)
    await connection.execute(
        "UPDATE match_reviews SET state = $2, deferred_until = NULL,"
        " assigned_client = CASE WHEN $3 THEN NULL ELSE assigned_client END,"
        " assigned_actor = CASE WHEN $3 THEN NULL ELSE assigned_actor END,"
        " returned = CASE WHEN state = 'proposed' AND NOT $3 THEN $4 WHEN $3 THEN '' ELSE returned END"
        " WHERE id = $1",
        row["id"],
        str(state),
        closed,
        str(RulingProblem.EVIDENCE_CHANGED),
    )
    if row["ruled"] == RulingState.PROPOSED:
        await connection.execute(
            "UPDATE rulings SET state = $2, problem = $3, settled_at = now() WHERE id = $1 AND state = $4",
            row["ruling"],
            str(RulingState.LAPSED),
            str(RulingProblem.EVIDENCE_CHANGED),
            str(RulingState.PROPOSED),
        )


async def _close(connection: "asyncpg.Connection[Any]", change: dict[str, Any]) -> None:
    await connection.execute(
        "UPDATE match_reviews SET review_seq = $2, closed_at = $3 WHERE id = $1",
        UUID(change["review"]),
        int(change["review_seq"]),
        datetime.fromisoformat(change["closed_at"]),
    )


async def _store(connection: "asyncpg.Connection[Any]", change: dict[str, Any]) -> None:
    await connection.execute(
        _STORE,
        UUID(change["review"]),
        int(change["review_seq"]),
        UUID(change["one"]),
        UUID(change["other"]),
        UUID(change["entry"]),
        float(change["weight"]),
        change["rule_version"],
        orjson.dumps(change["comparisons"]).decode(),
        datetime.fromisoformat(change["opened_at"]),
    )
