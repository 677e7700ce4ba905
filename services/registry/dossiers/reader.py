"""Reader: who reads a dossier, of which child, and what is open to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from services.registry.past.recalling import Past
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.problems import Forbidden
from shared.vocabulary import Scope

#: Later than anything that is known.
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
Groups = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reader:
    """``now`` is the instant at which the file is read, or at which what it tells was known: then there is a ``past``."""

    session: AsyncSession
    kit: Kit
    caller: Caller
    groups: Groups
    child: UUID
    now: datetime
    past: Past | None = None

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

    @property
    def known_at(self) -> datetime:
        """What is known up to then is told."""
        return self.past.known_at if self.past else FOREVER

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        connection = await raw(self.session)
        found: list[Any] = await connection.fetch(statement, self.child, *values)
        return found
