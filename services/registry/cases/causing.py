"""Causing: the record, of a visit say, that gave cause for a case, and what becomes of the case when the record does not stand.

A case names one record of a child whom its opener sees: one of its own office's, or one whose origin the access matrix opens to
it.  When that record is recalled or erased, or found to be about another child, a person is to look at the case again
(``CaseDemand``), until it is followed up or closed.  It ends by that as little as by anything else.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import FEED_GROUPS, open_groups
from services.registry.access.sight import as_system
from services.registry.cases.terms import CaseActKind, CaseDemand
from services.registry.children import queries as children
from services.registry.records.authenticity import forged
from services.registry.records.models import RECALL
from shared.auth import Caller
from shared.database import raw
from shared.keys import KeySet
from shared.problems import NotFound

_NOW: Final = "'infinity'::timestamptz"
_THEN: Final = "$2::timestamptz"


def _behind(then: str) -> str:
    """The record of a case, and the newest of its entry by an instant."""
    return (
        " JOIN records r ON r.id = c.record LEFT JOIN vault.data_keys k ON k.id = r.id"
        " CROSS JOIN LATERAL (SELECT kind, received_at FROM records WHERE entry_id = r.entry_id"
        f"  AND received_at <= {then} ORDER BY version DESC, kind DESC LIMIT 1) n"
    )


def _fallen(then: str) -> str:
    return (
        f"(k.id IS NULL OR (n.kind = {RECALL} AND NOT EXISTS (SELECT 1 FROM case_acts a"
        f" WHERE a.case_id = c.id AND a.kind = '{CaseActKind.FOLLOW_UP}'"
        f" AND a.acted_at >= n.received_at AND a.acted_at <= {then})))"
    )


_OF_CASES = (
    f"SELECT c.id, r.entry_id, {_fallen(_THEN)} AS fallen, (SELECT x.person FROM (SELECT person, link_seq FROM links"
    f"   WHERE entry_id = r.entry_id AND taken_at <= {_THEN}"
    "  UNION ALL SELECT person, link_seq FROM former_links"
    f"   WHERE entry_id = r.entry_id AND taken_at <= {_THEN} AND replaced_at > {_THEN}) x"
    "  ORDER BY x.link_seq DESC LIMIT 1) AS person"
    f" FROM cases c{_behind(_THEN)} WHERE c.id = ANY($1)"
)
_HAS_FALLEN: Final = (
    f"SELECT c.id FROM ({{cases}} OFFSET 0) c{_behind(_NOW)} LEFT JOIN links l ON l.entry_id = r.entry_id"
    " LEFT JOIN links o ON o.entry_id = c.anchor"
    f" WHERE {_fallen(_NOW)} OR l.person <> coalesce(o.person, c.child_id)"
)
_OPEN: Final = (
    "SELECT c.id, c.record, c.anchor, c.child_id FROM cases c"
    " WHERE c.record IS NOT NULL AND c.state <> 'closed'"
)
#: Whose record has been held to speak of somebody else before.
_MOVED: Final = (
    "SELECT c.id, r.entry_id FROM ({cases} OFFSET 0) c JOIN records r ON r.id = c.record"
    " WHERE EXISTS (SELECT 1 FROM former_links f WHERE f.entry_id = r.entry_id)"
)
_MOVED_OF: Final = _MOVED.format(cases=f"{_OPEN} AND c.id = ANY($1)")
_FALLEN_OF: Final = _HAS_FALLEN.format(cases=f"{_OPEN} AND c.id = ANY($1)")
#: Later than anything that is ever known.
_EVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


async def child_of(session: AsyncSession, caller: Caller, record: UUID, said: UUID | None) -> UUID:
    """The child that a record is about, and that the caller sees; NotFound otherwise, whatever the cause."""
    groups = open_groups(caller.department, caller.purpose)
    async with as_system(session, caller):
        connection = await raw(session)
        row = await connection.fetchrow(
            "SELECT r.feed, r.department, r.division, l.person FROM records r"
            " JOIN links l ON l.entry_id = r.entry_id WHERE r.id = $1",
            record,
        )
    if row is None or said not in (None, row["person"]):
        raise NotFound
    own = row["department"] == caller.department and caller.covers(row["division"])
    told = "provenance" in groups and FEED_GROUPS.get(row["feed"], "") in groups
    if not groups or not (own or told):
        raise NotFound
    child: UUID = row["person"]
    if not await children.visible(session, caller, [child]):
        raise NotFound
    return child


async def reviews(
    connection: "asyncpg.Connection[Any]",
    keys: KeySet,
    cases: Sequence[Any],
    whose: Mapping[UUID, UUID | None],
    known_at: datetime | None = None,
) -> dict[UUID, CaseDemand]:
    """Of which of these cases the record does not stand, and how, today or as known at an instant; ``whose`` says which child
    each case is about, and nothing where that is not asked.  Where a former link of the record was not written so, nobody can
    tell whose it was: a person is to look.  For the service itself.
    """
    about = [case["id"] for case in cases if case["record"] is not None]
    if not about:
        return {}
    found = {}
    rows = await connection.fetch(_OF_CASES, about, known_at or _EVER)
    unsure = await forged(connection, keys, {row["entry_id"] for row in rows})
    for row in rows:
        if row["fallen"]:
            found[row["id"]] = CaseDemand.REVIEW_EVIDENCE
        elif row["id"] in whose and (
            row["entry_id"] in unsure or row["person"] not in (None, whose[row["id"]])
        ):
            found[row["id"]] = CaseDemand.REVIEW_WHOSE
    return found


def fallen_among(here: str) -> str:
    """SQL for the next open cases whose record may not stand any more, of those that a condition on ``c`` holds for, by id: no
    more are looked at than it takes to find ``$7`` of them."""
    return _HAS_FALLEN.format(cases=f"{_OPEN} AND {here} ORDER BY c.id") + " ORDER BY c.id LIMIT $7"


def moved_among(here: str) -> str:
    """As ``fallen_among``, the next whose record was held to speak of somebody else before, with its entry."""
    return _MOVED.format(cases=f"{_OPEN} AND {here} ORDER BY c.id") + " ORDER BY c.id LIMIT $7"


async def unsure_next(
    connection: "asyncpg.Connection[Any]",
    keys: KeySet,
    moved: str,
    asked: Sequence[Any],
    after: UUID,
    limit: int,
) -> list[UUID]:
    """The next cases, of those that ``moved`` finds, of whose record nobody can tell whose it was; for the service itself."""
    found: list[UUID] = []
    while len(found) < limit:
        rows = await connection.fetch(moved, *asked, after, limit)
        found += await _unsure(connection, keys, rows)
        if len(rows) < limit:
            break
        after = rows[-1]["id"]
    return found


async def unsettled_of(
    session: AsyncSession, keys: KeySet, caller: Caller, cases: Sequence[UUID]
) -> set[UUID]:
    """Those of these cases that are open and whose record may not stand any more, or be nobody can tell whose."""
    async with as_system(session, caller):
        connection = await raw(session)
        fallen = await connection.fetch(_FALLEN_OF, list(cases))
        moved = await connection.fetch(_MOVED_OF, list(cases))
        return {row["id"] for row in fallen} | {*await _unsure(connection, keys, moved)}


async def _unsure(
    connection: "asyncpg.Connection[Any]", keys: KeySet, moved: Sequence[Any]
) -> list[UUID]:
    bad = await forged(connection, keys, {row["entry_id"] for row in moved})
    return [row["id"] for row in moved if row["entry_id"] in bad]
