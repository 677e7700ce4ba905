"""Reading lists of key care page by page: each page under the grant as it stands, its audit row committed before a byte
of it leaves.

A stream of newline-delimited JSON holds entries and, after each page, a line ``{"cursor": …}`` from which a broken
stream is taken up again.  Its last line is ``{"end": "complete"}``, or ``{"end": "refused"}`` when the grant did not
last: a stream without such a line was cut off.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from fastapi import Request

from services.registry import answers
from services.registry.children.kit import Kit
from services.registry.key_care import looking_back, queries, showing
from services.registry.key_care.queries import Position, Question
from services.registry.past.recalling import asked_of, recall_child
from shared import audit
from shared.auth import SCHEME, Authority, Caller
from shared.cursors import Cursors
from shared.database import Database
from shared.problems import Unauthenticated
from shared.vocabulary import Scope


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Any]
    next: Position | None


async def page(
    request: Request,
    caller: Caller,
    question: Question,
    after: Position,
    limit: int,
    operation: str,
    *,
    whole: bool = False,
) -> Page:
    """The next rows that the caller may see, and where the page after them begins; audited and committed."""
    kit: Kit = request.app.state.kit
    database: Database = request.app.state.database
    now = request.app.state.clock.now()
    told = {"fields": sorted(showing.sight(caller))}
    async with database.transaction(caller.reach) as session:
        rows: list[Any]
        if question.known_at is not None:
            of = asked_of(question.child)
            past = await recall_child(session, kit, caller, of, now, question.known_at)
            rows = looking_back.page(past, caller, question, after, limit + 1, whole=whole)
            shown = rows[:limit]
            read = past.act(caller, f"{operation}_past", **told)
        else:
            rows = await queries.page(session, caller, question, after, limit + 1, whole=whole)
            shown = rows[:limit]
            read = audit.Act.of(
                caller,
                operation,
                [row["id"] for row in shown],
                **told,
                place=str(question.place),
                category=str(question.category or ""),
                entries=len(shown),
            )
        await audit.record(session, kit.audit, now, read)
    last = shown[-1] if len(rows) > limit else None
    return Page(shown, (last["county"], last["care_id"]) if last else None)


async def granted_still(
    request: Request, caller: Caller, scope: Scope = Scope.KEY_CARE_READ
) -> Caller | None:
    """The caller with its grant as it stands now; None when it may not read on."""
    authority: Authority = request.app.state.authority
    try:
        grant, _ = await authority.grant_of(await SCHEME(request))
    except Unauthenticated:
        return None
    if scope not in grant.scopes or caller.purpose not in grant.purposes:
        return None
    return replace(caller, grant=grant)


class Bookmark:
    """Cursors of one question by one client."""

    def __init__(self, request: Request, caller: Caller, question: Question) -> None:
        self._cursors: Cursors = request.app.state.cursors
        self._now = request.app.state.clock.now
        self._bound_to = f"key-care|{caller.client}|{caller.purpose}|{question.text()}"

    def read(self, cursor: str | None) -> Position:
        """Where to go on; BadCursor when it is not of this question and client."""
        if cursor is None:
            return queries.START
        county, entry = self._cursors.read(cursor, self._bound_to, self._now())
        return county, UUID(entry)

    def make(self, position: Position) -> str:
        county, entry = position
        return self._cursors.make((county, str(entry)), self._bound_to, self._now())


async def lines(
    request: Request, caller: Caller, question: Question, first: Page, limit: int
) -> AsyncIterator[bytes]:
    """The whole list as lines, a page a chunk; ``first`` has been read."""
    kit: Kit = request.app.state.kit
    bookmark = Bookmark(request, caller, question)
    now: Page = first
    reader: Caller | None = caller
    while reader is not None:
        written = [
            answers.dump(entry)
            for entry in showing.entries_of(kit, now.rows, showing.sight(reader))
        ]
        if now.next is None:
            written.append(b'{"end":"complete"}')
            yield b"\n".join(written) + b"\n"
            return
        written.append(answers.dump({"cursor": bookmark.make(now.next)}))
        yield b"\n".join(written) + b"\n"
        reader = await granted_still(request, reader)
        if reader is not None:
            now = await page(request, reader, question, now.next, limit, "key_care.stream")
    yield b'{"end":"refused"}\n'
