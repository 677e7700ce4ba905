"""Peer hubs: those that may be trusted, and all of them as an operator sees them."""

from typing import Any

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.peers.models import Peer
from shared.database import raw
from shared.keys import KeySet
from shared.registered import Register, Registered

log = structlog.get_logger()
PEERS = Register("peers", "peers")


def registered(peer: Peer) -> Registered:
    values = (
        peer.name,
        peer.low,
        peer.high,
        peer.notifications_url,
        peer.registry_url,
        peer.issuer,
        peer.public_key,
        peer.receiver,
        peer.generation,
    )
    return Registered(PEERS, peer.name, peer.generation, values, peer.mac)


async def every(session: AsyncSession) -> list[Peer]:
    """Every row, authentic or not."""
    return list(await session.exec(select(Peer).order_by(col(Peer.name))))


async def trusted(session: AsyncSession, keys: KeySet) -> dict[str, Peer]:
    """The peers by name.  A row that no operator's command wrote is no peer."""
    found = {}
    for peer in await every(session):
        if registered(peer).authentic(keys):
            found[peer.name] = peer
        else:
            log.error("peer.forged", peer=peer.name)
    return found


async def faults_of(session: AsyncSession, keys: KeySet) -> list[str]:
    """Every peer whose row is not what an operator's command last made of it."""
    return await PEERS.faults(session, keys, map(registered, await every(session)))


async def all_of(session: AsyncSession, keys: KeySet) -> list[tuple[Peer, str]]:
    """Every peer by name, with whether it is trusted and still sent to."""
    connection = await raw(session)
    given_up: dict[Any, str] = {
        row["id"]: row["disabled_because"]
        for row in await connection.fetch(
            "SELECT id, disabled_because FROM receivers WHERE kind = 'peer' AND NOT enabled"
        )
    }
    return [(peer, _state(peer, keys, given_up)) for peer in await every(session)]


def _state(peer: Peer, keys: KeySet, given_up: dict[Any, str]) -> str:
    state, because = registered(peer).state(keys), given_up.get(peer.receiver)
    return state if state != "live" or because is None else f"given up: {because}"
