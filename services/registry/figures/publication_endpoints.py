"""Publications (统计发布): figures frozen with both their times, and what became known since."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.access.subjects import Subject, only_civil_affairs
from services.registry.children.kit import Kit
from services.registry.figures import publishing, queries, showing
from services.registry.figures.endpoints import Publisher, Reader, may_count, question
from services.registry.figures.publishing import Asked
from services.registry.figures.schemas import (
    FigureOut,
    FigurePublicationIn,
    FigureRevisionIn,
    FigureRevisionOut,
    FigureRevisionsOut,
    FiguresOut,
)
from services.registry.settings import RegistrySettings
from shared import audit, divisions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller
from shared.contract import LOCATED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.problems import Conflict, NotFound, responses

router = Router(prefix="/v1", tags=["figures"], responses=USUAL)


@router.post(
    "/figure-publications",
    summary="Publish a figure",
    status_code=202,
    response_model_exclude_none=True,
    responses={202: LOCATED, **responses(409)},
)
async def publish_figure(
    request: Request,
    response: Response,
    body: FigurePublicationIn,
    caller: Publisher,
    session: Transaction,
    key: KeyHeader = None,
) -> FigureOut:
    """Freeze a figure with both its times: a person's act of civil affairs (民政), for all of an area inside its own.

    It is counted a few minutes later, when all that came in up to `known_at` has surely been stored, by the rules of then.
    From then on it never changes: what becomes known later is listed as its revisions.
    """
    only_civil_affairs(caller)
    may_count(caller)
    Subject.of(caller)
    asked, known = question(request, caller, body.division, body.on, body.known_at, body.pilot)
    made = await _ask(request, session, caller, "figures.publish", key, body, Asked(asked, known))
    row = await queries.one(session, request.app.state.kit.audit, caller, made)
    if row is None:
        raise NotFound
    response.headers["Location"] = f"/v1/figure-publications/{made}"
    return showing.head(row)


@router.get(
    "/figure-publications", summary="List published figures", response_model_exclude_none=True
)
async def list_figure_publications(
    request: Request,
    caller: Reader,
    session: Transaction,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> FiguresOut:
    """Figures of areas that lie wholly inside yours, the newest first, without what they came to."""
    may_count(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    asked = f"figures|{caller.client}|{caller.purpose}"
    after = UUID(cursors.read(cursor, asked, now)) if cursor else None
    rows = await queries.page(session, kit.audit, caller, after, limit)
    await audit.record(session, kit.audit, now, audit.Act.of(caller, "figures.list", []))
    seen = FiguresOut(publications=[showing.head(row) for row in rows])
    if len(rows) == limit:
        seen.next = cursors.make(str(rows[-1]["id"]), asked, now)
    return seen


@router.get(
    "/figure-publications/{figure_id}",
    summary="Read a published figure",
    response_model=FigureOut,
    response_model_exclude_none=True,
)
async def show_figure_publication(
    request: Request, figure_id: UUID, caller: Reader, session: Transaction
) -> FigureOut:
    """A frozen figure, the same at every reading; what counts too few children is hidden.

    A figure whose area reaches beyond yours answers exactly as one that does not exist.
    """
    may_count(caller)
    row = await _read(request, session, caller, figure_id, "figures.read")
    return showing.whole(row, caller.department)


@router.post(
    "/figure-publications/{figure_id}/revisions",
    summary="Count a published figure again",
    status_code=202,
    response_model_exclude_none=True,
    responses=responses(409),
)
async def revise_figure_publication(
    request: Request,
    figure_id: UUID,
    body: FigureRevisionIn,
    caller: Publisher,
    session: Transaction,
    key: KeyHeader = None,
) -> FigureRevisionOut:
    """Count it for the same day by what has become known since: late records, corrections, recalls, other links, other rules.

    The published figure stays as it is; read at `/v1/figure-publications/{figure_id}/revisions` in which cells the two differ.
    """
    only_civil_affairs(caller)
    may_count(caller)
    Subject.of(caller)
    kit: Kit = request.app.state.kit
    frozen = await queries.one(session, kit.audit, caller, figure_id)
    if frozen is None:
        raise NotFound
    division = divisions.text_of(frozen["division"])
    asked, known = question(
        request, caller, division, frozen["valid_on"], body.known_at, frozen["pilot"]
    )
    if known <= frozen["known_at"]:
        raise Conflict("A revision tells what became known after the figure.")
    made = await _ask(
        request,
        session,
        caller,
        f"figures.revise|{figure_id}",
        key,
        body,
        Asked(asked, known, figure_id),
        frozen["smallest"] if frozen["configured"] else None,
    )
    rows = await queries.revisions(session, kit.audit, caller, figure_id, MAX_PAGE)
    row = next((one for one in rows if one["id"] == made), None)
    if row is None:
        raise NotFound
    return showing.revision(frozen, row, caller.department)


@router.get(
    "/figure-publications/{figure_id}/revisions",
    summary="List a figure's revisions",
    response_model=FigureRevisionsOut,
    response_model_exclude_none=True,
)
async def list_figure_revisions(
    request: Request, figure_id: UUID, caller: Reader, session: Transaction
) -> FigureRevisionsOut:
    """In which cells the figure, counted again by what became known later, differs from what was published.

    For civil affairs (民政), who see each of these children: a difference may be that of a single one, so nothing is hidden.
    """
    only_civil_affairs(caller)
    may_count(caller)
    kit: Kit = request.app.state.kit
    frozen = await _read(request, session, caller, figure_id, "figures.revisions")
    rows = await queries.revisions(session, kit.audit, caller, figure_id, MAX_PAGE)
    async with as_system(session, caller):
        erased = await queries.erased_since(
            session, (frozen["low"], frozen["high"]), frozen["known_at"]
        )
    return FigureRevisionsOut(
        figure=figure_id,
        revisions=[showing.revision(frozen, row, caller.department) for row in rows],
        erased_since=erased,
    )


async def _read(
    request: Request, session: AsyncSession, caller: Caller, figure: UUID, operation: str
) -> Any:
    kit: Kit = request.app.state.kit
    row = await queries.one(session, kit.audit, caller, figure)
    if row is None:
        raise NotFound
    now = request.app.state.clock.now()
    read = audit.Act.of(caller, operation, [], figure=str(figure))
    await audit.record(session, kit.audit, now, read)
    return row


async def _ask(
    request: Request,
    session: AsyncSession,
    caller: Caller,
    operation: str,
    key: str | None,
    body: FigurePublicationIn | FigureRevisionIn,
    asked: Asked,
    smallest: int | None = None,
) -> UUID:
    kit: Kit = request.app.state.kit
    settings: RegistrySettings = request.app.state.settings
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        made = await publishing.request(
            session, kit, caller, asked, smallest or settings.smallest_cell, now
        )
        act = audit.Act.of(caller, operation.partition("|")[0], [], figure=str(made))
        await audit.record(session, kit.audit, now, act)
        return {"figure": made}

    ids = await once(session, kit.entries.key, caller, operation, key, body, now, effect)
    return ids["figure"]
