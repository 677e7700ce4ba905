"""Pruning: clearing away what has served its end.  How long each is kept stands in ``shared/limits.py``.

No row that goes tells what no other does: used assertions, replies kept for repeated requests, what became of imports, and
changes of children that newer ones have outdated (``changes/condensing.py``).
"""

from datetime import timedelta

from services.registry.changes.condensing import condense
from shared.clock import Clock
from shared.database import SYSTEM, Database, raw
from shared.keys import KeySet
from shared.limits import IDEMPOTENCY_KEPT_DAYS, IMPORTS_KEPT_DAYS, MAX_ASSERTION_SECONDS

BATCH = 1000
#: Beyond its expiry, for machines whose clocks differ: an assertion forgotten too early would be good again.
ASSERTIONS = timedelta(seconds=MAX_ASSERTION_SECONDS)
REPLIES = timedelta(days=IDEMPOTENCY_KEPT_DAYS)
IMPORTS = timedelta(days=IMPORTS_KEPT_DAYS)

#: An upload that lost its process has no end; its last heartbeat stands for it.
_OLD_JOBS = "SELECT id FROM import_jobs WHERE coalesce(ended_at, heartbeat_at) < $1"
_PRUNE = (
    ("used_assertions", "client, jti", "until < $1", ASSERTIONS),
    ("idempotency_keys", "client, operation, key", "at < $1", REPLIES),
    ("import_verdicts", "job_id, last_line", f"job_id IN ({_OLD_JOBS})", IMPORTS),
    (
        "import_jobs",
        "id",
        f"id IN ({_OLD_JOBS}) AND id NOT IN (SELECT job_id FROM import_verdicts)",
        IMPORTS,
    ),
)


async def prune(database: Database, keys: KeySet, clock: Clock) -> int:
    """Delete some of what is old enough, each kind in a transaction of its own; how many rows."""
    done = 0
    for table, key, old, age in _PRUNE:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            result = await connection.execute(
                f"DELETE FROM {table} WHERE ({key}) IN"
                f" (SELECT {key} FROM {table} WHERE {old} LIMIT $2)",
                clock.now() - age,
                BATCH,
            )
            done += int(result.split()[-1])
    return done + await condense(database, keys, clock)
