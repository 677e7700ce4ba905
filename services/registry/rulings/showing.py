"""Showing: a ruling with the words of the one or two people behind it, as exact bytes, so that it has an ETag."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.children.kit import Kit
from services.registry.key_care import deciding
from services.registry.rulings import queries
from services.registry.rulings.making import decision_kind
from services.registry.rulings.terms import Second
from shared.auth import Caller
from shared.sealing import Unsealable

log = structlog.get_logger()


async def shown(
    session: AsyncSession, kit: Kit, caller: Caller, rows: Sequence[Any]
) -> list[dict[str, Any]]:
    """Rulings that the caller may see, in order."""
    async with as_system(session, caller):
        words = await queries.words_of(session, rows)
    return [_ruling(kit, row, words) for row in rows]


def _ruling(kit: Kit, row: Any, words: Mapping[UUID, Any]) -> dict[str, Any]:
    first = words.get(row["id"])
    seen: dict[str, Any] = {
        "id": str(row["id"]),
        "kind": row["kind"],
        "state": row["state"],
        "children": list(dict.fromkeys((str(row["one"]), str(row["other"])))),
        "entries": [str(entry) for entry in row["entries"]],
        "made_at": row["made_at"],
    }
    if first is not None:
        seen |= {"by": _by(first), **_said(kit, first)}
    for key in ("review", "target"):
        if row[key]:
            seen[key] = str(row[key])
    if row["settled_at"]:
        seen["settled_at"] = row["settled_at"]
    if row["problem"]:
        seen["problem"] = row["problem"]
    if (second := words.get(row["second"])) is not None:
        agreed = second["kind"] == decision_kind(Second.AGREE)
        seen["second"] = {
            "answer": str(Second.AGREE if agreed else Second.REFUSE),
            "by": _by(second),
            "at": second["decided_at"],
            **_said(kit, second),
        }
    return seen


def _by(decision: Any) -> dict[str, str]:
    return {"client": decision["client"], "actor": decision["actor"]}


def _said(kit: Kit, decision: Any) -> dict[str, str]:
    """Reason and note; the note is gone once a child was erased, and not shown of a decision that was changed."""
    said = {"reason": decision["reason"]}
    if decision["wrapped"] is not None:
        try:
            note = deciding.note_of(kit.sealer, decision)
        except Unsealable:
            log.error("decision.unsealable", decision=str(decision["id"]))
            note = ""
        said |= {"note": note} if note else {}
    return said
