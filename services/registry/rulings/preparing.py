"""Preparing: what a ruling asks of matching, once it is proven that people made it so.

That is what it holds, which older constraints it ends, and what of those goes on or stands again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from services.registry.rulings import authenticity, constraints, queries
from services.registry.rulings.authenticity import Erased, Forged
from services.registry.rulings.constraints import Constraint, Kept, Override
from services.registry.rulings.terms import RulingKind, RulingProblem
from shared.database import raw

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Task:
    """The ruling whose turn it is, under a lease; what matching is to take back, then to hold, unless there is a
    ``problem`` already.

    ``kept`` is what goes on of older rulings.
    """

    id: UUID
    row: Any
    leased_until: datetime
    ends: Sequence[UUID] = ()
    holds: Sequence[Constraint] = ()
    kept: Sequence[Kept] = ()
    problem: RulingProblem | None = None


async def prepare(session: AsyncSession, kit: Kit, row: Any) -> Task:
    """What there is to tell of a pending ruling; a forged one is named in the log, and not told."""
    connection = await raw(session)
    holds = [one for one, _ in await queries.constraints_of(connection, row["id"])]
    try:
        words = await queries.words_of(session, [row])
        authenticity.check(kit.sealer, row, words, holds)
        override = await _override(connection, row, holds)
    except Forged as error:
        log.error("ruling.forged", ruling=str(row["id"]), what=str(error))
        return Task(row["id"], row, row["leased_until"], problem=RulingProblem.UNPROVEN)
    except Erased:
        return Task(row["id"], row, row["leased_until"], problem=RulingProblem.EVIDENCE_GONE)
    kept = await _proven(session, kit, override.kept)
    return Task(row["id"], row, row["leased_until"], override.ended, holds, kept)


async def _override(
    connection: "asyncpg.Connection[Any]", row: Any, mine: Sequence[Constraint]
) -> Override:
    """What of older rulings this one outranks, or lets stand again."""
    kind = RulingKind(row["kind"])
    if kind is RulingKind.WITHDRAW:
        return await _taking_back(connection, row)
    if kind not in (RulingKind.PART, RulingKind.MOVE):
        return Override()
    own = {one.id for one in mine}
    standing = [
        one for one in await queries.standing(connection, row["entries"]) if one.id not in own
    ]
    if kind is RulingKind.PART:
        groups = {group for one in mine for group in (one.one, one.other)}
        return constraints.parting(sorted(groups, key=min), standing)
    (joined,) = (one for one in mine if one.same)
    (entry,) = joined.one
    there = await queries.entries_of(connection, [row["other"]])
    home = joined.other | frozenset(there[row["other"]])
    return constraints.moving(row["id"], entry, home - {entry}, standing)


async def _taking_back(connection: "asyncpg.Connection[Any]", row: Any) -> Override:
    target = (await queries.known(connection, [row["target"]])).get(row["target"])
    if target is None or target["entries"] != row["entries"]:
        raise Forged("takes back another than it was decided on")
    theirs = await queries.constraints_of(connection, row["target"])
    ends = tuple(one.id for one, held in theirs if held)
    ended = await queries.ended_by(connection, row["target"])
    entries = {entry for one in ended for entry in one.entries}
    standing = [o for o in await queries.standing(connection, entries) if o.id not in ends]
    known = frozenset(await queries.children_of(connection, entries))
    return Override(ends, constraints.restoring(row["id"], ended, standing, known))


async def _proven(session: AsyncSession, kit: Kit, kept: Sequence[Kept]) -> list[Kept]:
    """Those that say what the older rulings' decisions say."""
    connection = await raw(session)
    of = await queries.rulings_of(connection, [one.of for one in kept])
    rows = await queries.known(connection, set(of.values()))
    words = await queries.words_of(session, list(rows.values()))
    return [
        one
        for one in kept
        if authenticity.may_be_told(kit.sealer, rows.get(of[one.of]), words, one.said)
    ]
