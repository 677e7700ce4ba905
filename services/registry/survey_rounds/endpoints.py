"""Survey rounds (摸底排查轮次): opening one, how far it came, and the children whom it did not reach."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.subjects import only_civil_affairs
from services.registry.children.kit import Kit
from services.registry.posts.endpoints import Within, area_within
from services.registry.survey_rounds import opening, queries, showing
from services.registry.survey_rounds.authenticity import ROUNDS
from services.registry.survey_rounds.schemas import (
    RoundIn,
    RoundOut,
    RoundsOut,
)
from shared import audit, preconditions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.contract import TAGGED, TAGGED_AND_LOCATED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.parameters import KnownAt, passed
from shared.preconditions import IfMatch
from shared.problems import Conflict, Forbidden, NotFound, responses
from shared.vocabulary import Scope

router = Router(prefix="/v1/survey-rounds", tags=["surveys"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.SURVEYS_READ)]
Opener = Annotated[Caller, allowed(Scope.SURVEYS_WRITE)]
Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


@router.get("", summary="List survey rounds", response_model_exclude_none=True)
async def list_survey_rounds(
    request: Request,
    caller: Reader,
    session: Transaction,
    within: Within = None,
    known_at: KnownAt = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> RoundsOut:
    """The rounds that cover any of your area, the newest first: civil affairs (民政) alone.

    With `known_at` those that had been opened by then, each as it stood.
    """
    showing.sight(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    then = passed(known_at, now)
    bound_to = f"survey_rounds|{caller.client}|{caller.purpose}|{within}|{known_at}"
    before = UUID(cursors.read(cursor, bound_to, now)) if cursor else queries.NEWEST
    rows = await queries.page(session, caller, area_within(within), before, limit + 1, known_at)
    act = audit.Act.reading(caller, "survey_rounds.list", [], known_at)
    await audit.record(session, kit.audit, now, act)
    more = None
    if len(rows) > limit:
        more = cursors.make(str(rows[limit - 1]["id"]), bound_to, now)
    whole = [row for row in rows[:limit] if ROUNDS.authentic(kit.audit, row)]
    ruled = await queries.ruled(session, kit, whole, known_at)
    return RoundsOut(rounds=[showing.shown(row, then) for row in ruled], next=more)


@router.post(
    "",
    summary="Open a survey round",
    status_code=201,
    response_model_exclude_none=True,
    responses={201: TAGGED_AND_LOCATED, **responses(409)},
)
async def open_survey_round(
    request: Request,
    response: Response,
    body: RoundIn,
    caller: Opener,
    session: Transaction,
    key: KeyHeader = None,
) -> RoundOut:
    """A round over a place of yours: half a year or a quarter long at most, as the rules of the place say on its first day.

    Another round of the same division may not share a day with it (409); a city's round and a county's may.
    """
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        made = await opening.open_round(session, kit, caller, body, now)
        done = audit.Act.of(caller, "survey_rounds.open", [], survey_round=str(made))
        await audit.record(session, kit.audit, now, done)
        return {"round": made}

    ids = await once(session, kit.entries.key, caller, "survey_rounds.open", key, body, now, effect)
    response.headers["Location"] = f"/v1/survey-rounds/{ids['round']}"
    return _answer(request, response, await found(request, session, caller, ids["round"]))


@router.get(
    "/{round_id}",
    summary="Read one survey round",
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_survey_round(
    request: Request,
    response: Response,
    round_id: UUID,
    caller: Reader,
    session: Transaction,
    known_at: KnownAt = None,
) -> RoundOut:
    """One round, with its clause and the blocks that it requires; with `known_at` as it stood then."""
    showing.sight(caller)
    row = await found(request, session, caller, round_id, known_at=known_at)
    await record(request, session, caller, "survey_rounds.read", [], round_id, known_at=known_at)
    return _answer(request, response, row, known_at)


@router.post(
    "/{round_id}/withdrawal",
    summary="Withdraw a survey round",
    response_model_exclude_none=True,
    responses={200: TAGGED, **responses(409, 412, 428)},
)
async def withdraw_survey_round(
    request: Request,
    response: Response,
    round_id: UUID,
    caller: Opener,
    session: Transaction,
    if_match: IfMatch = None,
) -> RoundOut:
    """Take back a round that was opened by mistake; one withdrawn is a conflict (409).  Surveys made meanwhile stay."""
    only_civil_affairs(caller)
    read = preconditions.given(if_match)
    row = await found(request, session, caller, round_id)
    if not (caller.covers(row["low"]) and caller.covers(row["high"])):
        raise Forbidden("The place that opened it withdraws it.")
    row = await found(request, session, caller, round_id, held=True)
    preconditions.check(read, _etag(row))
    if row["withdrawn_at"] is not None:
        raise Conflict("This round was withdrawn.")
    kit: Kit = request.app.state.kit
    await queries.withdraw(session, kit.audit, row, request.app.state.clock.now())
    await record(request, session, caller, "survey_rounds.withdraw", [], round_id)
    return _answer(request, response, await found(request, session, caller, round_id))


async def found(
    request: Request,
    session: AsyncSession,
    caller: Caller,
    round_id: UUID,
    held: bool = False,
    known_at: datetime | None = None,
) -> Any:
    """Invalid for an instant that has not come; a round that was opened after it is none."""
    kit: Kit = request.app.state.kit
    then = passed(known_at, request.app.state.clock.now())
    row = await queries.one(session, kit.audit, caller, round_id, held)
    if row is None or (known_at is not None and row["opened_at"] > then):
        raise NotFound
    (ruled,) = await queries.ruled(session, kit, [row], known_at)
    return ruled


def _etag(row: Any) -> str:
    return preconditions.etag(1 if row["withdrawn_at"] is None else 2)


def _answer(
    request: Request, response: Response, row: Any, known_at: datetime | None = None
) -> RoundOut:
    response.headers["ETag"] = _etag(row)
    return showing.shown(row, known_at or request.app.state.clock.now())


async def record(
    request: Request,
    session: AsyncSession,
    caller: Caller,
    act: str,
    subjects: list[UUID],
    round_id: UUID,
    fields: list[str] | None = None,
    known_at: datetime | None = None,
) -> None:
    kit: Kit = request.app.state.kit
    more: dict[str, Any] = {"fields": fields} if fields else {}
    done = audit.Act.reading(caller, act, subjects, known_at, survey_round=str(round_id), **more)
    await audit.record(session, kit.audit, request.app.state.clock.now(), done)
