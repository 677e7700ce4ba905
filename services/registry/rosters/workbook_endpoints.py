"""Rosters as workbooks (名单工作簿), for offices that carry a file to another system by hand and bring back what became of it."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import StreamingResponse

from services.registry.children.kit import Kit
from services.registry.imports.sheets import MEDIA_TYPE
from services.registry.imports.uploading import ASKED, BINARY, NAMED, rows_uploaded
from services.registry.key_care.reading import granted_still
from services.registry.rosters import answering, reading, workbook
from services.registry.rosters.layout import layout_of
from services.registry.rosters.returning import Returned, returned
from services.registry.rosters.schemas import RosterLineOut, RosterSheetLineOut, RosterSheetOut
from services.registry.rosters.terms import LineOutcome, RosterKind
from shared.application import USUAL, Router
from shared.auth import Caller, allowed
from shared.database import Database
from shared.limits import MAX_BULK_ITEMS
from shared.one_at_a_time import OneAtATime
from shared.problems import Forbidden
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["rosters"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.ROSTERS_READ)]
#: A workbook, made or read, takes a core for seconds.
BOOKS = OneAtATime()
Answerer = Annotated[Caller, allowed(Scope.ROSTERS_ANSWER)]


@router.get(
    "/rosters/{roster_id}/workbook",
    summary="Read a roster's rows as a workbook",
    response_class=StreamingResponse,
    responses={200: {"content": {MEDIA_TYPE: BINARY}, "headers": NAMED}},
)
async def read_roster_workbook(
    request: Request, roster_id: UUID, caller: Reader
) -> StreamingResponse:
    """Every child on the roster as it stands now, one a row, in the columns that your department and purpose open.

    Chinese titles, the API's names beneath them, two columns for what comes back; the last sheet has the digest by which
    receipt is confirmed.  The layout is this hub's own: that of the national system (全国儿童福利信息系统) is not public, and no
    text gives it; where the place's rules hold it (`layout` of `national_system`), a sheet 导入 is written in it, to be
    uploaded as it is.  With this a row counts as sent, as by `…/rows`.  A client has one made at a time (429).
    """
    roster = await _readable(request, caller, roster_id)
    with BOOKS.of(caller.client):
        made = await workbook.build(request, caller, roster)
    return StreamingResponse(
        made,
        media_type=MEDIA_TYPE,
        headers={"Content-Disposition": 'attachment; filename="roster.xlsx"'},
    )


@router.post(
    "/rosters/{roster_id}/verdicts/workbook",
    summary="Bring back what became of a roster's rows, as a workbook",
    response_model_exclude_none=True,
    openapi_extra=ASKED,
)
async def answer_roster_workbook(
    request: Request, roster_id: UUID, caller: Answerer
) -> RosterSheetOut:
    """The roster's workbook, filled in (回执工作簿): each row applied or not by itself, as by `…/verdicts`, by its number in the
    sheet.

    Rows without 回执结果 have not come back and are passed over.  Columns titled 系统中的 and the title of one of the roster's
    columns say what the other system holds, which is compared and not kept; what else a row says of a child is not looked
    at.  The same workbook again is harmless.  One that is damaged, or lacks our titles, is refused as a whole.

    A client has one read at a time (429).
    """
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    layout = layout_of(RosterKind((await _readable(request, caller, roster_id))["kind"]))
    with BOOKS.of(caller.client):
        rows = await rows_uploaded(request)
        back = await asyncio.to_thread(lambda: list(returned(rows, layout)))
    lines = [one.line for one in back if one.line is not None]
    found: list[RosterLineOut] = []
    # Only now: a slow sender must not hold a database connection, nor a grant that has ended meanwhile.
    still = await granted_still(request, caller, Scope.ROSTERS_ANSWER)
    if still is None:
        raise Forbidden("The grant ended while the workbook was sent.")
    database: Database = request.app.state.database
    async with database.transaction(still.reach) as session:
        for first in range(0, max(len(lines), 1), MAX_BULK_ITEMS):
            part = lines[first : first + MAX_BULK_ITEMS]
            found += await answering.answer(session, kit, still, roster_id, part, now)
    results = iter(found)
    shown = [_shown(one, next(results) if one.line is not None else None) for one in back]
    return RosterSheetOut(results=shown)


async def _readable(request: Request, caller: Caller, roster: UUID) -> Any:
    """In a transaction of its own: who makes a workbook page by page, or waits for one, holds no other connection."""
    database: Database = request.app.state.database
    async with database.transaction(caller.reach) as session:
        return await reading.readable(session, request.app.state.kit, caller, roster)


def _shown(one: Returned, result: RosterLineOut | None) -> RosterSheetLineOut:
    if result is None:
        return RosterSheetLineOut(
            number=one.number, outcome=LineOutcome.UNREADABLE, flaws=list(one.flaws)
        )
    return RosterSheetLineOut(number=one.number, **result.model_dump())
