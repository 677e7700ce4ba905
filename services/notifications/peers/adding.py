"""Making another hub known: ``hutong peers add``."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from shared import signatures
from shared.database import raw
from shared.divisions import area_of, widen
from shared.ids import uuid7


async def add(
    session: AsyncSession,
    *,
    name: str,
    area: str,
    notifications_url: str,
    registry_url: str,
    issuer: str,
    public_key: str,
    now: datetime,
) -> None:
    """Add a peer hub, or change what is known of it.

    ``area`` is the division code of its territory, ``public_key`` its hub key as ``whpk_…``, checked out of band;
    ValueError when either cannot be read.
    """
    low, high = area_of(widen(area))
    signatures.public_key(public_key)
    connection = await raw(session)
    receiver = await connection.fetchval("SELECT receiver FROM peers WHERE name = $1", name)
    if receiver is None:
        receiver = uuid7()
        await connection.execute(
            "INSERT INTO receivers (id, kind, url, low, high, kinds, version, created_at, enabled,"
            " failures, opened) VALUES ($1, 'peer', $2, $3, $4, '{notices}', 1, $5, true, 0, 0)",
            receiver,
            notifications_url.rstrip("/"),
            low,
            high,
            now,
        )
    else:
        await connection.execute(
            "UPDATE receivers SET url = $2, low = $3, high = $4, version = version + 1, enabled = true,"
            " disabled_because = NULL WHERE id = $1",
            receiver,
            notifications_url.rstrip("/"),
            low,
            high,
        )
    await connection.execute(
        "INSERT INTO peers (name, low, high, notifications_url, registry_url, issuer, public_key, receiver)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO UPDATE SET low = excluded.low,"
        " high = excluded.high, notifications_url = excluded.notifications_url,"
        " registry_url = excluded.registry_url, issuer = excluded.issuer, public_key = excluded.public_key",
        name,
        low,
        high,
        notifications_url.rstrip("/"),
        registry_url.rstrip("/"),
        issuer,
        public_key,
        receiver,
    )
