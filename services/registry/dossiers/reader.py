"""Reader: who reads a dossier, of which child, and what is open to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.problems import Forbidden
from shared.vocabulary import Scope

Groups = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reader:
    """``now`` is the instant at which the file is read."""

    session: AsyncSession
    kit: Kit
    caller: Caller
    groups: Groups
    child: UUID
    now: datetime

    @property
    def day(self) -> date:
        return self.now.astimezone(SHANGHAI).date()

    def has(self, *groups: str) -> bool:
        return all(group in self.groups for group in groups)

    def holds(self, scope: Scope) -> bool:
        return scope in self.caller.grant.scopes

    def may(self, scope: Scope, sight: Callable[[Caller], object]) -> bool:
        """Whether an endpoint that asks for ``scope``, then for ``sight``, would let the reader in."""
        if not self.holds(scope):
            return False
        try:
            sight(self.caller)
        except Forbidden:
            return False
        return True

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        connection = await raw(self.session)
        found: list[Any] = await connection.fetch(statement, self.child, *values)
        return found
