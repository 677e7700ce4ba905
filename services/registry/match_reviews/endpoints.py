"""Reviews (疑似待核): the queue, one review side by side, claiming it, and deciding on it."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry import answers
from services.registry.children.kit import Kit
from services.registry.key_care.deciding import check_reason
from services.registry.match_reviews import deciding, queries, showing
from services.registry.match_reviews.queries import Position, Question
from services.registry.match_reviews.schemas import (
    MatchReviewDecisionIn,
    MatchReviewOut,
    MatchReviewsOut,
)
from services.registry.match_reviews.terms import Assigned, Order, Verdict, WaitingReviews
from services.registry.rulings.sight import sight_of_decider, sight_of_reader
from services.registry.rulings.terms import GROUNDS, RulingKind
from shared import audit, preconditions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import today
from shared.contract import TAGGED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.preconditions import IfMatch
from shared.problems import Flaw, Invalid, responses
from shared.vocabulary import Scope

router = Router(prefix="/v1/match-reviews", tags=["who is whom"], responses=USUAL)

Reviewer = Annotated[Caller, allowed(Scope.REVIEWS_DECIDE)]
_CHANGED = {200: TAGGED, **responses(409, 412, 428)}


#: Nobody puts a doubt off for good.
PUT_OFF_AT_MOST = timedelta(days=366)


@router.get(
    "",
    summary="List reviews",
    response_model=MatchReviewsOut,
    response_model_exclude_none=True,
)
async def list_match_reviews(
    request: Request,
    caller: Reviewer,
    session: Transaction,
    state: Annotated[
        WaitingReviews, Query(description="which part of the queue")
    ] = WaitingReviews.OPEN,
    assigned: Annotated[Assigned | None, Query(description="whose")] = None,
    key_care: Annotated[
        bool | None, Query(description="only those with (or without) a child in key care")
    ] = None,
    order: Annotated[Order, Query(description="which come first")] = Order.OLDEST,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """Pairs of children who may be one, and both of whom you may see.

    A pair of which you may see one child alone does not exist for you.  What ends, because somebody decided or its
    evidence changed, leaves the list by itself.
    """
    sight_of_reader(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    clock = request.app.state.clock
    now, day = clock.now(), today(clock)
    question = Question(state, assigned, key_care, order)
    asked = f"match-reviews|{caller.client}|{caller.purpose}|{caller.actor}|{question.text()}"
    after = _position(cursors.read(cursor, asked, now), order) if cursor else None
    rows = await queries.page(session, caller, question, after, day, limit)
    subjects = sorted({child for row in rows for child in (row["one"], row["other"])})
    read = audit.Act.of(caller, "match_reviews.list", subjects, state=str(state))
    await audit.record(session, kit.audit, now, read)
    seen: dict[str, Any] = {"reviews": [_mark(row, day) for row in rows]}
    if len(rows) == limit:
        value, review = queries.position_of(rows[-1], order)
        place = value.isoformat() if isinstance(value, datetime) else value
        seen["next"] = cursors.make([place, str(review)], asked, now)
    return Response(answers.dump(seen), media_type="application/json")


def _position(read: Any, order: Order) -> Position:
    place, review = read
    return (datetime.fromisoformat(place) if order is Order.OLDEST else place), UUID(review)


def _mark(row: Any, day: date) -> dict[str, Any]:
    seen = {**showing.mark(row, day), "key_care": row["cared_for"]}
    if not showing.is_shielded(row):
        seen["weight"] = row["weight"]
    return seen


@router.get(
    "/{review_id}",
    summary="Read a review",
    response_model=MatchReviewOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_match_review(
    request: Request, review_id: UUID, caller: Reviewer, session: Transaction
) -> Response:
    """The two children side by side, as far as you may see them, and what the match weight adds up.

    A review you may not see answers exactly as one that does not exist.
    """
    return await _reply(request, session, caller, review_id, "match_reviews.read")


@router.put(
    "/{review_id}/assignment",
    summary="Claim a review",
    response_model=MatchReviewOut,
    response_model_exclude_none=True,
    responses=_CHANGED,
)
async def claim_match_review(
    request: Request,
    review_id: UUID,
    caller: Reviewer,
    session: Transaction,
    if_match: IfMatch = None,
) -> Response:
    """Take a review on, so that colleagues leave it to you.  One that another person has is a conflict (409)."""
    await _assign(request, session, caller, review_id, if_match, to_me=True)
    return await _reply(request, session, caller, review_id)


@router.delete(
    "/{review_id}/assignment",
    summary="Give a review back",
    response_model=MatchReviewOut,
    response_model_exclude_none=True,
    responses=_CHANGED,
)
async def release_match_review(
    request: Request,
    review_id: UUID,
    caller: Reviewer,
    session: Transaction,
    if_match: IfMatch = None,
) -> Response:
    """Put a review back into the queue, yours or that of a colleague who is away."""
    await _assign(request, session, caller, review_id, if_match, to_me=False)
    return await _reply(request, session, caller, review_id)


@router.post(
    "/{review_id}/decisions",
    summary="Decide on a review",
    response_model=MatchReviewOut,
    response_model_exclude_none=True,
    responses=_CHANGED,
)
async def decide_match_review(
    request: Request,
    review_id: UUID,
    body: MatchReviewDecisionIn,
    caller: Reviewer,
    session: Transaction,
    if_match: IfMatch = None,
    key: KeyHeader = None,
) -> Response:
    """Say whether the two are one child.  The model never overturns it; a person can, at any time.

    It takes effect within seconds.  `same` about two children in key care is a proposal, until another person agrees at
    `/v1/rulings/{id}/second`.  `unsure` puts the review off until its evidence changes, or until a day.  A review that
    has ended, or that another person decides on, is a conflict (409).
    """
    groups = sight_of_decider(caller)
    check_reason(body.reason, body.note, GROUNDS[RulingKind(body.decision)])
    if body.until is not None and body.decision is not Verdict.UNSURE:
        raise Invalid(flaws=[Flaw("/body/until", "not_put_off", "Only with `unsure`.")])
    clock = request.app.state.clock
    now, day = clock.now(), today(clock)
    read = preconditions.given(if_match)
    kit: Kit = request.app.state.kit

    async def effect() -> Ids:
        if body.until is not None and not day < body.until <= day + PUT_OFF_AT_MOST:
            detail = "A day after today, within a year."
            raise Invalid(flaws=[Flaw("/body/until", "not_to_come", detail)])
        made = await deciding.decide(session, kit, caller, groups, review_id, read, body, now, day)
        return {"ruling": made}

    operation = f"match_reviews.decide:{review_id}"
    await once(session, kit.entries.key, caller, operation, key, body, now, effect)
    return await _reply(request, session, caller, review_id)


async def _assign(
    request: Request,
    session: Transaction,
    caller: Caller,
    review: UUID,
    if_match: str | None,
    *,
    to_me: bool,
) -> None:
    groups = sight_of_decider(caller)
    read = preconditions.given(if_match)
    kit: Kit = request.app.state.kit
    clock = request.app.state.clock
    await deciding.assign(
        session, kit, caller, groups, review, read, clock.now(), today(clock), to_me=to_me
    )


async def _reply(
    request: Request, session: Transaction, caller: Caller, review: UUID, operation: str = ""
) -> Response:
    """The review as it is now; its reading recorded under ``operation``, unless an act was."""
    groups = sight_of_reader(caller)
    kit: Kit = request.app.state.kit
    clock = request.app.state.clock
    found = await showing.represent(session, kit, caller, groups, review, today(clock))
    if operation:
        read = audit.Act.of(
            caller, operation, found.children, review=str(review), fields=sorted(groups)
        )
        await audit.record(session, kit.audit, clock.now(), read)
    return Response(found.body, media_type="application/json", headers={"ETag": found.etag})
