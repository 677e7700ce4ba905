"""Cases as they are found and listed; each query filters by place and department itself, row-level security besides.

A case follows its child by ``anchor``, unless that went astray (``children.anchoring``).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.cases.causing import (
    fallen_among,
    moved_among,
    reviews,
    unsettled_of,
    unsure_next,
)
from services.registry.cases.terms import CaseDemand, CaseKind, CaseState
from services.registry.children.anchoring import LINKED, whose
from services.registry.children.kit import Kit
from services.registry.erasures.authenticity import ERASURES
from services.registry.past.gathering import ENTRIES, LINKED_THEN
from services.registry.records.authenticity import forged
from services.registry.rulebooks import adopting
from shared.auth import Caller
from shared.database import raw

_CASE = (
    "c.id, c.kind, c.topic, c.place, c.addressee, c.child_id, c.anchor, c.client, c.department, c.actor,"
    " c.opened_at, c.sealed, c.state, c.waiting_since, c.version, c.record, c.demanding, "
    + LINKED.format(word="c")
)
_MINE = (
    "c.place BETWEEN $1 AND $2 AND ($3 = 'civil_affairs' OR c.addressee = $3 OR c.department = $3)"
)
_START = UUID(int=0)
_HERE = f"{_MINE} AND ($4::text IS NULL OR c.kind = $4) AND ($5::text IS NULL OR c.state = $5) AND c.id > $6"
#: The ids of the next cases, by what is asked of them; each statement its own, so that a partial index serves it.
ANY = f"SELECT c.id FROM cases c WHERE {_HERE} ORDER BY c.id LIMIT $7"
RESTING = (
    "SELECT c.id FROM cases c WHERE c.waiting_since IS NULL AND NOT c.demanding"
    f" AND {_HERE} ORDER BY c.id LIMIT $7"
)
WAITING = (
    f"(SELECT c.id FROM cases c WHERE c.waiting_since IS NOT NULL AND {_HERE} ORDER BY c.id LIMIT $7)"
    f" UNION (SELECT c.id FROM cases c WHERE c.demanding AND {_HERE} ORDER BY c.id LIMIT $7)"
    f" UNION (SELECT c.id FROM cases c WHERE c.id = ANY($8) AND {_HERE} ORDER BY c.id LIMIT $7)"
    " ORDER BY id LIMIT $7"
)
FALLEN = fallen_among(_HERE)
MOVED = moved_among(_HERE)

_LINKED_THEN = (
    "SELECT c.id, c.child_id, c.anchor, c.opened_at, "
    + LINKED_THEN.format(word="c")
    + " FROM cases c WHERE c.id = ANY($1)"
)
_KNOWN = (
    f"SELECT {_CASE}, k.master, k.wrapped FROM (SELECT id FROM cases WHERE child_id = ANY($1) UNION"
    f" SELECT x.id FROM {ENTRIES} l JOIN cases x ON x.anchor = l.entry_id) f"
    " JOIN cases c ON c.id = f.id LEFT JOIN vault.data_keys k ON k.id = c.id"
    " WHERE c.opened_at <= $2 AND c.place BETWEEN $3 AND $4"
    " AND ($5 = 'civil_affairs' OR c.addressee = $5 OR c.department = $5) ORDER BY c.id"
)


def _who(caller: Caller) -> tuple[int, int, str]:
    return caller.grant.low, caller.grant.high, str(caller.department)


async def one(
    session: AsyncSession, kit: Kit, caller: Caller, case: UUID, *, held: bool = False
) -> Any | None:
    """The case, with its data key and its child of today; locked until the transaction ends, if ``held``."""
    connection = await raw(session)
    row = await connection.fetchrow(
        f"SELECT {_CASE}, k.master, k.wrapped FROM cases c LEFT JOIN vault.data_keys k ON k.id = c.id"
        f" WHERE c.id = $4 AND {_MINE}" + (" FOR UPDATE OF c" if held else ""),
        *_who(caller),
        case,
    )
    if row is None:
        return None
    (today,) = await _of_today(session, kit, caller, [row])
    if row["wrapped"] is None:
        today["erased"] = await _was_erased(session, kit, caller, row, row["opened_at"])
    return today


async def acts_of(session: AsyncSession, kit: Kit, caller: Caller, case: Any) -> list[Any]:
    """The acts of a case that the caller sees, in order."""
    return (await acts_of_all(session, kit, caller, [case]))[case["id"]]


async def acts_of_all(
    session: AsyncSession, kit: Kit, caller: Caller, cases: Sequence[Any]
) -> dict[UUID, list[Any]]:
    """The acts of each of some cases that the caller sees, in order."""
    of = {case["id"]: case for case in cases}
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT a.id, a.case_id, a.number, a.kind, a.outcome, a.issuer, a.client, a.department, a.actor,"
        " a.acted_at, a.sealed, k.master, k.wrapped FROM case_acts a"
        " LEFT JOIN vault.data_keys k ON k.id = a.id WHERE a.case_id = ANY($1) ORDER BY a.case_id, a.number",
        list(of),
    )
    found: dict[UUID, list[Any]] = {case: [] for case in of}
    for row in rows:
        case = of[row["case_id"]]
        if row["wrapped"] is None:
            erased = await _was_erased(session, kit, caller, case, row["acted_at"])
            row = {**row, "erased": erased}
        found[case["id"]].append(row)
    return found


async def child_at(
    session: AsyncSession, kit: Kit, caller: Caller, case: Any, known_at: datetime
) -> UUID | None:
    """Whom a case was held to be about at an instant; None too where a link that would tell it was not written so."""
    if case["child_id"] is None:
        return None
    async with as_system(session, caller):
        connection = await raw(session)
        if await forged(connection, kit.audit, [case["anchor"]], [case["child_id"]]):
            return None
        rows = await connection.fetch(_LINKED_THEN, [case["id"]], known_at)
        return (await whose(connection, kit.sealer, rows, "opened_at", known_at)).get(case["id"])


async def page_known(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    kind: CaseKind | None,
    known_at: datetime,
    after: UUID | None,
    limit: int,
) -> Sequence[Any]:
    """As ``page``, those that had been opened by an instant, however they stood then."""
    connection = await raw(session)
    rows = await connection.fetch(
        f"SELECT {_CASE}, k.master, k.wrapped FROM cases c LEFT JOIN vault.data_keys k ON k.id = c.id"
        f" WHERE {_MINE} AND c.opened_at <= $4 AND ($5::text IS NULL OR c.kind = $5)"
        " AND ($6::uuid IS NULL OR c.id > $6) ORDER BY c.id LIMIT $7",
        *_who(caller),
        known_at,
        kind,
        after,
        limit,
    )
    return await _whole(session, kit, caller, await _of_today(session, kit, caller, rows, known_at))


async def page(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    kind: CaseKind | None,
    state: CaseState | None,
    waiting: bool | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Any]:
    """Cases of the caller's place, the oldest first, each with its data key and its child of today.

    They are found by their rows: what their acts make of them is for the caller to see (``folding``).
    """
    asked = (*_who(caller), kind, state)
    if waiting is False:
        ids = await _resting(session, kit, caller, asked, after or _START, limit)
    elif waiting:
        async with as_system(session, caller):
            connection, begin = await raw(session), after or _START
            fallen = await connection.fetch(FALLEN, *asked, begin, limit)
            unsure = await unsure_next(connection, kit.audit, MOVED, asked, begin, limit)
        to_review = [*(row["id"] for row in fallen), *unsure]
        ids = await _next(session, WAITING, *asked, after or _START, limit, to_review)
    else:
        ids = await _next(session, ANY, *asked, after or _START, limit)
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_CASE}, k.master, k.wrapped FROM cases c LEFT JOIN vault.data_keys k ON k.id = c.id"
        " WHERE c.id = ANY($1) ORDER BY c.id",
        ids,
    )
    return await _whole(session, kit, caller, await _of_today(session, kit, caller, rows))


async def _next(session: AsyncSession, statement: str, *values: Any) -> list[UUID]:
    connection = await raw(session)
    return [row["id"] for row in await connection.fetch(statement, *values)]


async def _resting(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    asked: tuple[Any, ...],
    after: UUID,
    limit: int,
) -> list[UUID]:
    """The next cases of which nothing is asked."""
    ids: list[UUID] = []
    while len(ids) < limit:
        found = await _next(session, RESTING, *asked, after, limit)
        unsettled = await unsettled_of(session, kit.audit, caller, found)
        ids += [one for one in found if one not in unsettled]
        if len(found) < limit:
            break
        after = found[-1]
    return ids[:limit]


async def _whole(
    session: AsyncSession, kit: Kit, caller: Caller, rows: Sequence[dict[str, Any]]
) -> Sequence[Any]:
    """The rows, each of which says whether what it was about has been ``erased``, if it lacks its key."""
    for row in rows:
        if row["wrapped"] is None:
            row["erased"] = await _was_erased(session, kit, caller, row, row["opened_at"])
    return rows


async def of_child(
    session: AsyncSession, kit: Kit, caller: Caller, child: UUID, known_at: datetime | None = None
) -> list[Any]:
    """Every case about a child that the caller sees, by whose it is today, each with its data key; ``known_at`` an instant,
    those that were opened by then, by whose they were held to be."""
    connection = await raw(session)
    if known_at is not None:
        rows = await connection.fetch(_KNOWN, [child], known_at, *_who(caller))
        async with as_system(session, caller):
            connection = await raw(session)
            anchors = {row["anchor"] for row in rows}
            unsure = await forged(connection, kit.audit, anchors, {row["child_id"] for row in rows})
            rows = [row for row in rows if not unsure & {row["anchor"], row["child_id"]}]
            linked = await connection.fetch(_LINKED_THEN, [row["id"] for row in rows], known_at)
            belongs = await whose(connection, kit.sealer, linked, "opened_at", known_at)
            review = await reviews(connection, kit.audit, rows, belongs, known_at)
        return [
            {**row, "review": review.get(row["id"])} for row in rows if belongs[row["id"]] == child
        ]
    rows = await connection.fetch(
        f"SELECT {_CASE}, k.master, k.wrapped FROM (SELECT id FROM cases WHERE child_id = $4 UNION"
        " SELECT x.id FROM links l JOIN cases x ON x.anchor = l.entry_id WHERE l.person = $4) f"
        " JOIN cases c ON c.id = f.id LEFT JOIN vault.data_keys k ON k.id = c.id"
        f" WHERE {_MINE} ORDER BY c.id",
        *_who(caller),
        child,
    )
    return [row for row in await _of_today(session, kit, caller, rows) if row["child"] == child]


async def review_at(
    session: AsyncSession, kit: Kit, caller: Caller, case: Any, child: UUID, known_at: datetime
) -> CaseDemand | None:
    """What there was to review, at an instant, of the evidence of a case that was about a child then."""
    async with as_system(session, caller):
        found = await reviews(await raw(session), kit.audit, [case], {case["id"]: child}, known_at)
    return found.get(case["id"])


async def _of_today(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    rows: Sequence[Any],
    known_at: datetime | None = None,
) -> list[dict[str, Any]]:
    """Cases, each with its ``child`` of today, whether that one is ``shielded``, what of its evidence to ``review``, and the
    ``rules`` that the hub went by when it was opened, and since.

    ``known_at`` an instant, what was to review then, but for whose the evidence is.
    """
    about = [row for row in rows if row["child_id"] is not None]
    children: dict[UUID, UUID | None] = {}
    shielded: set[UUID] = set()
    review: dict[UUID, CaseDemand] = {}
    if about:
        async with as_system(session, caller):
            connection = await raw(session)
            children = await whose(connection, kit.sealer, about, "opened_at")
            found = await connection.fetch(
                "SELECT id FROM children WHERE id = ANY($1) AND shielded", list(children.values())
            )
            shielded = {row["id"] for row in found}
            belong = children if known_at is None else {}
            review = await reviews(connection, kit.audit, about, belong, known_at)
    connection = await raw(session)
    opened = {row["opened_at"] for row in rows}
    rules = await adopting.courses(connection, kit.audit, kit.profiles, opened)
    return [
        {
            **row,
            "child": (child := children.get(row["id"])),
            "shielded": child in shielded,
            "review": review.get(row["id"]),
            "rules": rules[row["opened_at"]],
        }
        for row in rows
    ]


async def _was_erased(
    session: AsyncSession, kit: Kit, caller: Caller, case: Any, said_at: Any
) -> bool:
    """Whether an erasure that the hub wrote destroyed the key of what was said in a case then."""
    if case["child_id"] is None:
        return False
    async with as_system(session, caller):
        connection = await raw(session)
        rows = await connection.fetch(
            f"SELECT {ERASURES.selected},"
            " ARRAY(SELECT entry_id FROM erased_entries WHERE erasure_id = x.id) AS entries FROM erasures x"
            " WHERE x.erased_at >= $3 AND (x.child_id = $1"
            "  OR x.id IN (SELECT erasure_id FROM erased_entries WHERE entry_id = $2))",
            case["child_id"],
            case["anchor"],
            said_at,
        )
    return any(ERASURES.authentic(kit.audit, row) for row in rows)
