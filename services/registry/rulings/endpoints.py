"""Rulings (人工判定): reading them, the second person's word, undoing at any later time."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry import answers
from services.registry.children.kit import Kit
from services.registry.key_care.deciding import check_reason
from services.registry.rulings import queries, seconding, showing, undoing
from services.registry.rulings.schemas import (
    MoveIn,
    PartIn,
    Reasoned,
    RulingOut,
    RulingsOut,
    SecondIn,
    WithdrawalIn,
)
from services.registry.rulings.sight import sight_of_decider, sight_of_reader
from services.registry.rulings.terms import GROUNDS, RulingKind, RulingState, Second
from shared import audit, preconditions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.contract import TAGGED, TAGGED_AND_LOCATED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.preconditions import IfMatch
from shared.problems import NotFound, responses
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["who is whom"], responses=USUAL)

Decider = Annotated[Caller, allowed(Scope.REVIEWS_DECIDE)]
_TAKEN = {**responses(409), 202: TAGGED_AND_LOCATED}


@router.get(
    "/rulings",
    summary="List rulings",
    response_model=RulingsOut,
    response_model_exclude_none=True,
)
async def list_rulings(
    request: Request,
    caller: Decider,
    session: Transaction,
    state: Annotated[
        RulingState | None, Query(description="`proposed` waits for a second person")
    ] = None,
    child: Annotated[UUID | None, Query(description="only those about this child")] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """Rulings about children whom you may see, each of them, the oldest first."""
    sight_of_reader(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    asked = f"rulings|{caller.client}|{caller.purpose}|{state}|{child}"
    after = UUID(cursors.read(cursor, asked, now)) if cursor else None
    rows = await queries.page(session, caller, state, child, after, limit)
    subjects = sorted({child for row in rows for child in (row["one"], row["other"])})
    await audit.record(session, kit.audit, now, audit.Act.of(caller, "rulings.list", subjects))
    seen: dict[str, Any] = {"rulings": await showing.shown(session, kit, caller, rows)}
    if len(rows) == limit:
        seen["next"] = cursors.make(str(rows[-1]["id"]), asked, now)
    return Response(answers.dump(seen), media_type="application/json")


@router.get(
    "/rulings/{ruling_id}",
    summary="Read a ruling",
    response_model=RulingOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_ruling(
    request: Request, ruling_id: UUID, caller: Decider, session: Transaction
) -> Response:
    """One ruling and the people behind it.  One that you may not see answers as one that does not exist."""
    sight_of_reader(caller)
    return await _reply(request, session, caller, ruling_id, "rulings.read")


@router.post(
    "/rulings/{ruling_id}/second",
    summary="Answer a proposed ruling as the second person",
    response_model=RulingOut,
    response_model_exclude_none=True,
    responses={200: TAGGED, **responses(409, 412, 428)},
)
async def second_ruling(
    request: Request,
    ruling_id: UUID,
    body: SecondIn,
    caller: Decider,
    session: Transaction,
    if_match: IfMatch = None,
) -> Response:
    """Let a proposal about children in key care take effect, or refuse it: another person than who proposed it.

    A refused one has no effect, and its review comes back to the queue.
    """
    sight_of_decider(caller)
    check_reason(body.reason, body.note, GROUNDS[Second(body.answer)])
    read = preconditions.given(if_match)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    await seconding.second(session, kit, caller, ruling_id, read, body, now)
    return await _reply(request, session, caller, ruling_id)


@router.post(
    "/rulings/{ruling_id}/withdrawal",
    summary="Take a ruling back",
    status_code=202,
    response_model=RulingOut,
    response_model_exclude_none=True,
    responses=_TAKEN,
)
async def withdraw_ruling(
    request: Request,
    ruling_id: UUID,
    body: WithdrawalIn,
    caller: Decider,
    session: Transaction,
    key: KeyHeader = None,
) -> Response:
    """At any later time: its records then stand as if it had never been made, and what they say of each child is
    folded anew.  What it had ended of older rulings stands again, unless a newer one says the opposite.

    Answers with the ruling that takes it back, which takes effect within seconds, or waits for a second person where a
    child is in key care.
    """
    sight_of_decider(caller)
    check_reason(body.reason, body.note, GROUNDS[RulingKind.WITHDRAW])
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        return {"ruling": await undoing.withdraw(session, kit, caller, ruling_id, body, now)}

    return await _made(request, session, caller, f"rulings.withdraw:{ruling_id}", key, body, effect)


@router.post(
    "/children/{child_id}/unmerge",
    summary="Part a child's records",
    status_code=202,
    response_model=RulingOut,
    response_model_exclude_none=True,
    responses=_TAKEN,
)
async def unmerge_child(
    request: Request,
    child_id: UUID,
    body: PartIn,
    caller: Decider,
    session: Transaction,
    key: KeyHeader = None,
) -> Response:
    """Say which of a child's entries speak of different children, whoever joined them, and whenever.

    What had joined them is taken back with it.  Each child is then what its own records say; what was decided by hand
    for the one stays visible on both where nobody can tell whom it was about.
    """
    sight_of_decider(caller)
    check_reason(body.reason, body.note, GROUNDS[RulingKind.PART])
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        return {"ruling": await undoing.part(session, kit, caller, child_id, body, now)}

    return await _made(request, session, caller, f"rulings.part:{child_id}", key, body, effect)


@router.post(
    "/children/{child_id}/relink",
    summary="Move a record to another child",
    status_code=202,
    response_model=RulingOut,
    response_model_exclude_none=True,
    responses=_TAKEN,
)
async def relink_entry(
    request: Request,
    child_id: UUID,
    body: MoveIn,
    caller: Decider,
    session: Transaction,
    key: KeyHeader = None,
) -> Response:
    """Move one entry of this child over to another.  You must see both."""
    sight_of_decider(caller)
    check_reason(body.reason, body.note, GROUNDS[RulingKind.MOVE])
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        return {"ruling": await undoing.move(session, kit, caller, child_id, body, now)}

    return await _made(request, session, caller, f"rulings.move:{child_id}", key, body, effect)


async def _made(
    request: Request,
    session: Transaction,
    caller: Caller,
    operation: str,
    key: str | None,
    body: Reasoned,
    effect: Any,
) -> Response:
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    ids = await once(session, kit.entries.key, caller, operation, key, body, now, effect)
    reply = await _reply(request, session, caller, ids["ruling"])
    reply.status_code = 202
    reply.headers["Location"] = f"/v1/rulings/{ids['ruling']}"
    return reply


async def _reply(
    request: Request, session: Transaction, caller: Caller, ruling: UUID, operation: str = ""
) -> Response:
    """The ruling as it is now; its reading recorded under ``operation``, unless an act was."""
    kit: Kit = request.app.state.kit
    row = await queries.one(session, caller, ruling)
    if row is None:
        raise NotFound
    if operation:
        subjects = sorted({row["one"], row["other"]})
        read = audit.Act.of(caller, operation, subjects, ruling=str(ruling))
        await audit.record(session, kit.audit, request.app.state.clock.now(), read)
    (seen,) = await showing.shown(session, kit, caller, [row])
    body = answers.dump(seen)
    return Response(body, media_type="application/json", headers={"ETag": answers.etag(kit, body)})
