"""Queries for survey rounds.  Each filters by the caller's area itself; row-level security holds even if one forgot to.

How far a round came with a child is told from the surveys in its standing: made between the round's days, by an office of a
county of the round's area, under whatever code, and complete if *one* of them asked every required block.  A place below the
county shows no shielded child: a list that it stood in would tell its township.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from services.registry.key_care.queries import IN_INDEX_ORDER
from services.registry.rulebooks import adopting
from services.registry.survey_rounds.authenticity import ROUNDS
from services.registry.survey_rounds.terms import Reached
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.keys import KeySet

#: Where a list of children stands: county (six digits) and id.
Position = tuple[int, UUID]
START: Position = (-1, UUID(int=0))
#: Rounds are listed the newest first.
NEWEST = UUID(int=2**128 - 1)
MOST_PLACES = 20_000
COUNTY = 10**6
Area = tuple[int, int]

_ROUND = ", ".join(f"r.{name}" for name in (*ROUNDS.columns, "mac"))
#: The surveys of one standing that the round counts; $1–$4 are its first and last day, and where its offices' codes lie.
_COUNTED = (
    'SELECT m.blocks, m.channel, m."by", m."on", $5::text[] <@ m.blocks AS whole, m.number'
    ' FROM ROWS FROM (jsonb_to_recordset(s.made) AS ("on" date, channel text, "by" text, office bigint,'
    " blocks text[])) WITH ORDINALITY AS m"
    '("on", channel, "by", office, blocks, number)'
    ' WHERE m."on" BETWEEN $1 AND $2'
    " AND EXISTS (SELECT 1 FROM unnest($3::bigint[], $4::bigint[]) AS a(low, high) WHERE m.office BETWEEN a.low AND a.high)"
)
_REACHED = (
    f"CASE WHEN t.times = 0 THEN '{Reached.NOT_SURVEYED}'"
    f" WHEN $5::text[] IS NULL THEN '{Reached.BLOCKS_NOT_CONFIGURED}'"
    f" WHEN t.whole THEN '{Reached.COMPLETE}' ELSE '{Reached.INCOMPLETE}' END"
)
#: The best of them stands for the round: a complete one, else the newest.
_BEST = (
    " CROSS JOIN LATERAL (SELECT count(*) AS times, coalesce(bool_or(o.whole), false) AS whole,"
    ' (array_agg(o.channel ORDER BY coalesce(o.whole, false) DESC, o."on" DESC, o.number DESC))[1] AS channel,'
    ' (array_agg(o."by" ORDER BY coalesce(o.whole, false) DESC, o."on" DESC, o.number DESC))[1] AS surveyor,'
    ' (array_agg(o."on" ORDER BY coalesce(o.whole, false) DESC, o."on" DESC, o.number DESC))[1] AS surveyed_on,'
    ' (array_agg(to_jsonb(o.blocks) ORDER BY coalesce(o.whole, false) DESC, o."on" DESC, o.number DESC))[1] AS blocks'
    f" FROM ({_COUNTED}) AS o) t"
)
_CHILD = (
    "c.id, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by, c.hukou_stated_by,"
    " c.status, c.next_change_on, c.shielded, c.entries, c.sealed"
)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A round with the blocks that its rules require; ``area`` is the part of it that is asked about, ``unit`` how fine.

    ``offices`` is where the codes of the offices lie whose surveys it counts: of its counties, and of those that became them.
    """

    round: Any
    blocks: Sequence[str] | None
    area: Area
    offices: Sequence[Area]
    unit: int = COUNTY

    def values(self, caller: Caller) -> tuple[Any, ...]:
        """The parameters $1 to $10 of every statement."""
        one, grant = self.round, caller.grant
        low = max(grant.low, self.area[0], one["low"])
        high = min(grant.high, self.area[1], one["high"])
        lows, highs = map(list, zip(*self.offices, strict=True))
        blocks = None if self.blocks is None else list(self.blocks)
        return (
            one["opens_on"],
            one["closes_on"],
            lows,
            highs,
            blocks,
            low // COUNTY,
            high // COUNTY,
            low,
            high,
            self.unit < COUNTY or high - low < COUNTY - 1,
        )


_HERE = (
    "s.residence_county BETWEEN $6 AND $7 AND s.residence_code BETWEEN $8 AND $9"
    " AND NOT ($10 AND c.shielded)"
)
_PAGE = (
    f"SELECT s.last_on, s.residence_county AS county, t.*, {_REACHED} AS reached, c.*, v.master, v.wrapped"
    " FROM survey_standings s"
    f" CROSS JOIN LATERAL (SELECT {_CHILD} FROM children c WHERE c.id = s.child_id OFFSET 0) c"
    " CROSS JOIN LATERAL (SELECT v.master, v.wrapped FROM vault.data_keys v WHERE v.id = s.child_id"
    f" OFFSET 0) v{_BEST}"
    f" WHERE {_HERE} AND (s.residence_county, s.child_id) > ($11, $12)"
    f" AND ($14::text IS NULL OR {_REACHED} = $14)"
    " AND (NOT $15 OR s.last_on IS NULL OR s.last_on < $1)"
    " ORDER BY s.residence_county, s.child_id LIMIT $13"
)
_COMPLETION = (
    f"SELECT s.residence_code / $11 * $11 AS place, {_REACHED} AS reached, t.channel,"
    " t.surveyor = 'social_work_agency' AS contracted, count(*) AS children,"
    " count(*) FILTER (WHERE s.last_on IS NULL OR s.last_on < $1) AS stale"
    f" FROM survey_standings s JOIN children c ON c.id = s.child_id{_BEST}"
    f" WHERE {_HERE} GROUP BY 1, 2, 3, 4 ORDER BY 1 LIMIT {MOST_PLACES}"
)


async def children(
    session: AsyncSession,
    caller: Caller,
    asked: Reckoning,
    reached: Reached | None,
    stale: bool,
    after: Position,
    limit: int,
) -> list[Any]:
    """The next children to be surveyed after a position, county by county."""
    connection = await raw(session)
    await connection.execute(IN_INDEX_ORDER)
    filters = (str(reached) if reached else None, stale)
    rows: list[Any] = await connection.fetch(_PAGE, *asked.values(caller), *after, limit, *filters)
    return rows


async def completion(session: AsyncSession, caller: Caller, asked: Reckoning) -> list[Any]:
    """Children by place, how far the round came with them, and by which channel."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(_COMPLETION, *asked.values(caller), asked.unit)
    return rows


async def page(
    session: AsyncSession,
    caller: Caller,
    area: tuple[int, int],
    before: UUID,
    limit: int,
    known_at: datetime | None = None,
) -> list[Any]:
    """The next older rounds that cover any of the caller's area; ``known_at`` an instant, those that had been opened by then."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_ROUND} FROM survey_rounds r WHERE r.low <= $2 AND r.high >= $1"
        " AND r.low <= $4 AND r.high >= $3 AND r.id < $5"
        " AND ($7::timestamptz IS NULL OR r.opened_at <= $7) ORDER BY r.id DESC LIMIT $6",
        caller.grant.low,
        caller.grant.high,
        *area,
        before,
        limit,
        known_at,
    )
    return rows


async def one(
    session: AsyncSession, keys: KeySet, caller: Caller, survey_round: UUID, held: bool = False
) -> Any:
    """One round that covers any of the caller's area, or None, also where it was not written by the service."""
    connection = await raw(session)
    row = await connection.fetchrow(
        f"SELECT {_ROUND} FROM survey_rounds r WHERE r.id = $3 AND r.low <= $2 AND r.high >= $1"
        + (" FOR UPDATE" if held else ""),
        caller.grant.low,
        caller.grant.high,
        survey_round,
    )
    return row if row is not None and ROUNDS.authentic(keys, row) else None


async def ruled(
    session: AsyncSession, kit: Kit, rows: Sequence[Any], known_at: datetime | None = None
) -> list[Any]:
    """The rounds, each with the ``rules`` of its opening day, as the hub had adopted them by then, or by the round's making
    where that came later, and of since: what is amended afterwards, and dated back, makes no other round of it.

    ``known_at`` an instant, as they stood then: of one that was still to open by the rules of then, and none withdrawn since.
    """
    if not rows:
        return []
    began = [
        max(row["opened_at"], datetime.combine(row["opens_on"], time(), SHANGHAI)) for row in rows
    ]
    if known_at is not None:
        began = [min(one, known_at) for one in began]
        rows = [_withdrawn_by(row, known_at) for row in rows]
    connection = await raw(session)
    rules = await adopting.courses(connection, kit.audit, kit.profiles, began)
    return [{**row, "rules": rules[at]} for row, at in zip(rows, began, strict=True)]


def _withdrawn_by(row: Any, known_at: datetime) -> Any:
    at = row["withdrawn_at"]
    return {**row, "withdrawn_at": at if at is not None and at <= known_at else None}


async def overlaps(
    session: AsyncSession, keys: KeySet, division: int, opens_on: date, closes_on: date
) -> bool:
    """Whether a round of this very division already covers one of these days; nobody opens another one meanwhile."""
    connection = await raw(session)
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtext('survey_rounds'), hashint8($1))", division
    )
    found = await connection.fetch(
        f"SELECT {_ROUND} FROM survey_rounds r WHERE division = $1 AND withdrawn_at IS NULL"
        " AND opens_on <= $3 AND closes_on >= $2",
        division,
        opens_on,
        closes_on,
    )
    return any(ROUNDS.authentic(keys, row) for row in found)


async def insert(
    session: AsyncSession,
    keys: KeySet,
    caller: Caller,
    made: UUID,
    division: int,
    area: tuple[int, int],
    days: tuple[date, date],
    now: datetime,
) -> None:
    low, high = area
    opens_on, closes_on = days
    row = {
        "id": made,
        "division": division,
        "low": low,
        "high": high,
        "opens_on": opens_on,
        "closes_on": closes_on,
        "client": caller.client,
        "actor": caller.actor,
        "opened_at": now,
        "withdrawn_at": None,
    }
    connection = await raw(session)
    await ROUNDS.insert(connection, keys, [row])


async def withdraw(session: AsyncSession, keys: KeySet, row: Any, now: datetime) -> None:
    """Withdraw a round that ``one`` gave."""
    connection = await raw(session)
    await connection.execute(
        "UPDATE survey_rounds SET withdrawn_at = $2, mac = $3 WHERE id = $1",
        row["id"],
        now,
        ROUNDS.mac(keys, {**row, "withdrawn_at": now}),
    )
