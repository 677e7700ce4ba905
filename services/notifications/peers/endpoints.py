"""What a peer hub may post: notices, answers, receipts.  No token: the signature names the sender."""

from typing import Annotated, Any

from fastapi import Depends, Request

from services.notifications.hub import Hub
from services.notifications.peers import taking
from services.notifications.peers.schemas import (
    ANSWER_EXAMPLE,
    NOTICE_EXAMPLE,
    RECEIPT_EXAMPLE,
    PeerAnswerIn,
    PeerNoticeIn,
    PeerReceiptIn,
    TakenOut,
)
from shared.application import Router, Transaction
from shared.clock import Clock
from shared.database import SYSTEM, enter
from shared.problems import responses

router = Router(prefix="/v1/peer", tags=["peers"])
ANSWERS = responses(400, 401, 403, 404, 413, 422, 503)


def clock_of(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


Now = Annotated[Clock, Depends(clock_of)]
#: Put before the session: whoever sends slowly holds no database connection meanwhile.
Body = Annotated[bytes, Depends(taking.body_of)]


def signed(
    model: type[PeerNoticeIn | PeerAnswerIn | PeerReceiptIn], example: Any
) -> dict[str, Any]:
    """The parts of an operation whose raw body is read before it is parsed."""
    header = {"type": "string", "maxLength": 1000}
    return {
        "security": [],
        "parameters": [
            {"in": "header", "name": name, "required": True, "schema": header}
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/cloudevents+json": {
                    "schema": {"$ref": f"#/components/schemas/{model.__name__}"},
                    "example": example,
                }
            },
        },
    }


@router.post(
    "/notices",
    status_code=202,
    summary="Take a notice from a peer hub",
    responses=ANSWERS,
    openapi_extra=signed(PeerNoticeIn, NOTICE_EXAMPLE),
)
async def receive_notice(
    request: Request, body: Body, session: Transaction, clock: Now
) -> TakenOut:
    """A thin notice about one child, signed with the sending hub's key; details are read back from its registry."""
    await enter(session, SYSTEM)
    hub: Hub = request.app.state.hub
    now = clock.now()
    peer, message_id, message = await taking.verified(request, session, body, PeerNoticeIn, now)
    if await taking.first_time(session, peer, message_id, now):
        await taking.take_notice(session, peer, message, hub, now)
    return TakenOut()


@router.post(
    "/answers",
    status_code=202,
    summary="Take the answer to a notice",
    responses=ANSWERS,
    openapi_extra=signed(PeerAnswerIn, ANSWER_EXAMPLE),
)
async def receive_answer(
    request: Request, body: Body, session: Transaction, clock: Now
) -> TakenOut:
    """What the hukou place says to one of our notices."""
    await enter(session, SYSTEM)
    now = clock.now()
    peer, message_id, message = await taking.verified(request, session, body, PeerAnswerIn, now)
    if await taking.first_time(session, peer, message_id, now):
        await taking.take_answer(session, request.app.state.hub, peer, message, now)
    return TakenOut()


@router.post(
    "/receipts",
    status_code=202,
    summary="Take a receipt for a notice",
    responses=ANSWERS,
    openapi_extra=signed(PeerReceiptIn, RECEIPT_EXAMPLE),
)
async def receive_receipt(
    request: Request, body: Body, session: Transaction, clock: Now
) -> TakenOut:
    """Read, accepted or refused there; or withdrawn by the hub that issued it."""
    await enter(session, SYSTEM)
    now = clock.now()
    peer, message_id, message = await taking.verified(request, session, body, PeerReceiptIn, now)
    if await taking.first_time(session, peer, message_id, now):
        await taking.take_receipt(session, request.app.state.hub, peer, message, now)
    return TakenOut()
