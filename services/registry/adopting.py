"""Adopting: an operator vouches for rows from before they were authenticated, and the audit trail tells of it.

They are changes, positions in them, former links and survey rounds, and posts that have no history yet.  A row that bears a
MAC which does not fit is never adopted: only those without any are, and the hub writes none such.
"""

from datetime import datetime
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.changes.authenticity import CHANGES, POSITIONS
from services.registry.posts import noting
from services.registry.records.authenticity import FORMER_LINKS
from services.registry.survey_rounds.authenticity import ROUNDS
from shared import audit
from shared.database import raw
from shared.keys import KeySet
from shared.registered import OPERATOR

PAGE = 1000
_TABLES: Final = (CHANGES, POSITIONS, FORMER_LINKS, ROUNDS)


async def old(session: AsyncSession) -> dict[str, int]:
    """How many rows of each table bear no MAC, and posts no history: from before there were any, or written past the hub."""
    connection = await raw(session)
    found: dict[str, int] = {
        one.table: await connection.fetchval(f"SELECT count(*) FROM {one.table} WHERE mac = ''")
        for one in _TABLES
    }
    return found | {"posts": await noting.bare(connection)}


async def adopt(
    session: AsyncSession, keys: KeySet, now: datetime, actor: str = OPERATOR
) -> dict[str, int]:
    """Vouch for them; how many of each table."""
    connection = await raw(session)
    done = {one.table: 0 for one in _TABLES}
    for one in _TABLES:
        same = " AND ".join(f"{name} = ${at}" for at, name in enumerate(one.key, 2))
        old_ones = f"SELECT * FROM {one.table} WHERE mac = '' LIMIT {PAGE}"
        while rows := await connection.fetch(old_ones):
            await connection.executemany(
                f"UPDATE {one.table} SET mac = $1 WHERE {same}",
                [(one.mac(keys, row), *(row[name] for name in one.key)) for row in rows],
            )
            done[one.table] += len(rows)
    who = noting.Who("hutong", actor, now)
    done["posts"] = await noting.begin_all(connection, keys, who)
    if any(done.values()):
        act = audit.Act("hutong", "operator", actor, "", "rows.adopt", (), {**done})
        await audit.record(session, keys, now, act)
    return done
