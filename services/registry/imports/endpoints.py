"""Imports: one streamed upload operation a feed, and a client's look at its own jobs."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from services.registry.children.kit import Kit
from services.registry.identity.contractors import may_push
from services.registry.imports import queries
from services.registry.imports.receiving import Upload
from services.registry.imports.schemas import (
    VERDICT_EXAMPLES,
    ImportOut,
    ImportsOut,
    ImportState,
    ImportVerdictOut,
)
from services.registry.records.endpoints import Pusher
from services.registry.records.feeds import FEEDS, Feed
from shared import audit, problems
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller
from shared.contract import LOCATED
from shared.database import Database
from shared.ids import uuid7
from shared.limits import DEFAULT_PAGE, MAX_IMPORT_BYTES, MAX_IMPORT_LINE_BYTES
from shared.problems import Conflict, NotFound

router = Router(prefix="/v1/imports", tags=["imports"], responses=USUAL)

RETRY_AFTER_SECONDS = "2"
NDJSON = "application/x-ndjson"


class Verdicts(StreamingResponse):
    media_type = NDJSON


def _example(line: dict[str, Any]) -> str:
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE).decode()


_VERDICTS = "".join(_example(line) for line in VERDICT_EXAMPLES)


def _line(feed: Feed) -> str:
    """The feed's own example as a line."""
    shown: Any = feed.model.model_config["json_schema_extra"]
    return _example(shown["examples"][0])


def _add_import(feed: Feed) -> None:
    async def receive(request: Request, response: Response, caller: Pusher) -> ImportOut:
        may_push(caller, feed)
        database: Database = request.app.state.database
        kit: Kit = request.app.state.kit
        clock = request.app.state.clock
        job = uuid7()
        async with database.transaction(caller.reach) as session:
            begun = audit.Act.of(caller, "imports.begin", [], feed=feed.name, job=str(job))
            await audit.record(session, kit.audit, clock.now(), begun)
            await queries.begin(session, caller, job, feed.name, clock.now())
        await Upload(database, kit, clock, caller, feed, job).receive(request.stream())
        async with database.transaction(caller.reach) as session:
            row = await queries.one(session, caller, job)
        response.headers["Location"] = f"/v1/imports/{job}"
        return ImportOut.of(row)

    receive.__doc__ = (
        f"Import {feed.title_en} ({feed.title_zh}) from newline-delimited JSON of up to "
        f"{MAX_IMPORT_BYTES // 1024**3} GiB: one item a line, {MAX_IMPORT_LINE_BYTES // 1024} KiB at most.\n\n"
        "Lines are stored while the upload still runs, in chunks of up to 1000, each in one transaction; the answer "
        "comes after the last.  Linkage follows, behind single pushes.  A line that cannot be read is refused by "
        "itself; a blank one is counted and skipped.  Meanwhile `GET /v1/imports` names the job on another "
        "connection, and `DELETE` stops it.  When an upload breaks off, what was stored stays: send all of it again, "
        "which is harmless.\n\n"
        f"Legal basis: {feed.legal_basis}."
    )
    router.add_api_route(
        f"/{feed.name}",
        receive,
        methods=["POST"],
        name=f"import_{feed.name.replace('-', '_')}",
        summary=f"Import {feed.name.replace('-', ' ')}",
        status_code=202,
        response_model=ImportOut,
        response_model_exclude_none=True,
        responses={
            202: LOCATED,
            **problems.responses(409),
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    NDJSON: {
                        "schema": {
                            "type": "string",
                            "format": "binary",
                            "description": f"One `{feed.model.__name__}` a line, in UTF-8.",
                        },
                        "example": _line(feed),
                    }
                },
            }
        },
    )


for _feed in FEEDS.values():
    if not _feed.internal:
        _add_import(_feed)


@router.get("", summary="List imports", response_model_exclude_none=True)
async def list_imports(caller: Pusher, session: Transaction) -> ImportsOut:
    """Your newest import jobs, the running ones among them."""
    rows = await queries.newest(session, caller, DEFAULT_PAGE)
    return ImportsOut(imports=[ImportOut.of(row) for row in rows])


@router.get("/{import_id}", summary="Read an import", response_model_exclude_none=True)
async def show_import(
    response: Response, import_id: UUID, caller: Pusher, session: Transaction
) -> ImportOut:
    """One of your import jobs.  While it receives, `Retry-After` says when to ask again."""
    job = ImportOut.of(await _own(session, caller, import_id))
    if job.state == ImportState.RECEIVING:
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return job


@router.delete(
    "/{import_id}",
    summary="Cancel an import",
    response_model_exclude_none=True,
    responses=problems.responses(409),
)
async def cancel_import(
    request: Request, import_id: UUID, caller: Pusher, session: Transaction
) -> ImportOut:
    """Stop a running upload at its next chunk.  What was stored stays: take it back with the feed's recalls.

    A job that has ended answers 409; cancelling twice is harmless.
    """
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    await _own(session, caller, import_id)
    ended = await queries.end(session, caller, import_id, ImportState.CANCELLED, now)
    job = ImportOut.of(await _own(session, caller, import_id))
    if job.state != ImportState.CANCELLED:
        raise Conflict("This import has ended.")
    if ended:
        done = audit.Act.of(caller, "imports.cancel", [], job=str(import_id))
        await audit.record(session, kit.audit, now, done)
    return job


@router.get(
    "/{import_id}/verdicts",
    summary="Read what became of an import's lines",
    response_class=Verdicts,
    responses={
        200: {
            "description": "One verdict a line, in the order of the input.",
            "content": {
                NDJSON: {
                    "schema": {
                        "type": "string",
                        "description": f"One `{ImportVerdictOut.__name__}` a line.",
                    },
                    "example": _VERDICTS,
                }
            },
        }
    },
)
async def list_import_verdicts(
    request: Request,
    import_id: UUID,
    caller: Pusher,
    session: Transaction,
    after: Annotated[int, Query(ge=0, le=2**53, description="skip lines up to this one")] = 0,
    refused: Annotated[bool, Query(description="only the lines that were refused")] = False,
) -> Verdicts:
    """What became of every line so far, as newline-delimited JSON: one object a line, in order."""
    await _own(session, caller, import_id)
    database: Database = request.app.state.database
    return Verdicts(_verdicts(database, caller, import_id, after, refused))


async def _verdicts(
    database: Database, caller: Caller, job: UUID, after: int, refused: bool
) -> AsyncIterator[bytes]:
    """A chunk a transaction, so that a slow reader holds nothing."""
    while True:
        async with database.transaction(caller.reach) as session:
            chunk = await queries.chunk_after(session, caller, job, after, refused)
        if chunk is None:
            return
        verdicts = [
            v
            for v in chunk["verdicts"]
            if v["line"] > after and (v["status"] == "refused" or not refused)
        ]
        after = chunk["last_line"]
        yield b"".join(orjson.dumps(v, option=orjson.OPT_APPEND_NEWLINE) for v in verdicts)


async def _own(session: Transaction, caller: Caller, job: UUID) -> Any:
    row = await queries.one(session, caller, job)
    if row is None:
        raise NotFound
    return row
