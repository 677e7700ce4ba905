"""Carrying over: notices that still stand, and what the feed holds, go on under the code of the county that took over from one
that has ended.

From the day on the offices act for the new county alone; under the old code nobody below the city would see what waits for
them, nor read on in the feed where it stopped.  What has ended, and its answer, stays as it was.  Of a county that was split
nobody can tell whose its notices are: they wait for the offices above.
"""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.hub import Hub
from services.notifications.notices.issuing import ANYONE
from services.notifications.notices.states import OPEN
from shared import audit
from shared.clock import SHANGHAI
from shared.database import raw

BATCH = 500
_SIDES = ("origin_county", "target_county")
#: What was told to two counties that are one by now is told to that one, to whomever either was told of it (``audience.py``).
_ANNOUNCED = f"""
WITH old AS (
  SELECT a.position, a.county FROM announcements a WHERE a.county = ANY($1) ORDER BY a.position LIMIT $3
), gone AS (
  DELETE FROM announcements a USING old WHERE (a.position, a.county) = (old.position, old.county)
  RETURNING a.*
), carried AS (
  SELECT gone.*, h.heir FROM gone JOIN unnest($1::bigint[], $2::bigint[]) AS h(ended, heir)
    ON h.ended = gone.county
), joined AS (
  SELECT position, heir, min(place) AS place,
    CASE WHEN bool_or(sole IS NULL) OR count(DISTINCT sole) FILTER (WHERE sole <> '{ANYONE}') > 1 THEN NULL
      ELSE coalesce(max(sole) FILTER (WHERE sole <> '{ANYONE}'), '{ANYONE}') END AS sole
  FROM carried GROUP BY position, heir
)
INSERT INTO announcements AS a
  (position, county, place, source, at, lane_subject, child, client, notice, sole, department, case_id)
SELECT DISTINCT ON (c.position, c.heir) c.position, c.heir, j.place, c.source, c.at, c.lane_subject, c.child,
  c.client, c.notice, j.sole, c.department, c.case_id
FROM carried c JOIN joined j USING (position, heir)
ON CONFLICT (position, county) DO UPDATE SET place = least(a.place, excluded.place),
  sole = CASE WHEN a.sole = '{ANYONE}' THEN excluded.sole WHEN excluded.sole IN ('{ANYONE}', a.sole) THEN a.sole END
"""


async def carry(session: AsyncSession, hub: Hub, now: datetime) -> int:
    """Carry over some of what is left under ended codes, in this transaction; how much.  As the service itself."""
    day = now.astimezone(SHANGHAI).date()
    heirs = hub.codes.carried(day)
    ended = list(heirs)
    connection = await raw(session)
    rows = await connection.fetch(
        f"SELECT id, {', '.join(_SIDES)} FROM notices WHERE state = ANY($2)"
        f" AND ({' OR '.join(f'{side} = ANY($1)' for side in _SIDES)}) ORDER BY id LIMIT $3 FOR UPDATE",
        ended,
        [str(state) for state in OPEN],
        BATCH,
    )
    moved = [(row["id"], *(heirs.get(row[side], row[side]) for side in _SIDES)) for row in rows]
    told = await connection.execute(_ANNOUNCED, ended, [heirs[code] for code in ended], BATCH)
    announced = int(told.split()[-1])
    if not moved and not announced:
        return 0
    await connection.executemany(
        "UPDATE notices SET origin_county = $2, target_county = $3, version = version + 1 WHERE id = $1",
        moved,
    )
    carried = {"notices": len(moved), "announcements": announced}
    act = audit.Act("hutong", "system", "system:successions", "", "successions.carry", (), carried)
    await audit.record(session, hub.audit, now, act)
    return len(moved) + announced
