"""Sight: which county has to do with a child's file, whether or not it sees the child."""

from datetime import date
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.handovers.owning import carried
from services.registry.handovers.showing import file_of
from shared.auth import Caller
from shared.database import raw
from shared.sealing import Unsealable

log = structlog.get_logger()


def is_of(caller: Caller, kit: Kit, county: int, today: date) -> bool:
    """Whether a county is the caller's, or what became of it by today: grants are of the codes of today."""
    return caller.covers(carried(county, today, kit.profiles.code_on))


async def concerns(
    session: AsyncSession, kit: Kit, caller: Caller, child: UUID, day: date, today: date
) -> bool:
    """Whether the caller's area has, or had, to do with a handover of this child, or has its file on the day.

    A handover that is due counts, although the county that has the file of a shielded child is not shown it.  The county
    that has the file keeps it where the child has left the next one too, nobody knows whereto: then nothing is due.
    """
    async with as_system(session, caller):
        connection = await raw(session)
        if await connection.fetchval(
            "SELECT true FROM handovers h WHERE h.child_id = $3"
            " AND (h.taking BETWEEN $1 AND $2 OR h.giving BETWEEN $1 AND $2) LIMIT 1",
            caller.grant.low,
            caller.grant.high,
            child,
        ):
            return True
        row = await connection.fetchrow(
            "SELECT c.*, k.master, k.wrapped FROM children c JOIN vault.data_keys k ON k.id = c.id"
            " WHERE c.id = $1",
            child,
        )
    try:
        held = file_of(open_state(kit.sealer, row), kit.profiles.code_on) if row else None
    except (
        Unsealable
    ):  # changed past the hub, which the verifier names: a failure would say that the child is here
        log.error("child.unsealable", child=str(child))
        return False
    return held is not None and is_of(caller, kit, held.county_on(day), today)
