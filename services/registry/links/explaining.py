"""Explaining: why each entry is held to speak of a child, level by level, as matching decided it.

A caller sees the entries whose records are its own; where the matrix opens provenance, all of them.  A push never buys
a read: what an entry showed beside a child out of reach, and that there is such a child, is not told.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx
import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children import queries as children
from services.registry.links.grading import Grade
from services.registry.links.schemas import MAX_LINKS
from services.registry.links.steps import waterfall
from services.registry.rulings import queries as rulings
from services.registry.rulings.sight import may_read
from shared.auth import Caller
from shared.database import raw
from shared.problems import NotFound, Unavailable

#: Entries that matching explains in one call.
_A_CALL = 200
_NEWEST = (
    "SELECT DISTINCT ON (r.entry_id) r.entry_id, r.feed, r.department, r.observed_on FROM records r"
    " WHERE r.entry_id = ANY($1) ORDER BY r.entry_id, r.version DESC, r.kind DESC"
)


async def linked(
    session: AsyncSession, caller: Caller, child: UUID, after: UUID | None
) -> tuple[list[UUID], bool]:
    """The next of the child's entries, and whether there are more; NotFound unless the caller sees the child."""
    rows = await children.visible(session, caller, [child])
    if not rows:
        raise NotFound
    connection = await raw(session)
    entries = await connection.fetch(
        "SELECT entry_id FROM links WHERE person = $1 AND ($2::uuid IS NULL OR entry_id > $2)"
        " ORDER BY entry_id LIMIT $3",
        child,
        after,
        MAX_LINKS + 1,
    )
    return [row["entry_id"] for row in entries[:MAX_LINKS]], len(entries) > MAX_LINKS


async def newest(session: AsyncSession, entries: Sequence[UUID]) -> dict[UUID, Any]:
    """The newest records of the entries, as far as this transaction reaches."""
    connection = await raw(session)
    return {row["entry_id"]: row for row in await connection.fetch(_NEWEST, list(entries))}


async def ask(matching: httpx.AsyncClient, entries: Sequence[UUID]) -> dict[UUID, Any]:
    """Matching's explanation of each entry that is linked; Unavailable when it does not answer."""
    found: dict[UUID, Any] = {}
    try:
        for start in range(0, len(entries), _A_CALL):
            asked = [str(entry) for entry in entries[start : start + _A_CALL]]
            reply = await matching.post("/v1/explanations/read", json={"entries": asked})
            reply.raise_for_status()
            told = orjson.loads(reply.content)["items"]
            found |= {UUID(one["link"]["entry"]): one for one in told}
    except httpx.HTTPError as error:
        raise Unavailable(headers={"Retry-After": "5"}) from error
    return found


def others_in(explanations: Mapping[UUID, Any], child: UUID) -> set[UUID]:
    """The other children that the explanations speak of."""
    named = {
        UUID(other)
        for told in explanations.values()
        for other in (told["against"], *(review["candidate"] for review in told["reviews"]))
        if other
    }
    return named - {child}


async def open_rulings(
    session: AsyncSession, caller: Caller, explanations: Mapping[UUID, Any]
) -> dict[UUID, UUID]:
    """By what matching knows it as: the ruling behind each constraint, where the caller may read it."""
    named = {UUID(one["ruling"]) for told in explanations.values() for one in told["rulings"]}
    if not named or not may_read(caller):
        return {}
    connection = await raw(session)
    found = await connection.fetch(
        "SELECT id, ruling FROM ruling_constraints WHERE id = ANY($1) LIMIT $2",
        list(named),
        MAX_LINKS,
    )
    mine = {
        ruling
        for ruling in {row["ruling"] for row in found}
        if await rulings.one(session, caller, ruling) is not None
    }
    return {row["id"]: row["ruling"] for row in found if row["ruling"] in mine}


def shown(
    record: Any,
    told: Mapping[str, Any],
    child: Any,
    groups: Mapping[str, str],
    visible: Mapping[UUID, Any],
    readable: Mapping[UUID, UUID],
) -> dict[str, Any]:
    """One link as the caller may know it.

    ``visible`` are the other children that it sees, ``readable`` the rulings.  That the entry was kept from another child is
    told by those alone; that a person put it to what else speaks of this child tells of no other.
    """
    against = UUID(told["against"]) if told["against"] else None
    # To whoever does not see the rival, there is none.
    rivals = [review for review in told["reviews"] if UUID(review["candidate"]) in visible]
    doubtful = told["link"]["grade"] == Grade.POSSIBLE and bool(rivals)
    seen: dict[str, Any] = {
        "entry": str(record["entry_id"]),
        "feed": record["feed"],
        "department": record["department"],
        "observed_on": record["observed_on"],
        "grade": str(Grade.POSSIBLE if doubtful else Grade.CERTAIN),
        "rule_version": told["link"]["rule_version"],
        "by_person": any(one["same"] for one in told["rulings"]),
    }
    binding = {UUID(one["ruling"]) for one in told["rulings"]} & readable.keys()
    if binding:
        seen["rulings"] = sorted({str(readable[one]) for one in binding})
    if told["comparisons"] and (against == child["id"] or against in visible):
        seen["beside"] = str(against)
        seen["evidence"] = _evidence(
            told, told["link"]["weight"], groups, child, visible.get(against) if against else None
        )
    if rivals:
        seen["rivals"] = [
            {
                "child": review["candidate"],
                "evidence": _evidence(
                    review, review["weight"], groups, child, visible[UUID(review["candidate"])]
                ),
            }
            for review in rivals
        ]
    return seen


def _evidence(
    told: Mapping[str, Any], weight: float, groups: Mapping[str, str], child: Any, other: Any | None
) -> dict[str, Any]:
    shielded = child["shielded"] or (other is not None and other["shielded"])
    return waterfall(told["comparisons"], weight, groups, shielded)
