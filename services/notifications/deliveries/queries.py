"""Claiming deliveries and keeping what came of them.  Every statement runs under the system's reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.deliveries.breaker import Breaker
from shared.database import raw
from shared.limits import LEASE_SECONDS, WEBHOOKS_AT_ONCE

_CLAIM = """
WITH busy AS (
  SELECT * FROM unnest($2::uuid[], $3::int[]) AS b(receiver, running)
), willing AS (
  SELECT r.id, r.open_until IS NOT NULL AS probe,
         (CASE WHEN r.open_until IS NULL THEN $4 ELSE 1 END) - coalesce(b.running, 0) AS room
  FROM receivers r LEFT JOIN busy b ON b.receiver = r.id
  WHERE r.enabled AND (NOT $7 OR r.client IS NULL) AND (r.open_until IS NULL OR r.open_until <= $1)
  FOR UPDATE OF r SKIP LOCKED
), picked AS (
  SELECT next.id, willing.probe
  FROM willing CROSS JOIN LATERAL (
    SELECT d.id FROM deliveries d
    WHERE d.receiver = willing.id AND d.state = 'pending' AND d.due_at <= $1
      AND (d.leased_until IS NULL OR d.leased_until < clock_timestamp())
      AND NOT EXISTS (
        SELECT 1 FROM deliveries p
        WHERE p.lane = d.lane AND p.number < d.number AND p.state IN ('pending', 'parked'))
    ORDER BY d.due_at, d.id LIMIT greatest(willing.room, 0)
    FOR UPDATE SKIP LOCKED
  ) AS next
  LIMIT $5
), leased AS (
  UPDATE deliveries d
  SET leased_until = clock_timestamp() + make_interval(secs => $6), fence = d.fence + 1
  FROM picked WHERE d.id = picked.id
  RETURNING d.id, d.fence, d.receiver, d.message_id, d.path, d.body, d.mac, d.attempts, d.notice, picked.probe
), probing AS (
  UPDATE receivers r SET open_until = $1 + make_interval(secs => $6)
  WHERE r.id IN (SELECT receiver FROM leased WHERE probe)
)
SELECT leased.*, r.url, r.client FROM leased JOIN receivers r ON r.id = leased.receiver
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker may send while its lease lasts.  ``client`` is None, ``mac`` is not, for a peer hub."""

    id: UUID
    fence: int
    receiver: UUID
    client: str | None
    message_id: UUID
    url: str
    path: str
    body: bytes
    mac: bytes | None
    attempts: int
    notice: UUID | None
    probe: bool


async def claim(
    session: AsyncSession,
    now: datetime,
    running: Mapping[UUID, int],
    free: int,
    *,
    peers_alone: bool = False,
) -> list[Claimed]:
    """Lease due deliveries: the first of each lane, fairly over receivers, one where a breaker is open."""
    connection = await raw(session)
    rows = await connection.fetch(
        _CLAIM,
        now,
        list(running),
        list(running.values()),
        WEBHOOKS_AT_ONCE,
        free,
        LEASE_SECONDS,
        peers_alone,
    )
    return [
        Claimed(
            id=row["id"],
            fence=row["fence"],
            receiver=row["receiver"],
            client=row["client"],
            message_id=row["message_id"],
            url=row["url"].rstrip("/") + row["path"] if row["path"] else row["url"],
            path=row["path"],
            body=row["body"],
            mac=row["mac"],
            attempts=row["attempts"],
            notice=row["notice"],
            probe=row["probe"],
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a claimed delivery after its attempt."""

    delivery: Claimed
    at: datetime
    outcome: str
    status: int | None
    milliseconds: int
    state: str
    attempts: int
    due_at: datetime


async def keep(session: AsyncSession, verdicts: Sequence[Verdict]) -> set[UUID]:
    """Store verdicts; the ids of those whose lease had not gone to another worker."""
    connection = await raw(session)
    kept = await connection.fetch(
        "UPDATE deliveries d SET state = v.state, attempts = v.attempts, due_at = v.due_at,"
        " leased_until = NULL, ended_at = CASE WHEN v.state = 'delivered' THEN v.at END"
        " FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::int[], $5::timestamptz[],"
        "  $6::timestamptz[]) AS v(id, fence, state, attempts, due_at, at)"
        " WHERE d.id = v.id AND d.fence = v.fence AND d.state = 'pending' RETURNING d.id",
        [v.delivery.id for v in verdicts],
        [v.delivery.fence for v in verdicts],
        [v.state for v in verdicts],
        [v.attempts for v in verdicts],
        [v.due_at for v in verdicts],
        [v.at for v in verdicts],
    )
    ids = {row["id"] for row in kept}
    await connection.executemany(
        "INSERT INTO attempts (delivery, fence, at, outcome, status, milliseconds)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        [
            (v.delivery.id, v.delivery.fence, v.at, v.outcome, v.status, v.milliseconds)
            for v in verdicts
            if v.delivery.id in ids
        ],
    )
    return ids


async def give_back(session: AsyncSession, unsent: Sequence[Claimed], now: datetime) -> None:
    """End the leases of deliveries whose outcome nobody waited for: another worker may send them at once."""
    if not unsent:
        return
    connection = await raw(session)
    await connection.executemany(
        "UPDATE deliveries SET leased_until = NULL WHERE id = $1 AND fence = $2 AND state = 'pending'",
        [(delivery.id, delivery.fence) for delivery in unsent],
    )
    await connection.execute(
        "UPDATE receivers SET open_until = least(open_until, $2) WHERE id = ANY($1)",
        [delivery.receiver for delivery in unsent if delivery.probe],
        now,
    )


async def cancel(session: AsyncSession, lost: Sequence[Claimed], now: datetime) -> None:
    """End deliveries that are not to be sent any more; a breaker that one of them was to try stays as it was."""
    await give_back(session, lost, now)
    connection = await raw(session)
    await connection.execute(
        "UPDATE deliveries SET state = 'cancelled', ended_at = $2 WHERE id = ANY($1) AND state = 'pending'",
        [delivery.id for delivery in lost],
        now,
    )


async def breakers(session: AsyncSession, receivers: Sequence[UUID]) -> dict[UUID, Breaker]:
    """The breakers of these receivers, locked."""
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT id, failures, opened, open_until FROM receivers WHERE id = ANY($1)"
        " ORDER BY id FOR UPDATE",
        receivers,
    )
    return {r["id"]: Breaker(r["failures"], r["opened"], r["open_until"]) for r in rows}


async def set_breaker(session: AsyncSession, receiver: UUID, breaker: Breaker) -> None:
    connection = await raw(session)
    await connection.execute(
        "UPDATE receivers SET failures = $2, opened = $3, open_until = $4 WHERE id = $1",
        receiver,
        breaker.failures,
        breaker.opened,
        breaker.open_until,
    )


async def disable(session: AsyncSession, receiver: UUID, because: str) -> None:
    connection = await raw(session)
    await connection.execute(
        "UPDATE receivers SET enabled = false, disabled_because = $2, version = version + 1"
        " WHERE id = $1 AND enabled",
        receiver,
        because,
    )
