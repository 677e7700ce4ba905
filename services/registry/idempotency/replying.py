"""Replying once: an ``Idempotency-Key``, the request's fingerprint and the effect commit together or not at all.

The key is the client's own.  While the first request runs, another with the key is told so (409) and does not wait;
once it has committed, the same request gets the same reply and any other is refused (422).  A request that failed left
nothing behind, so its key is free.  A reply is kept as ids alone, never what it showed of a person.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Header
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.auth import Caller
from shared.database import raw
from shared.hashes import keyed
from shared.problems import Conflict, Invalid, Malformed

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Required. Any text of your own, new for each new request; the same request under the same key"
        " has one effect and gets the same reply.",
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
    ),
]

Ids = Mapping[str, UUID]


class KeyMissing(Malformed):
    type = "idempotency-key-required"
    title = "Send an Idempotency-Key"
    title_zh = "须携带幂等键 Idempotency-Key"


class KeyReused(Invalid):
    type = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another request"
    title_zh = "该幂等键已用于其他请求"


class KeyInFlight(Conflict):
    type = "idempotency-key-in-flight"
    title = "The first request with this Idempotency-Key is still running"
    title_zh = "使用该幂等键的请求仍在处理"


async def once(
    session: AsyncSession,
    secret: bytes,
    caller: Caller,
    key: str | None,
    request: bytes,
    now: datetime,
    effect: Callable[[], Awaitable[Ids]],
) -> Ids:
    """The ids that the first request with this key made: by ``effect`` now, or kept from then.

    ``request`` is operation, path and body; only its keyed hash is stored.  KeyMissing, KeyReused, KeyInFlight.
    """
    if key is None:
        raise KeyMissing
    connection = await raw(session)
    lock = int.from_bytes(keyed(secret, "idempotency", caller.client, key)[:8], "big", signed=True)
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", lock):
        raise KeyInFlight(headers={"Retry-After": "1"})
    fingerprint = keyed(secret, "fingerprint", request).hex()
    kept = await connection.fetchrow(
        "SELECT fingerprint, reply FROM idempotent_replies WHERE client = $1 AND key = $2",
        caller.client,
        key,
    )
    if kept is not None:
        if kept["fingerprint"] != fingerprint:
            raise KeyReused
        return {name: UUID(made) for name, made in kept["reply"].items()}
    made = await effect()
    await connection.execute(
        "INSERT INTO idempotent_replies (client, key, fingerprint, reply, at) VALUES ($1, $2, $3, $4, $5)",
        caller.client,
        key,
        fingerprint,
        orjson.dumps({name: str(one) for name, one in made.items()}).decode(),
        now,
    )
    return made
