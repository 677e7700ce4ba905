"""One entry as its caller sees it, as exact bytes: what is sent, and what an ETag and an If-Match are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry import answers
from services.registry.access.sight import as_system
from services.registry.children.kit import Kit
from services.registry.key_care import queries, showing
from shared.auth import Caller
from shared.problems import NotFound


@dataclass(frozen=True, slots=True)
class Representation:
    child: UUID
    category: str
    state: str
    evidence: tuple[UUID, ...]
    body: bytes
    etag: str

    def reply(self) -> Response:
        return Response(self.body, media_type="application/json", headers={"ETag": self.etag})


async def represent(
    session: AsyncSession, kit: Kit, caller: Caller, entry_id: UUID
) -> Representation:
    """The entry; NotFound when the caller may not see it."""
    groups = showing.sight(caller)
    row = await queries.entry(session, caller, entry_id)
    if row is None:
        raise NotFound
    decided: list[Any] = []
    if "provenance" in groups:
        async with as_system(session, caller):
            decided = await queries.decisions(session, kit.sealer, row["id"], row["category"])
    return represented(kit, caller, row, decided)


def represented(kit: Kit, caller: Caller, row: Any, decided: Sequence[Any]) -> Representation:
    """The entry of a row, as it is or as it was, with the decisions on it."""
    groups = showing.sight(caller)
    seen = showing.entry_of(row, groups, showing.child_of(kit, row, groups))
    if "provenance" in groups:
        seen["decisions"] = showing.decisions_of(kit, decided, caller)
    body = answers.dump(seen)
    return Representation(
        child=row["id"],
        category=row["category"],
        state=row["state"],
        evidence=tuple(UUID(one["record"]) for one in row["detail"]["evidence"]),
        body=body,
        etag=answers.etag(kit, body),
    )
