"""``Idempotency-Key``: the same request sent twice has one effect and the same answer.

The key, a fingerprint of the request and the effect commit together; a second request waits for the first.
"""

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Header
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.auth import Caller
from shared.database import raw
from shared.problems import Invalid


class KeyReused(Invalid):
    type = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another request"
    title_zh = "该幂等键已用于其他请求"


KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of your own, new for each new request; a repeated one answers as the first time.",
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
    ),
]


async def first(
    session: AsyncSession,
    caller: Caller,
    operation: str,
    key: str | None,
    body: bytes,
    made: UUID,
    now: datetime,
) -> UUID:
    """``made`` when this request is the first with its key, else what the first one made.

    KeyReused, which answers 422, when the first request was another.
    """
    if key is None:
        return made
    fingerprint = hashlib.sha256(body).digest()
    connection = await raw(session)
    done = await connection.execute(
        "INSERT INTO idempotency_keys (client, operation, key, fingerprint, made, at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        caller.client,
        operation,
        key,
        fingerprint,
        made,
        now,
    )
    if done.endswith(" 1"):
        return made
    row = await connection.fetchrow(
        "SELECT fingerprint, made FROM idempotency_keys WHERE client = $1 AND operation = $2 AND key = $3",
        caller.client,
        operation,
        key,
    )
    if row is None or row["fingerprint"] != fingerprint:
        raise KeyReused
    earlier: UUID = row["made"]
    return earlier
