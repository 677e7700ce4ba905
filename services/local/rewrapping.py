"""Rewrapping: every data key of a service under its current master key, and what still hangs on an older key.

The data keys themselves stay, so nothing sealed is touched and nobody waits: a row is rewrapped in a short transaction
while processes go on.  It is done as the owner, like a backup.
"""

from collections import Counter
from uuid import UUID

import structlog

from shared.database import SYSTEM, Database, raw
from shared.keys import KeySet
from shared.sealing import Sealer, Unsealable

log = structlog.get_logger()

PAGE = 500


async def rewrap(database: Database, masters: KeySet) -> tuple[int, int]:
    """How many data keys are now under the current master, and how many could not be opened (logged, and left)."""
    sealer = Sealer(masters)
    done = broken = 0
    after = UUID(int=0)
    while True:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            rows = await connection.fetch(
                "SELECT id, master, wrapped FROM vault.data_keys WHERE master <> $1 AND id > $2"
                " ORDER BY id LIMIT $3 FOR UPDATE",
                masters.current,
                after,
                PAGE,
            )
            wrapped = []
            for row in rows:
                try:
                    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
                except Unsealable:
                    log.error("data_key.unsealable", id=str(row["id"]))
                    broken += 1
                    continue
                wrapped.append(sealer.wrap(row["id"], data_key))
            await connection.execute(
                "UPDATE vault.data_keys d SET master = $1, wrapped = n.wrapped"
                " FROM unnest($2::uuid[], $3::bytea[]) AS n(id, wrapped) WHERE d.id = n.id",
                masters.current,
                [one.id for one in wrapped],
                [one.wrapped for one in wrapped],
            )
        done += len(wrapped)
        if len(rows) < PAGE:
            return done, broken
        after = rows[-1]["id"]


async def wrapped_under(database: Database) -> Counter[int]:
    """How many data keys each master key wraps."""
    async with database.transaction(SYSTEM) as session:
        rows = await (await raw(session)).fetch(
            "SELECT master, count(*) AS keys FROM vault.data_keys GROUP BY master"
        )
    return Counter({row["master"]: row["keys"] for row in rows})


async def found_by_none_but(database: Database, number: int, current: int) -> int:
    """How many children have look-up hashes under the index key ``number`` and none under the current one."""
    async with database.transaction(SYSTEM) as session:
        count: int = await (await raw(session)).fetchval(
            "SELECT count(DISTINCT old.child_id) FROM child_lookups old"
            " WHERE substring(old.hash FROM 1 FOR 2) = $1 AND NOT EXISTS (SELECT 1 FROM child_lookups new"
            "  WHERE new.child_id = old.child_id AND substring(new.hash FROM 1 FOR 2) = $2)",
            number.to_bytes(2, "big"),
            current.to_bytes(2, "big"),
        )
    return count
