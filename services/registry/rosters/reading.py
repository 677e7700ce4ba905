"""Reading a roster: line by line, each page under the grant as it stands, audited and marked as taken before it leaves.

Each line is one child as it stands then.  Whoever is no longer to be on the roster is left out: shielded meanwhile, out of
the reader's sight, no longer eligible.  The last line bears the number of lines and the digest (SHA-256) over all before
it, by which a receiver confirms; a stream without such a line was cut off, and is read again from its beginning.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry import answers
from services.registry.access.sight import as_system, groups_for
from services.registry.children.kit import Kit
from services.registry.key_care.reading import granted_still
from services.registry.rosters import authenticity, queries
from services.registry.rosters.layout import cells, layout_of, only_for_its_purpose
from services.registry.rosters.making import grounds
from services.registry.rosters.ruling import by_county
from services.registry.rosters.terms import TAKEN, RosterKind
from shared import audit
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import Database
from shared.ids import uuid7
from shared.problems import Forbidden, NotFound
from shared.vocabulary import Scope

PAGE = 200
_PROVINCE = 10**10
_TAKEN = ("child_id", "child_seq", "told", "taken_at")


async def readable(session: AsyncSession, kit: Kit, caller: Caller, roster: UUID) -> Any:
    """The roster, whose rows the caller may read; NotFound where there is none, Forbidden where it is not for the caller."""
    found = await queries.one(session, caller, roster)
    if found is None or not authenticity.ROSTERS.authentic(kit.audit, found):
        raise NotFound
    kind = RosterKind(found["kind"])
    only_for_its_purpose(kind, caller)
    groups_for(caller)
    if kind == RosterKind.UPWARD and caller.client != found["client"]:
        only_the_province(caller, found)
    if kind == RosterKind.FEEDBACK and caller.department != found["addressee"]:
        raise Forbidden("This roster is for another department.")
    return found


def only_the_province(caller: Caller, roster: Any) -> None:
    """Forbidden unless the caller's area holds the whole province of an upward roster."""
    first = roster["low"] // _PROVINCE * _PROVINCE
    if not (caller.grant.low <= first and first + _PROVINCE - 1 <= caller.grant.high):
        raise Forbidden("This roster is for the province.")


class Page(NamedTuple):
    """Some lines, in values and in bytes; with the last of them, how it ended."""

    lines: Sequence[Mapping[str, Any]]
    shown: bytes
    end: Mapping[str, Any] | None = None


async def lines(request: Request, caller: Caller, roster: Any) -> AsyncIterator[bytes]:
    """The roster's rows as lines, a page a chunk."""
    async for page in pages(request, caller, roster):
        yield page.shown + (b"" if page.end is None else answers.dump(page.end) + b"\n")


async def pages(request: Request, caller: Caller, roster: Any) -> AsyncIterator[Page]:
    """The roster's rows, page by page, each under the grant as it stands then."""
    database: Database = request.app.state.database
    kit: Kit = request.app.state.kit
    clock = request.app.state.clock
    digest = hashlib.sha256()
    written = number = 0
    reader: Caller | None = caller
    while reader is not None:
        async with database.transaction(reader.reach) as session:
            rows = await queries.rows_after(session, roster["id"], number, PAGE)
            page = await _page(session, kit, reader, roster, rows, written, clock.now())
            written += len(page.lines)
            digest.update(page.shown)
            if len(rows) < PAGE:
                await _keep(session, kit, reader, roster, written, digest.digest(), clock.now())
        if len(rows) < PAGE:
            end = {"end": "complete", "rows": written, "sha256": digest.hexdigest()}
            yield page._replace(end=end)
            return
        yield page
        number = rows[-1]["number"]
        reader = await granted_still(request, reader, Scope.ROSTERS_READ)
    yield Page((), b"", {"end": "refused"})


async def _page(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    roster: Any,
    rows: Sequence[Any],
    written: int,
    now: datetime,
) -> Page:
    """A page, whose rows are marked as taken in this transaction."""
    kind = RosterKind(roster["kind"])
    groups = groups_for(caller)
    columns = layout_of(kind).columns
    today = await queries.of_today(session, caller, [row["child"] for row in rows])
    care = await queries.confirmed_care(session, list(today))
    day = now.astimezone(SHANGHAI).date()
    rule_at = by_county(kit, kind, roster["topic"], roster["addressee"], day)
    shown: list[dict[str, Any]] = []
    taken: list[dict[str, Any]] = []
    first: list[Any] = []
    for row in rows:
        child = today.get(row["child"])
        if child is None or child["shielded"]:
            continue
        if not authenticity.ROWS.authentic(kit.audit, row):
            continue
        said = cells(kit, child, groups)
        if kind == RosterKind.UPWARD:
            place = child["residence_code"]
            why = grounds(kit, child, care, rule_at(place) if place is not None else None)
            if not why:
                continue
            said["eligible"] = "、".join(why)
        line = {
            "row": str(row["id"]),
            # Of lines, not of rows: a gap would tell of a child that this reader does not see.
            "number": written + len(taken) + 1,
            "version": child["told_seq"],
            **{name: said[name] for name in columns if name in said},
        }
        shown.append(line)
        if row["taken_at"] is None:
            first.append(row)
        taken.append(
            {
                **row,
                "child_id": child["id"],
                "child_seq": child["told_seq"],
                "told": child["told"],
                "taken_at": now,
            }
        )
    async with as_system(session, caller):
        await authenticity.update(session, kit.audit, authenticity.ROWS, taken, _TAKEN)
        await authenticity.note(session, kit.audit, first, TAKEN, now)
    read = audit.Act.of(
        caller,
        "rosters.read",
        [row["child_id"] for row in taken],
        roster=str(roster["id"]),
        fields=sorted(groups),
    )
    await audit.record(session, kit.audit, now, read)
    return Page(shown, b"".join(answers.dump(line) + b"\n" for line in shown))


async def _keep(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    roster: Any,
    rows: int,
    digest: bytes,
    now: datetime,
) -> None:
    made = uuid7()
    reading = {
        "id": made,
        "roster_id": roster["id"],
        "client": caller.client,
        "department": str(caller.department),
        "actor": caller.actor,
        "at": now,
        "rows": rows,
        "digest": authenticity.seal_digest(kit.audit, made, digest),
        "received_by": "",
        "received_at": None,
    }
    async with as_system(session, caller):
        await authenticity.insert(session, kit.audit, authenticity.READINGS, reading)
