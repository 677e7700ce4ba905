"""Reading one child's file (一人一档), page by page."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry import answers
from services.registry.access.sight import groups_for
from services.registry.children import queries
from services.registry.children.endpoints import ChildReader, shown
from services.registry.children.kit import Kit
from services.registry.dossiers.compiling import compile_events
from services.registry.dossiers.reader import Reader
from services.registry.dossiers.schemas import DossierOut
from services.registry.past import looking_back
from services.registry.past.recalling import recall
from shared import audit
from shared.application import USUAL, Router, Transaction
from shared.contract import TAGGED
from shared.cursors import Cursors
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.parameters import KnownAt
from shared.problems import NotFound

router = Router(prefix="/v1", tags=["children"], responses=USUAL)


@router.get(
    "/children/{child_id}/dossier",
    summary="Read one child's file",
    response_model=DossierOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_dossier(
    request: Request,
    child_id: UUID,
    caller: ChildReader,
    session: Transaction,
    known_at: KnownAt = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """Everything that happened to the child and was done for it, each event once, the oldest first.

    Stays, hukou, status, reported records, visits, duties and why they ended, key care with its proposals, reviews and
    decisions, guardianship, alerts, handovers and
    cases with every act, doubts about who it is, emergencies, and what others were told: as far as your department, purpose
    and scopes open each, and never more than their own addresses would show you.  What a visit
    or survey told stands there as the visit; its record does not stand there again.  A merged child's events stand with the
    child it was merged into.  A child you may not see answers exactly as one that does not exist.

    Of a child of whom more than 50 records came a client reads one page at a time (429).

    With `known_at` the file as it stood then, whatever came, was taken back or was ruled since: it tells nothing of siblings.
    """
    groups = groups_for(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    clock = request.app.state.clock
    bound_to = f"dossier|{caller.client}|{caller.purpose}|{child_id}|{known_at}"
    after = tuple(cursors.read(cursor, bound_to, clock.now())) if cursor else ()
    rows = await queries.visible(session, caller, [child_id])
    if not rows:
        raise NotFound
    row, past, now = rows[0], None, clock.now()
    if known_at is not None:
        past = await recall(session, kit, caller, row, now, known_at=known_at)
        kit, row, now = past.kit, past.row, past.known_at
    reader = Reader(session, kit, caller, groups, child_id, now, past)
    events, incomplete_before = await compile_events(reader, row)
    page = [event for event in events if event.position > after][: limit + 1]
    seen: dict[str, Any] = {}
    if past is not None:
        read = past.act(caller, "dossiers.read_past", fields=sorted(groups))
        await audit.record(session, kit.audit, clock.now(), read)
        if cursor is None:
            told = looking_back.shown(past, caller, request.app.state.kit.profiles)
            seen["child"] = told.model_dump(mode="json", exclude_none=True)
    elif cursor is None:
        (child,) = await shown(request, session, caller, rows, "dossiers.read")
        seen["child"] = child.model_dump(mode="json", exclude_none=True)
    else:
        read = audit.Act.of(caller, "dossiers.read", [child_id], fields=sorted(groups))
        await audit.record(session, kit.audit, clock.now(), read)
    seen["events"] = [event.shown() for event in page[:limit]]
    if incomplete_before is not None:
        seen["incomplete_before"] = incomplete_before
    if len(page) > limit:
        seen["next"] = cursors.make(page[limit - 1].position, bound_to, clock.now())
    body = answers.dump(seen)
    # A cursor is sealed anew each time: it is no part of what was read.
    tag = answers.etag(kit, answers.dump({**seen, "next": len(page) > limit}))
    return Response(body, media_type="application/json", headers={"ETag": tag})
