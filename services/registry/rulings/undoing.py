"""Undoing: parting a child's records into groups, moving one over to another child, and taking a ruling back.

Each is a ruling itself, at any time after whatever it undoes; where one of the children is in key care, a second person
must agree before it takes effect.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children import queries as children
from services.registry.children.kit import Kit
from services.registry.key_care import queries as care
from services.registry.rulings import constraints, holding, making, queries
from services.registry.rulings.making import Draft
from services.registry.rulings.schemas import MoveIn, PartIn, WithdrawalIn
from services.registry.rulings.terms import RulingKind, RulingState
from shared import audit
from shared.auth import Caller
from shared.database import raw
from shared.problems import Conflict, Flaw, Invalid, NotFound


class NotStanding(Conflict):
    type = "ruling-not-standing"
    title = "This ruling binds nobody, or is being taken back already"
    title_zh = "该判定未生效，或正在撤回"


async def part(
    session: AsyncSession, kit: Kit, caller: Caller, child: UUID, wanted: PartIn, now: datetime
) -> UUID:
    """Part a child's records: no two of the groups speak of one child.  What no group names goes where it fits best."""
    await _visible(session, caller, [child])
    async with as_system(session, caller):
        connection = await raw(session)
        held = set((await queries.entries_of(connection, [child]))[child])
        _check_groups(wanted.groups, held)
        draft = Draft(
            RulingKind.PART,
            child,
            child,
            frozenset(entry for group in wanted.groups for entry in group),
            wanted.reason,
            wanted.note,
            lambda ruling: constraints.apart(ruling, wanted.groups),
        )
        return await _rule(session, kit, caller, draft, [child], now)


async def move(
    session: AsyncSession, kit: Kit, caller: Caller, child: UUID, wanted: MoveIn, now: datetime
) -> UUID:
    """Move one record of a child over to another child; both must be the caller's to see."""
    await _visible(session, caller, [child])
    if not await children.visible(session, caller, [wanted.to]):
        raise Invalid(flaws=[Flaw("/body/to", "not_found", "No child that you may see.")])
    if child == wanted.to:
        raise Invalid(flaws=[Flaw("/body/to", "same_child", "Name another child.")])
    async with as_system(session, caller):
        connection = await raw(session)
        held = (await queries.entries_of(connection, [child]))[child]
        home = await care.surest_entry(session, wanted.to)
        if wanted.entry not in held:
            raise Invalid(flaws=[_foreign("/body/entry")])
        if home is None:
            raise NotFound
        rest = [entry for entry in held if entry != wanted.entry]
        draft = Draft(
            RulingKind.MOVE,
            child,
            wanted.to,
            frozenset([*held, home]),
            wanted.reason,
            wanted.note,
            lambda ruling: constraints.moved(ruling, wanted.entry, rest, home),
        )
        return await _rule(session, kit, caller, draft, [child, wanted.to], now)


async def withdraw(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    ruling: UUID,
    wanted: WithdrawalIn,
    now: datetime,
) -> UUID:
    """Take a ruling back: its records stand as if it had never been made.  A mere proposal ends at once."""
    row = await holding.held(session, caller, ruling)
    if row is None:
        raise NotFound
    proposed = row["state"] == RulingState.PROPOSED
    if not proposed and (
        row["state"] not in (RulingState.PENDING, RulingState.STANDING)
        or row["kind"] == RulingKind.WITHDRAW
    ):
        raise NotStanding
    async with as_system(session, caller):
        connection = await raw(session)
        linked = await queries.children_of(connection, row["entries"])
        concerned = sorted(set(linked.values()), key=lambda c: (c != row["one"], c))
        if await queries.undoing(session, ruling):
            raise NotStanding
        draft = Draft(
            RulingKind.WITHDRAW,
            concerned[0] if concerned else row["one"],
            concerned[1] if len(concerned) > 1 else concerned[0] if concerned else row["other"],
            frozenset(row["entries"]),
            wanted.reason,
            wanted.note,
            target=ruling,
        )
        if not proposed:
            return await _rule(session, kit, caller, draft, concerned, now)
        made = await making.make(session, kit, caller, draft, RulingState.STANDING, now)
        await _end_proposal(connection, row, now)
    await _remember(session, kit, caller, draft, made, concerned, now)
    return made


async def _rule(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    draft: Draft,
    concerned: Sequence[UUID],
    now: datetime,
) -> UUID:
    cared_for = await queries.cared_for(await raw(session), concerned)
    state = RulingState.PROPOSED if cared_for else RulingState.PENDING
    made = await making.make(session, kit, caller, draft, state, now)
    await _remember(session, kit, caller, draft, made, concerned, now)
    return made


async def _remember(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    draft: Draft,
    made: UUID,
    concerned: Sequence[UUID],
    now: datetime,
) -> None:
    done = audit.Act.of(caller, f"rulings.{draft.kind}", concerned, ruling=str(made))
    await audit.record(session, kit.audit, now, done)


async def _end_proposal(connection: Any, row: Any, now: datetime) -> None:
    await connection.execute(
        "UPDATE rulings SET state = $2, settled_at = $3 WHERE id = $1",
        row["id"],
        str(RulingState.WITHDRAWN),
        now,
    )
    await connection.execute(
        "UPDATE match_reviews SET state = 'open' WHERE ruling = $1 AND state = 'proposed'",
        row["id"],
    )


async def _visible(session: AsyncSession, caller: Caller, wanted: Collection[UUID]) -> None:
    rows = await children.visible(session, caller, list(wanted))
    if {row["id"] for row in rows} != set(wanted):
        raise NotFound


def _check_groups(groups: Sequence[Sequence[UUID]], held: Collection[UUID]) -> None:
    flaws: list[Flaw] = []
    seen: set[UUID] = set()
    for i, group in enumerate(groups):
        for j, entry in enumerate(group):
            if entry not in held:
                flaws.append(_foreign(f"/body/groups/{i}/{j}"))
            elif entry in seen:
                flaws.append(
                    Flaw(f"/body/groups/{i}/{j}", "named_twice", "Each stands in one group alone.")
                )
            seen.add(entry)
    if flaws:
        raise Invalid(flaws=flaws[:100])


def _foreign(pointer: str) -> Flaw:
    return Flaw(pointer, "not_of_this_child", "No entry of this child.")
