"""Figures (统计数据) that are counted while one waits; those that are frozen stand in ``publication_endpoints.py``."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Query, Request

from services.registry.access.sight import groups_for
from services.registry.access.subjects import only_civil_affairs
from services.registry.children.kit import Kit
from services.registry.figures import showing
from services.registry.figures.counting import METHOD, Question
from services.registry.figures.masking import DEFAULT_SMALLEST
from services.registry.figures.schemas import (
    FigureOut,
)
from services.registry.figures.tallying import tally
from services.registry.records.feeds.wire import DivisionText
from services.registry.rulebooks import adopting
from services.registry.rulebooks.keeping import fingerprint_of
from services.registry.settings import RegistrySettings
from shared import audit, divisions
from shared.application import USUAL, Router
from shared.auth import Caller, allowed
from shared.clock import today
from shared.database import Database, raw
from shared.days import AskedDay, AskedInstant
from shared.limits import MAX_COUNTED_WHILE_WAITING
from shared.one_at_a_time import OneAtATime
from shared.problems import Flaw, Forbidden, Invalid, responses
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["figures"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.FIGURES_READ)]
Publisher = Annotated[Caller, allowed(Scope.FIGURES_WRITE)]
#: Children counted in one go while other requests wait.
SLICE = 40
COUNTING = OneAtATime()
NOT_YET = "What has not come cannot be counted."


def may_count(caller: Caller) -> None:
    """Forbidden unless the purpose opens of each child what figures are made of."""
    if not {"residence", "status"} <= groups_for(caller).keys():
        raise Forbidden("Your department reads no figures for this purpose.")


def question(
    request: Request,
    caller: Caller,
    division: str,
    on: date,
    known_at: datetime | None,
    pilot: bool,
) -> tuple[Question, datetime]:
    """What is asked, and as known when; Forbidden outside the caller's area, Invalid for what has not come."""
    clock = request.app.state.clock
    now: datetime = clock.now()
    asked = Question(divisions.widen(division), on, pilot)
    if not all(caller.covers(end) for end in asked.area):
        raise Forbidden("The figure's area reaches beyond your own.")
    asked_in = "/query" if request.method == "GET" else "/body"
    if on > today(clock):
        raise Invalid(flaws=[Flaw(f"{asked_in}/on", "in_the_future", NOT_YET)])
    if known_at is not None and known_at > now:
        raise Invalid(flaws=[Flaw(f"{asked_in}/known_at", "in_the_future", NOT_YET)])
    return asked, known_at or now


@router.get(
    "/figures",
    summary="Count children",
    response_model_exclude_none=True,
    responses=responses(409),
)
async def count_children(
    request: Request,
    caller: Reader,
    division: Annotated[
        DivisionText,
        Query(description="行政区划; all of it inside your area", examples=["500103"]),
    ],
    on: Annotated[AskedDay | None, Query(description="统计时点; today, if absent")] = None,
    known_at: Annotated[
        AskedInstant | None,
        Query(description="as the hub knew it then (数据截止时刻); the present, if absent"),
    ] = None,
    pilot: Annotated[
        bool, Query(description="only children who live in pilot areas (动态监测试点)")
    ] = False,
) -> FigureOut:
    """How many children, of which kinds and where, on a day: counted while you wait, and kept nowhere.

    For civil affairs (民政), and areas of a few thousand children (422 `figure-too-large`): for larger ones publish the figure.
    A client counts one at a time (429).
    What counts too few children is hidden, together with what would betray it.  Where the rules of then cannot be proven, or
    this release does not read them, nothing is counted (409).
    """
    only_civil_affairs(caller)
    may_count(caller)
    kit: Kit = request.app.state.kit
    settings: RegistrySettings = request.app.state.settings
    database: Database = request.app.state.database
    now: datetime = request.app.state.clock.now()
    day = on or today(request.app.state.clock)
    asked, known = question(request, caller, division, day, known_at, pilot)
    done = audit.Act.of(
        caller, "figures.count", [], division=divisions.text_of(asked.division), on=day.isoformat()
    )
    fingerprint, profiles = fingerprint_of(kit.profiles), kit.profiles
    # Counting takes connections of its own: none is held meanwhile.
    async with database.transaction(caller.reach) as session:
        await audit.record(session, kit.audit, now, done)
        if known_at is not None:
            connection = await raw(session)
            fingerprint = await adopting.known_at(connection, kit.audit, known) or fingerprint
            profiles = await adopting.of_fingerprint(connection, fingerprint, kit.profiles)
    with COUNTING.of(caller.client):
        counts = await tally(
            database, kit, profiles, asked, known, most=MAX_COUNTED_WHILE_WAITING, size=SLICE
        )
    row: dict[str, Any] = {
        "division": asked.division,
        "valid_on": day,
        "known_at": known,
        "pilot": pilot,
        "rulebook": fingerprint,
        "method": METHOD,
        "smallest": settings.smallest_cell or DEFAULT_SMALLEST,
        "configured": settings.smallest_cell is not None,
        "computed_at": now,
        "counts": counts.as_json(),
    }
    return showing.whole(row, caller.department)
