"""Rekeying: every person found under a new index key, while everybody goes on linking and searching.

Each step is one short transaction or one whole file, and the next is read from what stands, so it may be stopped
anywhere, even by ``kill -9``, and taken up again:

1. a key is added to the file; 2. a keying with it is looked under; 3. it is current: what is linked from now
on is posted under it; 4. persons are rewritten, chunk by chunk; 5. the old keying is retired; 6. the old key leaves
the file.

A model that blocks by other rules asks for the steps from 3 on (previews/applying.py). The old key itself is never
needed: a person's keys are read from its document.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from services.matching.entries.sealing import Strongroom
from services.matching.keyings import queries
from services.matching.keyings.queries import Regime
from services.matching.keyings.rewriting import FIRST, rewrite_persons
from services.matching.linkage.weights import Model
from shared import keys as key_files
from shared.clock import Clock
from shared.database import SYSTEM, Database, raw
from shared.keys import KeySet


class Act(StrEnum):
    LOOKED_UNDER = "looked under"
    CURRENT = "current"
    REWRITTEN = "rewritten"
    RETIRED = "retired"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Step:
    """What was just done; ``persons`` of a chunk that were rewritten, or could not be opened."""

    act: Act
    persons: int = 0
    broken: int = 0


class CannotRekey(Exception):
    """Persons cannot be opened, so their postings cannot be brought under the new key; the log names them."""


@dataclass(frozen=True, slots=True)
class Rekeying:
    """``file`` holds the index keys; ``model`` is any model, since keyings name their own rules."""

    database: Database
    file: Path
    master: KeySet
    model: Model
    clock: Clock

    async def is_begun(self) -> bool:
        """Whether a step of an earlier rekeying, or of a model's new rules, is still to do."""
        regime = await self._regime()
        return regime is not None and (
            not regime.is_settled or min(key_files.load(self.file).keys) < regime.current.index_key
        )

    async def add_key(self) -> int:
        """See that the file holds a key newer than the one in use; its number."""
        held, regime = key_files.load(self.file), await self._regime()
        in_use = regime.current.index_key if regime else held.current
        if max(held.keys) <= in_use:
            held = key_files.added(held)
            key_files.save(held, self.file)
        return max(held.keys)

    async def begin(self, index_key: int) -> Step:
        """Let everybody look under the key, too. Every process must be able to read it by now."""
        now = self.clock.now()
        async with self.database.transaction(SYSTEM) as session:
            connection = await raw(session)
            await queries.hold(connection)
            regime = await queries.regime(connection)
            if regime is None:
                in_use = key_files.load(self.file).current
                await queries.begin(connection, in_use, list(self.model.blocking), now)
                regime = await queries.regime(connection)
            if regime is not None and regime.is_settled:
                await queries.add(connection, index_key, list(regime.current.rules), now)
        return Step(Act.LOOKED_UNDER)

    async def steps(self) -> AsyncGenerator[Step, None]:
        """Do what is left to do of what was begun."""
        if await self._switched():
            yield Step(Act.CURRENT)
        regime = await self._regime()
        if regime is None:
            return
        if not regime.is_settled:
            async for step in self._rewritten(regime):
                yield step
            await self._retire(regime)
            yield Step(Act.RETIRED)
        held = key_files.load(self.file)
        in_use = regime.current.index_key
        if min(held.keys) < in_use:
            kept = {number: key for number, key in held.keys.items() if number >= in_use}
            key_files.save(KeySet(in_use, kept, self.clock.now()), self.file)
            yield Step(Act.DROPPED)

    async def _switched(self) -> bool:
        async with self.database.transaction(SYSTEM) as session:
            connection = await raw(session)
            await queries.hold(connection)
            regime = await queries.regime(connection)
            if regime is None or regime.keyings[-1].is_current:
                return False
            await queries.make_current(connection, regime.keyings[-1].number)
            return True

    async def _rewritten(self, regime: Regime) -> AsyncGenerator[Step, None]:
        index = key_files.load(self.file)
        strongroom = Strongroom(self.master, index, self.model, (regime.current,))
        after: UUID | None = FIRST
        broken = 0
        while after is not None:
            chunk = await rewrite_persons(self.database, strongroom, after)
            after, broken = chunk.last, broken + chunk.broken
            yield Step(Act.REWRITTEN, chunk.rewritten, chunk.broken)
        if broken:
            raise CannotRekey(f"{broken} persons cannot be opened; the log names them")

    async def _retire(self, regime: Regime) -> None:
        """End the other keyings. Nobody posts by one that is not current, so what is counted stays."""
        async with self.database.transaction(SYSTEM) as session:
            left = await (await raw(session)).fetchval(
                "SELECT count(*) FROM persons WHERE sealed IS NOT NULL AND keying <> $1",
                regime.current.number,
            )
        if left:
            raise CannotRekey(f"{left} persons are still found by an older keying")
        async with self.database.transaction(SYSTEM) as session:
            connection = await raw(session)
            await queries.hold(connection)
            await queries.retire_others(connection, regime.current.number, self.clock.now())

    async def _regime(self) -> Regime | None:
        async with self.database.transaction(SYSTEM) as session:
            return await queries.regime(await raw(session))
