"""Authenticity of changes: each row carries a MAC over all of it, its position too, under a key outside the database.

Positions follow one another, so that a change which was taken away leaves a gap; and what a county heard of a child last is
how the child stands.  So whoever can write to the database alone can neither tell a follower something, nor keep it from him,
unseen by the verifier.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.authenticity import Attested
from shared.clock import SystemClock
from shared.database import raw
from shared.keys import KeySet
from shared.limits import CHANGES_KEPT_DAYS

CHANGES = Attested(
    kind="child change",
    table="child_changes",
    columns=(
        "id",
        "county",
        "child_id",
        "at",
        "stated_before",
        "stated_now",
        "care",
        "position",
    ),
    key=("id", "county"),
    name="change {id} for {county}",
    event="change.forged",
)
#: Whoever could move one on would keep a client from what it has not read.
POSITIONS = Attested(
    kind="change position",
    table="change_positions",
    columns=("client", "low", "high", "position"),
    event="change_position.forged",
    key=("client",),
)
PAGE = 1000
_PAGE = f"SELECT * FROM child_changes WHERE position > $1 ORDER BY position LIMIT {PAGE}"
#: Of each county that a child is or belongs to, or of which it was told that it does: what it heard last, and what is so.
_UNTOLD = (
    'WITH so AS (SELECT c.id, p.county, array_agg(DISTINCT s.by COLLATE "C" ORDER BY s.by COLLATE "C")'
    "   FILTER (WHERE s.by IS NOT NULL) AS stated"
    "  FROM children c CROSS JOIN LATERAL (VALUES"
    "   (c.residence_code / 1000000 * 1000000, c.residence_stated_by),"
    "   (c.hukou_code / 1000000 * 1000000, c.hukou_stated_by)) AS p(county, stated_by)"
    "  LEFT JOIN LATERAL unnest(p.stated_by) AS s(by) ON true WHERE p.county IS NOT NULL GROUP BY c.id, p.county),"
    " heard AS (SELECT DISTINCT ON (child_id, county) child_id, county, stated_now FROM child_changes"
    "  ORDER BY child_id, county, position DESC NULLS FIRST, id DESC)"
    " SELECT coalesce(so.id, heard.child_id) AS child, coalesce(so.county, heard.county) AS county"
    " FROM so FULL JOIN heard ON heard.child_id = so.id AND heard.county = so.county"
    " WHERE CASE WHEN so.id IS NULL THEN heard.stated_now IS NOT NULL ELSE heard.child_id IS NULL"
    "  OR heard.stated_now IS DISTINCT FROM coalesce(so.stated, '{}') END ORDER BY 1, 2 LIMIT 100"
)


async def faults_of(
    session: AsyncSession, keys: KeySet, now: datetime | None = None
) -> AsyncIterator[str]:
    """Every row that the service did not write so, where one was taken away, and whoever does not stand as was told last."""
    connection = await raw(session)
    kept = (now or SystemClock().now()) - timedelta(days=CHANGES_KEPT_DAYS)
    for row in await connection.fetch("SELECT * FROM child_changes WHERE position IS NULL"):
        if not CHANGES.stands(keys, row):
            yield CHANGES.fault(row)
    last: Any = None
    while rows := await connection.fetch(_PAGE, last["position"] if last else -(2**63)):
        if len(rows) == PAGE:  # others of the last position may lie beyond
            rows = [row for row in rows if row["position"] < rows[-1]["position"]]
            if not rows:
                yield "more changes stand under one number than a child has counties"
                break
        for row in rows:
            if not CHANGES.stands(keys, row):
                yield CHANGES.fault(row)
            if last is not None and row["position"] > last["position"] + 1 and last["at"] >= kept:
                yield f"changes {last['position'] + 1} to {row['position'] - 1} were taken away"
            last = row
    for row in await connection.fetch(_UNTOLD):
        yield f"child {row['child']} does not stand for {row['county']} as was told last"
