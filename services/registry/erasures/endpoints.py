"""Erasure (删除权): asked for by one person, approved by another, done for good."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry.access.subjects import only_civil_affairs
from services.registry.children.kit import Kit
from services.registry.erasures import erasing, queries
from services.registry.erasures.schemas import (
    ErasureIn,
    ErasureOut,
    ErasuresOut,
    ErasureState,
    SubjectOut,
)
from shared import audit, problems
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.contract import LOCATED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.problems import NotFound
from shared.vocabulary import Scope

router = Router(prefix="/v1/erasures", tags=["erasures"], responses=USUAL)

Eraser = Annotated[Caller, allowed(Scope.ERASURES_WRITE)]


@router.post(
    "",
    summary="Ask for a child to be erased",
    status_code=201,
    response_model_exclude_none=True,
    responses={201: LOCATED, **problems.responses(409)},
)
async def request_erasure(
    request: Request,
    response: Response,
    body: ErasureIn,
    caller: Eraser,
    session: Transaction,
    key: KeyHeader = None,
) -> ErasureOut:
    """Ask for a child of your place to be erased, on a ground of the law.

    Nothing happens until another person approves, through another client.
    """
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        return {"erasure": await erasing.request_one(session, kit, caller, body, now)}

    made = await once(session, kit.entries.key, caller, "erasures.request", key, body, now, effect)
    response.headers["Location"] = f"/v1/erasures/{made['erasure']}"
    return await _shown(session, caller, made["erasure"])


@router.get("", summary="List requests for erasure", response_model_exclude_none=True)
async def list_erasures(
    request: Request,
    caller: Eraser,
    session: Transaction,
    state: ErasureState | None = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> ErasuresOut:
    """Requests and tombstones of your place, the oldest first."""
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    asked = f"erasures|{caller.client}|{caller.purpose}|{state}"
    after = UUID(cursors.read(cursor, asked, now)) if cursor else None
    rows = await queries.page(session, caller, state, after, limit)
    read = audit.Act.of(caller, "erasures.list", sorted({row["child_id"] for row in rows}))
    await audit.record(session, kit.audit, now, read)
    more = cursors.make(str(rows[-1]["id"]), asked, now) if len(rows) == limit else None
    return ErasuresOut(erasures=[_out(row) for row in rows], next=more)


@router.get("/{erasure_id}", summary="Read a request for erasure", response_model_exclude_none=True)
async def show_erasure(
    request: Request, erasure_id: UUID, caller: Eraser, session: Transaction
) -> ErasureOut:
    """One request or tombstone of your place."""
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    shown = await _shown(session, caller, erasure_id)
    read = audit.Act.of(caller, "erasures.read", [shown.child], erasure=str(erasure_id))
    await audit.record(session, kit.audit, request.app.state.clock.now(), read)
    return shown


@router.post(
    "/{erasure_id}/approvals",
    summary="Approve an erasure as the second person",
    response_model_exclude_none=True,
    responses=problems.responses(409),
)
async def approve_erasure(
    request: Request, erasure_id: UUID, caller: Eraser, session: Transaction
) -> ErasureOut:
    """Approve another person's request: the child is erased in the same moment, and receivers are told.

    It needs another client than the one that asked, and another `Hutong-Actor`: else 403 `second-person-needed`.
    Its keys are destroyed, so what was stored can be read by nobody again, and matching forgets its entries.  Copies of
    the keys end with their backups, within 30 days.  There is no way back.
    """
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    await erasing.approve(session, kit, caller, erasure_id, request.app.state.clock.now())
    return await _shown(session, caller, erasure_id)


@router.delete(
    "/{erasure_id}",
    summary="Withdraw a request for erasure",
    response_model_exclude_none=True,
    responses=problems.responses(409),
)
async def withdraw_erasure(
    request: Request, erasure_id: UUID, caller: Eraser, session: Transaction
) -> ErasureOut:
    """Take back a request that nobody has approved yet."""
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    await erasing.withdraw(session, kit, caller, erasure_id, request.app.state.clock.now())
    return await _shown(session, caller, erasure_id)


async def _shown(session: Transaction, caller: Caller, erasure: UUID) -> ErasureOut:
    row = await queries.one(session, caller, erasure)
    if row is None:
        raise NotFound
    return _out(row)


def _out(row: Any) -> ErasureOut:
    made = ErasureOut(
        id=row["id"],
        child=row["child_id"],
        ground=row["ground"],
        hold=row["hold"],
        state=row["state"],
        requested_by=SubjectOut(client=row["request_client"], actor=row["request_actor"]),
        requested_at=row["requested_at"],
        erased_at=row["erased_at"],
    )
    if row["approval_client"] is not None:
        made.approved_by = SubjectOut(client=row["approval_client"], actor=row["approval_actor"])
    return made
