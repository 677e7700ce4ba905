"""How far a survey round came: counted by place, and child by child, today and as known at an instant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from services.registry.past.residing import residents
from services.registry.posts.endpoints import Within, area_within
from services.registry.posts.terms import UNITS, Layer
from services.registry.survey_rounds import looking_back, queries, showing
from services.registry.survey_rounds.endpoints import Cursor, Limit, Reader, found, record
from services.registry.survey_rounds.schemas import (
    RoundProgressesOut,
    SurveyedPageOut,
)
from services.registry.survey_rounds.terms import Reached
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller
from shared.cursors import Cursors
from shared.limits import DEFAULT_PAGE
from shared.one_at_a_time import OneAtATime
from shared.parameters import KnownAt
from shared.problems import NotFound

router = Router(prefix="/v1/survey-rounds", tags=["surveys"], responses=USUAL)

COUNTING = OneAtATime()


@router.get("/{round_id}/completion", summary="Count how far a round came")
async def show_survey_completion(
    request: Request,
    round_id: UUID,
    caller: Reader,
    session: Transaction,
    by: Annotated[Layer, Query(description="how fine")] = Layer.COUNTY,
    within: Within = None,
    known_at: KnownAt = None,
) -> RoundProgressesOut:
    """How many children are to be surveyed, were, and through which channel, by county, township or village.

    To be surveyed is every child that lives there today and is, or may be, a migrant child.  Below the county, shielded
    children are left out.

    With `known_at` who lived there by what the hub knew then, and what it had been told by then; of the past at most 3,000
    children are counted at once (413), and below the county none whom anybody has shielded since.
    """
    showing.sight(caller)
    kit: Kit = request.app.state.kit
    row = await _running(request, session, caller, round_id, known_at)
    now = request.app.state.clock.now()
    asked = showing.reckoning(kit, row, area_within(within), now, known_at or now, UNITS[by])
    rows: Sequence[Any]
    with COUNTING.of(caller.client):
        if known_at is not None:
            lived = await residents(session, kit, caller, asked.area, known_at, now)
            rows = looking_back.completion(lived, caller, asked)
        else:
            rows = await queries.completion(session, caller, asked)
    await record(
        request, session, caller, "survey_rounds.completion", [], round_id, known_at=known_at
    )
    return RoundProgressesOut(by=by, places=showing.progress(rows))


@router.get(
    "/{round_id}/children",
    summary="List the children of a round",
    response_model_exclude_none=True,
)
async def list_survey_children(
    request: Request,
    round_id: UUID,
    caller: Reader,
    session: Transaction,
    reached: Annotated[
        Reached | None, Query(description="only those with whom the round came so far")
    ] = None,
    stale: Annotated[
        bool, Query(description="only those whose last survey is older than the round")
    ] = False,
    within: Within = None,
    known_at: KnownAt = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> SurveyedPageOut:
    """The children to be surveyed, county by county, each with the blocks that are still to be asked.

    A place below the county lists no shielded child.  With `known_at` as `…/completion` has it, and of the children then
    those alone whom you may see today.
    """
    groups = showing.sight(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    row = await _running(request, session, caller, round_id, known_at)
    asked = showing.reckoning(kit, row, area_within(within), now, known_at or now)
    filters = f"{reached}|{stale}|{within}|{known_at}"
    bound_to = f"survey_children|{caller.client}|{caller.purpose}|{round_id}|{filters}"
    after = queries.START
    if cursor:
        county, last = cursors.read(cursor, bound_to, now)
        after = county, UUID(last)
    filtered = asked, reached, stale, after, limit + 1
    if known_at is not None:
        with COUNTING.of(caller.client):
            lived = await residents(session, kit, caller, asked.area, known_at, now)
        rows = await looking_back.children(session, caller, lived, *filtered)
    else:
        rows = await queries.children(session, caller, *filtered)
    page = rows[:limit]
    subjects = [child for one in page for child in (one["id"], *one.get("others", ()))]
    await record(
        request,
        session,
        caller,
        "survey_rounds.children",
        subjects,
        round_id,
        sorted(groups),
        known_at,
    )
    more = None
    if len(rows) > limit:
        more = cursors.make((page[-1]["county"], str(page[-1]["id"])), bound_to, now)
    return SurveyedPageOut(
        children=[showing.surveyed(kit, asked, one, groups) for one in page], next=more
    )


async def _running(
    request: Request,
    session: AsyncSession,
    caller: Caller,
    round_id: UUID,
    known_at: datetime | None,
) -> Any:
    """A round that still means something: nothing is counted of one withdrawn."""
    row = await found(request, session, caller, round_id, known_at=known_at)
    if row["withdrawn_at"] is not None:
        raise NotFound
    return row
