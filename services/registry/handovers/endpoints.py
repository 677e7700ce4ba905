"""Handovers (移交): proposed by one county, accepted or rejected by the other; and which county has a child's file."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry import answers
from services.registry.access.sight import as_system, groups_for
from services.registry.access.subjects import only_civil_affairs
from services.registry.children import queries as children
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.handovers import acting, answering, looking_back, queries, showing
from services.registry.handovers.authenticity import stands_for
from services.registry.handovers.schemas import (
    HandoverActIn,
    HandoverAnswerIn,
    HandoverMark,
    HandoverOut,
    HandoversOut,
    HandoverTakenOut,
    ProposalIn,
    ResponsibleCountyOut,
)
from services.registry.handovers.sight import concerns, is_of
from services.registry.handovers.terms import OPEN, HandoverSide, HandoverState
from services.registry.past.recalling import asked_of, recall_child
from shared import audit, preconditions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import SHANGHAI, today
from shared.contract import TAGGED, TAGGED_AND_LOCATED
from shared.cursors import Cursors
from shared.database import SYSTEM, enter, raw
from shared.days import AskedDay
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.parameters import KnownAt, passed
from shared.preconditions import IfMatch
from shared.problems import NotFound, responses
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["handovers"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.HANDOVERS_READ)]
Writer = Annotated[Caller, allowed(Scope.HANDOVERS_WRITE)]
Exchange = Annotated[Caller, allowed(Scope.PEER_FACTS_WRITE, purpose=False)]


@router.post(
    "/handovers",
    summary="Propose a handover",
    status_code=201,
    response_model=HandoverMark,
    response_model_exclude_none=True,
    responses={201: TAGGED_AND_LOCATED, **responses(409)},
)
async def propose_handover(
    request: Request,
    body: ProposalIn,
    caller: Writer,
    session: Transaction,
    key: KeyHeader = None,
) -> Response:
    """Propose that another county takes over a child's file: an act of the county that has it, or of the one that takes it.

    Civil affairs (民政) alone.  The county that has the file answers for it until the other side has accepted and the
    day has come.  To a county of another hub it goes as a notice (通知单) of kind `handover`, which that place answers.
    One handover of a child is open at a time (409 `handover-open`).
    """
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        made = await acting.propose(session, kit, caller, body, now)
        done = audit.Act.of(caller, "handovers.propose", [body.child_id], handover=str(made))
        await audit.record(session, kit.audit, now, done)
        return {"handover": made}

    ids = await once(session, kit.entries.key, caller, "handovers.propose", key, body, now, effect)
    row = await queries.one(session, caller, ids["handover"])
    if row is None:
        raise NotFound
    headers = {
        "ETag": preconditions.etag(row["acts"]),
        "Location": f"/v1/handovers/{ids['handover']}",
    }
    seen = answers.dump(showing.mark(row))
    return Response(seen, status_code=201, media_type="application/json", headers=headers)


@router.get(
    "/handovers",
    summary="List handovers",
    response_model=HandoversOut,
    response_model_exclude_none=True,
)
async def list_handovers(
    request: Request,
    caller: Reader,
    session: Transaction,
    state: Annotated[
        list[HandoverState] | None,
        Query(max_length=7, description="those that are open, if absent (移交状态)"),
    ] = None,
    side: Annotated[
        HandoverSide | None, Query(description="what your county is to it; either, if absent")
    ] = None,
    child: Annotated[UUID | None, Query(description="only this child's")] = None,
    known_at: KnownAt = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """Handovers from and to your area, for civil affairs (民政).

    One that is `due` nobody has proposed: the child is confirmed to live in the one county, and the other still has the file.

    With `known_at` those of one `child` as they stood then: which were due in an area would have to be found anew for every
    child that any record ever placed there.
    """
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    states = sorted(set(state or OPEN))
    asked = (
        f"handovers|{caller.client}|{caller.purpose}|{','.join(states)}|{side}|{child}|{known_at}"
    )
    after = UUID(cursors.read(cursor, asked, now)) if cursor else None
    rows: list[Any]
    if known_at is not None:
        then, of = passed(known_at, now), asked_of(child)
        day = now.astimezone(SHANGHAI).date()
        page = await _past_page(session, kit, caller, of, then, states, side, after, day)
        rows = [one.row for one in page[:limit]]
        about = sorted({of}.union(*(one.of for one in page[:limit])))
        read = audit.Act.of(caller, "handovers.list_past", about, known_at=then.isoformat())
    else:
        rows = await queries.page(session, caller, states, side, child, after, limit)
        subjects = sorted({row["child_id"] for row in rows})
        read = audit.Act.of(caller, "handovers.list", subjects)
    await audit.record(session, kit.audit, now, read)
    seen: dict[str, Any] = {"handovers": [showing.mark(row) for row in rows]}
    if len(rows) == limit:
        seen["next"] = cursors.make(str(rows[-1]["id"]), asked, now)
    return Response(answers.dump(seen), media_type="application/json")


async def _past_page(
    session: Transaction,
    kit: Kit,
    caller: Caller,
    child: UUID,
    known_at: datetime,
    states: Sequence[HandoverState],
    side: HandoverSide | None,
    after: UUID | None,
    day: date,
) -> list[looking_back.Recalled]:
    """NotFound for whoever neither sees the child today nor has to do with a handover of it."""
    seen = await children.visible(session, caller, [child])
    if not seen and not await concerns(
        session, kit, caller, child, known_at.astimezone(SHANGHAI).date(), day
    ):
        raise NotFound
    return [
        one
        for one in await looking_back.of_child(session, kit, caller, child, known_at, day)
        if one.row["state"] in states
        and (side is None or is_of(caller, kit, one.row[side], day))
        and (after is None or one.row["id"] > after)
    ]


@router.get(
    "/handovers/{handover_id}",
    summary="Read a handover",
    response_model=HandoverOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_handover(
    request: Request,
    handover_id: UUID,
    caller: Reader,
    session: Transaction,
    known_at: KnownAt = None,
) -> Response:
    """A handover with its acts.  One you may not see answers exactly as one that does not exist.

    With `known_at` as it stood then, of the child that it is about today.
    """
    if known_at is None:
        return await _reply(request, session, caller, handover_id, "handovers.read")
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    then = passed(known_at, now)
    today_row = await queries.one(session, caller, handover_id)
    if today_row is None:
        raise NotFound
    child: UUID = today_row["child_id"]
    told = {"handover": str(handover_id), "known_at": then.isoformat()}
    day = now.astimezone(SHANGHAI).date()
    found = await looking_back.of_child(session, kit, caller, child, then, day)
    one = next((one for one in found if one.row["id"] == handover_id), None)
    about = sorted(one.of) if one is not None else [child]
    read = audit.Act.of(caller, "handovers.read_past", about, **told)
    await audit.record(session, kit.audit, now, read)
    if one is None:
        raise NotFound
    body = answers.dump(showing.whole(kit, one.row, one.acts))
    etag = preconditions.etag(one.row["acts"])
    return Response(body, media_type="application/json", headers={"ETag": etag})


@router.post(
    "/handovers/{handover_id}/acts",
    summary="Act on a handover",
    response_model=HandoverOut,
    response_model_exclude_none=True,
    responses={200: TAGGED, **responses(409, 412, 428)},
)
async def act_on_handover(
    request: Request,
    handover_id: UUID,
    body: HandoverActIn,
    caller: Writer,
    session: Transaction,
    if_match: IfMatch = None,
) -> Response:
    """Accept it from a day on, reject it, or revoke it: civil affairs (民政) of the two counties.

    The county that did not propose accepts or rejects, by another person than the one who proposed.  Who proposed
    revokes, and either county what was accepted, until the day has come.  A rejection or a revocation leaves the file
    where it is; back again is a handover of its own.
    """
    read = preconditions.given(if_match)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    row = await acting.act(session, kit, caller, handover_id, body, read, now)
    done = audit.Act.of(
        caller, "handovers.act", [row["child_id"]], handover=str(handover_id), act=str(body.act)
    )
    await audit.record(session, kit.audit, now, done)
    return await _reply(request, session, caller, handover_id)


async def _reply(
    request: Request, session: Transaction, caller: Caller, handover: UUID, operation: str = ""
) -> Response:
    """The handover as it is now; its reading recorded under ``operation``, unless an act was."""
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    row = await queries.one(session, caller, handover)
    if row is None:
        raise NotFound
    async with as_system(session, caller):
        acts = await queries.acts_of(session, handover)
    if operation:
        read = audit.Act.of(caller, operation, [row["child_id"]], handover=str(handover))
        await audit.record(session, kit.audit, request.app.state.clock.now(), read)
    if not stands_for(kit, row, acts, today(request.app.state.clock)):
        raise NotFound
    body = answers.dump(showing.whole(kit, row, acts))
    etag = preconditions.etag(row["acts"])
    return Response(body, media_type="application/json", headers={"ETag": etag})


@router.get(
    "/children/{child_id}/responsible-county",
    summary="Read which county answers for a child",
    tags=["children"],
    response_model_exclude_none=True,
)
async def show_responsible_county(
    request: Request,
    child_id: UUID,
    caller: Reader,
    session: Transaction,
    on: Annotated[AskedDay | None, Query(description="on this day; today, if absent")] = None,
    known_at: KnownAt = None,
) -> ResponsibleCountyOut:
    """The county that has the child's file (责任县) on a day, past or to come: exactly one.

    With `known_at` as the hub had it then, for those who see the child.
    For civil affairs (民政) who see the child, and for the county that has the file on that day.
    """
    only_civil_affairs(caller)
    groups_for(caller)
    kit: Kit = request.app.state.kit
    clock = request.app.state.clock
    seen = bool(await children.visible(session, caller, [child_id]))
    now_on = today(clock)
    if not seen and not await concerns(session, kit, caller, child_id, now_on, now_on):
        raise NotFound
    if known_at is not None:
        then = passed(known_at, clock.now())
        past = await recall_child(session, kit, caller, child_id, clock.now(), then)
        was, day = looking_back.responsible(past, on)
        read = past.act(caller, "handovers.responsible_past", asked=day.isoformat())
        await audit.record(session, kit.audit, clock.now(), read)
        return ResponsibleCountyOut(**was, on=day)
    day = on or now_on
    async with as_system(session, caller):
        row = await (await raw(session)).fetchrow(
            "SELECT c.*, k.master, k.wrapped FROM children c JOIN vault.data_keys k ON k.id = c.id"
            " WHERE c.id = $1",
            child_id,
        )
    code_on = kit.profiles.code_on
    found = showing.responsible_on(open_state(kit.sealer, row), code_on, day) if row else None
    if found is None or not (seen or is_of(caller, kit, int(found["division"]), now_on)):
        raise NotFound
    read = audit.Act.of(caller, "handovers.responsible", [child_id], on=day.isoformat())
    await audit.record(session, kit.audit, clock.now(), read)
    return ResponsibleCountyOut(**found, on=day)


@router.post("/handover-answers", summary="Take the answer to a handover", responses=responses(409))
async def push_handover_answer(
    request: Request, body: HandoverAnswerIn, caller: Exchange, session: Transaction
) -> HandoverTakenOut:
    """What was said to a notice of handover: by another place to ours, or by our county to another hub's."""
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    await enter(session, SYSTEM)
    taken = await answering.take(session, kit, caller, body, now)
    done = audit.Act.of(
        caller, "handovers.answer", [taken.child], handover=str(taken.handover), act=str(body.act)
    )
    await audit.record(session, kit.audit, now, done)
    return HandoverTakenOut(handover=taken.handover, kept=taken.kept)
