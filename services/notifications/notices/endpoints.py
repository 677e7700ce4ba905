"""Notices (通知单) between the place where a child lives and its hukou place."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response
from sqlalchemy import not_

from services.notifications.hub import Hub
from services.notifications.notices import deciding, moving, pressing, queries
from services.notifications.notices.issuing import Kind
from services.notifications.notices.models import Notice
from services.notifications.notices.schemas import AnswerIn, EnquiryIn, NoticeOut, NoticesOut
from services.notifications.notices.showing import shown
from services.notifications.notices.states import Move, State
from services.notifications.peers.endpoints import Now
from shared import audit
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import Clock
from shared.contract import TAGGED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.ids import uuid7
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.preconditions import IfMatch, etag
from shared.problems import responses
from shared.vocabulary import Scope

router = Router(prefix="/v1/notices", tags=["notices"])
Reader = Annotated[Caller, allowed(Scope.NOTICES_READ)]
Writer = Annotated[Caller, allowed(Scope.NOTICES_WRITE)]
NoticeId = Annotated[UUID, Path(description="The notice's id.")]
CHANGING = {200: TAGGED, **USUAL, **responses(409, 412)}
DECIDING = {200: TAGGED, **USUAL, **responses(409, 412, 428)}


@router.get(
    "",
    summary="List notices",
    response_model=NoticesOut,
    response_model_exclude_none=True,
    responses=USUAL,
)
async def list_notices(
    request: Request,
    caller: Reader,
    session: Transaction,
    clock: Now,
    state: Annotated[list[State] | None, Query(max_length=8)] = None,
    direction: Annotated[
        str | None,
        Query(
            pattern="^(incoming|outgoing)$",
            max_length=8,
            description="`incoming`: for your area; `outgoing`: told by your area.",
        ),
    ] = None,
    kind: Kind | None = None,
    waiting: Annotated[
        bool | None,
        Query(
            description="only what is to be pressed for, since nobody answers (催办), or only the others"
        ),
    ] = None,
    after: Annotated[str | None, Query(max_length=500, pattern=r"^[A-Za-z0-9_-]+$")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> NoticesOut:
    """Notices told by your area or issued to it, oldest first, for civil affairs (民政).

    With `waiting` they are what is to be pressed for: `overdue`, and at once where no limit is configured.  Every office in
    whose area the county lies that told them has them in its list; nothing ends by time: a person withdraws.

    Being listed to its receiver delivers a notice.
    """
    cursors: Cursors = request.app.state.cursors
    states = sorted(set(state or []))
    bound = (
        f"notices:{caller.client}:{caller.purpose}:{','.join(states)}:{direction}:{kind}:{waiting}"
    )
    position = UUID(cursors.read(after, bound, clock.now())) if after else None
    late = pressing.pressed_for(request.app.state.settings.notice_deadline_days, clock.now())
    pressed = None if waiting is None else late if waiting else not_(late)
    found = await queries.page(
        session, caller, states, direction, kind, position, limit + 1, pressed
    )
    listed = found[:limit]
    new = [notice.id for notice in listed if notice.state == State.ISSUED]
    await queries.reload(
        session, await moving.delivered_to(session, caller.client, new, clock.now())
    )
    await _remember(request, session, caller, "notices.list", listed)
    more = len(found) > limit
    return NoticesOut(
        notices=[_shown(request, caller, notice, clock) for notice in listed],
        next=cursors.make(str(listed[-1].id), bound, clock.now()) if more else None,
    )


@router.get(
    "/{notice_id}",
    summary="Read a notice",
    response_model=NoticeOut,
    response_model_exclude_none=True,
    responses={200: TAGGED, **USUAL},
)
async def read_notice(
    request: Request,
    response: Response,
    caller: Reader,
    session: Transaction,
    clock: Now,
    notice_id: NoticeId,
) -> NoticeOut:
    """One notice.  Its receiver's first reading is what marks it as read."""
    notice = await queries.for_change(session, caller, notice_id)
    if notice.receiver_client == caller.client and notice.state in {State.ISSUED, State.DELIVERED}:
        moving.move(notice, Move.READ, clock.now())
        session.add(notice)
    await _remember(request, session, caller, "notices.read", [notice])
    return _answer(request, response, caller, notice, clock)


@router.post(
    "",
    status_code=201,
    summary="Ask the other side about a child",
    response_model=NoticeOut,
    response_model_exclude_none=True,
    responses={201: TAGGED, **USUAL, **responses(409)},
)
async def enquire(
    request: Request,
    response: Response,
    caller: Writer,
    session: Transaction,
    clock: Now,
    enquiry: EnquiryIn,
    key: KeyHeader = None,
) -> NoticeOut:
    """A qualification enquiry (资格核实), by the place where the child lives or by its hukou place."""
    hub: Hub = request.app.state.hub
    now = clock.now()

    async def effect() -> Ids:
        asked = await deciding.enquire(session, caller, hub.references, enquiry, uuid7(), now)
        return {"notice": asked.id}

    made = await once(session, hub.ids.key, caller, "notices.enquire", key, enquiry, now, effect)
    notice = await queries.for_change(session, caller, made["notice"])
    await _remember(request, session, caller, "notices.enquire", [notice])
    return _answer(request, response, caller, notice, clock)


@router.post(
    "/{notice_id}/acceptance",
    summary="Accept a notice",
    response_model=NoticeOut,
    response_model_exclude_none=True,
    responses=CHANGING,
)
async def accept_notice(
    request: Request,
    response: Response,
    caller: Writer,
    session: Transaction,
    clock: Now,
    notice_id: NoticeId,
    if_match: IfMatch = None,
) -> NoticeOut:
    """Say that your place takes the matter up (受理)."""
    hub: Hub = request.app.state.hub
    now = clock.now()
    notice = await deciding.receive(session, hub, caller, notice_id, Move.ACCEPT, if_match, now)
    await _remember(request, session, caller, "notices.accept", [notice])
    return _answer(request, response, caller, notice, clock)


@router.post(
    "/{notice_id}/answer",
    summary="Answer a notice",
    response_model=NoticeOut,
    response_model_exclude_none=True,
    responses=CHANGING,
)
async def answer_notice(
    request: Request,
    response: Response,
    caller: Writer,
    session: Transaction,
    clock: Now,
    notice_id: NoticeId,
    answer: AnswerIn,
    if_match: IfMatch = None,
) -> NoticeOut:
    """Answer once (答复).  The answer becomes a record at the place that told; "not ours" passes the notice on.

    A handover (移交) that you confirm, with `effective_on`, makes your county answer for the child from that day on; any other
    answer, and a refusal, leaves it with the county that asks.
    """
    hub: Hub = request.app.state.hub
    notice = await deciding.answer(session, hub, caller, notice_id, answer, if_match, clock.now())
    await _remember(request, session, caller, "notices.answer", [notice])
    return _answer(request, response, caller, notice, clock)


@router.post(
    "/{notice_id}/refusal",
    summary="Refuse a notice",
    response_model=NoticeOut,
    response_model_exclude_none=True,
    responses=CHANGING,
)
async def refuse_notice(
    request: Request,
    response: Response,
    caller: Writer,
    session: Transaction,
    clock: Now,
    notice_id: NoticeId,
    if_match: IfMatch = None,
) -> NoticeOut:
    """Say that your place will not deal with it (退回)."""
    hub: Hub = request.app.state.hub
    now = clock.now()
    notice = await deciding.receive(session, hub, caller, notice_id, Move.REFUSE, if_match, now)
    await _remember(request, session, caller, "notices.refuse", [notice])
    return _answer(request, response, caller, notice, clock)


@router.post(
    "/{notice_id}/release",
    summary="Let a held notice go",
    response_model=NoticeOut,
    response_model_exclude_none=True,
    responses=DECIDING,
)
async def release_notice(
    request: Request,
    response: Response,
    caller: Writer,
    session: Transaction,
    clock: Now,
    notice_id: NoticeId,
    if_match: IfMatch = None,
) -> NoticeOut:
    """A person's decision that the notice about a shielded child may leave."""
    hub: Hub = request.app.state.hub
    now = clock.now()
    notice = await deciding.release(session, hub, caller, notice_id, Move.RELEASE, if_match, now)
    await _remember(request, session, caller, "notices.release", [notice])
    return _answer(request, response, caller, notice, clock)


@router.post(
    "/{notice_id}/withdrawal",
    summary="Withdraw a notice",
    response_model=NoticeOut,
    response_model_exclude_none=True,
    responses=DECIDING,
)
async def withdraw_notice(
    request: Request,
    response: Response,
    caller: Writer,
    session: Transaction,
    clock: Now,
    notice_id: NoticeId,
    if_match: IfMatch = None,
) -> NoticeOut:
    """Take a notice back, or decide that a held one never leaves.

    So can one of handover that another hub has, as long as its answer is not here: an acceptance that comes after is void.
    """
    hub: Hub = request.app.state.hub
    now = clock.now()
    notice = await deciding.release(session, hub, caller, notice_id, Move.WITHDRAW, if_match, now)
    await _remember(request, session, caller, "notices.withdraw", [notice])
    return _answer(request, response, caller, notice, clock)


def _answer(
    request: Request, response: Response, caller: Caller, notice: Notice, clock: Clock
) -> NoticeOut:
    response.headers["ETag"] = etag(notice.version)
    return _shown(request, caller, notice, clock)


def _shown(request: Request, caller: Caller, notice: Notice, clock: Clock) -> NoticeOut:
    days: int | None = request.app.state.settings.notice_deadline_days
    return shown(notice, caller, request.app.state.hub.references, days, clock.now())


async def _remember(
    request: Request,
    session: Transaction,
    caller: Caller,
    operation: str,
    notices: Sequence[Notice],
) -> None:
    children = [notice.child for notice in notices if notice.child is not None]
    done = audit.Act.of(caller, operation, children, notices=[str(notice.id) for notice in notices])
    state = request.app.state
    await audit.record(session, state.audit_keys, state.clock.now(), done)
