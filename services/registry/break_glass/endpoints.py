"""Break-glass (紧急查询): the way to a child in an emergency where no grant reaches, and its review."""

import asyncio
import time
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from services.registry.access.subjects import only_civil_affairs
from services.registry.break_glass import opening, queries, reviewing
from services.registry.break_glass.schemas import (
    BreakGlassIn,
    BreakGlassOpeningOut,
    BreakGlassOpeningsOut,
    BreakGlassOut,
    BreakGlassReviewIn,
)
from services.registry.children.kit import Kit
from services.registry.searches.endpoints import rest
from shared import audit, problems
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.problems import NotFound
from shared.vocabulary import Scope

router = Router(prefix="/v1/break-glass", tags=["break-glass"], responses=USUAL)

BreakGlass = Annotated[Caller, allowed(Scope.BREAK_GLASS)]


@router.post(
    "",
    summary="Look a child up in an emergency",
    response_model_exclude_none=True,
    responses=problems.responses(409),
)
async def open_break_glass(
    request: Request,
    body: BreakGlassIn,
    caller: BreakGlass,
    session: Transaction,
    key: KeyHeader = None,
) -> BreakGlassOut:
    """Open one child in an emergency, wherever it is: for an hour at most you learn whether it stands in key care and
    whom to call, and nothing else.

    A person must act and give a reason.  Both of the child's places are alerted at once and review every opening.
    What you give must fit, all of it.  Among several that fit, the child that two departments or civil affairs know is the
    one.  Nobody found and more than one found answer alike, with `found` false; of more than one the places are alerted.
    """
    started = time.monotonic()
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    wanted = opening.Wanted.of(kit, body)

    async def effect() -> Ids:
        return await opening.open_one(session, kit, caller, wanted, now)

    made = await once(session, kit.entries.key, caller, "break-glass.open", key, body, now, effect)
    if "opening" not in made:
        await asyncio.sleep(rest(time.monotonic() - started))
        return BreakGlassOut(found=False)
    told = await opening.tell(session, kit, caller, made["opening"], now)
    return told or BreakGlassOut(found=False)


@router.get("", summary="List openings in emergencies", response_model_exclude_none=True)
async def list_break_glass(
    request: Request,
    caller: BreakGlass,
    session: Transaction,
    reviewed: Annotated[bool | None, Query(description="only openings (not) yet reviewed")] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> BreakGlassOpeningsOut:
    """Openings of children of your place, the oldest first, for civil affairs to review.

    A shielded child's openings are its residence place's alone to see.
    """
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    asked = f"break-glass|{caller.client}|{caller.purpose}|{reviewed}"
    after = UUID(cursors.read(cursor, asked, now)) if cursor else None
    rows = await queries.page(session, caller, reviewed, after, limit)
    read = audit.Act.of(caller, "break-glass.list", sorted({row["child_id"] for row in rows}))
    await audit.record(session, kit.audit, now, read)
    more = cursors.make(str(rows[-1]["id"]), asked, now) if len(rows) == limit else None
    return BreakGlassOpeningsOut(
        openings=[reviewing.shown(kit.sealer, row) for row in rows], next=more
    )


@router.get("/{opening_id}", summary="Read one opening", response_model_exclude_none=True)
async def show_break_glass(
    request: Request, opening_id: UUID, caller: BreakGlass, session: Transaction
) -> BreakGlassOut:
    """Your own opening again, as things stand now; 403 once its hour has passed."""
    kit: Kit = request.app.state.kit
    told = await opening.tell(session, kit, caller, opening_id, request.app.state.clock.now())
    if told is None:
        raise NotFound
    return told


@router.post(
    "/{opening_id}/review",
    summary="Review an opening",
    response_model_exclude_none=True,
    responses=problems.responses(409),
)
async def review_break_glass(
    request: Request,
    opening_id: UUID,
    body: BreakGlassReviewIn,
    caller: BreakGlass,
    session: Transaction,
) -> BreakGlassOpeningOut:
    """Judge an opening of a child of your place, once, and not your own."""
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    return await reviewing.review(session, kit, caller, opening_id, body, now)
