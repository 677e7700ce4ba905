"""Placing: reviews and rulings follow their children wherever a fold finds them, so that row-level security lets only
those see them who reach both children today.  Of a child that is gone the last places stay.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

_TABLES = {
    "match_reviews": ("residence_code", "hukou_code", "shielded"),
    "rulings": ("residence_code", "hukou_code"),
}
_CONCERNED = " UNION ALL ".join(
    f"SELECT '{table}' AS place, id FROM {table} WHERE one = ANY($1) OR other = ANY($1)"
    for table in _TABLES
)


async def place(connection: "asyncpg.Connection[Any]", children: Sequence[UUID]) -> None:
    """Bring what concerns these children, who were just folded, to where they are now."""
    concerned: dict[str, list[UUID]] = {}
    for row in await connection.fetch(_CONCERNED, children):
        concerned.setdefault(row["place"], []).append(row["id"])
    for table, ids in sorted(concerned.items()):
        # Two folds may meet here: each takes the rows in the same order.
        await connection.execute(
            f"SELECT 1 FROM {table} WHERE id = ANY($1) ORDER BY id FOR UPDATE", ids
        )
        for side in ("one", "other"):
            await connection.execute(_moving(table, side), ids)


def _moving(table: str, side: str) -> str:
    columns = _TABLES[table]
    mine = ", ".join(f"r.{side}_{column}" for column in columns)
    theirs = ", ".join(f"c.{column}" for column in columns)
    sets = ", ".join(f"{side}_{column} = c.{column}" for column in columns)
    return (
        f"UPDATE {table} r SET {sets} FROM children c WHERE r.id = ANY($1) AND c.id = r.{side}"
        f" AND ({mine}) IS DISTINCT FROM ({theirs})"
    )
