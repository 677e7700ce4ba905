"""Rosters (名单): made by civil affairs, read and answered by whom they are for; how children stand with the national system."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from services.registry import answers
from services.registry.access.subjects import only_civil_affairs
from services.registry.children.kit import Kit
from services.registry.rosters import (
    answering,
    authenticity,
    making,
    queries,
    reading,
    showing,
    syncing,
)
from services.registry.rosters.layout import only_for_its_purpose
from services.registry.rosters.schemas import (
    ReceiptIn,
    RosterIn,
    RosterOut,
    RostersOut,
    RosterVerdictsIn,
    RosterVerdictsOut,
    SyncsOut,
)
from services.registry.rosters.terms import RosterKind, SyncState
from services.registry.status import Status
from shared import audit
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.contract import LOCATED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.one_at_a_time import OneAtATime
from shared.parameters import KnownAt, passed
from shared.problems import responses
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["rosters"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.ROSTERS_READ)]
Maker = Annotated[Caller, allowed(Scope.ROSTERS_WRITE)]
Answerer = Annotated[Caller, allowed(Scope.ROSTERS_ANSWER)]

NDJSON = "application/x-ndjson"
MAKING = OneAtATime()


@router.post(
    "/rosters",
    summary="Make a roster",
    status_code=201,
    response_model=RosterOut,
    response_model_exclude_none=True,
    responses={201: LOCATED, **responses(409)},
)
async def make_roster(
    request: Request, body: RosterIn, caller: Maker, session: Transaction, key: KeyHeader = None
) -> Response:
    """Name the children of a place whom its rules want on such a roster: civil affairs (民政) alone.

    * `national_system`: migrant children never entered, and every child that was and has changed since, or came back.
    * `upward`: migrant children whom the place's rule for this topic makes eligible, and no others.
    * `feedback`: migrant children, for one department to verify as far as it may see them.

    A shielded child stands on none.  Nothing leaves before the rows are read.  A client makes one at a time (429).
    """
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        with MAKING.of(caller.client):
            made = await making.make(session, kit, caller, body, now)
        done = audit.Act.of(caller, "rosters.make", [], roster=str(made), kind=str(body.kind))
        await audit.record(session, kit.audit, now, done)
        return {"roster": made}

    ids = await once(session, kit.entries.key, caller, "rosters.make", key, body, now, effect)
    seen = await _whole(request, session, caller, ids["roster"])
    return Response(
        answers.dump(seen),
        status_code=201,
        media_type="application/json",
        headers={"Location": f"/v1/rosters/{ids['roster']}"},
    )


@router.get(
    "/rosters", summary="List rosters", response_model=RostersOut, response_model_exclude_none=True
)
async def list_rosters(
    request: Request,
    caller: Reader,
    session: Transaction,
    kind: Annotated[RosterKind | None, Query(description="名单类型")] = None,
    known_at: KnownAt = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """Rosters of your area, the oldest first, with what came back so far: `waiting` names those that keep silent.

    With `known_at` those that had been made by then, with what had come back.  Of rows that were read or answered before
    the hub kept a history of them, the last reading and answer alone are known.
    """
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    then = passed(known_at, now)
    asked = f"rosters|{caller.client}|{caller.purpose}|{kind}|{known_at}"
    after = UUID(cursors.read(cursor, asked, now)) if cursor else None
    rows = await queries.page(session, caller, kind, after, limit, known_at)
    await audit.record(
        session, kit.audit, now, audit.Act.reading(caller, "rosters.list", [], known_at)
    )
    whole = [row for row in rows if authenticity.ROSTERS.authentic(kit.audit, row)]
    ruled = await queries.ruled(session, kit, whole)
    seen: dict[str, Any] = {"rosters": [showing.mark(row, caller, then) for row in ruled]}
    if len(rows) == limit:
        seen["next"] = cursors.make(str(rows[-1]["id"]), asked, now)
    return Response(answers.dump(seen), media_type="application/json")


@router.get(
    "/rosters/{roster_id}",
    summary="Read what a roster is",
    response_model=RosterOut,
    response_model_exclude_none=True,
)
async def show_roster(
    request: Request,
    roster_id: UUID,
    caller: Reader,
    session: Transaction,
    known_at: KnownAt = None,
) -> Response:
    """A roster with its counts, readings and receipts; none of its children.  With `known_at` as they stood then."""
    kit: Kit = request.app.state.kit
    seen = await _whole(request, session, caller, roster_id, known_at)
    read = audit.Act.reading(caller, "rosters.show", [], known_at, roster=str(roster_id))
    await audit.record(session, kit.audit, request.app.state.clock.now(), read)
    return Response(answers.dump(seen), media_type="application/json")


@router.get(
    "/rosters/{roster_id}/rows",
    summary="Read a roster's rows",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One child a line, then the digest over all lines.",
            "content": {
                NDJSON: {
                    "schema": {
                        "type": "string",
                        "description": '`{"row", "number", "version", <columns>}` a line; the last line is'
                        ' `{"end": "complete", "rows", "sha256"}`, or `{"end": "refused"}`',
                    }
                }
            },
        }
    },
)
async def read_roster(
    request: Request, roster_id: UUID, caller: Reader, session: Transaction
) -> StreamingResponse:
    """Every child on the roster as it stands now, in the columns that your department and purpose open, one a line.

    With this a row counts as sent, at the child's version of this moment.  An upward roster is read by its maker and by
    the province.  A stream without its last line was cut off: read again, which is harmless.
    """
    kit: Kit = request.app.state.kit
    roster = await reading.readable(session, kit, caller, roster_id)
    return StreamingResponse(reading.lines(request, caller, roster), media_type=NDJSON)


@router.post(
    "/rosters/{roster_id}/receipts",
    summary="Confirm the receipt of a roster",
    response_model=RosterOut,
    response_model_exclude_none=True,
    responses=responses(409),
)
async def receive_roster(
    request: Request, roster_id: UUID, body: ReceiptIn, caller: Answerer, session: Transaction
) -> Response:
    """That the file which you read has arrived whole (回执): by a client other than its maker's.

    Kept are who, when, and the digest.  A digest that none of your readings ended with is a conflict (409).
    """
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    await answering.receive(session, kit, caller, roster_id, bytes.fromhex(body.sha256), now)
    seen = await _whole(request, session, caller, roster_id)
    return Response(answers.dump(seen), media_type="application/json")


@router.post(
    "/rosters/{roster_id}/verdicts",
    summary="Bring back what became of a roster's rows",
    response_model_exclude_none=True,
)
async def answer_roster(
    request: Request,
    roster_id: UUID,
    body: RosterVerdictsIn,
    caller: Answerer,
    session: Transaction,
) -> RosterVerdictsOut:
    """A return file (回执文件): accepted, refused or differing, row by row, by whom the roster is addressed to; an upward
    roster's by the province, never by its maker.

    With `held` the hub compares what the other system holds with the child as it stands, names the columns that differ,
    and keeps no value.  Of a child that changed since it was sent, the verdict stands until it is sent again, as `unsynced`.
    """
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    results = await answering.answer(session, kit, caller, roster_id, body.verdicts, now)
    return RosterVerdictsOut(results=results)


@router.get(
    "/national-system/children",
    summary="List how children stand with the national system",
    response_model_exclude_none=True,
)
async def list_sync_states(
    request: Request,
    caller: Reader,
    session: Transaction,
    state: Annotated[SyncState | None, Query(description="同步状态")] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> SyncsOut:
    """Migrant children of your area, and all others that were entered once, each with its state: civil affairs alone.

    Those with a hidden home come last, by no place.  `unsynced`: it has changed since it was sent,
    and the national system (全国儿童福利信息系统) does not say so yet.
    """
    only_civil_affairs(caller)
    only_for_its_purpose(RosterKind.NATIONAL_SYSTEM, caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    asked = f"national-system|{caller.client}|{caller.purpose}|{state}"
    after, hidden = queries.START, state == SyncState.WITHHELD
    if cursor:
        hidden, place, child = cursors.read(cursor, asked, now)
        after = place, UUID(child)
    rows: list[Any] = []
    if not hidden:
        rows = await queries.open_residents(session, caller, after, limit)
        if len(rows) < limit and state is None:
            hidden, after = True, queries.START
    if hidden:
        rows += await queries.hidden_residents(session, caller, after, limit - len(rows))
    last = await queries.last_taken(
        session, kit.audit, caller, RosterKind.NATIONAL_SYSTEM, [row["id"] for row in rows]
    )
    shown = []
    for row in rows:
        taken = last.get(row["id"])
        stands = syncing.sync_state(row, taken)
        counted = taken is not None or row["status"] == Status.MIGRANT
        if counted and state in (None, stands):
            shown.append(_sync(row, stands, taken, caller))
    read = audit.Act.of(caller, "national_system.list", [one["child"] for one in shown])
    await audit.record(session, kit.audit, now, read)
    seen: dict[str, Any] = {"children": shown}
    if len(rows) == limit:
        last_one = rows[-1]
        position = (hidden, 0 if hidden else last_one["residence_code"], str(last_one["id"]))
        seen["next"] = cursors.make(position, asked, now)
    return SyncsOut.model_validate(seen)


def _sync(row: Any, state: SyncState, taken: Any, caller: Caller) -> dict[str, Any]:
    seen: dict[str, Any] = {"child": row["id"], "state": state}
    if taken is not None and state != SyncState.WITHHELD:
        seen |= {"version": taken["child_seq"], "sent_at": taken["taken_at"]}
        seen |= {"reason": taken["reason"] or None, "differing": taken["differing"]}
        if caller.covers(taken["low"]) and caller.covers(taken["high"]):
            seen["roster"] = taken["roster_id"]
    return seen


async def _whole(
    request: Request,
    session: Transaction,
    caller: Caller,
    roster: UUID,
    known_at: datetime | None = None,
) -> dict[str, Any]:
    kit: Kit = request.app.state.kit
    then = passed(known_at, request.app.state.clock.now())
    found = await answering.shown(session, kit, caller, roster, known_at)
    readings = await queries.readings(session, roster)
    (ruled,) = await queries.ruled(session, kit, [found])
    return showing.whole(kit, ruled, readings, caller, then)
