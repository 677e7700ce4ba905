"""Making a roster: whose children are on it is decided once, page by page; what is written of them is read when it leaves.

A shielded child stands on none: a list that leads to where it lives does not leave without a person's decision about that
child alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system, groups_for
from services.registry.access.subjects import Subject, only_civil_affairs
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.rosters import authenticity, queries
from services.registry.rosters.eligible import eligible
from services.registry.rosters.layout import only_for_its_purpose
from services.registry.rosters.ruling import Asked, by_county
from services.registry.rosters.schemas import RosterIn
from services.registry.rosters.syncing import to_be_sent
from services.registry.rosters.terms import Eligible, RosterKind
from services.registry.rulebooks import adopting
from services.registry.status import Status
from shared import audit, divisions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.ids import uuid7, uuid7s
from shared.limits import MAX_PAGE, MAX_ROSTER_ROWS
from shared.problems import Conflict, Forbidden, TooLarge
from shared.vocabulary import Department


class NotAskedFor(Conflict):
    type = "roster-not-asked-for"
    title = "The rules of no place in this area ask for such a roster"
    title_zh = "当地规定未要求报送该名单"


async def make(
    session: AsyncSession, kit: Kit, caller: Caller, body: RosterIn, now: datetime
) -> UUID:
    """The new roster's id.  Forbidden, NotAskedFor, or TooLarge above ``MAX_ROSTER_ROWS``."""
    only_civil_affairs(caller)
    Subject.of(caller)
    only_for_its_purpose(body.kind, caller)
    groups_for(caller)
    low, high = divisions.area_of(divisions.widen(body.division))
    if not (caller.covers(low) and caller.covers(high)):
        raise Forbidden("The place lies outside your area.")
    addressee = str(body.to or Department.CIVIL_AFFAIRS)
    day = now.astimezone(SHANGHAI).date()
    rule_at = by_county(kit, body.kind, body.topic, addressee, day)
    roster = uuid7()
    clauses: dict[str, None] = {}
    after: queries.Position | None = queries.START
    count = 0
    while after is not None:
        found = await queries.residents(session, caller, (low, high), after, MAX_PAGE)
        ruled = [(row, rule_at(row["residence_code"])) for row in found]
        chosen = await _chosen(session, kit, caller, body.kind, ruled)
        clauses |= {rule.clause: None for _, rule in ruled if rule}
        if count + len(chosen) > MAX_ROSTER_ROWS:
            raise TooLarge(f"A roster holds at most {MAX_ROSTER_ROWS} children: narrow it.")
        await _write(session, kit, caller, roster, body.kind, chosen, count)
        count += len(chosen)
        if chosen:
            named = audit.Act.of(
                caller, "rosters.name", [row["id"] for row in chosen], roster=str(roster)
            )
            await audit.record(session, kit.audit, now, named)
        last = found[-1] if len(found) == MAX_PAGE else None
        after = (last["residence_code"], last["id"]) if last else None
    if not clauses:
        here = rule_at(low)
        if here is None:
            raise NotAskedFor
        clauses = {here.clause: None}
    row = {
        "id": roster,
        "kind": str(body.kind),
        "topic": body.topic,
        "addressee": addressee,
        "low": low,
        "high": high,
        "clause": "；".join(clauses),
        "client": caller.client,
        "actor": caller.actor,
        "made_at": now,
    }
    async with as_system(session, caller):
        # By these rules it is owed for as long as it is there.
        await adopting.keep(await raw(session), kit.audit, kit.profiles, now)
        await authenticity.insert(session, kit.audit, authenticity.ROSTERS, row)
    return roster


async def _chosen(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    kind: RosterKind,
    ruled: Sequence[tuple[Any, Asked | None]],
) -> list[Any]:
    open_to_it = [(row, rule) for row, rule in ruled if rule and not row["shielded"]]
    if kind == RosterKind.NATIONAL_SYSTEM:
        ids = [row["id"] for row, _ in ruled]
        last = await queries.last_taken(session, kit.audit, caller, kind, ids) if ids else {}
        return [row for row, _ in open_to_it if to_be_sent(row, last.get(row["id"]))]
    migrants = [(row, rule) for row, rule in open_to_it if row["status"] == Status.MIGRANT]
    if kind == RosterKind.FEEDBACK:
        return [row for row, _ in migrants]
    care = await queries.confirmed_care(session, [row["id"] for row, _ in migrants])
    return [row for row, rule in migrants if grounds(kit, row, care, rule)]


def grounds(
    kit: Kit, row: Any, care: Mapping[UUID, Sequence[str]], rule: Asked | None
) -> tuple[Eligible, ...]:
    """Why a child is eligible under a rule of its place; empty where it is not."""
    if rule is None or rule.upward is None:
        return ()
    fields = open_state(kit.sealer, row)["fields"]
    return eligible(fields, row["status"], care.get(row["id"], ()), rule.upward)


async def _write(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    roster: UUID,
    kind: RosterKind,
    chosen: Sequence[Any],
    count: int,
) -> None:
    anchors = await queries.anchors_of(session, caller, [row["id"] for row in chosen])
    rows = [
        {
            "id": made,
            "roster_id": roster,
            "kind": str(kind),
            "number": count + at,
            "child_id": row["id"],
            "anchor": anchors[row["id"]],
            "child_seq": row["told_seq"],
            "told": row["told"],
            "taken_at": None,
            "verdict": "",
            "reason": "",
            "differing": [],
            "answered_by": "",
            "answered_at": None,
        }
        for at, (made, row) in enumerate(zip(sorted(uuid7s(len(chosen))), chosen, strict=True), 1)
    ]
    if rows:
        async with as_system(session, caller):
            await authenticity.insert(session, kit.audit, authenticity.ROWS, *rows)
