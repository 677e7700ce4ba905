"""Taking what a peer hub sent: its signature is its only credential, so nothing is parsed before it holds.

Each message is kept once per (sender, id) in the transaction of its effect; sent again, it changes nothing.
"""

from datetime import datetime, timedelta
from typing import TypeVar

from fastapi import Request
from pydantic import ValidationError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.hub import Hub
from services.notifications.notices import authenticity, moving
from services.notifications.notices.handing_on import FARTHEST, settle, tell_again
from services.notifications.notices.issuing import Kind, Toward
from services.notifications.notices.models import Notice
from services.notifications.notices.states import ENDED, Move, Outcome, Settled, State, possible
from services.notifications.peers import queries
from services.notifications.peers.models import Peer
from services.notifications.peers.schemas import (
    Envelope,
    PeerAnswerData,
    PeerAnswerIn,
    PeerNoticeIn,
    PeerReceiptIn,
)
from shared import signatures
from shared.clock import SHANGHAI
from shared.database import raw
from shared.divisions import above_county, widen
from shared.ids import uuid7
from shared.limits import WEBHOOK_MAX_BYTES
from shared.problems import Flaw, Forbidden, Invalid, NotFound, TooLarge, Unauthenticated, flaws_of

Message = TypeVar("Message", bound=Envelope)
#: From tomorrow on, by the other hub's clock.
A_DAY_OR_TWO = timedelta(days=2)
_RECEIPTS = {"read": Move.READ, "accepted": Move.ACCEPT, "refused": Move.REFUSE}


async def verified(
    request: Request, session: AsyncSession, body: bytes, model: type[Message], now: datetime
) -> tuple[Peer, str, Message]:
    """The peer whose key signed the raw body, the message's id and the message; Forbidden when it is another hub's."""
    for peer in (await queries.trusted(session, _hub(request).audit)).values():
        try:
            key = signatures.public_key(peer.public_key)
            message_id = signatures.verify([key], request.headers, body, now)
        except signatures.BadSignature:
            continue
        try:
            message = model.model_validate_json(body)
        except ValidationError as error:
            raise Invalid(flaws=flaws_of(error.errors(include_input=False), at="/body")) from None
        if message.audience != _hub(request).name:
            raise Forbidden
        return peer, message_id, message
    raise Unauthenticated


async def body_of(request: Request) -> bytes:
    """The raw body; TooLarge as soon as it is longer than any message of a hub."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > WEBHOOK_MAX_BYTES:
            raise TooLarge
    return body


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


async def first_time(session: AsyncSession, peer: Peer, message_id: str, now: datetime) -> bool:
    """Keep the message's id; False when it had been taken before."""
    connection = await raw(session)
    done = await connection.execute(
        "INSERT INTO peer_inbox (sender, id, received_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        peer.name,
        message_id,
        now,
    )
    return bool(done.endswith(" 1"))


async def take_notice(
    session: AsyncSession,
    peer: Peer,
    message: PeerNoticeIn,
    hub: Hub,
    now: datetime,
) -> None:
    """Keep an incoming notice; its details are fetched by the worker.  A peer speaks for its area alone, and to ours."""
    origin, target = widen(message.data.origin_county), widen(message.data.county)
    if not peer.low <= origin <= peer.high or target not in hub.territory:
        raise Forbidden
    # A peer may not know yet that a county has ended.
    day = now.astimezone(SHANGHAI).date()
    origin, target = hub.codes.code_on(origin, day), hub.codes.code_on(target, day)
    for name, code in (("county", target), ("origin_county", origin)):
        if above_county(code, day):
            raise Invalid(flaws=[Flaw(f"/body/data/{name}", "division", "Not a county's code.")])
    known = await session.exec(
        select(Notice.id).where(Notice.peer == peer.name, Notice.remote_id == message.data.notice)
    )
    if known.first() is not None:
        return
    session.add(
        Notice(
            id=uuid7(),
            kind=message.data.kind,
            direction="incoming",
            toward=message.data.toward,
            state=State.DELIVERED,
            reference=message.subject,
            origin_county=origin,
            target_county=target,
            peer=peer.name,
            remote_id=message.data.notice,
            facts="waiting",
            due_at=now,
            settles=message.settles,
            created_at=now,
            issued_at=message.time,
            delivered_at=now,
        )
    )


async def take_answer(
    session: AsyncSession, hub: Hub, peer: Peer, message: PeerAnswerIn, now: datetime
) -> None:
    """Mark our notice as answered by the hub that had it; a second answer changes nothing, but asks what became of the first."""
    notice = await _sent_to(session, peer, message)
    if not possible(State(notice.state), Move.ANSWER):
        if notice.kind == Kind.HANDOVER and message.data.outcome is Outcome.CONFIRMED:
            tell_again(notice, now)
            session.add(notice)
        return
    check_day(notice, message.data, now)
    moving.move(notice, Move.ANSWER, now)
    notice.outcome = message.data.outcome
    notice.effective_on = message.data.effective_on
    county = message.data.hukou_county
    named = widen(county) if county else None
    # Of its own counties a hub knows best, local codes too.  What else no table of ours knows is a slip, or news: a person asks.
    known = named is not None and (hub.codes.ever(named) or peer.low <= named <= peer.high)
    notice.hukou_division = named if known else None
    authenticity.vouch(hub.audit, notice)
    if notice.toward == Toward.HUKOU or notice.kind == Kind.HANDOVER:
        notice.pushed, notice.due_at = "waiting", now
    session.add(notice)


def check_day(notice: Notice, said: PeerAnswerData, now: datetime) -> None:
    """A day belongs to a handover that is confirmed.  It never lies before the notice, which would undo what was; nor farther
    off than a county may name one, since until it comes nobody can hand the child over to anyone else.
    """
    day, taken = said.effective_on, said.outcome is Outcome.CONFIRMED
    wanted = notice.kind == Kind.HANDOVER and taken
    sent = notice.issued_at.astimezone(SHANGHAI).date() if notice.issued_at else None
    last = now.astimezone(SHANGHAI).date() + FARTHEST + A_DAY_OR_TWO
    if (day is not None) != wanted or (day and (sent is None or not sent <= day <= last)):
        raise Invalid(flaws=[Flaw("/body/data/effective_on", "effective_on", "Not such a day.")])


async def take_receipt(
    session: AsyncSession, hub: Hub, peer: Peer, message: PeerReceiptIn, now: datetime
) -> None:
    """Follow what happened to a notice at the other hub."""
    if message.data.state == "kept":
        notice = await _received_from(session, peer, message)
        settle(hub, notice, Settled.KEPT, now)
        session.add(notice)
        return
    if message.data.state == "withdrawn":
        notice = await _received_from(session, peer, message)
        what = Move.WITHDRAW
        if settle(hub, notice, Settled.VOID, now):
            session.add(notice)
            return
    else:
        notice = await _sent_to(session, peer, message)
        what = _RECEIPTS[message.data.state]
    state = State(notice.state)
    if state not in ENDED and possible(state, what):
        moving.move(notice, what, now)
        if notice.kind == Kind.HANDOVER and what is Move.REFUSE:
            authenticity.vouch(hub.audit, notice)
            notice.pushed, notice.due_at = "waiting", now
        session.add(notice)


async def _sent_to(
    session: AsyncSession, peer: Peer, message: PeerAnswerIn | PeerReceiptIn
) -> Notice:
    found = await session.exec(
        select(Notice)
        .where(
            Notice.id == message.data.notice,
            Notice.peer == peer.name,
            Notice.direction == "outgoing",
        )
        .with_for_update()
    )
    if (notice := found.first()) is None:
        raise NotFound
    return notice


async def _received_from(session: AsyncSession, peer: Peer, message: PeerReceiptIn) -> Notice:
    found = await session.exec(
        select(Notice)
        .where(Notice.remote_id == message.data.notice, Notice.peer == peer.name)
        .with_for_update()
    )
    if (notice := found.first()) is None:
        raise NotFound
    return notice
