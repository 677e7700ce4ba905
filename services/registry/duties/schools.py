"""Coverage by school (R23): to how many pupils of each school a duty is owed, and for how many it was done.

A school is the name by which sources call it, in the county where the child lives; no plain column tells it, so each child's
state is opened, page by page.  A shielded child's school would tell where it is: it is counted under no school.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children import state
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.duties.terms import DutyState
from services.registry.key_care.queries import IN_INDEX_ORDER
from services.registry.past.residing import Residents
from shared.auth import Caller
from shared.database import raw
from shared.problems import TooLarge
from shared.vocabulary import Department

PAGE: Final = 500
MOST_PUPILS: Final = 20_000
_PUPILS = (
    "SELECT d.id AS duty_id, d.state, d.residence_county AS county, d.due_rank,"
    " EXISTS (SELECT 1 FROM unnest(d.done_on) AS one WHERE one BETWEEN $5 AND $6) AS done,"
    " c.id, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by, c.hukou_stated_by,"
    " c.status, c.next_change_on, c.shielded, c.entries, c.sealed, v.master, v.wrapped FROM duties d"
    " CROSS JOIN LATERAL (SELECT * FROM children c WHERE c.id = d.child_id OFFSET 0) c"
    " CROSS JOIN LATERAL (SELECT master, wrapped FROM vault.data_keys WHERE id = d.child_id OFFSET 0) v"
    " WHERE d.residence_county BETWEEN $1 AND $2 AND d.residence_code BETWEEN $3 AND $4"
    " AND d.duty = $7 AND d.population = 'enrolled' AND NOT ($8 AND c.shielded)"
    " AND (d.residence_county, d.due_rank, d.id) > ($9, $10, $11)"
    f" ORDER BY d.residence_county, d.due_rank, d.id LIMIT {PAGE}"
)


@dataclass(slots=True)
class Coverage:
    """Counts of one school's pupils."""

    owed: int = 0
    done: int = 0
    overdue: int = 0
    interval_not_configured: int = 0

    def count(self, how: str, *, done: bool) -> None:
        self.owed += 1
        self.done += done
        self.overdue += how == DutyState.OVERDUE
        self.interval_not_configured += how == DutyState.INTERVAL_NOT_CONFIGURED


async def coverage(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    duty: str,
    area: tuple[int, int],
    period: tuple[date, date],
) -> tuple[Mapping[tuple[int, str], Coverage], list[UUID]]:
    """By county (six digits) and school, and the children that were read; TooLarge above ``MOST_PUPILS``."""
    grant = caller.grant
    low, high = max(grant.low, area[0]), min(grant.high, area[1])
    counties = (low // 10**6, high // 10**6)
    fine = high - low < 10**6 - 1
    connection = await raw(session)
    await connection.execute(IN_INDEX_ORDER)
    found: dict[tuple[int, str], Coverage] = {}
    read: list[UUID] = []
    after: tuple[int, int, UUID] = (-1, -(2**31), UUID(int=0))
    while True:
        rows = await connection.fetch(_PUPILS, *counties, low, high, *period, duty, fine, *after)
        for row in rows:
            school = "" if row["shielded"] else _school(kit, row)
            one = found.setdefault((row["county"], school), Coverage())
            one.count(row["state"], done=row["done"])
            read.append(row["id"])
        if len(read) > MOST_PUPILS:
            raise TooLarge(f"More than {MOST_PUPILS} pupils: name a smaller place.")
        if len(rows) < PAGE:
            return found, read
        after = rows[-1]["county"], rows[-1]["due_rank"], rows[-1]["duty_id"]


def coverage_then(
    lived: Residents, caller: Caller, duty: str, period: tuple[date, date]
) -> tuple[Mapping[tuple[int, str], Coverage], list[UUID]]:
    """As ``coverage`` has it, of who lived in the area."""
    first, last = period
    found: dict[tuple[int, str], Coverage] = {}
    read: list[UUID] = []
    for child in lived.seen_by(caller):
        for owed in child.row.duties:
            if (owed.duty, owed.population) != (duty, "enrolled"):
                continue
            if caller.department not in (Department.CIVIL_AFFAIRS, owed.department):
                continue
            school = "" if child.shielded else _named(state.read(child.row.payload))
            one = found.setdefault((child.home // 10**6, school), Coverage())
            one.count(owed.state, done=any(first <= day <= last for day in owed.done_on))
            read += [child.row.id, *sorted(child.others)]
    return found, read


def _school(kit: Kit, row: Any) -> str:
    return _named(open_state(kit.sealer, row))


def _named(held_state: Mapping[str, Any]) -> str:
    held = held_state["fields"].get("school")
    return str(held["value"]) if held else ""
