"""Carrying over: notices that still stand go on under the code of the county that took over from one that has ended.

From the day on the offices act for the new county alone; under the old code nobody below the city would see what waits for
them.  What has ended, and its answer, stays as it was.  Of a county that was split nobody can tell whose its notices are: they
wait for the offices above.
"""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.notices.states import OPEN
from shared import audit
from shared.clock import SHANGHAI
from shared.database import raw
from shared.divisions import code_on, ended_by
from shared.keys import KeySet

BATCH = 500
_SIDES = ("origin_county", "target_county")


async def carry(session: AsyncSession, keys: KeySet, now: datetime) -> int:
    """Carry over some of what is left under ended codes, in this transaction; how many notices.  As the service itself."""
    day = now.astimezone(SHANGHAI).date()
    ended = [code for code, heirs in ended_by(day).items() if len(heirs) == 1]
    connection = await raw(session)
    rows = await connection.fetch(
        f"SELECT id, {', '.join(_SIDES)} FROM notices WHERE state = ANY($2)"
        f" AND ({' OR '.join(f'{side} = ANY($1)' for side in _SIDES)}) ORDER BY id LIMIT $3 FOR UPDATE",
        ended,
        [str(state) for state in OPEN],
        BATCH,
    )
    moved = [(row["id"], *(code_on(row[side], day) for side in _SIDES)) for row in rows]
    if not moved:
        return 0
    await connection.executemany(
        "UPDATE notices SET origin_county = $2, target_county = $3, version = version + 1 WHERE id = $1",
        moved,
    )
    # Whoever was told of one alone, and has not read the feed so far, finds it under its area of today.
    await connection.executemany(
        "UPDATE announcements SET county = $2 WHERE notice = $1",
        [(notice, target) for notice, _, target in moved],
    )
    told = {"notices": len(moved)}
    act = audit.Act("hutong", "system", "system:successions", "", "successions.carry", (), told)
    await audit.record(session, keys, now, act)
    return len(moved)
