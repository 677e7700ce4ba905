"""Successions: the work list of divisions that have ended and left something behind."""

from typing import Annotated, Any

from fastapi import Request

from services.registry.access.sight import groups_for
from services.registry.access.subjects import only_civil_affairs
from services.registry.children.kit import Kit
from services.registry.successions import queries
from services.registry.successions.schemas import SuccessionOut, SuccessionsOut
from shared import audit, divisions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import today
from shared.vocabulary import Scope

router = Router(prefix="/v1/successions", tags=["duties"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.DUTIES_READ)]


@router.get(
    "", summary="List ended divisions that left children or posts", response_model_exclude_none=True
)
async def list_successions(
    request: Request, caller: Reader, session: Transaction
) -> SuccessionsOut:
    """The ended divisions (已撤销区划) of your area under whose codes children or posts still stand.

    A child goes on under the code of the one division that took over.  Where several did, nobody knows which is the child's
    (拆分区划待核实): it stays here, seen by the offices above, with all its duties, until records name its division.  A post of a
    village or township whose new code nobody has told waits here too.
    """
    only_civil_affairs(caller)
    groups_for(caller)
    kit: Kit = request.app.state.kit
    ended = kit.profiles.ended(today(request.app.state.clock))
    rows = await queries.left(session, caller, list(ended))
    named = [child for row in rows for child in row["children"] or ()]
    act = audit.Act.of(caller, "successions.list", named, divisions=len(rows))
    await audit.record(session, kit.audit, request.app.state.clock.now(), act)
    heirs = {low: found for (low, _), found in ended.items()}
    return SuccessionsOut(divisions=[_shown(row, heirs[row["low"]]) for row in rows])


def _shown(row: Any, heirs: tuple[int, ...]) -> SuccessionOut:
    code = row["low"]
    spells = divisions.spells_of(code) if code % 10**6 == 0 else ()
    return SuccessionOut(
        division=divisions.text_of(code),
        place=divisions.name_of(code) or "",
        ended_on=spells[-1].until if spells else None,
        heirs=[divisions.text_of(one) for one in heirs],
        living=row["living"],
        children=list(row["children"] or ()),
        registered=row["registered"],
        posts=row["posts"],
    )
