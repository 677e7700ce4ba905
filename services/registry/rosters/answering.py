"""Answering: receipts of whole rosters, and verdicts on their rows, as a return file or a department brings them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system, groups_for
from services.registry.access.subjects import Subject
from services.registry.children.kit import Kit
from services.registry.rosters import authenticity, queries
from services.registry.rosters.layout import cells, layout_of
from services.registry.rosters.reading import only_the_province, readable
from services.registry.rosters.schemas import RosterLineIn, RosterLineOut
from services.registry.rosters.terms import LineOutcome, RosterKind, RosterVerdict
from shared import audit
from shared.auth import Caller
from shared.problems import Conflict, Forbidden, NotFound

_ANSWERED = ("verdict", "reason", "differing", "answered_by", "answered_at")


class ReceiptMismatch(Conflict):
    type = "receipt-mismatch"
    title = "You have read no such file of this roster"
    title_zh = "回执与领取的文件不符"


async def receive(
    session: AsyncSession, kit: Kit, caller: Caller, roster: UUID, digest: bytes, now: datetime
) -> None:
    """Confirm that a whole reading arrived: by whoever receives the roster, never by its maker."""
    Subject.of(caller)
    found = await readable(session, kit, caller, roster)
    if found["kind"] == RosterKind.UPWARD:
        only_the_province(caller, found)
    if caller.client == found["client"]:
        raise Forbidden("Whoever made a roster does not confirm its receipt.")
    mine = [
        one
        for one in await queries.own_readings(session, roster, caller)
        if authenticity.READINGS.authentic(kit.audit, one)
        and authenticity.digest_of(kit.audit, one) == digest
    ]
    if not mine:
        raise ReceiptMismatch
    if any(one["received_at"] is not None for one in mine):
        return
    received = {**mine[-1], "received_by": caller.actor, "received_at": now}
    async with as_system(session, caller):
        await authenticity.update(
            session, kit.audit, authenticity.READINGS, [received], ("received_by", "received_at")
        )
    done = audit.Act.of(caller, "rosters.receive", [], roster=str(roster), rows=received["rows"])
    await audit.record(session, kit.audit, now, done)


async def answer(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    roster: UUID,
    verdicts: Sequence[RosterLineIn],
    now: datetime,
) -> list[RosterLineOut]:
    """Take in verdicts, each for itself; what became of each, in order.  NotFound or Forbidden."""
    Subject.of(caller)
    found = await readable(session, kit, caller, roster)
    if found["addressee"] != caller.department:
        raise Forbidden("Whoever the roster is addressed to answers it.")
    if found["kind"] == RosterKind.UPWARD:
        only_the_province(caller, found)
    async with as_system(session, caller):
        rows = await queries.rows_named(session, roster, [one.row for one in verdicts])
    today = await queries.of_today(session, caller, [row["child"] for row in rows.values()])
    columns = layout_of(RosterKind(found["kind"])).columns
    groups = groups_for(caller)
    results: list[RosterLineOut] = []
    changed: dict[UUID, dict[str, Any]] = {}
    for one in verdicts:
        row = changed.get(one.row) or rows.get(one.row)
        if row is None or not authenticity.ROWS.authentic(kit.audit, rows[one.row]):
            results.append(RosterLineOut(row=one.row, outcome=LineOutcome.UNKNOWN))
            continue
        if row["taken_at"] is None or row["child"] not in today:
            results.append(RosterLineOut(row=one.row, outcome=LineOutcome.NOT_SENT))
            continue
        held = {name: value for name, value in one.held.items() if name in columns}
        ours = cells(kit, today[row["child"]], groups)
        said = _said(one, held, ours)
        same = all(row[name] == value for name, value in said.items())
        results.append(
            RosterLineOut(
                row=one.row,
                outcome=LineOutcome.UNCHANGED if same else LineOutcome.APPLIED,
                verdict=RosterVerdict(said["verdict"]),
                differing=said["differing"],
            )
        )
        if not same:
            who = {"answered_by": caller.actor, "answered_at": now}
            changed[one.row] = {**row, **said, **who}
    async with as_system(session, caller):
        await authenticity.update(
            session, kit.audit, authenticity.ROWS, list(changed.values()), _ANSWERED
        )
        for verdict in RosterVerdict:
            said_so = [row for row in changed.values() if row["verdict"] == verdict]
            await authenticity.note(session, kit.audit, said_so, str(verdict), now)
    subjects = [row["child_id"] for row in changed.values()]
    done = audit.Act.of(caller, "rosters.answer", subjects, roster=str(roster), lines=len(verdicts))
    await audit.record(session, kit.audit, now, done)
    return results


def _said(one: RosterLineIn, held: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, Any]:
    """The verdict as it is kept: what was accepted, and is not what stands here, differs."""
    differing = sorted(name for name, value in held.items() if value != ours.get(name, ""))
    accepted = one.verdict == RosterVerdict.ACCEPTED
    verdict = RosterVerdict.DIFFERS if accepted and differing else one.verdict
    return {"verdict": str(verdict), "reason": one.reason, "differing": differing}


async def shown(
    session: AsyncSession, kit: Kit, caller: Caller, roster: UUID, known_at: datetime | None = None
) -> Any:
    """The roster with its counts, or those of ``known_at`` an instant; NotFound where it is not the caller's to see."""
    found = await queries.one(session, caller, roster, known_at)
    if found is None or not authenticity.ROSTERS.authentic(kit.audit, found):
        raise NotFound
    return found
