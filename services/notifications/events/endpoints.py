"""Where the registry's relay posts."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import ValidationError

from services.notifications.events import taking
from services.notifications.events.schemas import EventsIn, PositionOut
from services.notifications.peers.endpoints import Now
from shared import signatures
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.database import SYSTEM, enter
from shared.limits import MAX_BODY_BYTES
from shared.problems import Invalid, Malformed, Unauthenticated, flaws_of
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["events"])

_BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EventsIn"}}},
}
_SIGNED = [
    {
        "in": "header",
        "name": name,
        "required": True,
        "schema": {"type": "string", "maxLength": 1000},
    }
    for name in (signatures.ID, signatures.TIMESTAMP, signatures.SIGNATURE)
]


async def relayed(request: Request, clock: Now) -> EventsIn:
    """The events, once the registry's relay key has been found to have signed the raw body."""
    body = await request.body()
    try:
        key = request.app.state.relay_key
        signatures.verify([key], request.headers, body, clock.now(), max_bytes=MAX_BODY_BYTES)
    except signatures.BadSignature:
        raise Unauthenticated from None
    try:
        return EventsIn.model_validate_json(body)
    except ValidationError as error:
        if any(e["type"] == "json_invalid" for e in error.errors(include_input=False)):
            raise Malformed("The body is not JSON.") from None
        raise Invalid(flaws=flaws_of(error.errors(include_input=False), at="/body")) from None


@router.post(
    "/events",
    summary="Take over events from the registry",
    responses=USUAL,
    openapi_extra={"requestBody": _BODY, "parameters": _SIGNED},
)
async def receive_events(
    caller: Annotated[Caller, allowed(Scope.EVENTS_WRITE, purpose=False)],
    events: Annotated[EventsIn, Depends(relayed)],
    session: Transaction,
    clock: Now,
) -> PositionOut:
    """For the registry alone: its token and its relay's signature are both needed.  Sending again is harmless."""
    await enter(session, SYSTEM)
    return PositionOut(position=await taking.take(session, events.events, clock.now()))
