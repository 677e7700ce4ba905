"""Rulings as they are read.  What a caller reads filters by place and by sight itself; row-level security holds besides.

Who may see a ruling reaches both children it was about, and sees every child that its entries are linked to today.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.key_care.terms import CURRENT
from services.registry.rulings.constraints import Constraint
from services.registry.rulings.terms import RulingKind, RulingState
from shared.auth import Caller
from shared.database import raw

_COLUMNS = (
    "r.id, r.kind, r.state, r.review, r.target, r.one, r.other, r.entries, r.made_at, r.second, r.settled_at,"
    " r.problem"
)
_BOTH = (
    "(r.one_residence_code BETWEEN $1 AND $2 OR r.one_hukou_code BETWEEN $1 AND $2)"
    " AND (r.other_residence_code BETWEEN $1 AND $2 OR r.other_hukou_code BETWEEN $1 AND $2)"
)
_SEEN = (
    f"{_BOTH} AND NOT EXISTS (SELECT 1 FROM links l WHERE l.entry_id = ANY(r.entries) AND l.person IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM children c WHERE c.id = l.person"
    "  AND (c.residence_code BETWEEN $1 AND $2 OR c.hukou_code BETWEEN $1 AND $2)))"
)


async def one(session: AsyncSession, caller: Caller, ruling: UUID) -> Any | None:
    """A ruling that the caller may see."""
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM rulings r WHERE r.id = $3 AND {_SEEN}",
        caller.grant.low,
        caller.grant.high,
        ruling,
    )


async def page(
    session: AsyncSession,
    caller: Caller,
    state: RulingState | None,
    child: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[Any]:
    """Rulings that the caller may see, the oldest first."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_COLUMNS} FROM rulings r WHERE {_SEEN} AND ($3::text IS NULL OR r.state = $3)"
        " AND ($4::uuid IS NULL OR r.one = $4 OR r.other = $4)"
        " AND ($5::uuid IS NULL OR r.id > $5) ORDER BY r.id LIMIT $6",
        caller.grant.low,
        caller.grant.high,
        state,
        child,
        after,
        limit,
    )
    return rows


async def of_review(session: AsyncSession, caller: Caller, review: UUID) -> list[Any]:
    """What was ruled about a review, oldest first, as far as the caller may see each ruling by itself."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_COLUMNS} FROM rulings r WHERE r.review = $3 AND {_SEEN} ORDER BY r.id LIMIT 100",
        caller.grant.low,
        caller.grant.high,
        review,
    )
    return rows


async def words_of(session: AsyncSession, rulings: Sequence[Any]) -> dict[UUID, Any]:
    """The decisions behind these rulings and their second persons, by id; for the service itself."""
    ids = [row["id"] for row in rulings] + [row["second"] for row in rulings if row["second"]]
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT d.*, v.master, v.wrapped FROM decisions d LEFT JOIN vault.data_keys v ON v.id = d.id"
        " WHERE d.id = ANY($1)",
        ids,
    )
    return {row["id"]: row for row in rows}


async def known(
    connection: "asyncpg.Connection[Any]", rulings: Collection[UUID]
) -> dict[UUID, Any]:
    """These rulings by id; for the service itself."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM rulings r WHERE r.id = ANY($1)", list(rulings)
    )
    return {row["id"]: row for row in rows}


async def after(connection: "asyncpg.Connection[Any]", ruling: UUID, limit: int) -> list[Any]:
    """The next rulings by id; for the service itself."""
    rows: list[Any] = await connection.fetch(
        f"SELECT {_COLUMNS} FROM rulings r WHERE r.id > $1 ORDER BY r.id LIMIT $2", ruling, limit
    )
    return rows


async def constraints_by_ruling(
    connection: "asyncpg.Connection[Any]", rulings: Collection[UUID]
) -> dict[UUID, list[Constraint]]:
    """Every constraint there ever was of these rulings."""
    found: dict[UUID, list[Constraint]] = {}
    for row in await connection.fetch(
        "SELECT id, ruling, same, one, other FROM ruling_constraints WHERE ruling = ANY($1)",
        list(rulings),
    ):
        found.setdefault(row["ruling"], []).append(_constraint(row))
    return found


async def stray_constraints(connection: "asyncpg.Connection[Any]") -> list[UUID]:
    rows = await connection.fetch(
        "SELECT id FROM ruling_constraints c WHERE NOT EXISTS"
        " (SELECT FROM rulings r WHERE r.id = c.ruling) ORDER BY id"
    )
    return [row["id"] for row in rows]


async def rulings_of(
    connection: "asyncpg.Connection[Any]", constraints: Collection[UUID]
) -> dict[UUID, UUID]:
    """The ruling that each constraint is of."""
    rows = await connection.fetch(
        "SELECT id, ruling FROM ruling_constraints WHERE id = ANY($1)", list(constraints)
    )
    return {row["id"]: row["ruling"] for row in rows}


async def undoing(session: AsyncSession, ruling: UUID) -> bool:
    """Whether somebody is taking this ruling back already."""
    connection = await raw(session)
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT 1 FROM rulings WHERE target = $1 AND kind = $2 AND state = ANY($3))",
        ruling,
        str(RulingKind.WITHDRAW),
        [str(RulingState.PROPOSED), str(RulingState.PENDING)],
    )
    return found


async def entries_of(
    connection: "asyncpg.Connection[Any]", children: Collection[UUID]
) -> dict[UUID, list[UUID]]:
    """The entries linked to each child."""
    found: dict[UUID, list[UUID]] = {child: [] for child in children}
    for row in await connection.fetch(
        "SELECT person, entry_id FROM links WHERE person = ANY($1) ORDER BY entry_id",
        list(children),
    ):
        found[row["person"]].append(row["entry_id"])
    return found


async def children_of(
    connection: "asyncpg.Connection[Any]", entries: Collection[UUID]
) -> dict[UUID, UUID]:
    """The child that each entry is linked to."""
    return {
        row["entry_id"]: row["person"]
        for row in await connection.fetch(
            "SELECT entry_id, person FROM links WHERE entry_id = ANY($1) AND person IS NOT NULL",
            list(entries),
        )
    }


async def cared_for(connection: "asyncpg.Connection[Any]", children: Collection[UUID]) -> set[UUID]:
    """Those of the children that stand in key care, of whatever category; for the service itself."""
    rows = await connection.fetch(
        "SELECT DISTINCT child_id FROM key_care WHERE child_id = ANY($1) AND state = ANY($2)",
        list(children),
        [str(state) for state in CURRENT],
    )
    return {row["child_id"] for row in rows}


async def constraints_of(
    connection: "asyncpg.Connection[Any]", ruling: UUID
) -> list[tuple[Constraint, bool]]:
    """A ruling's constraints that have not ended, in order, and whether matching holds each."""
    rows = await connection.fetch(
        "SELECT id, same, one, other, held FROM ruling_constraints WHERE ruling = $1 AND NOT ended"
        " ORDER BY place",
        ruling,
    )
    return [(_constraint(row), row["held"]) for row in rows]


async def standing(
    connection: "asyncpg.Connection[Any]", entries: Collection[UUID]
) -> list[Constraint]:
    """Every constraint in force that hangs together with these entries, be it through others."""
    found: dict[UUID, Constraint] = {}
    reached: set[UUID] = set()
    news = set(entries)
    while news:
        reached |= news
        rows = await connection.fetch(
            "SELECT id, same, one, other FROM ruling_constraints"
            " WHERE held AND NOT ended AND (one && $1 OR other && $1)",
            list(news),
        )
        found |= {row["id"]: _constraint(row) for row in rows}
        news = {e for row in rows for e in (*row["one"], *row["other"])} - reached
    return [found[one] for one in sorted(found)]


async def in_force(connection: "asyncpg.Connection[Any]") -> list[tuple[UUID, Constraint]]:
    """Every constraint that matching was given and that stands, oldest ruling first; and the ruling it is of."""
    rows = await connection.fetch(
        "SELECT c.id, c.ruling, c.same, c.one, c.other FROM ruling_constraints c LEFT JOIN rulings r ON r.id = c.ruling"
        " WHERE c.held AND NOT c.ended ORDER BY r.made_at, c.ruling, c.place"
    )
    return [(row["ruling"], _constraint(row)) for row in rows]


async def ended_by(connection: "asyncpg.Connection[Any]", ruling: UUID) -> list[Constraint]:
    """The constraints that this ruling ended, oldest ruling first; not those that a person took back besides."""
    rows = await connection.fetch(
        "SELECT c.id, c.same, c.one, c.other FROM ruling_constraints c JOIN rulings u ON u.id = c.ruling"
        " WHERE c.ended_by = $1 AND NOT EXISTS (SELECT FROM rulings w WHERE w.target = c.ruling"
        "  AND w.kind = $2 AND w.state = $3) ORDER BY u.made_at, c.ruling, c.place",
        ruling,
        str(RulingKind.WITHDRAW),
        str(RulingState.STANDING),
    )
    return [_constraint(row) for row in rows]


def _constraint(row: Any) -> Constraint:
    return Constraint(row["id"], row["same"], frozenset(row["one"]), frozenset(row["other"]))
