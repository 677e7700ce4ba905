"""Taking events over from the registry's relay: each once per (sender, id), acknowledged after commit."""

from collections.abc import Sequence
from datetime import datetime

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.events.schemas import EventIn
from shared.database import raw

REGISTRY = "registry"


async def take(session: AsyncSession, events: Sequence[EventIn], now: datetime) -> int:
    """Store events that are new; the highest number taken so far, 0 for none."""
    connection = await raw(session)
    await connection.executemany(
        "INSERT INTO events (sender, id, seq, type, occurred_at, subject, subject_seq, body, received_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (sender, id) DO NOTHING",
        [
            (
                REGISTRY,
                event.id,
                event.seq,
                event.type,
                event.occurred_at,
                event.subject,
                event.subject_seq,
                orjson.dumps(event.body).decode(),
                now,
            )
            for event in events
        ],
    )
    position: int = await connection.fetchval(
        "SELECT coalesce(max(seq), 0) FROM events WHERE sender = $1", REGISTRY
    )
    return position
