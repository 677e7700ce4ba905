"""Idempotency keys: a POST without a natural key, sent twice, has one effect and one answer.

The key is the client's own and counts for one *operation*.  Key, *fingerprint* of the body and effect commit together
or not at all: a request that failed leaves its key free.  While the first request runs, another with the key is told so
(409) and does not wait; once it has committed, the same request gets the same answer and any other is refused (422).
What the first request made is kept as ids alone, never what it showed of a person.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Header
from pydantic import BaseModel
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
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


def table(metadata: MetaData) -> Table:
    return Table(
        "idempotency_keys",
        metadata,
        Column("client", Text, primary_key=True),
        Column("operation", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("made", JSONB, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
    )


async def once(
    session: AsyncSession,
    secret: bytes,
    caller: Caller,
    operation: str,
    key: str | None,
    body: BaseModel,
    now: datetime,
    effect: Callable[[], Awaitable[Ids]],
) -> Ids:
    """The ids that the first request with this key made: by ``effect`` now, or kept from then.

    ``operation`` names the object of the path where there is one.  Of ``body`` only the keyed hash is stored.
    KeyMissing, KeyReused, KeyInFlight.
    """
    if key is None:
        raise KeyMissing
    connection = await raw(session)
    hashed = keyed(secret, "idempotency", caller.client, operation, key)
    lock = int.from_bytes(hashed[:8], "big", signed=True)
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", lock):
        raise KeyInFlight(headers={"Retry-After": "1"})
    fingerprint = keyed(secret, "fingerprint", body.model_dump_json().encode())
    kept = await connection.fetchrow(
        "SELECT fingerprint, made FROM idempotency_keys WHERE client = $1 AND operation = $2 AND key = $3",
        caller.client,
        operation,
        key,
    )
    if kept is not None:
        if kept["fingerprint"] != fingerprint:
            raise KeyReused
        return {name: UUID(made) for name, made in kept["made"].items()}
    made = await effect()
    await connection.execute(
        "INSERT INTO idempotency_keys (client, operation, key, fingerprint, made, at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        caller.client,
        operation,
        key,
        fingerprint,
        orjson.dumps({name: str(one) for name, one in made.items()}).decode(),
        now,
    )
    return made
