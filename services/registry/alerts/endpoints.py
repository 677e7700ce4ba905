"""Alerts (预警): listed for whoever answers for them, acted upon, and a rule tried before it is activated."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry import answers
from services.registry.access.sight import as_system
from services.registry.access.subjects import only_civil_affairs
from services.registry.alerts import acting, looking_back, previewing, queries, showing
from services.registry.alerts.queries import Question
from services.registry.alerts.schemas import (
    AlertActIn,
    AlertOut,
    AlertRulePreviewIn,
    AlertRulePreviewOut,
    AlertsOut,
    AlertWholeOut,
)
from services.registry.alerts.terms import AlertKind, AlertState
from services.registry.children.kit import Kit
from services.registry.past.recalling import asked_of, recall_child
from services.registry.posts.endpoints import Within, area_within
from shared import audit, preconditions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import today
from shared.contract import TAGGED
from shared.cursors import Cursors
from shared.days import AskedDay
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.one_at_a_time import OneAtATime
from shared.parameters import KnownAt
from shared.preconditions import IfMatch
from shared.problems import NotFound, responses
from shared.vocabulary import Department, Scope

router = Router(prefix="/v1", tags=["alerts"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.ALERTS_READ)]
Actor = Annotated[Caller, allowed(Scope.ALERTS_WRITE)]
TRYING = OneAtATime()


@router.get("/alerts", summary="List alerts", response_model_exclude_none=True)
async def list_alerts(
    request: Request,
    caller: Reader,
    session: Transaction,
    kind: Annotated[AlertKind | None, Query(description="预警类型")] = None,
    owner: Annotated[Department | None, Query(description="责任部门")] = None,
    state: Annotated[AlertState | None, Query(description="only alerts in this state")] = None,
    waiting: Annotated[
        bool, Query(description="only those that somebody still has to handle")
    ] = False,
    due_before: Annotated[AskedDay | None, Query(description="only what is due before")] = None,
    child: Annotated[UUID | None, Query(description="only this child's")] = None,
    within: Within = None,
    known_at: KnownAt = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> AlertsOut:
    """The alerts of your area: civil affairs (民政) sees all of them, another department those that it owns.

    A costly bill stands here from the moment it came in, also for a child that nobody has registered.  A place below the
    county lists no shielded child.

    With `known_at` the alerts of one `child` as they stood then, those on siblings in key care left out: those of an area
    would have to be raised anew for every child that any record ever placed there.
    """
    groups = showing.sight(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    area = area_within(within)
    fine = area[1] - area[0] < 10**6 - 1
    question = Question(kind, owner, state, waiting, due_before, child, area, fine)
    bound_to = f"alerts|{caller.client}|{caller.purpose}|{question.text()}|{known_at}"
    after = queries.START
    if cursor:
        county, rank, last_id = cursors.read(cursor, bound_to, now)
        after = county, rank, UUID(last_id)
    told = {"fields": sorted(groups), "kind": str(kind or "")}
    rows: Sequence[Any]
    if known_at is not None:
        past = await recall_child(session, kit, caller, asked_of(child), now, known_at)
        rows = looking_back.page(past, caller, question, after, limit + 1)
        read = past.act(caller, "alerts.list_past", **told)
    else:
        rows = await queries.page(session, caller, question, after, limit + 1)
        subjects = sorted({row["id"] for row in rows[:limit] if row["id"]})
        read = audit.Act.of(caller, "alerts.list", subjects, **told)
    page = rows[:limit]
    await audit.record(session, kit.audit, now, read)
    shown = await showing.shown(session, kit, caller, page, groups)
    more = None
    if len(rows) > limit:
        last = page[-1]
        position = (last["county"], last["due_rank"], str(last["alert_id"]))
        more = cursors.make(position, bound_to, now)
    return AlertsOut(alerts=[AlertOut.model_validate(one) for one in shown], next=more)


@router.get(
    "/alerts/{alert_id}",
    summary="Read an alert",
    response_model=AlertWholeOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_alert(
    request: Request,
    alert_id: UUID,
    caller: Reader,
    session: Transaction,
    known_at: KnownAt = None,
) -> Response:
    """One alert with what was done about it.  One you may not see answers exactly as one that does not exist.

    With `known_at` as it stood then, of the child that it is about today.
    """
    groups = showing.sight(caller)
    row = await queries.one(session, caller, alert_id)
    if row is None:
        raise NotFound
    kit: Kit = request.app.state.kit
    if known_at is not None:
        if row["id"] is None:
            raise NotFound
        now = request.app.state.clock.now()
        past = await recall_child(session, kit, caller, row["id"], now, known_at)
        then = looking_back.one(past, caller, alert_id)
        act = past.act(caller, "alerts.read_past", alert=str(alert_id))
        await audit.record(session, kit.audit, now, act)
        acts = await looking_back.acts_of(session, caller, past, then)
        return await _reply(session, kit, caller, then, groups, acts)
    read = audit.Act.of(
        caller, "alerts.read", [row["id"]] if row["id"] else [], alert=str(alert_id)
    )
    await audit.record(session, kit.audit, request.app.state.clock.now(), read)
    return await _reply(session, kit, caller, row, groups)


@router.post(
    "/alerts/{alert_id}/acts",
    summary="Act on an alert",
    response_model=AlertWholeOut,
    response_model_exclude_none=True,
    responses={200: TAGGED, **responses(409, 412, 428)},
)
async def act_on_alert(
    request: Request,
    alert_id: UUID,
    body: AlertActIn,
    caller: Actor,
    session: Transaction,
    if_match: IfMatch = None,
) -> Response:
    """Take it up, handle it with an outcome, dismiss it with a reason, or open it again: a person's act.

    The owner of the alert, or civil affairs (民政), of the place where it is to be handled.  Answers with the alert as it is now.
    """
    groups = showing.sight(caller)
    given = preconditions.given(if_match)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    row = await acting.hold(session, caller, alert_id)
    before = await _reply(session, kit, caller, row, groups)
    preconditions.check(given, before.headers["ETag"])
    await acting.act(session, kit, caller, row, body, now)
    subjects = [row["child_id"]] if row["child_id"] else []
    done = audit.Act.of(caller, "alerts.act", subjects, alert=str(alert_id), act=str(body.act))
    await audit.record(session, kit.audit, now, done)
    after = await queries.one(session, caller, alert_id)
    if after is None:
        raise NotFound
    return await _reply(session, kit, caller, after, groups)


@router.post("/alert-rules/preview", summary="Try a rule", response_model_exclude_none=True)
async def preview_rule(
    request: Request, body: AlertRulePreviewIn, caller: Reader, session: Transaction
) -> AlertRulePreviewOut:
    """How many alerts a rule would raise in your area today, before anybody activates it: civil affairs (民政) alone.

    A rule is activated in the place's profile, from the day that it says there.  At most 5,000 children are looked at,
    and a client tries one rule at a time (429).
    """
    only_civil_affairs(caller)
    showing.sight(caller)
    kit: Kit = request.app.state.kit
    clock = request.app.state.clock
    with TRYING.of(caller.client):
        counted = await previewing.preview(session, kit, caller, body, today(clock))
    done = audit.Act.of(
        caller, "alert_rules.preview", [], kind=str(body.kind), children=counted.children
    )
    await audit.record(session, kit.audit, clock.now(), done)
    return counted


async def _reply(
    session: Transaction,
    kit: Kit,
    caller: Caller,
    row: Any,
    groups: showing.Groups,
    acts: Sequence[Any] | None = None,
) -> Response:
    """``acts`` are those of the alert, unless they are to be read."""
    (seen,) = await showing.shown(session, kit, caller, [row], groups)
    if acts is None:
        async with as_system(session, caller):
            acts = await queries.acts_of(session, row)
    seen["acts"] = [showing.act_of(kit, one, caller) for one in acts]
    body = AlertWholeOut.model_validate(seen).model_dump_json(exclude_none=True).encode()
    return Response(body, media_type="application/json", headers={"ETag": answers.etag(kit, body)})
