"""How long what is done is kept (``shared/limits.py``), and the step that clears it away.

The inboxes are kept longer than anything is sent again.  Notices and announcements are not touched here: a notice is
part of a child's story, and the feed may be read from its beginning.
"""

from datetime import timedelta

from shared.clock import Clock
from shared.database import SYSTEM, Database, raw
from shared.limits import DELIVERIES_KEPT_DAYS, IDEMPOTENCY_KEPT_DAYS, INBOXES_KEPT_DAYS

BATCH = 1000
DELIVERIES = timedelta(days=DELIVERIES_KEPT_DAYS)
INBOXES = timedelta(days=INBOXES_KEPT_DAYS)
IDEMPOTENCY_KEYS = timedelta(days=IDEMPOTENCY_KEPT_DAYS)

_CLEAR = (
    (
        (
            "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries"
            " WHERE state IN ('delivered', 'cancelled') AND ended_at < $1 LIMIT $2)"
        ),
        DELIVERIES,
    ),
    (
        (
            "DELETE FROM events WHERE (sender, id) IN (SELECT sender, id FROM events"
            " WHERE dispatched_at < $1 AND seq < (SELECT max(seq) FROM events) LIMIT $2)"
        ),
        INBOXES,
    ),
    (
        (
            "DELETE FROM peer_inbox WHERE (sender, id) IN (SELECT sender, id FROM peer_inbox"
            " WHERE received_at < $1 LIMIT $2)"
        ),
        INBOXES,
    ),
    (
        (
            "DELETE FROM idempotency_keys WHERE (client, operation, key) IN"
            " (SELECT client, operation, key FROM idempotency_keys WHERE at < $1 LIMIT $2)"
        ),
        IDEMPOTENCY_KEYS,
    ),
)


async def clear(database: Database, clock: Clock) -> int:
    """Delete some of what is old enough; how many rows."""
    done = 0
    for statement, age in _CLEAR:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            result = await connection.execute(statement, clock.now() - age, BATCH)
            done += int(result.split()[-1])
    return done
