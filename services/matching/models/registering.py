"""Registering a model: from then on it stands as it is, and decisions may be taken by it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.sealing import hashes
from services.matching.linkage import weights
from services.matching.linkage.weights import Model
from shared.database import raw
from shared.keys import KeySet
from shared.problems import Conflict
from shared.sealing import Sealer

_FREQUENCY_KEY = UUID("5f1d6c7e-2b0a-5c43-9e55-70a3b8f7d1c2")


async def register(
    session: AsyncSession,
    text: bytes,
    names: Mapping[str, float],
    master: KeySet,
    now: datetime,
) -> Model:
    """Store a model with its counted name frequencies, which leave here as keyed hashes; to repeat it
    changes nothing. BadModel for a text that is no model; Conflict where the rule version stands for
    another text.
    """
    model = weights.parse(text)
    version = model.rule_version
    key, wrapped = Sealer(master).new_key(key_id(version)) if names else (b"", None)
    connection = await raw(session)
    added = await connection.fetchval(
        "INSERT INTO models (rule_version, text, registered_at, frequency_master, frequency_key)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING true",
        version,
        text,
        now,
        wrapped and wrapped.master,
        wrapped and wrapped.wrapped,
    )
    if not added:
        stored = await connection.fetchval(
            "SELECT text FROM models WHERE rule_version = $1", version
        )
        if stored != text:
            raise Conflict("This rule version stands for another model.")
        return model
    shares = {hashes(key, (name,))[0]: share for name, share in names.items()} if names else {}
    await connection.copy_records_to_table(
        "name_frequencies",
        records=[(version, hashed, share) for hashed, share in shares.items()],
        columns=("rule_version", "key", "share"),
    )
    return model


def key_id(rule_version: str) -> UUID:
    """What a model's frequency key is bound to."""
    return uuid5(_FREQUENCY_KEY, rule_version)
