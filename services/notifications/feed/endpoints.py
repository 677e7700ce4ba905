"""The feed, for systems that cannot listen: the same items as by webhook, in one order."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request

from services.notifications.deliveries import payloads
from services.notifications.deliveries.payloads import Place
from services.notifications.feed import queries
from services.notifications.feed.queries import Announced
from services.notifications.feed.schemas import EventsPageOut
from services.notifications.hub import Hub
from services.notifications.notices import moving
from services.notifications.peers.endpoints import Now
from shared import audit
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.cursors import Cursors
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["feed"])
FROM_THE_BEGINNING = "start"


@router.get(
    "/events",
    summary="Read the feed",
    response_model=EventsPageOut,
    response_model_exclude_none=True,
    responses=USUAL,
)
async def read_feed(
    request: Request,
    caller: Annotated[Caller, allowed(Scope.EVENTS_READ)],
    session: Transaction,
    clock: Now,
    after: Annotated[
        str | None,
        Query(
            description="`next` of the last page.  Without it the feed goes on where you last confirmed;"
            " `start` begins anew.",
            max_length=500,
            pattern=r"^[A-Za-z0-9_-]+$",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> dict[str, Any]:
    """Everything that concerns your area, oldest first; nothing is skipped.  Passing `next` confirms a page.

    That a case waits is told to those alone who may read cases (`cases:read`).
    """
    cursors: Cursors = request.app.state.cursors
    hub: Hub = request.app.state.hub
    bound = f"feed:{caller.client}:{caller.grant.low}:{caller.grant.high}"
    if after is None:
        position = await queries.confirmed(session, caller.client)
    elif after == FROM_THE_BEGINNING:
        position = 0
    else:
        position = int(cursors.read(after, bound, clock.now()))
        await queries.confirm(session, caller.client, position)
    cases = Scope.CASES_READ in caller.grant.scopes
    found = await queries.page(session, caller.reach, position, limit, cases=cases)
    await moving.delivered_to(
        session, caller.client, [a.notice for a in found if a.notice], clock.now()
    )
    children = [a.child for a in found if a.child]
    read = audit.Act.of(caller, "feed.read", children, count=len(found))
    await audit.record(session, request.app.state.audit_keys, clock.now(), read)
    last = found[-1].position if found else position
    return {
        "items": [_item(hub, caller, announced) for announced in found],
        # Always of one length: how much happens elsewhere cannot be told from it.
        "next": cursors.make(f"{last:019}", bound, clock.now()),
    }


def _item(hub: Hub, caller: Caller, announced: Announced) -> dict[str, Any]:
    client = caller.client
    lane = payloads.derived_id(
        hub.ids, f"feed:{caller.grant.low}:{caller.grant.high}", client, announced.lane_subject
    )
    item_id: UUID = payloads.derived_id(hub.ids, "item", client, announced.source)
    reference = hub.references.make(announced.child, client) if announced.child else None
    place = Place(announced.county, lane, announced.number)
    return payloads.item(
        hub.name, item_id, announced.at, reference, place, announced.notice, announced.case_id
    )
