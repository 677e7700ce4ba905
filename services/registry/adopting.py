"""Adopting: an operator vouches for changes, former links and survey rounds from before they were authenticated.

A row that bore a MAC once is never adopted: only those without any are, which none is that the hub writes.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.changes import authenticity as changes
from services.registry.identity.clients import OPERATOR
from services.registry.records import authenticity as former_links
from services.registry.survey_rounds import authenticity as survey_rounds
from shared import audit
from shared.clock import SystemClock
from shared.database import raw
from shared.keys import KeySet

PAGE = 1000
_TABLES: Final[Mapping[str, tuple[ModuleType, Sequence[str]]]] = {
    "child_changes": (changes, ("id", "county")),
    "former_links": (former_links, ("entry_id", "link_seq")),
    "survey_rounds": (survey_rounds, ("id",)),
}


async def old(session: AsyncSession) -> dict[str, int]:
    """How many rows of each table bear no MAC: from before revision 0017, or written past the hub without one."""
    connection = await raw(session)
    return {
        table: await connection.fetchval(f"SELECT count(*) FROM {table} WHERE mac = ''")
        for table in _TABLES
    }


async def adopt(session: AsyncSession, keys: KeySet) -> int:
    """Vouch for them, which the trail tells; how many.  Whoever writes past the hub could hope for this."""
    connection = await raw(session)
    adopted: dict[str, int] = dict.fromkeys(_TABLES, 0)
    for table, (authenticity, key) in _TABLES.items():
        same = " AND ".join(f"{name} = ${at}" for at, name in enumerate(key, 2))
        while rows := await connection.fetch(f"SELECT * FROM {table} WHERE mac = '' LIMIT {PAGE}"):
            await connection.executemany(
                f"UPDATE {table} SET mac = $1 WHERE {same}",
                [(authenticity.mac(keys, row), *(row[name] for name in key)) for row in rows],
            )
            adopted[table] += len(rows)
    if done := sum(adopted.values()):
        act = audit.Act("hutong", "system", OPERATOR, "", "rows.adopt", (), adopted)
        await audit.record(session, keys, SystemClock().now(), act)
    return done
