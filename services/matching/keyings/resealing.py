"""Resealing: all that matching holds under its current master key, so that an older one may go; the linker goes on."""

from collections import Counter

import structlog

from services.matching.entries.sealing import Strongroom
from services.matching.keyings import queries
from services.matching.keyings.following import Keys
from services.matching.keyings.rewriting import FIRST, Chunk, rewrite_entries, rewrite_persons
from services.matching.linkage.weights import Model
from services.matching.models.registering import key_id
from shared.database import SYSTEM, Database, raw
from shared.keys import KeySet
from shared.sealing import Sealer, Unsealable

log = structlog.get_logger()


async def reseal(database: Database, keys: Keys, model: Model) -> tuple[int, int]:
    """How many rows are now under the current master, and how many could not be opened (logged, and left).

    ``model`` is any model: keyings name their own rules.
    """
    async with database.transaction(SYSTEM) as session:
        regime = await queries.regime(await raw(session))
    done, broken = await _models(database, keys.master)
    strongroom = Strongroom(keys.master, keys.index, model, (regime.current,) if regime else ())
    for rewrite in (rewrite_persons, rewrite_entries):
        chunk = Chunk(0, 0, FIRST)
        while chunk.last is not None:
            chunk = await rewrite(database, strongroom, chunk.last)
            done, broken = done + chunk.rewritten, broken + chunk.broken
    return done, broken


async def _models(database: Database, master: KeySet) -> tuple[int, int]:
    """Wrap the keys of models' name frequencies anew."""
    sealer = Sealer(master)
    done = broken = 0
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        rows = await connection.fetch(
            "SELECT rule_version, frequency_master, frequency_key FROM models"
            " WHERE frequency_master <> $1 FOR UPDATE",
            master.current,
        )
        for version, number, wrapped in rows:
            try:
                key = sealer.unwrap(key_id(version), number, wrapped)
            except Unsealable:
                log.error("model.unsealable", rule_version=version)
                broken += 1
                continue
            anew = sealer.wrap(key_id(version), key)
            await connection.execute(
                "UPDATE models SET frequency_master = $2, frequency_key = $3 WHERE rule_version = $1",
                version,
                anew.master,
                anew.wrapped,
            )
            done += 1
    return done, broken


async def sealed_under(database: Database) -> Counter[int]:
    """How many rows each master key seals."""
    async with database.transaction(SYSTEM) as session:
        rows = await (await raw(session)).fetch(
            "SELECT master, count(*) FROM (SELECT get_byte(sealed, 0) FROM persons"
            " WHERE sealed IS NOT NULL UNION ALL SELECT get_byte(sealed, 0) FROM entries"
            " WHERE sealed IS NOT NULL UNION ALL SELECT frequency_master FROM models"
            " WHERE frequency_master IS NOT NULL) AS held (master) GROUP BY master"
        )
    return Counter({row[0]: row[1] for row in rows})
