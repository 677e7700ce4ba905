"""Adopting: an operator vouches for what stands from before rows were authenticated (``hutong peers adopt``).

A row that was authenticated once, and no longer is, is never adopted.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.authorities import adding as naming
from services.notifications.authorities.models import Authority
from services.notifications.deliveries.authenticity import MESSAGES
from services.notifications.deliveries.models import Delivery
from services.notifications.notices.authenticity import ENDED_FOR_PEERS, vouch
from services.notifications.notices.models import Notice
from services.notifications.notices.states import State
from services.notifications.peers import adding as introducing
from services.notifications.peers.models import Peer
from shared.keys import KeySet
from shared.registered import OPERATOR


@dataclass(frozen=True, slots=True)
class Old:
    """What carries no MAC."""

    peers: list[Peer]
    authorities: list[Authority]
    answers: list[Notice]
    messages: list[Delivery]

    def __bool__(self) -> bool:
        return bool(self.peers or self.authorities or self.answers or self.messages)


async def old(session: AsyncSession) -> Old:
    """The rows from before revision 0004, of notices that were ended without an answer 0008, or written past the hub without a MAC:
    the operator looks at each."""
    peers = select(Peer).where(col(Peer.mac).is_(None)).order_by(Peer.name)
    named = select(Authority).where(col(Authority.mac).is_(None)).order_by(col(Authority.low))
    answered = select(Notice).where(
        col(Notice.answer_mac).is_(None),
        or_(col(Notice.state) == State.ANSWERED, text(ENDED_FOR_PEERS)),
    )
    waiting = select(Delivery).where(
        col(Delivery.mac).is_(None),
        col(Delivery.client).is_(None),
        col(Delivery.state).in_(("pending", "parked")),
    )
    return Old(
        list(await session.exec(peers)),
        list(await session.exec(named)),
        list(await session.exec(answered.order_by(col(Notice.id)))),
        list(await session.exec(waiting.order_by(col(Delivery.id)))),
    )


async def adopt(
    session: AsyncSession, keys: KeySet, found: Old, now: datetime, actor: str = OPERATOR
) -> None:
    """Vouch for these rows."""
    for peer in found.peers:
        await introducing.vouch(session, keys, peer, "adopt", now, actor)
    for authority in found.authorities:
        await naming.vouch(session, keys, authority, "adopt", now, actor)
    for notice in found.answers:
        vouch(keys, notice)
        # Refused as forged meanwhile; a second answer changes nothing there.
        ours = notice.direction == "incoming" or notice.state == State.WITHDRAWN
        notice.untold = notice.untold or ours
        session.add(notice)
    for message in found.messages:
        message.mac = MESSAGES.mac(keys, message.model_dump())
        session.add(message)
    await session.flush()
