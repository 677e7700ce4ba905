"""Evidence: what a department reported since, by which what an office took up for a child is done (R43).

It proposes; whoever has the case completes and closes it.  It is read from the child's records and shown to whom the access
matrix opens them, so a recalled or erased record is evidence no more, and nobody learns from a case what no read tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import open_groups
from services.registry.access.sight import as_system
from services.registry.cases.terms import CaseKind
from services.registry.children import queries as children
from services.registry.children.folding import current
from services.registry.children.kit import Kit
from services.registry.records.feeds import InsuranceEnrolment
from services.registry.records.vault import SELECTED, Opened, open_row
from shared.auth import Caller
from shared.database import raw
from shared.sealing import Unsealable

log = structlog.get_logger()

_RECORDS = (
    f"SELECT {SELECTED} FROM links l JOIN records r ON r.entry_id = l.entry_id"
    " JOIN vault.data_keys k ON k.id = r.id WHERE l.person = $1 AND r.feed = 'insurance-enrolments'"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The first day on which the child was insured; ``record`` for those who see where values come from."""

    on: date
    record: UUID | None


async def evidence_for(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    case: Any,
    words: Mapping[str, Any],
    known: Sequence[Opened] | None = None,
) -> Evidence | None:
    """That the child of a case of assistance is insured in its year, as far as the caller may know.

    By the records that were ``known``, unless they are to be read as they are today.
    """
    child, year = case["child"], words.get("year")
    if case["kind"] != CaseKind.ASSISTANCE or child is None or year is None:
        return None
    groups = open_groups(caller.department, caller.purpose) or {}
    if "insurance" not in groups or not await children.visible(session, caller, [child]):
        return None
    if known is None:
        known = await _records(session, kit, caller, child)
    found = min(_enrolments(known, year), default=None)
    if found is None:
        return None
    on, record = found
    return Evidence(on, record if "provenance" in groups else None)


def _enrolments(records: Sequence[Opened], year: int) -> list[tuple[date, UUID]]:
    return [
        (item.enrolled_on or one.plain.observed_on, one.plain.id)
        for one in current(records)
        if isinstance(item := one.item, InsuranceEnrolment) and item.enrolled and item.year == year
    ]


async def _records(session: AsyncSession, kit: Kit, caller: Caller, child: UUID) -> list[Opened]:
    opened = []
    async with as_system(session, caller):
        connection = await raw(session)
        for row in await connection.fetch(_RECORDS, child):
            try:
                record = open_row(kit.sealer, row)
            except Unsealable:
                log.error("case.evidence_unsealable", id=str(row["id"]))
                continue
            if record is not None:
                opened.append(record)
    return opened
