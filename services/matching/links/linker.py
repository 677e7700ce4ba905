"""The linker: what linking needs beside the database, by the regime in force."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.sealing import Strongroom
from services.matching.linkage.weights import Frequency, Model, uncounted
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class Linker:
    """What linking needs beside the database, by one ``regime``. ``renew`` gives the linker by the
    regime in force; without it, a linker goes by what it was made with.
    """

    model: Model
    strongroom: Strongroom
    clock: Clock
    frequency: Frequency = uncounted
    regime: object = None
    renew: "Callable[[AsyncSession], Awaitable[Linker]] | None" = None

    async def current(self, session: AsyncSession) -> "Linker":
        """The linker to go by until this transaction ends, which holds the linker's lock or shares the
        regime.
        """
        return await self.renew(session) if self.renew else self
