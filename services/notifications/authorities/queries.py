"""Who may receive notices: for routing, and as an operator sees it."""

from collections.abc import Sequence
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.feed.announcing import Subscriber
from services.notifications.notices.routing import Candidate
from shared.database import raw
from shared.vocabulary import Department


async def candidates(session: AsyncSession, subscribers: Sequence[Subscriber]) -> list[Candidate]:
    """Named authorities, civil affairs' subscriptions to notices, and peer hubs."""
    connection = await raw(session)
    named = [
        Candidate(r["name"], r["low"], r["high"], r["client"], r["peer"], rank=0)
        for r in await connection.fetch("SELECT name, low, high, client, peer FROM authorities")
    ]
    subscribed = [
        Candidate(s.client, s.low, s.high, client=s.client, rank=1)
        for s in subscribers
        if "notices" in s.kinds and s.department == Department.CIVIL_AFFAIRS
    ]
    hubs = [
        Candidate(r["name"], r["low"], r["high"], peer=r["name"], rank=2)
        for r in await connection.fetch("SELECT name, low, high FROM peers")
    ]
    return named + subscribed + hubs


async def is_authority(session: AsyncSession, client: str, county: int) -> bool:
    """Whether a named authority whose area holds the county is this client."""
    connection = await raw(session)
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT 1 FROM authorities WHERE client = $1 AND $2 BETWEEN low AND high)",
            client,
            county,
        )
    )


async def all_of(session: AsyncSession) -> list[Any]:
    """Every named authority by area, the widest first where they begin alike."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        "SELECT name, low, high, client, peer FROM authorities ORDER BY low, high DESC"
    )
    return rows
