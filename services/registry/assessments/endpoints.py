"""Guardianship (监护): assessed, placed, looked at again: by civil affairs (民政) of the child's place alone."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response

from services.registry import answers
from services.registry.assessments import making, queries, showing
from services.registry.assessments.homes import homes_of
from services.registry.assessments.schemas import (
    AssessmentIn,
    AssessmentOut,
    GuardianshipOut,
)
from services.registry.children import queries as children
from services.registry.children.kit import Kit
from services.registry.past.recalling import recall_child
from shared import audit
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.contract import LOCATED
from shared.idempotency import Ids, KeyHeader, once
from shared.parameters import KnownAt, passed
from shared.problems import NotFound, responses
from shared.sealing import Unsealable
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["assessments"], responses=USUAL)

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
    await visible(session, caller, body.child_id)
    rows = await queries.of_child(session, kit, caller, "assessments", body.child_id)
    rows = [row for row in rows if row["id"] == ids["assessment"]]
    homes = await homes_of(session, kit, caller, rows)
    seen = _opened(
        lambda row: showing.assessment(kit, row, homes, clock.now()),
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
    await visible(session, caller, child_id)
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
    homes = await homes_of(session, kit, caller, assessed)
    done = await queries.acts_of(session, kit, caller, [row["id"] for row in placed])
    acts = {placement: noted(rows, then) for placement, rows in done.items()}
    await audit.record(session, kit.audit, now, read)
    seen = {
        "assessments": _opened(lambda row: showing.assessment(kit, row, homes, then), assessed),
        "placements": _opened(
            lambda row: showing.placement(kit, row, acts.get(row["id"], []), child_id, then),
            placed,
        ),
    }
    return Response(answers.dump(seen), media_type="application/json")


async def visible(session: Transaction, caller: Caller, child: UUID | None) -> Any:
    rows = await children.visible(session, caller, [child]) if child else []
    if not rows:
        raise NotFound
    return rows[0]


def noted(rows: Iterable[Any], by: datetime) -> list[Any]:
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
