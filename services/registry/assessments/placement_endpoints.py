"""Placements (监护照料): made, looked at again and ended, by civil affairs (民政) of the child's place alone."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry import answers
from services.registry.assessments import making, queries, showing
from services.registry.assessments.endpoints import Reader, Writer, noted, visible
from services.registry.assessments.schemas import (
    PlacementActIn,
    PlacementIn,
    PlacementOut,
    PlacementsOut,
)
from services.registry.assessments.terms import ReviewDue
from services.registry.children import queries as children
from services.registry.children.kit import Kit
from shared import audit, preconditions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller
from shared.contract import TAGGED, TAGGED_AND_LOCATED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.parameters import KnownAt, passed
from shared.preconditions import IfMatch
from shared.problems import NotFound, responses
from shared.sealing import Unsealable

router = Router(prefix="/v1", tags=["assessments"], responses=USUAL)


@router.post(
    "/placements",
    summary="Place a child into care",
    status_code=201,
    response_model=PlacementOut,
    response_model_exclude_none=True,
    responses={201: TAGGED_AND_LOCATED, **responses(409)},
)
async def place_child(
    request: Request, body: PlacementIn, caller: Writer, session: Transaction, key: KeyHeader = None
) -> Response:
    """Temporary, long-term or daily care (监护照料), or support of the family.

    Where the place's rules ask for the guardian's consent (经监护人同意), care rests on it or on a statutory ground that is
    cited, so that no guardian vetoes what protects the child from them; else a conflict (409 `guardian-consent-needed`).
    """
    showing.sight(caller)
    kit: Kit = request.app.state.kit
    clock = request.app.state.clock

    async def effect() -> Ids:
        made = await making.place(session, kit, caller, body, clock.now())
        done = audit.Act.of(caller, "placements.make", [body.child_id], placement=str(made))
        await audit.record(session, kit.audit, clock.now(), done)
        return {"placement": made}

    ids = await once(
        session, kit.entries.key, caller, "placements.make", key, body, clock.now(), effect
    )
    reply = await _placement(request, session, caller, ids["placement"])
    reply.status_code = 201
    reply.headers["Location"] = f"/v1/placements/{ids['placement']}"
    return reply


@router.get(
    "/placements",
    summary="List placements",
    response_model=PlacementsOut,
    response_model_exclude_none=True,
)
async def list_placements(
    request: Request,
    caller: Reader,
    session: Transaction,
    review: Annotated[ReviewDue | None, Query(description="复核")] = None,
    known_at: KnownAt = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """Placements made in your area that nobody has ended, of children whom you see, with when each is to be looked at again.

    A page may be short, or empty, and `next` still leads on.  With `known_at` as they stood then, each of the child that it
    was held to be about, where you see that one and the one that it is about today.
    """
    showing.sight(caller)
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    then = passed(known_at, now)
    asked = f"placements|{caller.client}|{caller.purpose}|{review}|{known_at}"
    after = UUID(cursors.read(cursor, asked, now)) if cursor else None
    rows = await queries.page(session, kit, caller, after, limit, known_at)
    wanted = {row["id"]: [child] for row, child in rows if child is not None}
    if known_at is not None:
        about = await queries.about_then(session, kit, caller, list(wanted), then)
        wanted = {at: [child, *wanted[at]] for at, child in about.items() if child is not None}
    seen_children = await _seen(session, caller, wanted.values())
    acts = await queries.acts_of(session, kit, caller, [row["id"] for row, _ in rows])
    shown: list[dict[str, Any]] = []
    named: set[UUID] = set()
    for row, _ in rows:
        of = wanted.get(row["id"], ())
        if not of or not {*of} <= seen_children or not showing.opens("placements", kit, row):
            continue
        done = acts.get(row["id"], [])
        if known_at is not None:
            done = noted(done, then)
        done = [a for a in done if showing.opens("placement_acts", kit, a)]
        one = showing.mark(row, done, of[0], then)
        if "ended_on" not in one and review in (None, one["review"]):
            shown.append(one)
            named |= {*of}
    read = audit.Act.reading(caller, "placements.list", sorted(named), known_at)
    await audit.record(session, kit.audit, now, read)
    seen: dict[str, Any] = {"placements": shown}
    if len(rows) == limit:
        seen["next"] = cursors.make(str(rows[-1][0]["id"]), asked, now)
    return Response(answers.dump(seen), media_type="application/json")


@router.get(
    "/placements/{placement_id}",
    summary="Read a placement",
    response_model=PlacementOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_placement(
    request: Request,
    placement_id: UUID,
    caller: Reader,
    session: Transaction,
    known_at: KnownAt = None,
) -> Response:
    """A placement with its acts; one of a child whom you do not see answers as one that does not exist.

    With `known_at` as it stood then, of the child that it was held to be about.
    """
    showing.sight(caller)
    passed(known_at, request.app.state.clock.now())
    return await _placement(request, session, caller, placement_id, "placements.read", known_at)


@router.post(
    "/placements/{placement_id}/acts",
    summary="Review or end a placement",
    response_model=PlacementOut,
    response_model_exclude_none=True,
    responses={200: TAGGED, **responses(409, 412, 428)},
)
async def act_on_placement(
    request: Request,
    placement_id: UUID,
    body: PlacementActIn,
    caller: Writer,
    session: Transaction,
    if_match: IfMatch = None,
) -> Response:
    """Look at it again, note that the guardian withdrew the consent, or end it.  Nothing ends it but a person."""
    showing.sight(caller)
    read = preconditions.given(if_match)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    child = await making.act(session, kit, caller, placement_id, body, read, now)
    done = audit.Act.of(
        caller, "placements.act", [child], placement=str(placement_id), act=str(body.act)
    )
    await audit.record(session, kit.audit, now, done)
    return await _placement(request, session, caller, placement_id)


async def _placement(
    request: Request,
    session: Transaction,
    caller: Caller,
    at: UUID,
    operation: str = "",
    known_at: datetime | None = None,
) -> Response:
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    found = await queries.placement(session, kit, caller, at)
    if found is None or found[1] is None:
        raise NotFound
    row, of = found
    named = {(await visible(session, caller, of))["id"]}
    acts = (await queries.acts_of(session, kit, caller, [at])).get(at, [])
    if known_at is not None:
        of = (await queries.about_then(session, kit, caller, [at], known_at)).get(at)
        named.add((await visible(session, caller, of))["id"])
        acts, now = noted(acts, known_at), known_at
    if operation:
        read = audit.Act.reading(caller, operation, sorted(named), known_at, placement=str(at))
        await audit.record(session, kit.audit, request.app.state.clock.now(), read)
    try:
        seen = showing.placement(kit, row, acts, of, now)
    except Unsealable:
        raise NotFound from None
    etag = preconditions.etag(len(acts) + 1)
    return Response(answers.dump(seen), media_type="application/json", headers={"ETag": etag})


async def _seen(session: Transaction, caller: Caller, named: Iterable[Iterable[UUID]]) -> set[UUID]:
    """Those of the children whom the caller sees."""
    wanted = {child for children_of_one in named for child in children_of_one}
    return {row["id"] for row in await children.visible(session, caller, list(wanted))}
