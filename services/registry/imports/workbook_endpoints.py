"""Importing visits from a workbook: the empty workbook, and the upload of one filled in."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi import Request, Response

from services.registry.children.kit import Kit
from services.registry.identity.contractors import may_push
from services.registry.imports import queries
from services.registry.imports.receiving import Upload
from services.registry.imports.schemas import ImportOut
from services.registry.imports.sheets import MEDIA_TYPE
from services.registry.imports.uploading import ASKED, BINARY, NAMED, rows_uploaded
from services.registry.records.endpoints import Pusher
from services.registry.records.feeds import FEEDS
from services.registry.visits import workbook
from shared import audit, problems
from shared.application import USUAL, Router
from shared.contract import LOCATED
from shared.database import Database
from shared.ids import uuid7
from shared.limits import MAX_SHEET_ROWS

router = Router(prefix="/v1/imports", tags=["imports"], responses=USUAL)

FEED = FEEDS["visits"]


@router.get(
    "/visits/workbook",
    summary="Get an empty workbook of visits",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: BINARY}, "headers": NAMED}},
)
async def get_visits_workbook(caller: Pusher) -> Response:
    """走访记录表: one visit a row, headers and lists in Chinese; `*` marks what must be filled in."""
    may_push(caller, FEED)
    return Response(
        workbook.template(),
        media_type=MEDIA_TYPE,
        headers={"Content-Disposition": 'attachment; filename="visits.xlsx"'},
    )


async def import_visits_workbook(request: Request, response: Response, caller: Pusher) -> ImportOut:
    may_push(caller, FEED)
    kit: Kit = request.app.state.kit
    database: Database = request.app.state.database
    clock = request.app.state.clock
    rows = await rows_uploaded(request)
    lines = list(workbook.lines(rows, kit.entries.key))
    job = uuid7()
    async with database.transaction(caller.reach) as session:
        begun = audit.Act.of(caller, "imports.begin", [], feed=FEED.name, job=str(job))
        await audit.record(session, kit.audit, clock.now(), begun)
        await queries.begin(session, caller, job, FEED.name, clock.now())
    await Upload(database, kit, clock, caller, FEED, job).receive(_one_by_one(lines))
    async with database.transaction(caller.reach) as session:
        row: Any = await queries.one(session, caller, job)
    response.headers["Location"] = f"/v1/imports/{job}"
    return ImportOut.of(row)


import_visits_workbook.__doc__ = (
    f"Import a filled-in workbook of visits (走访记录表) of up to {MAX_SHEET_ROWS} rows.\n\n"
    "Each row is an item of the visits feed, stored or refused by itself: `GET /v1/imports/{id}/verdicts` tells what became "
    "of each, by the row's number in the sheet; the header and empty rows count as blank.  The same workbook again is "
    "harmless: a row is known by its 编号, or else by child, day, kind, office and staff.  To correct a row, give its 版本 "
    "the next number.  Rows may tell of visits made offline days ago.  A workbook that is too large or damaged, or whose "
    "header is not the template's, is refused as a whole."
)
router.add_api_route(
    "/visits/workbook",
    import_visits_workbook,
    methods=["POST"],
    status_code=202,
    summary="Import a workbook of visits",
    response_model=ImportOut,
    response_model_exclude_none=True,
    responses={202: LOCATED, **problems.responses(409)},
    openapi_extra=ASKED,
)


async def _one_by_one(lines: Sequence[bytes]) -> AsyncIterator[bytes]:
    for line in lines:
        yield line
