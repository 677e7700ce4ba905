"""Crowding: a guardian's number that stands on more children than a family has names nobody, and is counted.

A clerk's own number, or one made up, on thousands of records would else raise an alert a pair of them, and have each
fold ask for thousands more.  As with the linker's crowded keys, what is too common tells nothing.

Guaranteed: however many children one number is put on, each of them asks for a bounded number of folds; and when a number
comes to be crowded, or is it no more, its children are folded again.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import asyncpg
import prometheus_client
import structlog

log = structlog.get_logger()

#: The most children whom one guardian makes siblings of each other.
FAMILY = 20
#: Workers count at the same time and see nothing of each other before they commit; so a count may be off by what all of them
#: write at once, taken here as no more than a dozen children below, and three families and a few above (12 = 20 - 8; 64 = 84
#: - 20).  Whoever crosses ``FAMILY`` so, in either direction, unseen by everybody's count, has still been between these two:
#: families of a size between them are folded through at each change.  A wider band costs folds, a narrower one misses a crossing.
NEAR, FAR = 8, 84
#: Counted no further: beyond it nothing is told in any case.
_MOST = 4096

CROWDED = prometheus_client.Counter(
    "hutong_crowded_guardians_total", "Guardians' numbers that came to stand on too many children"
)

#: In SQL: whether ``{hash}`` stands on more children beside ``{child}`` than a family has.
IS_CROWDED = (
    "EXISTS (SELECT 1 FROM child_lookups o WHERE o.hash = {hash} AND o.child_id <> {child}"
    f" OFFSET {FAMILY - 1} LIMIT 1)"
)
#: In SQL: whether more children have ``{hash}`` than anybody is told through.
IS_FAR = f"EXISTS (SELECT 1 FROM child_lookups o WHERE o.hash = {{hash}} OFFSET {FAR} LIMIT 1)"
_COUNTED = (
    "SELECT n.hash, (SELECT count(*) FROM (SELECT 1 FROM child_lookups o WHERE o.hash = n.hash"
    f" LIMIT {_MOST}) AS held) AS children FROM unnest($1::bytea[]) AS n(hash)"
)


def joined(pairs: Iterable[tuple[Collection[bytes], Collection[bytes]]]) -> Counter[bytes]:
    """By hash, how many children it was put on, less those it was taken off; of each child its hashes before and now."""
    found: Counter[bytes] = Counter()
    for before, now in pairs:
        found.update(set(now) - set(before))
        found.subtract(set(before) - set(now))
    return found


async def disturbed(connection: "asyncpg.Connection[Any]", counted: Counter[bytes]) -> list[UUID]:
    """The children of numbers that may have come to be crowded, or be so no more; after they were written."""
    if not counted:
        return []
    near: list[bytes] = []
    for row in await connection.fetch(_COUNTED, list(counted)):
        now = row["children"]
        before = now - counted[row["hash"]]
        if before <= FAMILY < now:
            CROWDED.inc()
            log.warning("guardian.crowded", children=now)
        if max(before, now) > NEAR and min(before, now) <= FAR:
            near.append(row["hash"])
    if not near:
        return []
    rows = await connection.fetch(
        "SELECT DISTINCT child_id FROM child_lookups WHERE hash = ANY($1)", near
    )
    return [row["child_id"] for row in rows]
