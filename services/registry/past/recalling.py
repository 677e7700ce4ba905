"""Recalling: one child as the hub knew it at an instant, for a caller who sees it today; every noun tells its past from this.

Rights are those of today, knowledge is that of then: the records, links, acts and decisions that had come, folded by the same
fold as today's under the rules that were adopted by then.  A past view may rest on entries that have since been found to
speak of another child: whoever may not see that one today is not shown it by way of the past.  Whom anybody shielded, then
or since, has no address in any view.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children import queries
from services.registry.children.kit import Kit
from services.registry.children.remembered import Remembered
from services.registry.past import gathering
from services.registry.past.gathering import Known
from services.registry.past.hearing import heard
from services.registry.past.standing import Standing, standing
from services.registry.rulebooks import adopting
from shared import audit
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.parameters import has_been, passed
from shared.problems import Flaw, Invalid, NotFound

_SINCE_OF_OTHERS = "SELECT DISTINCT person FROM links WHERE entry_id = ANY($1) AND person IS NOT NULL AND person <> $2"


@dataclass(frozen=True, slots=True)
class Past:
    """One child ``on`` a day as ``known_at`` an instant; ``kit`` holds the rules of then.

    ``others`` are the children of whom its entries have since been found to speak; ``row`` is its own as it would have been.
    ``now_called`` says by which code a place of then goes today: rights, and what is asked for, name places so.
    """

    on: date
    known_at: datetime
    kit: Kit
    known: Known
    stood: Standing
    others: tuple[UUID, ...]
    row: Remembered
    now_called: Callable[[int], int] = field(compare=False, repr=False)

    @property
    def child(self) -> UUID:
        found: UUID = self.row["id"]
        return found

    def listed(self, caller: Caller, *, fine: bool = False) -> bool:
        """Whether the child stands in lists of the caller, who asks for a place below the county (``fine``) or not.

        To stand in the list of a township is to live there: none holds whom anybody shielded.
        """
        below = caller.grant.high - caller.grant.low < 10**6 - 1
        return not (self.row["shielded"] and (fine or below))

    def act(self, caller: Caller, operation: str, **detail: Any) -> audit.Act:
        """What is recorded of the reading: every child that it may have told of, and both times."""
        times = {"on": self.on.isoformat(), "known_at": self.known_at.isoformat()}
        return audit.Act.of(caller, operation, [self.child, *self.others], **times, **detail)


async def recall(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    row: Any,
    now: datetime,
    *,
    on: date | None = None,
    known_at: datetime | None = None,
) -> Past:
    """The child of ``row``, which the caller sees; NotFound where the hub did not know it then, or what it knew of it is of
    others too, whom the caller does not see.  Invalid for times that have not come."""
    instant = passed(known_at, now)
    day = has_been(on, now) or instant.astimezone(SHANGHAI).date()
    child: UUID = row["id"]
    async with as_system(session, caller):
        connection = await raw(session)
        broken: set[UUID] = set()
        known = (await gathering.known(connection, kit, [child], instant, broken)).get(child)
        if known is None:
            raise NotFound
        words = await heard(connection, kit.sealer, [child], instant, broken)
        rules = await adopting.as_adopted(connection, kit.audit, kit.profiles, [instant])
        others = await others_since(connection, child, known)
    also = await queries.visible(session, caller, others)
    if broken or len(also) < len(others):
        raise NotFound
    then = replace(kit, profiles=rules[instant])
    known = replace(known, words=words[child])
    stood = standing(kit, then.profiles, child, known, day)
    shielded = row["shielded"] or stood.row.shielded or any(one["shielded"] for one in also)
    present = now.astimezone(SHANGHAI).date()
    return Past(
        day,
        instant,
        then,
        known,
        stood,
        others,
        Remembered.of(stood.row, shielded),
        lambda code: kit.profiles.code_on(code, present),
    )


async def others_since(
    connection: "asyncpg.Connection[Any]", child: UUID, known: Known
) -> tuple[UUID, ...]:
    """The children of whom what was known of this one has since been found to speak; as the service itself."""
    entries = {record.plain.entry_id for record in known.records}
    rows = await connection.fetch(_SINCE_OF_OTHERS, list(entries), child)
    return tuple(sorted(row["person"] for row in rows))


def asked_of(child: UUID | None) -> UUID:
    """The child whose past a list is asked for; Invalid where it names none: the past of an area would have to be folded anew
    for every child that any record ever placed there."""
    if child is None:
        detail = "With known_at a list is about one child: name it."
        raise Invalid(flaws=[Flaw("/query/child", "child_required", detail)])
    return child


async def recall_child(
    session: AsyncSession, kit: Kit, caller: Caller, child: UUID, now: datetime, known_at: datetime
) -> Past:
    """As ``recall``, of a child by its id; NotFound too where the caller does not see it today."""
    rows = await queries.visible(session, caller, [child])
    if not rows:
        raise NotFound
    return await recall(session, kit, caller, rows[0], now, known_at=known_at)
