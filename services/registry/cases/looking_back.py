"""Looking back: a case as the hub knew it at an instant: opened by then, and the fold of the acts up to then.

Who sees it is who sees it today; it is about the child that it was held to be about then, where the caller sees that one today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import open_groups
from services.registry.cases import queries
from services.registry.children.kit import Kit
from services.registry.past.recalling import recall_child
from services.registry.records.vault import Opened
from shared.auth import Caller
from shared.problems import NotFound


@dataclass(frozen=True, slots=True)
class PastCase:
    """``known`` are the records of its child that had come; None where the caller does not see that child so."""

    row: Any
    acts: Sequence[Any]
    known: Sequence[Opened] | None
    others: tuple[UUID, ...] = ()

    @property
    def version(self) -> int:
        return len(self.acts) + 1


async def recalled(
    session: AsyncSession, kit: Kit, caller: Caller, row: Any, now: datetime, known_at: datetime
) -> PastCase:
    """The case of today's row; NotFound where nobody had opened it yet."""
    if row["opened_at"] > known_at:
        raise NotFound
    acts = [
        one
        for one in await queries.acts_of(session, kit, caller, row)
        if one["acted_at"] <= known_at
    ]
    child = await queries.child_at(session, kit, caller, row, known_at)
    if child is None or not open_groups(caller.department, caller.purpose):
        return PastCase({**row, "child": None, "review": None}, acts, None)
    try:
        past = await recall_child(session, kit, caller, child, now, known_at)
    except NotFound:
        return PastCase({**row, "child": None, "review": None}, acts, None)
    shielded = row["shielded"] or past.row["shielded"]
    review = await queries.review_at(session, kit, caller, row, child, known_at)
    then = {**row, "child": child, "shielded": shielded, "review": review}
    return PastCase(then, acts, past.known.records, past.others)
