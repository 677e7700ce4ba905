"""Naming an authority: ``hutong authorities add``."""

from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.authorities.models import Authority
from services.notifications.authorities.queries import registered
from shared import audit
from shared.divisions import area_of, widen
from shared.ids import uuid7
from shared.keys import KeySet
from shared.registered import OPERATOR


async def add(
    session: AsyncSession,
    keys: KeySet,
    *,
    name: str,
    area: str,
    now: datetime,
    client: str | None = None,
    peer: str | None = None,
    actor: str = OPERATOR,
) -> None:
    """Say who receives the notices for an area: a client of this hub or a peer hub.  Replaces what the area had.

    ``keys`` is the audit key set, ``area`` a division code; ValueError when it is none, or when not exactly one receiver
    is given.
    """
    if (client is None) == (peer is None):
        raise ValueError("name either a client or a peer hub")
    low, high = area_of(widen(area))
    found = await session.exec(
        select(Authority).where(Authority.low == low, Authority.high == high)
    )
    authority = found.first() or Authority(id=uuid7(), name=name, low=low, high=high)
    authority.name, authority.client, authority.peer = name, client, peer
    await vouch(session, keys, authority, "add", now, actor)


async def vouch(
    session: AsyncSession,
    keys: KeySet,
    authority: Authority,
    operation: str,
    now: datetime,
    actor: str,
) -> None:
    """Write the row with its MAC, and tell the audit trail."""
    authority.generation += 1
    authority.mac = registered(authority).made(keys)
    session.add(authority)
    await session.flush()
    await audit.record(session, keys, now, registered(authority).act(operation, actor))
