"""Posts (岗位): children's directors and supervisors, protection stations: filled, vacant, trained."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.subjects import only_civil_affairs
from services.registry.children.kit import Kit
from services.registry.posts import changing, looking_back, queries, showing
from services.registry.posts.looking_back import Question, Then
from services.registry.posts.schemas import (
    CoveragesOut,
    FillIn,
    PostIn,
    PostOut,
    PostsOut,
    TrainingIn,
    VacateIn,
)
from services.registry.posts.terms import UNITS, Layer, PostKind
from services.registry.records.feeds.wire import DivisionText
from shared import audit, divisions, preconditions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.contract import TAGGED, TAGGED_AND_LOCATED
from shared.cursors import Cursors
from shared.days import AskedDay
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.parameters import KnownAt, On, has_been, passed
from shared.preconditions import IfMatch
from shared.problems import NotFound, responses
from shared.vocabulary import Scope

router = Router(prefix="/v1/posts", tags=["posts"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.POSTS_READ)]
Keeper = Annotated[Caller, allowed(Scope.POSTS_WRITE)]
Within = Annotated[
    DivisionText | None, Query(description="only inside this division (行政区划代码)")
]
CHANGED: dict[int | str, dict[str, Any]] = {200: TAGGED, **responses(409, 412, 428)}


def _then(kit: Kit, on: date | None, known_at: datetime | None, now: datetime) -> Then | None:
    """The past that is asked for, if any; Invalid for times that have not come."""
    if on is None and known_at is None:
        return None
    return Then(kit.audit, passed(known_at, now), has_been(on, now))


def area_within(within: str | None) -> tuple[int, int]:
    """The area asked for; everything, where none is."""
    return divisions.area_of(divisions.widen(within)) if within else (0, 10**12 - 1)


@router.get("", summary="List posts", response_model_exclude_none=True)
async def list_posts(
    request: Request,
    caller: Reader,
    session: Transaction,
    kind: Annotated[PostKind | None, Query(description="岗位类型")] = None,
    vacant: Annotated[bool | None, Query(description="only vacant, or only filled posts")] = None,
    trained: Annotated[
        bool | None, Query(description="only filled posts whose holder was (not) trained")
    ] = None,
    within: Within = None,
    on: On = None,
    known_at: KnownAt = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> PostsOut:
    """The posts of your area in order of division: civil affairs (民政) of the place alone.

    With `on` each as it was held on that day, with `known_at` by what the hub had been told by then: without `on`, as the
    last change that was known left it.  What was before a post's history began is not known.
    """
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    asked = (
        f"posts|{caller.client}|{caller.purpose}|{kind}|{vacant}|{trained}|{within}|{on}|{known_at}"
    )
    after = queries.START
    if cursor:
        division, post = cursors.read(cursor, asked, now)
        after = division, UUID(post)
    area = area_within(within)
    read = audit.Act.of(caller, "posts.list", [])
    rows: list[Any]
    if then := _then(kit, on, known_at, now):
        question = Question(area, kind, vacant, trained)
        rows = await looking_back.page(session, caller, then, question, after, limit + 1)
        read = audit.Act.of(caller, "posts.list_past", [], **then.act())
    else:
        rows = await queries.page(session, caller, area, kind, vacant, trained, after, limit + 1)
    await audit.record(session, kit.audit, now, read)
    more = None
    if len(rows) > limit:
        last = rows[limit - 1]
        division, post = last["position"] if then else (last["division"], last["id"])
        more = cursors.make((division, str(post)), asked, now)
    return PostsOut(posts=[showing.shown(row) for row in rows[:limit]], next=more)


@router.get("/coverage", summary="Count posts and trainings", response_model_exclude_none=True)
async def show_coverage(
    request: Request,
    caller: Reader,
    session: Transaction,
    by: Annotated[Layer, Query(description="how fine")] = Layer.COUNTY,
    within: Within = None,
    since: Annotated[
        AskedDay | None, Query(description="count trainings from this day on; every one, if absent")
    ] = None,
    on: On = None,
    known_at: KnownAt = None,
) -> CoveragesOut:
    """How many posts there are, are vacant, and are held by someone trained (培训覆盖), by place and kind; with `on` and
    `known_at` as the list of posts has them."""
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    asked = area_within(within), UNITS[by], since or date.min
    read = audit.Act.of(caller, "posts.coverage", [])
    rows: list[Any]
    if then := _then(kit, on, known_at, now):
        rows = await looking_back.coverage(session, caller, then, *asked)
        read = audit.Act.of(caller, "posts.coverage_past", [], **then.act())
    else:
        rows = await queries.coverage(session, caller, *asked)
    await audit.record(session, kit.audit, now, read)
    return CoveragesOut(by=by, places=[showing.covered(row) for row in rows])


@router.get(
    "/{post_id}",
    summary="Read one post",
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_post(
    request: Request,
    response: Response,
    post_id: UUID,
    caller: Reader,
    session: Transaction,
    on: On = None,
    known_at: KnownAt = None,
) -> PostOut:
    """One post, with the trainings of its holder.

    Who held it on a day tells `on`, as the hub knew it then `known_at`: a post that was not known of yet is none (404).
    """
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    if then := _then(kit, on, known_at, request.app.state.clock.now()):
        row = await looking_back.one(session, caller, then, post_id)
        if row is None:
            raise NotFound
        await _record(request, session, caller, "posts.read_past", post_id, **then.act())
        return _reply(response, row, row["trainings"])
    await _record(request, session, caller, "posts.read", post_id)
    return await _answer(response, session, caller, post_id)


@router.post(
    "",
    summary="Make a post",
    status_code=201,
    response_model_exclude_none=True,
    responses={201: TAGGED_AND_LOCATED, **responses(409)},
)
async def make_post(
    request: Request,
    response: Response,
    body: PostIn,
    caller: Keeper,
    session: Transaction,
    key: KeyHeader = None,
) -> PostOut:
    """A new post in a place of yours, vacant at first: until it is filled, its duties go to the next layer."""
    only_civil_affairs(caller)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        made, done = await changing.make(session, kit, caller, body, now)
        await _record(request, session, caller, "posts.make", made, post_act=str(done))
        return {"post": made}

    ids = await once(session, kit.entries.key, caller, "posts.make", key, body, now, effect)
    response.headers["Location"] = f"/v1/posts/{ids['post']}"
    return await _answer(response, session, caller, ids["post"])


@router.post(
    "/{post_id}/fill", summary="Fill a post", response_model_exclude_none=True, responses=CHANGED
)
async def fill_post(
    request: Request,
    response: Response,
    post_id: UUID,
    body: FillIn,
    caller: Keeper,
    session: Transaction,
    if_match: IfMatch = None,
) -> PostOut:
    """Somebody takes a vacant post; a filled one is a conflict (409)."""
    only_civil_affairs(caller)
    row = await changing.held(session, caller, post_id, preconditions.given(if_match))
    kit, now = request.app.state.kit, request.app.state.clock.now()
    done = str(await changing.fill(session, kit, caller, row, body, now))
    await _record(request, session, caller, "posts.fill", post_id, post_act=done)
    return await _answer(response, session, caller, post_id)


@router.post(
    "/{post_id}/vacate",
    summary="Vacate a post",
    response_model_exclude_none=True,
    responses=CHANGED,
)
async def vacate_post(
    request: Request,
    response: Response,
    post_id: UUID,
    body: VacateIn,
    caller: Keeper,
    session: Transaction,
    if_match: IfMatch = None,
) -> PostOut:
    """A post falls vacant: what its holder owed goes to the next layer at once."""
    only_civil_affairs(caller)
    row = await changing.held(session, caller, post_id, preconditions.given(if_match))
    kit, now = request.app.state.kit, request.app.state.clock.now()
    done = str(await changing.vacate(session, kit, caller, row, body, now))
    await _record(
        request, session, caller, "posts.vacate", post_id, post_act=done, reason=str(body.reason)
    )
    return await _answer(response, session, caller, post_id)


@router.post(
    "/{post_id}/trainings",
    summary="Record a training",
    response_model_exclude_none=True,
    responses=CHANGED,
)
async def train_post(
    request: Request,
    response: Response,
    post_id: UUID,
    body: TrainingIn,
    caller: Keeper,
    session: Transaction,
    if_match: IfMatch = None,
) -> PostOut:
    """A training of the present holder; it stays with that person and does not pass to the next one."""
    only_civil_affairs(caller)
    row = await changing.held(session, caller, post_id, preconditions.given(if_match))
    kit, now = request.app.state.kit, request.app.state.clock.now()
    done = str(await changing.train(session, kit, caller, row, body, now))
    await _record(request, session, caller, "posts.train", post_id, post_act=done)
    return await _answer(response, session, caller, post_id)


async def _answer(response: Response, session: AsyncSession, caller: Caller, post: UUID) -> PostOut:
    row = await queries.one(session, caller, post)
    if row is None:
        raise NotFound
    return _reply(response, row, await queries.trainings(session, row["staff"]))


def _reply(response: Response, row: Any, trainings: Sequence[Any]) -> PostOut:
    response.headers["ETag"] = preconditions.etag(row["version"])
    return showing.whole(row, trainings)


async def _record(
    request: Request, session: AsyncSession, caller: Caller, act: str, post: UUID, **more: Any
) -> None:
    kit: Kit = request.app.state.kit
    done = audit.Act.of(caller, act, [], post=str(post), **more)
    await audit.record(session, kit.audit, request.app.state.clock.now(), done)
