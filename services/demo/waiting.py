"""Waiting until everything pushed has come through: the queues of a hub, read from its databases."""

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from services.local.hub import LocalHub

_REGISTRY = """
SELECT (SELECT count(*) FROM resolution_queue) AS unresolved,
       (SELECT count(*) FROM fold_queue) AS unfolded,
       (SELECT count(*) FROM outbox WHERE seq IS NULL) AS unnumbered,
       (SELECT coalesce(max(seq), 0) FROM outbox)
         - coalesce((SELECT seq FROM relay_positions WHERE target = 'notifications'), 0) AS unrelayed,
       (SELECT count(*) FROM audit_entries WHERE seq IS NULL) AS unchained
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    unresolved: int
    unfolded: int
    unnumbered: int
    unrelayed: int
    unchained: int

    @property
    def total(self) -> int:
        return self.unresolved + self.unfolded + self.unnumbered + self.unrelayed + self.unchained


async def backlog(hub: LocalHub) -> Backlog:
    connection = await asyncpg.connect(hub.database_url("registry", "owner"))
    try:
        row = await connection.fetchrow(_REGISTRY)
    finally:
        await connection.close()
    return Backlog(*row)


async def until_quiet(*hubs: LocalHub, seconds: float = 120, times: int = 3) -> None:
    """Until every hub's registry has had nothing to do ``times`` in a row; TimeoutError names what is left."""
    until, quiet = time.monotonic() + seconds, 0
    while quiet < times:
        left = {hub.name: await backlog(hub) for hub in hubs}
        quiet = quiet + 1 if not any(b.total for b in left.values()) else 0
        if time.monotonic() > until:
            raise TimeoutError(f"not done after {seconds:.0f} s: {left}")
        await asyncio.sleep(0.3)
