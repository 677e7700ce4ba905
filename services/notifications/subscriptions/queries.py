"""A client's own subscriptions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.deliveries.models import Receiver
from shared.auth import Caller
from shared.database import raw
from shared.problems import NotFound


async def of_client(session: AsyncSession, caller: Caller) -> list[Receiver]:
    found = await session.exec(
        select(Receiver).where(Receiver.client == caller.client).order_by(col(Receiver.id))
    )
    return list(found.all())


async def for_change(session: AsyncSession, caller: Caller, receiver_id: UUID) -> Receiver:
    """Lock it; another client's reads as absent."""
    found = await session.exec(
        select(Receiver)
        .where(Receiver.id == receiver_id, Receiver.client == caller.client)
        .with_for_update()
    )
    if (receiver := found.first()) is None:
        raise NotFound
    return receiver


async def public_keys(
    session: AsyncSession, receivers: Sequence[UUID], now: datetime
) -> Mapping[UUID, list[str]]:
    """Live public keys of each, the current one first."""
    connection = await raw(session)
    keys: dict[UUID, list[str]] = defaultdict(list)
    for row in await connection.fetch(
        "SELECT receiver, public FROM signing_keys WHERE receiver = ANY($1)"
        " AND (retires_at IS NULL OR retires_at > $2)"
        " ORDER BY retires_at DESC NULLS FIRST, created_at DESC",
        list(receivers),
        now,
    ):
        keys[row["receiver"]].append(row["public"])
    return keys


async def backlogs(
    session: AsyncSession, receivers: Sequence[UUID]
) -> Mapping[UUID, tuple[int, int]]:
    """How many deliveries wait, and how many are parked, for each."""
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT receiver, count(*) FILTER (WHERE state = 'pending') AS waiting,"
        " count(*) FILTER (WHERE state = 'parked') AS parked FROM deliveries"
        " WHERE receiver = ANY($1) AND state IN ('pending', 'parked') GROUP BY receiver",
        list(receivers),
    )
    return {row["receiver"]: (row["waiting"], row["parked"]) for row in rows}
