"""Delivering: rulings are told to matching, one after the other in the order in which they were made.

One that fails is put off, and only those wait behind it that name one of its records.  Whoever leases a ruling tells it;
the question goes over HTTP, so no transaction stays open meanwhile.  What a ruling ends and what it holds are told at
once, all of it or nothing.  Telling twice does no harm, since matching knows each constraint by its id.  A contradiction or
evidence that is gone ends the ruling as *returned*, older rulings stand as before, and its review comes back to the queue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from services.registry.records.resolving import take
from services.registry.rulings import carrying, holding, making, queries
from services.registry.rulings.constraints import Constraint
from services.registry.rulings.preparing import Task, prepare
from services.registry.rulings.terms import RulingKind, RulingProblem, RulingState
from shared.clock import Clock
from shared.database import SYSTEM, Database, raw
from shared.limits import LEASE_SECONDS

log = structlog.get_logger()

#: Matching's refusals, which another attempt would not change.
_REFUSALS = {
    404: RulingProblem.EVIDENCE_GONE,
    409: RulingProblem.CONTRADICTED,
    422: RulingProblem.UNUSABLE,
}


#: One ruling is told at a time: what it ends is looked up before it is told.
CLAIM_LOCK = 0x48_75_52_75
LONGEST_PAUSE = 600.0
#: The first whose turn it is, and that waits for none before it that names a record it names, or takes back the same.
_CLAIM = """
UPDATE rulings SET leased_until = clock_timestamp() + make_interval(secs => $1)
WHERE id = (SELECT id FROM rulings r WHERE state = 'pending'
  AND (not_before IS NULL OR not_before <= clock_timestamp())
  AND NOT EXISTS (SELECT FROM rulings b WHERE b.state = 'pending' AND b.turn < r.turn
    AND (b.entries && r.entries OR r.target IN (b.id, b.target)))
  ORDER BY turn LIMIT 1)
AND NOT EXISTS (SELECT FROM rulings WHERE state = 'pending' AND leased_until >= clock_timestamp())
RETURNING id, kind, state, review, target, one, other, entries, made_at, second, leased_until
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: the links as matching told them, or why it went no further."""

    links: Sequence[dict[str, Any]] = ()
    problem: RulingProblem | None = None


async def deliver(database: Database, kit: Kit, matching: httpx.AsyncClient, clock: Clock) -> int:
    """Carry out the ruling whose turn it is; how many."""
    async with database.transaction(SYSTEM) as session:
        row = await _claim(await raw(session))
    if row is None:
        return 0
    try:
        async with database.transaction(SYSTEM) as session:
            task = await prepare(session, kit, row)
        answer = await _tell(matching, task)
        async with database.transaction(SYSTEM) as session:
            return await _settle(session, kit, task, answer, clock.now())
    except Exception as error:
        # Where nobody is there to be told, this ruling is no worse than any other.
        absent = isinstance(error, httpx.TransportError) and not isinstance(
            error, httpx.ReadTimeout
        )
        async with database.transaction(SYSTEM) as session:
            await _give_back(await raw(session), row, failed=not absent)
        raise


async def _claim(connection: "asyncpg.Connection[Any]") -> Any | None:
    await connection.execute("SELECT pg_advisory_xact_lock($1)", CLAIM_LOCK)
    return await connection.fetchrow(_CLAIM, float(LEASE_SECONDS))


async def _tell(matching: httpx.AsyncClient, task: Task) -> Answer:
    if task.problem:
        return Answer(problem=task.problem)
    holds = [*task.holds, *(kept.said for kept in task.kept)]
    body = {"ends": [str(one) for one in task.ends], "holds": [_body(one) for one in holds]}
    reply = await matching.post("/v1/rulings", json=body)
    if (problem := _REFUSALS.get(reply.status_code)) is not None:
        if problem is RulingProblem.UNUSABLE:
            log.error("ruling.unusable", ruling=str(task.id))
        return Answer(problem=problem)
    reply.raise_for_status()
    return Answer(orjson.loads(reply.content)["items"])


def _body(constraint: Constraint) -> dict[str, Any]:
    return {
        "ruling": str(constraint.id),
        "same": constraint.same,
        "one": [str(entry) for entry in sorted(constraint.one)],
        "other": [str(entry) for entry in sorted(constraint.other)],
    }


async def _give_back(connection: "asyncpg.Connection[Any]", row: Any, *, failed: bool) -> None:
    """Let others go before what ``failed``, longer each time, as long as they do not hang on it."""
    failures = await connection.fetchval(
        "UPDATE rulings SET leased_until = NULL, failures = failures + $3::int, not_before = CASE WHEN $3 = 1"
        " THEN clock_timestamp() + make_interval(secs => least($4, 2 ^ least(failures, 20))) END"
        " WHERE id = $1 AND leased_until = $2 RETURNING failures",
        row["id"],
        row["leased_until"],
        int(failed),
        LONGEST_PAUSE,
    )
    if failed and failures is not None:
        log.warning("ruling.put_off", ruling=str(row["id"]), failures=failures)


async def _settle(
    session: AsyncSession, kit: Kit, task: Task, answer: Answer, now: datetime
) -> int:
    """Keep what came of it, unless another worker took the task over."""
    connection = await raw(session)
    # True whoever tells it, and first, since whoever decides on a child holds its place in the fold queue first.
    await take(connection, answer.links, kit.audit, now)
    concerned = [*task.ends, *(kept.of for kept in task.kept)]
    older = await queries.rulings_of(connection, concerned)
    await holding.hold(connection, [task.id, *older.values()])
    state = RulingState.RETURNED if answer.problem else RulingState.STANDING
    done = await connection.execute(
        "UPDATE rulings SET state = $3, problem = $4, settled_at = $5, turn = NULL, leased_until = NULL"
        " WHERE id = $1 AND leased_until = $2 AND state = 'pending'",
        task.id,
        task.leased_until,
        str(state),
        str(answer.problem or ""),
        now,
    )
    if done != "UPDATE 1":
        return 0
    if answer.problem:
        await _reopen(connection, task.id, answer.problem)
        return 1
    parted_since = await _last_joined(connection, task.ends)
    await _keep(connection, task, now)
    if task.row["kind"] in (RulingKind.PART, RulingKind.WITHDRAW, RulingKind.MOVE):
        await carrying.carry(session, kit, task.row, parted_since, now)
    return 1


async def _last_joined(
    connection: "asyncpg.Connection[Any]", ended: Sequence[UUID]
) -> datetime | None:
    """When the last of these constraints joined what they held together; None where none did."""
    found: datetime | None = await connection.fetchval(
        "SELECT max(u.settled_at) FROM ruling_constraints c JOIN rulings u ON u.id = c.ruling"
        " WHERE c.id = ANY($1) AND c.same",
        list(ended),
    )
    return found


async def _keep(connection: "asyncpg.Connection[Any]", task: Task, now: datetime) -> None:
    """Note what matching holds now.  A ruling of which nothing is left was withdrawn, one that is said anew stands."""
    of = await queries.rulings_of(connection, [kept.of for kept in task.kept])
    for kept in task.kept:
        await making.bind(connection, of[kept.of], [kept.said])
    await connection.execute(
        "UPDATE ruling_constraints SET held = true WHERE id = ANY($1)",
        [one.id for one in (*task.holds, *(kept.said for kept in task.kept))],
    )
    touched = await connection.fetch(
        "UPDATE ruling_constraints SET ended = true, ended_by = $2 WHERE id = ANY($1) RETURNING ruling",
        list(task.ends),
        task.id,
    )
    await connection.execute(
        "UPDATE rulings u SET state = 'withdrawn', settled_at = $2 WHERE u.id = ANY($1) AND u.state = 'standing'"
        " AND u.id <> $3"
        " AND NOT EXISTS (SELECT 1 FROM ruling_constraints c WHERE c.ruling = u.id AND NOT c.ended)",
        list({row["ruling"] for row in touched}),
        now,
        task.id,
    )
    await connection.execute(
        "UPDATE rulings SET state = 'standing', settled_at = $2 WHERE id = ANY($1) AND state = 'withdrawn'",
        list(of.values()),
        now,
    )


async def _reopen(
    connection: "asyncpg.Connection[Any]", ruling: UUID, problem: RulingProblem
) -> None:
    await connection.execute(
        "UPDATE match_reviews SET state = 'open', returned = $2"
        " WHERE ruling = $1 AND state = 'decided' AND closed_at IS NULL",
        ruling,
        str(problem),
    )
