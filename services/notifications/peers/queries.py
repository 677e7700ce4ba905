"""Peer hubs as an operator sees them."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import raw


async def all_of(session: AsyncSession) -> list[Any]:
    """Every peer by name, with whether it is still sent to."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        "SELECT p.name, p.low, p.high, p.notifications_url, p.registry_url, p.issuer, r.enabled,"
        " r.disabled_because FROM peers p JOIN receivers r ON r.id = p.receiver ORDER BY p.name"
    )
    return rows
