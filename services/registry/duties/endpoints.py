"""Duties (职责任务): what is owed to the children of an area, by when, by whom, and how much of it was done."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request

from services.registry.children.kit import Kit
from services.registry.duties import looking_back, queries, schools, showing
from services.registry.duties.queries import Question
from services.registry.duties.schemas import (
    CompletionOut,
    CompletionsOut,
    DutiesOut,
    DutyName,
    DutyOut,
    SchoolOut,
    SchoolsOut,
)
from services.registry.duties.terms import DutyState
from services.registry.past.recalling import asked_of, recall_child
from services.registry.past.residing import residents
from services.registry.posts.endpoints import Within, area_within
from services.registry.posts.terms import UNITS, Layer, place_name
from shared import audit, divisions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import SHANGHAI
from shared.cursors import Cursors
from shared.days import AskedDay
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.one_at_a_time import OneAtATime
from shared.parameters import KnownAt, passed
from shared.problems import Forbidden
from shared.vocabulary import Scope

router = Router(prefix="/v1/duties", tags=["duties"], responses=USUAL)
COUNTING = OneAtATime()

Reader = Annotated[Caller, allowed(Scope.DUTIES_READ)]


@router.get("", summary="List duties", response_model_exclude_none=True)
async def list_duties(
    request: Request,
    caller: Reader,
    session: Transaction,
    state: Annotated[
        DutyState | None,
        Query(description="`interval_not_configured` is the red list (频次未设定)"),
    ] = None,
    duty: Annotated[DutyName | None, Query(description="only duties of this name")] = None,
    due_before: Annotated[
        AskedDay | None, Query(description="only what was or is due before")
    ] = None,
    child: Annotated[UUID | None, Query(description="only this child's")] = None,
    within: Within = None,
    known_at: KnownAt = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> DutiesOut:
    """What is owed to the children who live in your area: civil affairs (民政) sees every duty, another department its own.

    Each names the post (岗位) that answers for it now: of the village first, of the township and the county as it grows
    late, and at once where a post is vacant.  A place below the county lists no shielded child.

    With `known_at` what was owed to one `child` as it stood then, each with the post that answered for it then: duties of an
    area would have to be reckoned anew for every child that any record ever placed there.
    """
    kit: Kit = request.app.state.kit
    groups = showing.sight(caller)
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    area = area_within(within)
    question = Question(state, duty, due_before, child, area, area[1] - area[0] < 10**6 - 1)
    bound_to = f"duties|{caller.client}|{caller.purpose}|{question.text()}|{known_at}"
    after = queries.START
    if cursor:
        county, rank, last_id = cursors.read(cursor, bound_to, now)
        after = county, rank, UUID(last_id)
    told = {"fields": sorted(groups), "state": str(state or "")}
    rows: list[Any]
    if known_at is not None:
        past = await recall_child(session, kit, caller, asked_of(child), now, known_at)
        rows = looking_back.page(past, caller, question, after, limit + 1)
        shown = await showing.shown(session, kit, rows[:limit], groups, past.known_at)
        read = past.act(caller, "duties.list_past", **told)
    else:
        rows = await queries.page(session, caller, question, after, limit + 1)
        shown = await showing.shown(session, kit, rows[:limit], groups)
        read = audit.Act.of(caller, "duties.list", [row["id"] for row in rows[:limit]], **told)
    await audit.record(session, kit.audit, now, read)
    more = None
    if len(rows) > limit:
        last = rows[limit - 1]
        position = (last["county"], last["due_rank"], str(last["duty_id"]))
        more = cursors.make(position, bound_to, now)
    return DutiesOut(duties=[DutyOut.model_validate(one) for one in shown], next=more)


@router.get("/completion", summary="Count what was done")
async def show_completion(
    request: Request,
    caller: Reader,
    session: Transaction,
    since: Annotated[
        AskedDay | None, Query(description="first day of the period; 1 January if absent")
    ] = None,
    until: Annotated[AskedDay | None, Query(description="last day of it; today if absent")] = None,
    by: Annotated[Layer, Query(description="how fine")] = Layer.COUNTY,
    within: Within = None,
    known_at: KnownAt = None,
) -> CompletionsOut:
    """For how many children each duty was done in a period, by county, township or village.

    Below the county, shielded children are left out.  Who owes what is counted as it stands today; with `known_at` as it
    stood then, `until` being the day of it, if absent.  Of the past at most 3,000 children are counted at once (413), and
    below the county none whom anybody has shielded since.
    """
    showing.sight(caller)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    then = passed(known_at, now)
    last = until or then.astimezone(SHANGHAI).date()
    first = since or date(last.year, 1, 1)
    area = area_within(within)
    read = audit.Act.reading(caller, "duties.completion", [], known_at)
    rows: list[Any]
    if known_at is not None:
        with COUNTING.of(caller.client):
            lived = await residents(session, kit, caller, area, then, now)
        rows = looking_back.completion(lived, caller, UNITS[by], first, last)
    else:
        rows = await queries.completion(session, caller, area, UNITS[by], first, last)
    await audit.record(session, kit.audit, now, read)
    places = [
        CompletionOut(
            division=divisions.text_of(row["place"]),
            place=place_name(row["place"]),
            **{k: row[k] for k in ("duty", "owed", "done", "overdue", "interval_not_configured")},
        )
        for row in rows
    ]
    return CompletionsOut(since=first, until=last, by=by, places=places)


@router.get("/schools", summary="Count what was done by school", response_model_exclude_none=True)
async def show_school_coverage(
    request: Request,
    caller: Reader,
    session: Transaction,
    duty: Annotated[
        DutyName, Query(description="a duty that is owed to pupils")
    ] = "psychological_screening",
    since: Annotated[
        AskedDay | None, Query(description="first day of the period; 1 January if absent")
    ] = None,
    until: Annotated[AskedDay | None, Query(description="last day of it; today if absent")] = None,
    within: Within = None,
    known_at: KnownAt = None,
) -> SchoolsOut:
    """Coverage by school (心理健康筛查覆盖), the largest gap first: the pupils without it stand in the list of duties.

    For departments that may see schools.  At most 20,000 pupils at once: name a county where there are more.  With `known_at`
    as `…/completion` has it: whom anybody has shielded since counts under no school.
    """
    groups = showing.sight(caller)
    if "school" not in groups:
        raise Forbidden("Your department reads no schools for this purpose.")
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    then = passed(known_at, now)
    last = until or then.astimezone(SHANGHAI).date()
    period = (since or date(last.year, 1, 1), last)
    area = area_within(within)
    with COUNTING.of(caller.client):
        if known_at is not None:
            lived = await residents(session, kit, caller, area, then, now)
            found, read = schools.coverage_then(lived, caller, duty, period)
        else:
            found, read = await schools.coverage(session, kit, caller, duty, area, period)
    fields = ["school"]
    act = audit.Act.reading(caller, "duties.schools", read, known_at, fields=fields, duty=duty)
    await audit.record(session, kit.audit, now, act)
    shown = [
        SchoolOut(
            division=divisions.text_of(county * 10**6),
            place=place_name(county * 10**6),
            school=school or None,
            owed=one.owed,
            done=one.done,
            gap=one.owed - one.done,
            overdue=one.overdue,
            interval_not_configured=one.interval_not_configured,
        )
        for (county, school), one in found.items()
    ]
    shown.sort(key=lambda one: (-one.gap, one.division, one.school or ""))
    return SchoolsOut(since=period[0], until=last, duty=duty, schools=shown)
