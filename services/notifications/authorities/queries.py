"""Who may receive notices: for routing, and as an operator sees it."""

from collections.abc import Mapping, Sequence
from datetime import date

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.authorities.models import Authority
from services.notifications.codes import Codes
from services.notifications.feed.announcing import Subscriber
from services.notifications.hub import Hub
from services.notifications.notices.routing import Candidate
from services.notifications.peers.models import Peer
from shared import divisions
from shared.keys import KeySet
from shared.registered import Register, Registered
from shared.vocabulary import Department

log = structlog.get_logger()
AUTHORITIES = Register("authorities", "authorities")


def registered(authority: Authority) -> Registered:
    values = (
        authority.id,
        authority.name,
        authority.low,
        authority.high,
        authority.client,
        authority.peer,
        authority.generation,
    )
    name = f"{authority.low}-{authority.high}"
    return Registered(AUTHORITIES, name, authority.generation, values, authority.mac)


async def candidates(
    session: AsyncSession,
    keys: KeySet,
    subscribers: Sequence[Subscriber],
    peers: Mapping[str, Peer],
    codes: Codes,
    day: date,
) -> list[Candidate]:
    """Named authorities, civil affairs' subscriptions to notices, and peer hubs; authorities' areas bear the codes of the day."""
    named = [
        Candidate(a.name, *codes.area_on((a.low, a.high), day), a.client, a.peer, rank=0)
        for a in await trusted(session, keys)
        if a.peer is None or a.peer in peers
    ]
    subscribed = [
        Candidate(s.client, s.low, s.high, client=s.client, rank=1)
        for s in subscribers
        if "notices" in s.kinds and s.department == Department.CIVIL_AFFAIRS
    ]
    hubs = [Candidate(p.name, p.low, p.high, peer=p.name, rank=2) for p in peers.values()]
    return named + subscribed + hubs


async def trusted(session: AsyncSession, keys: KeySet) -> list[Authority]:
    """The named authorities.  A row that no operator's command wrote names none."""
    found = []
    for authority in await all_of(session):
        if registered(authority).authentic(keys):
            found.append(authority)
        else:
            log.error("authority.forged", low=authority.low, high=authority.high)
    return found


async def is_authority(
    session: AsyncSession, hub: Hub, client: str, county: int, day: date
) -> bool:
    """Whether a named authority whose area, by the codes of the day, holds the county is this client."""
    found = await session.exec(select(Authority).where(Authority.client == client))
    for one in found:
        low, high = hub.codes.area_on((one.low, one.high), day)
        if low <= county <= high and registered(one).authentic(hub.audit):
            return True
    return False


async def names(session: AsyncSession, keys: KeySet, county: int) -> bool:
    """Whether an operator named an authority for this very county: it may bear a local code, which is in no national table."""
    low, high = divisions.area_of(county)
    found = await session.exec(
        select(Authority).where(Authority.low == low, Authority.high == high)
    )
    return any(registered(one).authentic(keys) for one in found)


async def faults_of(session: AsyncSession, keys: KeySet) -> list[str]:
    """Every authority whose row is not what an operator's command last made of it."""
    return await AUTHORITIES.faults(session, keys, map(registered, await all_of(session)))


async def states(session: AsyncSession, keys: KeySet) -> list[tuple[Authority, str]]:
    """Every named authority with whether it is trusted."""
    return [(one, registered(one).state(keys)) for one in await all_of(session)]


async def all_of(session: AsyncSession) -> list[Authority]:
    """Every named authority by area, authentic or not, the widest first where they begin alike."""
    found = await session.exec(
        select(Authority).order_by(col(Authority.low), col(Authority.high).desc())
    )
    return list(found)
