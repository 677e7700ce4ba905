"""Import jobs as they are written and read; each query names the client itself, row-level security besides."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.auth import Caller
from shared.database import raw
from shared.limits import IMPORT_DEAD_SECONDS

_STATE = (
    "CASE WHEN state = 'receiving' AND heartbeat_at < clock_timestamp()"
    f" - make_interval(secs => {IMPORT_DEAD_SECONDS}) THEN 'interrupted' ELSE state END"
)
_COLUMNS = f"id, feed, {_STATE} AS state, lines, created, unchanged, superseded, refused, blank, started_at, ended_at"


async def begin(session: AsyncSession, caller: Caller, job: UUID, feed: str, now: datetime) -> None:
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO import_jobs (id, client, feed, state, lines, created, unchanged, superseded, refused,"
        " started_at) VALUES ($1, $2, $3, 'receiving', 0, 0, 0, 0, 0, $4)",
        job,
        caller.client,
        feed,
        now,
    )


async def go_on(session: AsyncSession, job: UUID, blanks: int) -> bool:
    """Move the heartbeat and count blank lines; False when the job was cancelled.  The row stays locked until commit."""
    connection = await raw(session)
    moved = await connection.execute(
        "UPDATE import_jobs SET heartbeat_at = clock_timestamp(), blank = blank + $2"
        " WHERE id = $1 AND state = 'receiving'",
        job,
        blanks,
    )
    return bool(moved == "UPDATE 1")


async def keep(
    session: AsyncSession,
    job: UUID,
    client: str,
    counts: Mapping[str, int],
    verdicts: Sequence[Mapping[str, Any]],
) -> None:
    """Keep one chunk's verdicts, in the order of their lines."""
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO import_verdicts (job_id, last_line, client, refused, verdicts)"
        " VALUES ($1, $2, $3, $4, $5)",
        job,
        verdicts[-1]["line"],
        client,
        counts["refused"],
        orjson.dumps(verdicts).decode(),
    )
    await connection.execute(
        "UPDATE import_jobs SET lines = lines + $2, created = created + $3, unchanged = unchanged + $4,"
        " superseded = superseded + $5, refused = refused + $6 WHERE id = $1",
        job,
        len(verdicts),
        counts["created"],
        counts["unchanged"],
        counts["superseded"],
        counts["refused"],
    )


async def end(session: AsyncSession, caller: Caller, job: UUID, state: str, now: datetime) -> bool:
    """End a job that still receives; False when it had ended before."""
    connection = await raw(session)
    ended = await connection.execute(
        "UPDATE import_jobs SET state = $3, ended_at = $4"
        " WHERE id = $1 AND client = $2 AND state = 'receiving'",
        job,
        caller.client,
        state,
        now,
    )
    return bool(ended == "UPDATE 1")


async def one(session: AsyncSession, caller: Caller, job: UUID) -> Any | None:
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM import_jobs WHERE id = $1 AND client = $2",
        job,
        caller.client,
    )


async def newest(session: AsyncSession, caller: Caller, limit: int) -> list[Any]:
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_COLUMNS} FROM import_jobs WHERE client = $1 ORDER BY id DESC LIMIT $2",
        caller.client,
        limit,
    )
    return rows


async def chunk_after(
    session: AsyncSession, caller: Caller, job: UUID, line: int, refused_only: bool
) -> Any | None:
    """The first chunk that holds a verdict after this line."""
    connection = await raw(session)
    return await connection.fetchrow(
        "SELECT last_line, verdicts FROM import_verdicts WHERE job_id = $1 AND client = $2"
        " AND last_line > $3 AND (refused > 0 OR NOT $4) ORDER BY last_line LIMIT 1",
        job,
        caller.client,
        line,
        refused_only,
    )
