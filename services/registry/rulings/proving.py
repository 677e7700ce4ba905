"""Proving: every ruling that binds, or is about to, is what its decisions say, and so is what matching was told of it."""

from collections.abc import AsyncIterator
from uuid import UUID

from services.registry.children.proving import PAGE, Difference
from services.registry.rulings import authenticity, queries
from services.registry.rulings.authenticity import Erased, Forged
from services.registry.rulings.terms import RulingState
from shared.database import SYSTEM, Database, raw
from shared.sealing import Sealer

_BINDING = (RulingState.PENDING, RulingState.STANDING)


async def differences(database: Database, sealer: Sealer) -> AsyncIterator[Difference]:
    """Rulings that are not as people made them, or that nobody made; of constraints, those that are of no ruling."""
    after = UUID(int=0)
    while True:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            rows = await queries.after(connection, after, PAGE)
            words = await queries.words_of(session, rows)
            said = await queries.constraints_by_ruling(connection, [row["id"] for row in rows])
        for row in rows:
            binds = row["state"] in _BINDING
            try:
                authenticity.check(sealer, row, words, said.get(row["id"], ()), binds=binds)
            except Forged as error:
                yield Difference("rulings", row["id"], str(error))
            except Erased:
                continue
        if len(rows) < PAGE:
            break
        after = rows[-1]["id"]
    async with database.transaction(SYSTEM) as session:
        strays = await queries.stray_constraints(await raw(session))
    for stray in strays:
        yield Difference("ruling_constraints", stray, "is of no ruling")
