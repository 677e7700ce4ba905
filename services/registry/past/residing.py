"""Residing: the children who lived in an area by what the hub knew at an instant, each folded as it was then.

For what is counted of an area, by whoever's area holds it today: places are asked for, and rights are given, by the codes of
today, so that the heir of a county that ended counts what it had; what is told bears the codes of then.  A count names nobody:
it holds whoever lived there then, as it did then, though the caller may see some of them no more.  Below the county it holds
none whom anybody shielded, then or since.  Each child is recalled, so that the number is bounded: who asks for more is to name
a smaller place, or to publish a figure.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children.building import Folded
from services.registry.children.kit import Kit
from services.registry.past import gathering
from services.registry.past.gathering import Area, Known
from services.registry.past.standing import standing
from services.registry.planning import by_index
from services.registry.profiles import Profiles
from services.registry.rulebooks import adopting
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.limits import MAX_COUNTED_WHILE_WAITING
from shared.problems import TooLarge
from shared.vocabulary import Department

log = structlog.get_logger()

PAGE: Final = 40
_COUNTY: Final = 10**6
#: As many live in a place today as lived there then, more or less: no index is walked for what is too large anyhow.
_TODAY: Final = "SELECT count(*) FROM (SELECT 1 FROM children WHERE residence_code BETWEEN $1 AND $2 LIMIT $3) c"
#: Of whom its entries have been found to speak since, itself among them.
_SINCE: Final = (
    "SELECT l.entry_id, c.id, c.shielded FROM links l JOIN children c ON c.id = l.person"
    " WHERE l.entry_id = ANY($1) UNION ALL SELECT NULL, id, shielded FROM children WHERE id = ANY($2)"
)


@dataclass(frozen=True, slots=True)
class Resident:
    """A child as it would have stood; ``shielded`` by anybody, then or since.

    ``others`` are the children of whom its entries have since been found to speak.
    """

    row: Folded
    home: int
    shielded: bool
    others: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Residents:
    """Who lived in ``area``, the part of it that is the caller's, on the ``day`` of the instant; ``profiles`` are the rules
    of then.  ``now_called`` says by which code a place of then goes today."""

    area: Area
    day: date
    profiles: Profiles
    found: Sequence[Resident]
    now_called: Callable[[int], int]

    def seen_by(self, caller: Caller, unit: int = _COUNTY) -> list[Resident]:
        """Those whose rows row-level security would have shown, told by places of ``unit``."""
        low, high = self.area
        fine = unit < _COUNTY or high - low < _COUNTY - 1
        return [
            one
            for one in self.found
            if _seen(one.row, caller, self.now_called) and not (fine and one.shielded)
        ]


def part_of(caller: Caller, area: Area) -> Area:
    return max(caller.grant.low, area[0]), min(caller.grant.high, area[1])


async def residents(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    asked: Area,
    known_at: datetime,
    now: datetime,
) -> Residents:
    """TooLarge above ``MAX_COUNTED_WHILE_WAITING`` children of whom any record ever spoke there."""
    area, day = part_of(caller, asked), known_at.astimezone(SHANGHAI).date()
    present = now.astimezone(SHANGHAI).date()
    found: list[Resident] = []

    def now_called(code: int) -> int:
        return kit.profiles.code_on(code, present)

    async with as_system(session, caller):
        connection = await raw(session)
        rules = (await adopting.as_adopted(connection, kit.audit, kit.profiles, [known_at]))[
            known_at
        ]
        if area[0] > area[1]:
            return Residents(area, day, rules, (), now_called)
        areas = (area, *{*rules.former(area, day), *kit.profiles.former(area, present)})
        children = await _candidates(connection, areas)
        for start in range(0, len(children), PAGE):
            page = children[start : start + PAGE]
            broken: set[UUID] = set()
            held = await gathering.known(connection, kit, page, known_at, broken, areas)
            for one in broken:
                log.error("child.unreadable", child=str(one))
            since = await _since(connection, held)
            for child in sorted(held):
                row = standing(kit, rules, child, held[child], day).row
                home = row.residence_code
                # A round that is over goes on under the code of its days.
                if home is not None and any(
                    area[0] <= code <= area[1] for code in (home, now_called(home))
                ):
                    shielded = row.shielded or any(since[child].values())
                    others = frozenset(since[child]) - {child}
                    found.append(Resident(row, home, shielded, others))
    return Residents(area, day, rules, found, now_called)


async def _candidates(connection: "asyncpg.Connection[Any]", areas: Sequence[Area]) -> list[UUID]:
    most = MAX_COUNTED_WHILE_WAITING
    await by_index(connection)
    found: set[UUID] = set()
    for low, high in areas:
        if await connection.fetchval(_TODAY, low, high, most + 1) > most:
            raise _too_large()
        found |= {*await gathering.persons_of(connection, (low, high), most + 1)}
        if len(found) > most:
            raise _too_large()
    return sorted(found)


def _too_large() -> TooLarge:
    return TooLarge(
        f"The past of more than {MAX_COUNTED_WHILE_WAITING} children: name a smaller place, or publish a figure."
    )


async def _since(
    connection: "asyncpg.Connection[Any]", known: dict[UUID, Known]
) -> dict[UUID, dict[UUID, bool]]:
    """Of each of them, the children of whom its entries speak today, itself among them, and whether each is shielded."""
    entries = {
        record.plain.entry_id: child for child, one in known.items() for record in one.records
    }
    found: dict[UUID, dict[UUID, bool]] = {child: {} for child in known}
    for row in await connection.fetch(_SINCE, list(entries), list(known)):
        child = entries[row["entry_id"]] if row["entry_id"] else row["id"]
        found[child][row["id"]] = row["shielded"]
    return found


def _seen(row: Folded, caller: Caller, now_called: Callable[[int], int]) -> bool:
    """As ``migrations/security.py`` has it of a child's row, by the codes of today."""
    return any(
        code is not None and _placed(caller, now_called(code), stated_by)
        for code, stated_by in (
            (row.residence_code, row.residence_stated_by),
            (row.hukou_code, row.hukou_stated_by),
        )
    )


def _placed(caller: Caller, code: int, stated_by: Collection[str]) -> bool:
    if not caller.covers(code):
        return False
    return caller.department == Department.CIVIL_AFFAIRS or not {*stated_by} <= {caller.department}
