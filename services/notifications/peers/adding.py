"""Making another hub known: ``hutong peers add``."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.deliveries.models import Receiver
from services.notifications.peers.models import Peer
from services.notifications.peers.queries import registered
from shared import audit, signatures
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
    notifications_url: str,
    registry_url: str,
    issuer: str,
    public_key: str,
    now: datetime,
    actor: str = OPERATOR,
) -> None:
    """Add a peer hub, or change what is known of it; of a row that is not authentic nothing is taken over.

    ``keys`` is the audit key set.  ``area`` is the division code of its territory, ``public_key`` its hub key as ``whpk_…``,
    checked out of band; ValueError when either cannot be read.
    """
    low, high = area_of(widen(area))
    signatures.public_key(public_key)
    address = notifications_url.rstrip("/")
    peer = await session.get(Peer, name)
    known = peer is not None and registered(peer).authentic(keys)
    receiver = await session.get(Receiver, peer.receiver) if peer is not None and known else None
    if receiver is None:
        receiver = Receiver(
            id=uuid7(),
            kind="peer",
            url=address,
            low=low,
            high=high,
            kinds=["notices"],
            created_at=now,
        )
    else:
        receiver.url, receiver.low, receiver.high = address, low, high
        receiver.version += 1
        receiver.enabled, receiver.disabled_because = True, None
    session.add(receiver)
    await session.flush()
    told = {
        "low": low,
        "high": high,
        "notifications_url": address,
        "registry_url": registry_url.rstrip("/"),
        "issuer": issuer,
        "public_key": public_key,
        "receiver": receiver.id,
    }
    if peer is None:
        peer = Peer.model_validate({"name": name, **told})
    else:
        peer.sqlmodel_update(told)
    await vouch(session, keys, peer, "add", now, actor)


async def vouch(
    session: AsyncSession, keys: KeySet, peer: Peer, operation: str, now: datetime, actor: str
) -> None:
    """Write the row with its MAC, and tell the audit trail."""
    peer.generation += 1
    peer.mac = registered(peer).made(keys)
    session.add(peer)
    await session.flush()
    await audit.record(session, keys, now, registered(peer).act(operation, actor))
