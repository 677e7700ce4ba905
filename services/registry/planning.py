"""Planning: keeping bulk statements to index look-ups.

A plan made while a table was small is kept by the connection, and would read the whole table for every batch once it
has grown; a planner without fresh statistics would make the same plan anew.
"""

from typing import Any

import asyncpg


async def by_index(connection: "asyncpg.Connection[Any]") -> None:
    """Look up by index alone in the rest of this transaction."""
    await connection.execute(
        "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"
        " SET LOCAL enable_mergejoin = off"
    )


async def once(connection: "asyncpg.Connection[Any]") -> None:
    """Plan each statement once for all its parameters in the rest of this transaction, not anew for the first five batches."""
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
