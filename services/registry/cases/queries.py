"""Cases as they are found and listed; each query filters by place and department itself, row-level security besides.

A case follows its child by ``anchor``, unless that went astray (``children.anchoring``).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.cases.stepping import state_of
from services.registry.cases.terms import CaseActKind, CaseKind, CaseState
from services.registry.children.anchoring import LINKED, whose
from services.registry.children.kit import Kit
from services.registry.erasures import authenticity as erasures
from services.registry.past.gathering import ENTRIES, LINKED_THEN
from services.registry.rulebooks import adopting
from shared.auth import Caller
from shared.database import raw

_CASE = (
    "c.id, c.kind, c.topic, c.place, c.addressee, c.child_id, c.anchor, c.client, c.department, c.actor,"
    " c.opened_at, c.sealed, c.state, c.waiting_since, c.version, " + LINKED.format(word="c")
)
_MINE = (
    "c.place BETWEEN $1 AND $2 AND ($3 = 'civil_affairs' OR c.addressee = $3 OR c.department = $3)"
)

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
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT a.id, a.case_id, a.number, a.kind, a.outcome, a.issuer, a.client, a.department, a.actor,"
        " a.acted_at, a.sealed, k.master, k.wrapped FROM case_acts a"
        " LEFT JOIN vault.data_keys k ON k.id = a.id WHERE a.case_id = $1 ORDER BY a.number",
        case["id"],
    )
    return [
        {**row, "erased": await _was_erased(session, kit, caller, case, row["acted_at"])}
        if row["wrapped"] is None
        else row
        for row in rows
    ]


async def child_at(
    session: AsyncSession, kit: Kit, caller: Caller, case: Any, known_at: datetime
) -> UUID | None:
    """Whom a case was held to be about at an instant."""
    if case["child_id"] is None:
        return None
    async with as_system(session, caller):
        connection = await raw(session)
        rows = await connection.fetch(_LINKED_THEN, [case["id"]], known_at)
        return (await whose(connection, kit.sealer, rows, "opened_at", known_at)).get(case["id"])


def _stood(row: Any) -> CaseState | None:
    try:
        return state_of(CaseKind(row["kind"]), [CaseActKind(one) for one in row["acts"]])
    except ValueError:
        return None


async def page_known(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    kind: CaseKind | None,
    known_at: datetime,
    after: UUID | None,
    limit: int,
) -> list[tuple[Any, CaseState | None]]:
    """Cases of the caller's place that had been opened by an instant, the oldest first, and how each stood then; None of one
    that has acts which nobody can have done here."""
    connection = await raw(session)
    rows = await connection.fetch(
        f"SELECT {_CASE}, (SELECT coalesce(array_agg(a.kind ORDER BY a.number), '{{}}') FROM case_acts a"
        "  WHERE a.case_id = c.id AND a.acted_at <= $4) AS acts"
        f" FROM cases c WHERE {_MINE} AND c.opened_at <= $4 AND ($5::text IS NULL OR c.kind = $5)"
        " AND ($6::uuid IS NULL OR c.id > $6) ORDER BY c.id LIMIT $7",
        *_who(caller),
        known_at,
        kind,
        after,
        limit,
    )
    return [(row, _stood(row)) for row in await _of_today(session, kit, caller, rows)]


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
    """Cases of the caller's place, the oldest first, each with its child of today."""
    connection = await raw(session)
    rows: list[Any] = await connection.fetch(
        f"SELECT {_CASE} FROM cases c WHERE {_MINE}"
        " AND ($4::text IS NULL OR c.kind = $4) AND ($5::text IS NULL OR c.state = $5)"
        " AND ($6::boolean IS NULL OR (c.waiting_since IS NOT NULL) = $6)"
        " AND ($7::uuid IS NULL OR c.id > $7) ORDER BY c.id LIMIT $8",
        *_who(caller),
        kind,
        state,
        waiting,
        after,
        limit,
    )
    return await _of_today(session, kit, caller, rows)


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
            linked = await connection.fetch(_LINKED_THEN, [row["id"] for row in rows], known_at)
            belongs = await whose(connection, kit.sealer, linked, "opened_at", known_at)
        return [dict(row) for row in rows if belongs[row["id"]] == child]
    rows = await connection.fetch(
        f"SELECT {_CASE}, k.master, k.wrapped FROM (SELECT id FROM cases WHERE child_id = $4 UNION"
        " SELECT x.id FROM links l JOIN cases x ON x.anchor = l.entry_id WHERE l.person = $4) f"
        " JOIN cases c ON c.id = f.id LEFT JOIN vault.data_keys k ON k.id = c.id"
        f" WHERE {_MINE} ORDER BY c.id",
        *_who(caller),
        child,
    )
    return [row for row in await _of_today(session, kit, caller, rows) if row["child"] == child]


async def _of_today(
    session: AsyncSession, kit: Kit, caller: Caller, rows: Sequence[Any]
) -> list[dict[str, Any]]:
    """Cases, each with its ``child`` of today, whether that one is ``shielded``, and the rules (``profiles``) that the hub went
    by when it was opened."""
    about = [row for row in rows if row["child_id"] is not None]
    children: dict[UUID, UUID | None] = {}
    shielded: set[UUID] = set()
    if about:
        async with as_system(session, caller):
            connection = await raw(session)
            children = await whose(connection, kit.sealer, about, "opened_at")
            found = await connection.fetch(
                "SELECT id FROM children WHERE id = ANY($1) AND shielded", list(children.values())
            )
            shielded = {row["id"] for row in found}
    connection = await raw(session)
    opened = {row["opened_at"] for row in rows}
    rules = await adopting.as_adopted(connection, kit.audit, kit.profiles, opened)
    return [
        {
            **row,
            "child": (child := children.get(row["id"])),
            "shielded": child in shielded,
            "profiles": rules[row["opened_at"]],
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
            f"SELECT {', '.join(f'x.{name}' for name in erasures.COLUMNS)}, x.mac,"
            " ARRAY(SELECT entry_id FROM erased_entries WHERE erasure_id = x.id) AS entries FROM erasures x"
            " WHERE x.erased_at >= $3 AND (x.child_id = $1"
            "  OR x.id IN (SELECT erasure_id FROM erased_entries WHERE entry_id = $2))",
            case["child_id"],
            case["anchor"],
            said_at,
        )
    return any(erasures.authentic(kit.audit, row, row["entries"]) for row in rows)
