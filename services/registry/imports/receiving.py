"""Receiving an import: lines become sealed rows while the upload still runs.

Cast: a *chunk* is up to a thousand lines, stored in one transaction with its verdicts and the job's counts; the
*heartbeat* of a job is moved by every chunk, and at the latest every few seconds while bytes arrive.  Nothing but the
chunk in hand is held in memory and no plaintext touches a disk.  The client's grant is read anew for every chunk.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import ClientDisconnect

from services.registry.children.kit import Kit
from services.registry.identity.clients import grant_on, live
from services.registry.identity.contractors import may_push
from services.registry.imports import queries
from services.registry.imports.lines import Line, Lines, read
from services.registry.records.feeds import Feed, Item
from services.registry.records.results import Result
from services.registry.records.storing import Keys, store
from shared import audit
from shared.auth import Caller
from shared.clock import Clock, today
from shared.database import Database, enter
from shared.limits import IMPORT_IDLE_SECONDS, MAX_BULK_ITEMS
from shared.problems import Conflict, Forbidden, Malformed, Unauthenticated
from shared.vocabulary import Scope

CHUNK_LINES = MAX_BULK_ITEMS
CHUNK_BYTES = 4 * 1024 * 1024
#: Lines wait no longer than this for their chunk to fill; also the rhythm of the heartbeat.
FLUSH_SECONDS = 5.0


class ImportCancelled(Conflict):
    type = "import-cancelled"
    title = "This import was cancelled; what was stored stays"
    title_zh = "该导入任务已取消，已存入的数据保留"


@dataclass(slots=True)
class Upload:
    """One running upload and the lines that wait to be stored."""

    database: Database
    kit: Kit
    clock: Clock
    caller: Caller
    feed: Feed
    job: UUID
    _lines: Lines = field(default_factory=Lines)
    _waiting: list[Line] = field(default_factory=list)
    _bytes: int = 0
    _flushed: float = field(default_factory=time.monotonic)

    async def receive(self, pieces: AsyncIterator[bytes]) -> None:
        """Store the upload to its end.

        However it ends before that, what was stored stays and the job says so; a Problem tells the
        client, if it still listens.
        """
        try:
            await self._receive(pieces)
        except (ClientDisconnect, TimeoutError) as error:
            await self._end("interrupted")
            raise Malformed("The upload broke off; send it again.") from error
        except BaseException:
            with suppress(Exception):
                await self._end("interrupted")
            raise
        await self._end("done")

    async def _receive(self, pieces: AsyncIterator[bytes]) -> None:
        async for piece in steadily(pieces):
            for line in self._lines.take(piece):
                await self._take(line)
            if time.monotonic() - self._flushed > FLUSH_SECONDS:
                await self._flush()
        for line in self._lines.end():
            await self._take(line)
        await self._flush()

    async def _take(self, line: Line) -> None:
        self._waiting.append(line)
        self._bytes += len(line.body or b"")
        if len(self._waiting) >= CHUNK_LINES or self._bytes >= CHUNK_BYTES:
            await self._flush()

    async def _flush(self) -> None:
        """Store what waits, if the job and the client may still go on."""
        chunk, self._waiting, self._bytes = self._waiting, [], 0
        blanks = self._lines.blanks()
        items: list[tuple[int, Item]] = []
        refused: list[Result] = []
        for line in chunk:
            found = read(self.feed, line)
            if isinstance(found, Item):
                items.append((line.number, found))
            else:
                refused.append(Result(line.number, "", "refused", flaws=found))
        now = self.clock.now()
        async with self.database.transaction(self.caller.reach) as session:
            if not await queries.go_on(session, self.job, blanks):
                raise ImportCancelled
            caller = await still_allowed(
                session, self.kit, self.caller, self.feed, today(self.clock)
            )
            await enter(session, caller.reach)
            if chunk:
                keys = Keys(self.kit.sealer, self.kit.entries, self.kit.audit, self.kit.profiles)
                stored = await store(session, keys, caller, self.feed, items, now, bulk=True)
                results = sorted([*stored, *refused], key=lambda r: r.index)
                await queries.keep(
                    session, self.job, caller.client, counts(results), [verdict(r) for r in results]
                )
                done = audit.Act.of(
                    caller,
                    "records.import",
                    [],
                    feed=self.feed.name,
                    items=len(chunk),
                    job=str(self.job),
                )
                await audit.record(session, self.kit.audit, now, done)
        self._flushed = time.monotonic()

    async def _end(self, state: str) -> None:
        async with self.database.transaction(self.caller.reach) as session:
            await queries.end(session, self.caller, self.job, state, self.clock.now())


async def still_allowed(
    session: AsyncSession, kit: Kit, caller: Caller, feed: Feed, day: date
) -> Caller:
    """The caller with its grant as it stands now; a Problem when that no longer allows this import.

    The token is not read again: an upload may well outlive it.
    """
    client = await live(session, kit.audit, caller.client)
    if client is None:
        raise Unauthenticated
    grant = grant_on(client, kit.profiles, day)
    if Scope.RECORDS_WRITE not in grant.scopes:
        raise Forbidden
    now = replace(caller, grant=grant)
    may_push(now, feed)
    return now


async def steadily(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, as long as they keep coming; TimeoutError when they stop."""
    while True:
        try:
            async with asyncio.timeout(IMPORT_IDLE_SECONDS):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        yield piece


def verdict(result: Result) -> dict[str, Any]:
    """What is kept of a line's result: never its source id, which may be personal."""
    kept: dict[str, Any] = {"line": result.index, "status": result.outcome}
    if result.record:
        kept["record"] = str(result.record)
        kept["entry"] = str(result.entry)
    if result.findings:
        kept["findings"] = list(result.findings)
    if result.flaws:
        kept["errors"] = [flaw.as_json() for flaw in result.flaws]
    return kept


def counts(results: Sequence[Result]) -> dict[str, int]:
    """How many results of each outcome."""
    found = dict.fromkeys(("created", "unchanged", "superseded", "refused"), 0)
    for result in results:
        found[result.outcome] += 1
    return found
