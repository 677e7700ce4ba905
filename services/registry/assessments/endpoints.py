"""Guardianship (监护): assessed, placed, looked at again: by civil affairs (民政) of the child's place alone."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.registry import answers
from services.registry.assessments import making, queries, showing
from services.registry.assessments.homes import homes_of
from services.registry.assessments.schemas import (
    AssessmentIn,
    AssessmentOut,
    GuardianshipOut,
    PlacementActIn,
    PlacementIn,
    PlacementOut,
    PlacementsOut,
)
from services.registry.assessments.terms import ReviewDue
from services.registry.children import queries as children
from services.registry.children.kit import Kit
from services.registry.past.recalling import recall_child
from shared import audit, preconditions
from shared.application import USUAL, Transaction
from shared.auth import Caller, allowed
from shared.clock import SHANGHAI, today
from shared.contract import LOCATED, TAGGED, TAGGED_AND_LOCATED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.parameters import KnownAt, passed
from shared.preconditions import IfMatch
from shared.problems import NotFound, responses
from shared.sealing import Unsealable
from shared.vocabulary import Scope

router = APIRouter(prefix="/v1", tags=["assessments"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.GUARDIANSHIP_READ)]
Writer = Annotated[Caller, allowed(Scope.GUARDIANSHIP_WRITE)]


@router.post(
    "/assessments",
    summary="Assess a child's guardianship",
    status_code=201,
    response_model=AssessmentOut,
    response_model_exclude_none=True,
    responses={201: LOCATED, **responses(409)},
)
async def assess_guardianship(
    request: Request,
    body: AssessmentIn,
    caller: Writer,
    session: Transaction,
    key: KeyHeader = None,
) -> Response:
    """What was found about capacity (监护能力评估) or risk (风险评估).

    A high risk opens a case of intervention at once, or names the one that is open: whatever the child's status, and
    whether or not the place's rules speak of it.
    """
    showing.sight(caller)
    kit: Kit = request.app.state.kit
    clock = request.app.state.clock

    async def effect() -> Ids:
        made = await making.assess(session, kit, caller, body, clock.now())
        done = audit.Act.of(caller, "assessments.make", [body.child_id], assessment=str(made))
        await audit.record(session, kit.audit, clock.now(), done)
        return {"assessment": made}

    ids = await once(
        session, kit.entries.key, caller, "assessments.make", key, body, clock.now(), effect
    )
    await _visible(session, caller, body.child_id)
    rows = await queries.of_child(session, kit, caller, "assessments", body.child_id)
    rows = [row for row in rows if row["id"] == ids["assessment"]]
    homes = await homes_of(session, kit, caller, rows)
    seen = _opened(
        lambda row: showing.assessment(kit, row, homes, today(clock)),
        rows,
    )
    if not seen:
        raise NotFound
    return Response(
        answers.dump(seen[0]),
        status_code=201,
        media_type="application/json",
        headers={"Location": f"/v1/children/{body.child_id}/guardianship"},
    )


@router.get(
    "/children/{child_id}/guardianship",
    summary="Read a child's guardianship",
    response_model=GuardianshipOut,
    response_model_exclude_none=True,
)
async def show_guardianship(
    request: Request,
    child_id: UUID,
    caller: Reader,
    session: Transaction,
    known_at: KnownAt = None,
) -> Response:
    """All assessments and placements of a child, with what is due next.

    With `known_at` those that had been noted by then and were held to be about the child then, each as it stood and with what
    was due then; where the hub did not know the child yet, and where its past rests on what was told of a child that you may
    not see today, there are none (404).
    """
    showing.sight(caller)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    await _visible(session, caller, child_id)
    then = passed(known_at, now)
    read = audit.Act.of(caller, "guardianship.read", [child_id])
    if known_at is not None:
        past = await recall_child(session, kit, caller, child_id, now, then)
        read = past.act(caller, "guardianship.read_past")
        assessed = await queries.of_past(session, kit, caller, "assessments", past)
        placed = await queries.of_past(session, kit, caller, "placements", past)
    else:
        assessed = await queries.of_child(session, kit, caller, "assessments", child_id)
        placed = await queries.of_child(session, kit, caller, "placements", child_id)
    day = then.astimezone(SHANGHAI).date()
    homes = await homes_of(session, kit, caller, assessed)
    done = await queries.acts_of(session, kit, caller, [row["id"] for row in placed])
    acts = {placement: _noted(rows, then) for placement, rows in done.items()}
    await audit.record(session, kit.audit, now, read)
    seen = {
        "assessments": _opened(lambda row: showing.assessment(kit, row, homes, day), assessed),
        "placements": _opened(
            lambda row: showing.placement(kit, row, acts.get(row["id"], []), child_id, day),
            placed,
        ),
    }
    return Response(answers.dump(seen), media_type="application/json")


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
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """Placements made in your area that nobody has ended, of children whom you see, with when each is to be looked at again.

    A page may be short, or empty, and `next` still leads on.
    """
    showing.sight(caller)
    kit: Kit = request.app.state.kit
    clock = request.app.state.clock
    cursors: Cursors = request.app.state.cursors
    asked = f"placements|{caller.client}|{review}"
    after = UUID(cursors.read(cursor, asked, clock.now())) if cursor else None
    rows = await queries.page(session, kit, caller, after, limit)
    wanted = [child for _, child in rows if child is not None]
    seen_children = {row["id"]: row for row in await children.visible(session, caller, wanted)}
    acts = await queries.acts_of(session, kit, caller, [row["id"] for row, _ in rows])
    shown, named = [], []
    for row, child in rows:
        if child in seen_children:
            if not showing.opens("placements", kit, row):
                continue
            done = [a for a in acts.get(row["id"], ()) if showing.opens("placement_acts", kit, a)]
            one = showing.mark(row, done, child, today(clock))
            if "ended_on" not in one and review in (None, one["review"]):
                shown.append(one)
                named.append(seen_children[child]["id"])
    read = audit.Act.of(caller, "placements.list", named)
    await audit.record(session, kit.audit, clock.now(), read)
    seen: dict[str, Any] = {"placements": shown}
    if len(rows) == limit:
        seen["next"] = cursors.make(str(rows[-1][0]["id"]), asked, clock.now())
    return Response(answers.dump(seen), media_type="application/json")


@router.get(
    "/placements/{placement_id}",
    summary="Read a placement",
    response_model=PlacementOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_placement(
    request: Request, placement_id: UUID, caller: Reader, session: Transaction
) -> Response:
    """A placement with its acts; one of a child whom you do not see answers as one that does not exist."""
    showing.sight(caller)
    return await _placement(request, session, caller, placement_id, "placements.read")


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
    request: Request, session: Transaction, caller: Caller, at: UUID, operation: str = ""
) -> Response:
    kit: Kit = request.app.state.kit
    clock = request.app.state.clock
    found = await queries.placement(session, kit, caller, at)
    if found is None or found[1] is None:
        raise NotFound
    row, of = found
    child = await _visible(session, caller, found[1])
    acts = (await queries.acts_of(session, kit, caller, [at])).get(at, [])
    if operation:
        read = audit.Act.of(caller, operation, [child["id"]], placement=str(at))
        await audit.record(session, kit.audit, clock.now(), read)
    try:
        seen = showing.placement(kit, row, acts, of, today(clock))
    except Unsealable:
        raise NotFound from None
    etag = preconditions.etag(len(acts) + 1)
    return Response(answers.dump(seen), media_type="application/json", headers={"ETag": etag})


async def _visible(session: Transaction, caller: Caller, child: UUID) -> Any:
    rows = await children.visible(session, caller, [child])
    if not rows:
        raise NotFound
    return rows[0]


def _noted(rows: Iterable[Any], by: datetime) -> list[Any]:
    return [row for row in rows if row["made_at"] <= by]


def _opened(show: Callable[[Any], dict[str, Any]], rows: Iterable[Any]) -> list[dict[str, Any]]:
    """What opens; a row that was not written here is named in the log and shown to nobody."""
    shown = []
    for row in rows:
        try:
            shown.append(show(row))
        except Unsealable:
            continue
    return shown
