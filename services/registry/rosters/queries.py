"""Rosters, their rows and the children on them; each query filters by area itself, row-level security besides.

A roster is seen by civil affairs whose area holds all of its area, and by the department to which it is addressed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children.kit import Kit
from services.registry.rosters.authenticity import READINGS, ROSTERS, ROWS
from services.registry.rosters.terms import RosterKind
from services.registry.rulebooks import adopting
from shared.auth import Caller
from shared.database import raw
from shared.keys import KeySet

#: Where a list of children stands: place and id of the last one seen.
Position = tuple[int, UUID]
START: Position = (-1, UUID(int=0))

_MINE = "r.low >= $1 AND r.high <= $2 AND ($3 = 'civil_affairs' OR r.addressee = $3)"
_ROSTER = ", ".join(f"r.{name}" for name in (*ROSTERS.columns, "mac"))
_ROW = ", ".join(f"r.{name}" for name in (*ROWS.columns, "mac"))
_TODAY = "coalesce((SELECT person FROM links WHERE entry_id = r.anchor), r.child_id) AS child"
_COUNTS = (
    " CROSS JOIN LATERAL (SELECT count(*) AS rows, count(x.taken_at) AS taken,"
    " count(*) FILTER (WHERE x.verdict = 'accepted') AS accepted,"
    " count(*) FILTER (WHERE x.verdict = 'refused') AS refused,"
    " count(*) FILTER (WHERE x.verdict = 'differs') AS differs"
    " FROM roster_rows x WHERE x.roster_id = r.id) n"
)
#: As ``_COUNTS``, as known at ``$N``: by what was noted of each row; of before there was such a history, by the row itself.
_COUNTS_THEN = (
    " CROSS JOIN LATERAL (SELECT count(*) AS rows, count(*) FILTER (WHERE t.taken) AS taken,"
    " count(*) FILTER (WHERE t.verdict = 'accepted') AS accepted,"
    " count(*) FILTER (WHERE t.verdict = 'refused') AS refused,"
    " count(*) FILTER (WHERE t.verdict = 'differs') AS differs"
    " FROM roster_rows x CROSS JOIN LATERAL (SELECT"
    "  coalesce((SELECT min(a.at) FROM roster_acts a WHERE a.row_id = x.id AND a.act = 'taken'), x.taken_at)"
    "   <= {then} AS taken,"
    "  CASE WHEN EXISTS (SELECT 1 FROM roster_acts a WHERE a.row_id = x.id AND a.act <> 'taken')"
    "   THEN (SELECT a.act FROM roster_acts a WHERE a.row_id = x.id AND a.act <> 'taken' AND a.at <= {then}"
    "    ORDER BY a.at DESC, a.id DESC LIMIT 1)"
    "   WHEN x.answered_at <= {then} THEN x.verdict END AS verdict) t"
    " WHERE x.roster_id = r.id) n"
)


def _who(caller: Caller) -> tuple[int, int, str]:
    return caller.grant.low, caller.grant.high, str(caller.department)


async def one(
    session: AsyncSession, caller: Caller, roster: UUID, known_at: datetime | None = None
) -> Any | None:
    """A roster with its counts, if the caller has to do with it; ``known_at`` an instant, with those of then."""
    connection = await raw(session)
    counts = _COUNTS if known_at is None else _COUNTS_THEN.format(then="$5")
    return await connection.fetchrow(
        f"SELECT {_ROSTER}, n.* FROM rosters r{counts} WHERE r.id = $4 AND {_MINE}"
        " AND ($5::timestamptz IS NULL OR r.made_at <= $5)",
        *_who(caller),
        roster,
        known_at,
    )


async def page(
    session: AsyncSession,
    caller: Caller,
    kind: RosterKind | None,
    after: UUID | None,
    limit: int,
    known_at: datetime | None = None,
) -> Sequence[Any]:
    """Rosters that the caller has to do with, the oldest first, each with its counts; as ``one`` has it of an instant."""
    connection = await raw(session)
    counts = _COUNTS if known_at is None else _COUNTS_THEN.format(then="$7")
    rows: list[Any] = await connection.fetch(
        f"SELECT {_ROSTER}, n.* FROM rosters r{counts} WHERE {_MINE}"
        " AND ($4::text IS NULL OR r.kind = $4) AND ($5::uuid IS NULL OR r.id > $5)"
        " AND ($7::timestamptz IS NULL OR r.made_at <= $7)"
        " ORDER BY r.id LIMIT $6",
        *_who(caller),
        kind,
        after,
        limit,
        known_at,
    )
    return rows


async def ruled(session: AsyncSession, kit: Kit, rows: Sequence[Any]) -> list[Any]:
    """The rosters, each with the ``rules`` that the hub went by when it was made, and since: what is amended later, and dated
    back, makes none late that had a limit.
    """
    if not rows:
        return []
    made = {row["made_at"] for row in rows}
    rules = await adopting.courses(await raw(session), kit.audit, kit.profiles, made)
    return [{**row, "rules": rules[row["made_at"]]} for row in rows]


async def readings(session: AsyncSession, roster: UUID) -> list[Any]:
    """Whole readings of a roster that the caller sees, the oldest first."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {READINGS.selected} FROM roster_readings"
        " WHERE roster_id = $1 ORDER BY id LIMIT 500",
        roster,
    )
    return rows


async def own_readings(session: AsyncSession, roster: UUID, caller: Caller) -> list[Any]:
    """The caller's own readings, the newest 500, however many others there are."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {READINGS.selected} FROM roster_readings"
        " WHERE roster_id = $1 AND client = $2 ORDER BY id DESC LIMIT 500",
        roster,
        caller.client,
    )
    return rows[::-1]


async def rows_after(session: AsyncSession, roster: UUID, number: int, limit: int) -> list[Any]:
    """The next rows of a roster that the caller sees, each with its child of today."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_ROW}, {_TODAY} FROM roster_rows r"
        " WHERE r.roster_id = $1 AND r.number > $2 ORDER BY r.number LIMIT $3",
        roster,
        number,
        limit,
    )
    return rows


async def rows_named(session: AsyncSession, roster: UUID, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Those of the named rows that are of this roster, held until the transaction ends."""
    connection = await raw(session)
    rows = await connection.fetch(
        f"SELECT {_ROW}, {_TODAY} FROM roster_rows r"
        " WHERE r.roster_id = $1 AND r.id = ANY($2) ORDER BY r.id FOR UPDATE OF r",
        roster,
        list(ids),
    )
    return {row["id"]: row for row in rows}


_CHILD = (
    "c.id, c.told_seq, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by,"
    " c.hukou_stated_by, c.status, c.decision, c.next_change_on, c.shielded, c.entries, c.told, c.sealed,"
    " k.master, k.wrapped"
)
# Row security makes the planner sort a whole area for each page; without sorting it walks the index.
_IN_INDEX_ORDER = "SELECT set_config('enable_sort', 'off', true)"


async def residents(
    session: AsyncSession, caller: Caller, area: tuple[int, int], after: Position, limit: int
) -> list[Any]:
    """The next children living in an area inside the caller's, in the order of places."""
    connection = await raw(session)
    await connection.execute(_IN_INDEX_ORDER)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_CHILD} FROM children c"
        " CROSS JOIN LATERAL (SELECT v.master, v.wrapped FROM vault.data_keys v WHERE v.id = c.id OFFSET 0) k"
        " WHERE c.residence_code BETWEEN greatest($1::bigint, $3) AND least($2::bigint, $4)"
        " AND (c.residence_code, c.id) > ($5::bigint, $6::uuid) ORDER BY c.residence_code, c.id LIMIT $7",
        caller.grant.low,
        caller.grant.high,
        *area,
        *after,
        limit,
    )
    return rows


async def open_residents(
    session: AsyncSession, caller: Caller, after: Position, limit: int
) -> list[Any]:
    """The next children of the caller's area whose home is not hidden, in the order of places."""
    return await _walk(session, caller, "NOT c.shielded", "c.residence_code, c.id", after, limit)


async def hidden_residents(
    session: AsyncSession, caller: Caller, after: Position, limit: int
) -> list[Any]:
    """The next shielded children of the caller's area, by id alone: neighbours in a list tell a home, and so does the list of
    less than a county, which has none."""
    if caller.grant.high - caller.grant.low < 10**6 - 1:
        return []
    after = 0, after[1]
    return await _walk(session, caller, "c.shielded", "0::bigint, c.id", after, limit)


async def _walk(
    session: AsyncSession, caller: Caller, which: str, order: str, after: Position, limit: int
) -> list[Any]:
    connection = await raw(session)
    await connection.execute(_IN_INDEX_ORDER)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_CHILD} FROM children c"
        " CROSS JOIN LATERAL (SELECT v.master, v.wrapped FROM vault.data_keys v WHERE v.id = c.id OFFSET 0) k"
        f" WHERE c.residence_code BETWEEN $1 AND $2 AND {which}"
        f" AND ({order}) > ($3::bigint, $4::uuid) ORDER BY {order.replace('0::bigint, ', '')} LIMIT $5",
        caller.grant.low,
        caller.grant.high,
        *after,
        limit,
    )
    return rows


async def of_today(
    session: AsyncSession, caller: Caller, children: Sequence[UUID]
) -> dict[UUID, Any]:
    """Those of the children that the caller sees, as they stand."""
    connection = await raw(session)
    rows = await connection.fetch(
        f"SELECT {_CHILD} FROM children c JOIN vault.data_keys k ON k.id = c.id WHERE c.id = ANY($3)"
        " AND (c.residence_code BETWEEN $1 AND $2 OR c.hukou_code BETWEEN $1 AND $2)",
        caller.grant.low,
        caller.grant.high,
        list(children),
    )
    return {row["id"]: row for row in rows}


#: A row follows its anchor; where that is linked to nobody any more it stays with its child.
_LAST_TAKEN = (
    f"SELECT DISTINCT ON (w.child) w.child, {_ROW}, o.low, o.high FROM ("
    " SELECT l.person AS child, x.id FROM links l JOIN roster_rows x ON x.anchor = l.entry_id"
    "  WHERE l.person = ANY($1) UNION ALL"
    " SELECT x.child_id, x.id FROM roster_rows x WHERE x.child_id = ANY($1) AND NOT EXISTS"
    "  (SELECT 1 FROM links l WHERE l.entry_id = x.anchor AND l.person IS NOT NULL)) w"
    " JOIN roster_rows r ON r.id = w.id JOIN rosters o ON o.id = r.roster_id"
    " WHERE r.kind = $2 AND r.taken_at IS NOT NULL ORDER BY w.child, r.taken_at DESC, r.id DESC"
)


async def last_taken(
    session: AsyncSession,
    keys: KeySet,
    caller: Caller,
    kind: RosterKind,
    children: Sequence[UUID],
) -> Mapping[UUID, Any]:
    """The row of each of these children that left last, whichever area's roster it was on.

    Where that one was not written here, nothing is known to have left: the child goes out again, which is harmless.
    For the service itself, of children that the caller has been shown: a county learns that its province has sent one.
    """
    async with as_system(session, caller):
        connection = await raw(session)
        rows = await connection.fetch(_LAST_TAKEN, list(children), kind)
    return {row["child"]: row for row in rows if ROWS.authentic(keys, row)}


async def confirmed_care(
    session: AsyncSession, children: Sequence[UUID]
) -> Mapping[UUID, tuple[str, ...]]:
    """The confirmed categories of key care that the caller sees of these children."""
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT child_id, array_agg(category ORDER BY category) AS categories FROM key_care"
        " WHERE child_id = ANY($1) AND state = 'confirmed' GROUP BY child_id",
        list(children),
    )
    return {row["child_id"]: tuple(row["categories"]) for row in rows}


async def anchors_of(
    session: AsyncSession, caller: Caller, children: Sequence[UUID]
) -> Mapping[UUID, UUID]:
    """The entry of each child that is linked to it most surely; for the service itself."""
    async with as_system(session, caller):
        connection = await raw(session)
        rows = await connection.fetch(
            "SELECT DISTINCT ON (person) person, entry_id FROM links WHERE person = ANY($1)"
            " ORDER BY person, weight DESC, entry_id",
            list(children),
        )
    return {row["person"]: row["entry_id"] for row in rows}
