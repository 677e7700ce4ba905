"""What happens next to one child, and when (未来事项)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry import answers
from services.registry.access.sight import as_system, groups_for
from services.registry.children import building, gathering, queries, registration
from services.registry.children.endpoints import ChildReader
from services.registry.children.kit import Kit
from services.registry.profiles.rules import ASSUMED_COUNTING
from services.registry.status.counting import months_on
from services.registry.upcoming.foreseeing import Foreseen, Turn, foresee
from services.registry.upcoming.schemas import MOST_TURNS, UpcomingOut
from shared import audit
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller
from shared.clock import today
from shared.contract import TAGGED
from shared.database import raw
from shared.problems import NotFound
from shared.vocabulary import Department, Scope

router = Router(prefix="/v1", tags=["children"], responses=USUAL)

MONTHS = 24


@router.get(
    "/children/{child_id}/upcoming",
    summary="Read what happens next to one child",
    response_model=UpcomingOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_upcoming(
    request: Request,
    child_id: UUID,
    caller: ChildReader,
    session: Transaction,
    months: Annotated[int, Query(ge=1, le=MONTHS, description="so many months ahead")] = MONTHS,
) -> Response:
    """The coming days on which something about the child changes by itself, each with what it is and its clause.

    Status, duties, alerts (with `alerts:read`), permits, key care and entitlements, as far as your department and purpose open
    each; duties and alerts of other departments are civil affairs' alone.  It holds as long as nothing is heard of the child
    and no rule is changed, tells nothing of siblings, and never where the child lives.  A child you may not see answers
    exactly as one that does not exist.
    """
    groups = groups_for(caller)
    kit: Kit = request.app.state.kit
    clock = request.app.state.clock
    if not await queries.visible(session, caller, [child_id]):
        raise NotFound
    day = today(clock)
    until = months_on(day, months, ASSUMED_COUNTING)
    async with as_system(session, caller):
        foreseen = await _foreseen(session, kit, child_id, day, until)
    act = audit.Act.of(caller, "children.read_upcoming", [child_id], fields=sorted(groups))
    await audit.record(session, kit.audit, clock.now(), act)
    told = [_shown(one) for one in foreseen.turns if _open(caller, one)]
    seen = {
        "child": child_id,
        "from": day,
        "until": foreseen.until,
        "turns": told[:MOST_TURNS],
    }
    body = answers.dump(seen)
    tag = answers.etag(kit, body)
    return Response(body, media_type="application/json", headers={"ETag": tag})


async def _foreseen(
    session: Transaction, kit: Kit, child: UUID, day: date, until: date
) -> Foreseen:
    """From the records as they are, with what came since the child was folded; NotFound where none speaks of it."""
    connection = await raw(session)
    broken: set[UUID] = set()
    held = await gathering.records_of(connection, kit.sealer, [child], broken)
    if child in broken or child not in held:
        raise NotFound
    reading = building.read(kit, held[child])
    heard = await registration.listen(connection, kit, {}, [child], broken)
    if child in broken:
        raise NotFound
    decisions, words = heard.decisions.get(child, []), heard.words(child)._replace(siblings=())

    def judge(on: date) -> building.Folded:
        return building.judge(kit, child, reading, decisions, on, words)

    return foresee(judge, reading, kit.profiles, day, until)


def _open(caller: Caller, one: Turn) -> bool:
    """As the matrix has it, and row-level security of today's duties, alerts and key care."""
    if one.group not in groups_for(caller):
        return False
    if one.group == "alerts" and Scope.ALERTS_READ not in caller.grant.scopes:
        return False
    if one.category and one.category not in caller.reach.categories:
        return False
    return one.department in ("", caller.department) or (
        caller.department == Department.CIVIL_AFFAIRS
    )


def _shown(one: Turn) -> dict[str, object]:
    seen: dict[str, object] = {
        "on": one.on,
        "what": one.what,
        "subject": one.subject,
        "clause": one.clause,
    }
    if one.department:
        seen["department"] = one.department
    return seen
