"""Queries for key care.  A list is one index range over (county, id), joined row by row to its children.

Each filters by the caller's area itself; row-level security holds even if one forgot to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.anchoring import LINKED, whose
from services.registry.key_care.terms import CURRENT, CareState, Category, Place
from services.registry.status import Status
from shared.auth import Caller
from shared.database import raw
from shared.sealing import Sealer

#: Where a list stands: the county (six digits) and id of the last entry seen.
Position = tuple[int, UUID]
START: Position = (-1, UUID(int=0))

_CHILD = (
    "c.id, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by, c.hukou_stated_by,"
    " c.status, c.decision, c.next_change_on, c.shielded, c.entries, c.sealed"
)
_CARE = "k.id AS care_id, k.category, k.state, k.since, k.detail"
# OFFSET 0 keeps the planner from turning these into scans of the whole table.
_JOINED = (
    f" CROSS JOIN LATERAL (SELECT {_CHILD} FROM children c WHERE c.id = k.child_id OFFSET 0) c"
    " CROSS JOIN LATERAL (SELECT v.master, v.wrapped FROM vault.data_keys v WHERE v.id = k.child_id"
    " OFFSET 0) v"
)
_WHOLE = (
    " CROSS JOIN LATERAL (SELECT array_agg(o.id ORDER BY o.id) AS care_ids,"
    ' array_agg(o.category ORDER BY o.category COLLATE "C") AS categories,'
    ' array_agg(o.state ORDER BY o.category COLLATE "C") AS states FROM key_care o WHERE o.child_id = k.child_id'
    " AND ($8::text IS NULL OR o.category = $8) AND ($9::text[] IS NULL OR o.state = ANY($9))"
    " OFFSET 0) o"
)


def _page(place: Place, whole: bool, of_one: bool) -> str:
    # Of one child the child's own index narrows best: "+ 0" hides the other from the planner.
    county = f"(k.{place}_county + 0)" if of_one else f"k.{place}_county"
    return (
        f"SELECT {_CARE}, k.{place}_county AS county, c.*, v.*"
        + (", o.categories, o.states" if whole else "")
        + f" FROM key_care k{_JOINED}{_WHOLE if whole else ''}"
        f" WHERE {county} BETWEEN $1 AND $2 AND k.{place}_code BETWEEN $3 AND $4"
        f" AND ({county}, k.id) > ($5, $6)"
        " AND ($8::text IS NULL OR k.category = $8) AND ($9::text[] IS NULL OR k.state = ANY($9))"
        " AND ($10::text IS NULL OR c.status = $10)"
        # To stand in the list of a township is to live there.
        " AND NOT ($12 AND c.shielded)"
        + (" AND k.child_id = $11" if of_one else " AND $11::uuid IS NULL")
        + (" AND k.id = o.care_ids[1]" if whole else "")
        + f" ORDER BY {county}, k.id LIMIT $7"
    )


#: By place, whether a row stands for a whole child with its categories joined, and whether it is of one child alone.
PAGES = {
    (place, whole, of_one): _page(place, whole, of_one)
    for place in Place
    for whole in (False, True)
    for of_one in (False, True)
}


#: The planner takes row security to hide nearly everything and would read and sort a whole area for each page.  Without
#: sorting it walks the index in order and stops at the limit.
IN_INDEX_ORDER = "SELECT set_config('enable_sort', 'off', true)"


@dataclass(frozen=True, slots=True)
class Question:
    """What a list asks for; ``known_at`` an instant, of one child as it stood then."""

    place: Place = Place.RESIDENCE
    category: Category | None = None
    states: tuple[CareState, ...] | None = None
    status: Status | None = None
    child: UUID | None = None
    known_at: datetime | None = None

    def text(self) -> str:
        """Equal for equal questions: what a cursor is bound to."""
        filters = self.place, self.category, self.states, self.status, self.child, self.known_at
        return "|".join(map(str, filters))


def page_arguments(caller: Caller, question: Question, after: Position, limit: int) -> list[Any]:
    grant = caller.grant
    return [
        grant.low // 10**6,
        grant.high // 10**6,
        grant.low,
        grant.high,
        *after,
        limit,
        question.category,
        list(question.states) if question.states is not None else None,
        question.status,
        question.child,
        grant.high - grant.low < 10**6 - 1,
    ]


async def page(
    session: AsyncSession,
    caller: Caller,
    question: Question,
    after: Position,
    limit: int,
    *,
    whole: bool = False,
) -> list[Any]:
    """The next ``limit`` entries (or, ``whole``, children) after a position, in order."""
    connection = await raw(session)
    of_one = question.child is not None
    if not of_one:
        await connection.execute(IN_INDEX_ORDER)
    rows: list[Any] = await connection.fetch(
        PAGES[question.place, whole, of_one], *page_arguments(caller, question, after, limit)
    )
    return rows


_SEEN = "(k.residence_code BETWEEN $1 AND $2 OR k.hukou_code BETWEEN $1 AND $2)"


async def entry(session: AsyncSession, caller: Caller, entry_id: UUID) -> Any | None:
    """One entry with its child, if the caller may see it."""
    connection = await raw(session)
    return await connection.fetchrow(
        f"SELECT {_CARE}, c.*, v.* FROM key_care k{_JOINED} WHERE k.id = $3 AND {_SEEN}",
        caller.grant.low,
        caller.grant.high,
        entry_id,
    )


async def entry_of(session: AsyncSession, child: UUID, category: str) -> Any | None:
    """Id and state of a child's entry of one category."""
    connection = await raw(session)
    return await connection.fetchrow(
        "SELECT id, state FROM key_care WHERE child_id = $1 AND category = $2", child, category
    )


async def in_ledger(session: AsyncSession, children: Sequence[UUID]) -> set[UUID]:
    """Those who stand in the ledger under any category, proposed ones too; for the service itself."""
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT DISTINCT child_id FROM key_care WHERE child_id = ANY($1) AND state = ANY($2)",
        list(children),
        [str(state) for state in CURRENT],
    )
    return {row["child_id"] for row in rows}


async def decisions(session: AsyncSession, sealer: Sealer, child: UUID, category: str) -> list[Any]:
    """What people decided on one category of a child, oldest first, the erased left out; for the service itself."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        "SELECT d.id, d.anchor, d.child_id, d.basis, d.kind, d.category, d.reason, d.client, d.department,"
        f" d.actor, d.decided_at, d.sealed, v.master, v.wrapped, {LINKED.format(word='d')}"
        " FROM (SELECT d.* FROM links l JOIN decisions d ON d.anchor = l.entry_id WHERE l.person = $1"
        "  UNION SELECT d.* FROM decisions d WHERE d.child_id = $1) d"
        " JOIN vault.data_keys v ON v.id = d.id WHERE d.category = $2"
        " ORDER BY d.decided_at, d.id LIMIT 200",
        child,
        category,
    )
    belongs = await whose(connection, sealer, rows, "decided_at")
    return [row for row in rows if belongs[row["id"]] == child]


async def entries_behind(session: AsyncSession, records: Sequence[UUID]) -> list[UUID]:
    """The entries that these records are versions of; for the service itself."""
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT DISTINCT entry_id FROM records WHERE id = ANY($1) ORDER BY entry_id", list(records)
    )
    return [row["entry_id"] for row in rows]


async def surest_entry(
    session: AsyncSession, child: UUID, among: Sequence[UUID] | None = None
) -> UUID | None:
    """The entry that is most surely this child's; for the service itself.

    One of the county that has the child with it, else of that of its hukou: those who answer for the child, and not
    whoever pushed the most about it.  Of several, one that says where the child is; then the surest link.
    """
    connection = await raw(session)
    found: UUID | None = await connection.fetchval(
        "SELECT l.entry_id FROM links l LEFT JOIN children c ON c.id = l.person"
        " LEFT JOIN LATERAL (SELECT division / 1000000 AS county, residence_code / 1000000 AS says FROM records"
        "  WHERE entry_id = l.entry_id ORDER BY version DESC, kind DESC LIMIT 1) r ON true"
        " WHERE l.person = $1 AND ($2::uuid[] IS NULL OR l.entry_id = ANY($2))"
        " ORDER BY (r.county = c.residence_code / 1000000) IS TRUE DESC,"
        " (r.county = c.hukou_code / 1000000) IS TRUE DESC,"
        " (r.says = c.residence_code / 1000000) IS TRUE DESC, l.weight DESC, l.entry_id LIMIT 1",
        child,
        list(among) if among is not None else None,
    )
    return found
