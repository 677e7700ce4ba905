"""Queries for prompts: the children whose counting ended by age, in order of their random ids.

Each filters by the caller's area itself; row-level security holds even if one forgot to.  An order by place would tell a
shielded child's township by its neighbours.
"""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.key_care.terms import Place
from services.registry.status.deciding import Status
from shared.auth import Caller
from shared.database import raw

START = UUID(int=0)

# The partial index is named by its own condition; OFFSET 0 keeps the join to look-ups.
_PAGE = (
    "SELECT c.id, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by, c.hukou_stated_by,"
    " c.status, c.next_change_on, c.shielded, c.entries, c.sealed, v.master, v.wrapped FROM children c"
    " CROSS JOIN LATERAL (SELECT v.master, v.wrapped FROM vault.data_keys v WHERE v.id = c.id OFFSET 0) v"
    f" WHERE c.status = '{Status.AGED_OUT}' AND c.{{place}}_code BETWEEN $1 AND $2 AND c.id > $3"
    " ORDER BY c.id LIMIT $4"
)
_PAGES = {place: _PAGE.format(place=place) for place in Place}


async def page(
    session: AsyncSession, caller: Caller, place: Place, after: UUID, limit: int
) -> list[Any]:
    """The next children after a position who have grown out of counting, in the caller's area by that place."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        _PAGES[place], caller.grant.low, caller.grant.high, after, limit
    )
    return rows
