"""The relay: posts numbered events, in order, signed, until the receiver has taken them.

One process relays at a time under a lease with a fence, and gives the lease back when it ends; the position moves only
after the receiver's 2xx, so an event may arrive twice and never not at all.
"""

from uuid import uuid4

import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared import leases, signatures
from shared.clock import Clock
from shared.database import SYSTEM, Database, raw

PAGE = 500
_HOLDER = uuid4()


async def pass_on(
    database: Database,
    receiver: httpx.AsyncClient,
    target: str,
    signer: Ed25519PrivateKey,
    clock: Clock,
) -> int:
    """Post the next page of events to ``/v1/events`` of ``receiver``; how many it took."""
    async with database.transaction(SYSTEM) as session:
        lease = await leases.take(session, _lease_of(target), _HOLDER)
        if lease is None:
            return 0
        connection = await raw(session)
        after = await connection.fetchval(
            "SELECT seq FROM relay_positions WHERE target = $1", target
        )
        rows = await connection.fetch(
            "SELECT id, seq, type, occurred_at, subject, subject_seq, body FROM outbox"
            " WHERE seq > $1 ORDER BY seq LIMIT $2",
            after or 0,
            PAGE,
        )
    if not rows:
        return 0
    body = orjson.dumps(
        {
            "events": [
                {
                    "id": row["id"],
                    "seq": row["seq"],
                    "type": row["type"],
                    "occurred_at": row["occurred_at"],
                    "subject": row["subject"],
                    "subject_seq": row["subject_seq"],
                    "body": row["body"],
                }
                for row in rows
            ]
        },
        default=str,  # the driver's UUIDs are a subclass, which orjson does not take
    )
    headers = signatures.sign(
        [signer], f"relay-{rows[0]['seq']}-{rows[-1]['seq']}", clock.now(), body
    )
    reply = await receiver.post(
        "/v1/events", content=body, headers={**headers, "content-type": "application/json"}
    )
    reply.raise_for_status()
    async with database.transaction(SYSTEM) as session:
        await leases.check(session, lease)
        connection = await raw(session)
        await connection.execute(
            "INSERT INTO relay_positions AS p (target, seq) VALUES ($1, $2)"
            " ON CONFLICT (target) DO UPDATE SET seq = greatest(p.seq, excluded.seq)",
            target,
            rows[-1]["seq"],
        )
    return len(rows)


async def give_back(database: Database, target: str) -> None:
    """Let another process relay to ``target`` at once: for a worker that ends."""
    async with database.transaction(SYSTEM) as session:
        await leases.give_back(session, _lease_of(target), _HOLDER)


def _lease_of(target: str) -> str:
    return f"relay:{target}"
