"""Calendar duties: a place's calendar with what was done, and reporting what was."""

from collections import Counter
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry.calendar_duties import counting, queries, schools
from services.registry.calendar_duties.queries import COUNTY
from services.registry.calendar_duties.schemas import (
    CalendarActIn,
    CalendarActOut,
    OwingSchoolOut,
    TaskOut,
    TasksOut,
)
from services.registry.calendar_duties.tasking import Task, concerns, owner_of, tasks
from services.registry.children.kit import Kit
from services.registry.duties.acts import reporters_of
from services.registry.duties.showing import sight
from services.registry.past.residing import residents
from services.registry.posts.terms import place_name
from services.registry.profiles import Profiles
from services.registry.profiles.cadences import Cadence
from services.registry.profiles.rules import Unset
from services.registry.records.feeds.wire import DivisionText
from services.registry.rulebooks import adopting
from shared import audit, divisions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import SHANGHAI, today
from shared.database import raw
from shared.days import AskedDay
from shared.idempotency import Ids, KeyHeader, once
from shared.ids import uuid7
from shared.one_at_a_time import OneAtATime
from shared.parameters import KnownAt, passed
from shared.problems import Conflict, Flaw, Forbidden, Invalid, responses
from shared.vocabulary import Scope

router = Router(prefix="/v1/calendar-duties", tags=["duties"], responses=USUAL)

READING = OneAtATime()
Reader = Annotated[Caller, allowed(Scope.DUTIES_READ)]
Reporter = Annotated[Caller, allowed(Scope.DUTIES_WRITE)]


@router.get("", summary="Read a place's calendar", response_model_exclude_none=True)
async def list_calendar_duties(
    request: Request,
    caller: Reader,
    session: Transaction,
    within: Annotated[
        DivisionText | None,
        Query(description="a division inside your area; all of your area, if absent"),
    ] = None,
    on: Annotated[AskedDay | None, Query(description="around this day; today, if absent")] = None,
    known_at: KnownAt = None,
) -> TasksOut:
    """What schools and the place owe around a day (法治专题教育、假期前安全教育、心理健康宣传月 …), and what was reported of it.

    A duty of schools is judged school by school: each that enrolments of today name for a migrant child who lives in the area
    owes it until it was reported for it as often as asked.  `owing` names those, where you may see schools.  A report counts for
    a school whose name it bears, in the county where the pupils live.  Above 20,000 migrant children: name a smaller place.

    What a province or city owes as such stands in its own calendar alone, and not in those of its counties.  What a county had
    done counts for the one that began in its stead; where several became one, as often as each of them had done it.
    A duty tied to occasions that no school calendar dates is `interval_not_configured`.

    With `known_at` by the rules that the hub had adopted by then, what had been reported and which schools enrolments named;
    of the past at most 3,000 children are gone through at once (413), and no school is known by a child whom anybody has
    shielded since.
    """
    groups = sight(caller)
    kit: Kit = request.app.state.kit
    code = divisions.widen(within) if within else caller.grant.low // 10**6 * 10**6
    area = divisions.area_of(code) if within else (caller.grant.low, caller.grant.high)
    now = request.app.state.clock.now()
    then = passed(known_at, now)
    day = then.astimezone(SHANGHAI).date()
    around = on or day
    profiles = kit.profiles
    if known_at is not None:
        connection = await raw(session)
        rules = await adopting.as_adopted(connection, kit.audit, kit.profiles, [then])
        profiles = rules[then]
    profile = profiles.for_division(code, around)
    present = now.astimezone(SHANGHAI).date()
    counties, place = queries.counties_of(caller, area), divisions.county_of(code)
    formers = kit.profiles.former(counties, present)
    done = [
        {
            **one,
            "county": profiles.code_on(one["division"], day) // COUNTY,
            "inside": area[0] <= one["place"] <= area[1],
        }
        for one in await queries.done(
            session,
            caller,
            counties,
            formers,
            lambda code: kit.profiles.code_on(code, present),
            around,
            known_at,
        )
    ]
    held = list[Any]()
    if caller.covers(place):
        places = counting.lineage(kit.profiles, place, around - queries.AROUND)
        held = await queries.held(session, caller, places, around, known_at)
    found = tasks(profile, around) if profile else ()
    known: schools.Schools = {}
    read: list[UUID] = []
    if any(task.rule.level == "school" and task.span for task in found):
        with READING.of(caller.client):
            if known_at is not None:
                lived = await residents(session, kit, caller, area, then, now)
                known, read = schools.known_then(lived, caller)
            else:
                known, read = await schools.known(session, kit, caller, area)
    more: dict[str, Any] = {"fields": ["school"] if read else []}
    act = audit.Act.reading(caller, "calendar_duties.list", read, known_at, **more)
    await audit.record(session, kit.audit, now, act)
    named = "school" in groups
    return TasksOut(
        division=divisions.text_of(code),
        on=around,
        tasks=[
            _held(kit.profiles, task, place, held, day)
            if task.rule.level == "place"
            else _taught(task, done, known, day, named=named)
            for task in found
            if concerns(task.rule, code)
        ],
    )


@router.post("", summary="Report an activity", status_code=201, responses=responses(409))
async def report_calendar_act(
    request: Request,
    response: Response,
    body: CalendarActIn,
    caller: Reporter,
    session: Transaction,
    key: KeyHeader = None,
) -> CalendarActOut:
    """That an activity was held which a calendar duty of the place asks for; a duty that it does not know is a conflict.

    The departments that the text names report it, and civil affairs (民政).  What the place owes is reported for the county or
    above, for the province or city where the text names that (`tier`), and by nobody whose area is smaller.
    """
    sight(caller)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    division = divisions.widen(body.division)
    if not caller.covers(division):
        raise Forbidden("The activity lies outside your area.")
    if body.done_on > today(request.app.state.clock):
        raise Invalid(flaws=[Flaw("/body/done_on", "in_the_future", "Report it when it is over.")])
    profile = kit.profiles.for_division(division, body.done_on)
    known = tasks(profile, body.done_on) if profile else ()
    asked = (body.duty, body.occasion or "")
    rule = next((t.rule for t in known if (t.rule.duty, t.occasion) == asked), None)
    if rule is None:
        raise Conflict("The rules of the place know no such calendar duty.")
    _may_report(caller, rule, division)

    async def effect() -> Ids:
        made = uuid7()
        connection = await raw(session)
        await connection.execute(
            "INSERT INTO calendar_acts (id, duty, occasion, division, school, done_on, participants,"
            " evidence, department, client, actor, told_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            made,
            body.duty,
            body.occasion or "",
            division,
            body.school,
            body.done_on,
            body.participants,
            body.evidence,
            caller.department,
            caller.client,
            caller.actor,
            now,
        )
        done = audit.Act.of(caller, "calendar_duties.report", [], activity=str(made))
        await audit.record(session, kit.audit, now, done)
        return {"act": made}

    ids = await once(
        session, kit.entries.key, caller, "calendar_duties.report", key, body, now, effect
    )
    return CalendarActOut(id=UUID(str(ids["act"])))


def _may_report(caller: Caller, rule: Cadence, division: int) -> None:
    """Forbidden to whom neither owes it nor leads; a place's duty is not done by a part of the place."""
    if caller.department not in reporters_of(rule):
        raise Forbidden("The rules of the place name other departments for it.")
    if rule.level != "place" or division == owner_of(rule, division):
        return
    if not all(caller.covers(end) for end in divisions.area_of(owner_of(rule, division))):
        raise Forbidden(f"The {rule.tier} reports what the place owes.")
    raise Invalid(
        flaws=[
            Flaw(
                "/body/division",
                "wrong_layer",
                f"The place itself owes it: report its {rule.tier}.",
            )
        ]
    )


def _held(profiles: Profiles, task: Task, place: int, held: list[Any], day: date) -> TaskOut:
    """A duty of the ``place`` itself: done for all of it or not at all."""
    told = _told(task, held)
    counts: Counter[int] = Counter()
    for one in told:
        counts[one["division"]] += one["times"]
    times = counting.times(profiles, place, task.span.first, counts) if task.span else 0
    return _shown(task, told, times, day)


def _taught(
    task: Task, done: list[Any], known: schools.Schools, day: date, *, named: bool
) -> TaskOut:
    """A duty of schools; ``named``: whether the caller sees them."""
    told = _told(task, done)
    mine = [one for one in told if one["inside"]]
    shown = _shown(task, mine, sum(one["times"] for one in mine), day)
    if task.span is None:
        return shown
    # A school that pupils of a village attend may have told of itself by its county.
    by_school = [((one["county"], schools.name_of(one["school"])), one) for one in told]
    standing = schools.stand(
        task,
        known,
        [(school, one["times"]) for school, one in by_school if one["inside"] or school in known],
    )
    shown.state = task.state(standing.done, day)
    shown.known, shown.fulfilled, shown.unknown = (
        standing.known,
        standing.fulfilled,
        standing.unknown,
    )
    if named:
        shown.owing = [
            OwingSchoolOut(
                division=divisions.text_of(county * 10**6),
                place=place_name(county * 10**6),
                school=school,
                done=count,
            )
            for (county, school), count in standing.owing.items()
        ]
    return shown


def _told(task: Task, done: list[Any]) -> list[Any]:
    """What was reported of the task within its span."""
    rule, span = task.rule, task.span
    return [
        one
        for one in done
        if (one["duty"], one["occasion"]) == (rule.duty, task.occasion)
        and span is not None
        and span.first <= one["done_on"] <= span.last
    ]


def _shown(task: Task, told: list[Any], times: int, day: date) -> TaskOut:
    rule, span = task.rule, task.span
    return TaskOut(
        duty=rule.duty,
        level=rule.level,
        tier=rule.tier if rule.level == "place" else None,
        clause=rule.clause,
        wording=rule.wording or None,
        performers=None if isinstance(rule.performers, Unset) else list(rule.performers) or None,
        occasion=task.occasion or None,
        state=task.state(times >= task.times, day),
        first=span.first if span else None,
        due_on=span.last if span else None,
        times=task.times,
        done=times,
        schools=len({one["school"] for one in told if one["school"]}),
    )
