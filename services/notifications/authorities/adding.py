"""Naming an authority: ``hutong authorities add``."""

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import raw
from shared.divisions import area_of, widen
from shared.ids import uuid7


async def add(
    session: AsyncSession,
    *,
    name: str,
    area: str,
    client: str | None = None,
    peer: str | None = None,
) -> None:
    """Say who receives the notices for an area: a client of this hub or a peer hub.  Replaces what the area had.

    ``area`` is a division code; ValueError when it is none, or when not exactly one receiver is given.
    """
    if (client is None) == (peer is None):
        raise ValueError("name either a client or a peer hub")
    low, high = area_of(widen(area))
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO authorities (id, name, low, high, client, peer) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (low, high) DO UPDATE SET name = excluded.name, client = excluded.client,"
        " peer = excluded.peer",
        uuid7(),
        name,
        low,
        high,
        client,
        peer,
    )
