"""Proving: every signing key opens, fits its public half and its receiver, and every data key opens one of them."""

from collections.abc import AsyncIterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.subscriptions.keys import opened
from shared import signatures
from shared.database import raw
from shared.keys import KeySet
from shared.sealing import Sealer, Unsealable


async def faults_of(session: AsyncSession, master: KeySet) -> AsyncIterator[str]:
    """A line for each row that is not as it was written."""
    sealer = Sealer(master)
    connection = await raw(session)
    for row in await connection.fetch(
        "SELECT k.id, k.receiver, k.client, k.public, k.sealed, v.master, v.wrapped,"
        " r.client AS receiver_client FROM signing_keys k LEFT JOIN vault.data_keys v USING (id)"
        " LEFT JOIN receivers r ON r.id = k.receiver ORDER BY k.id"
    ):
        if (what := _fault(sealer, row)) is not None:
            yield f"signing_keys {row['id']}: {what}"
    for row in await connection.fetch(
        "SELECT v.id FROM vault.data_keys v"
        " WHERE NOT EXISTS (SELECT FROM signing_keys k WHERE k.id = v.id) ORDER BY v.id"
    ):
        yield f"data_keys {row['id']}: opens nothing"


def _fault(sealer: Sealer, row: Any) -> str | None:
    if row["wrapped"] is None:
        return "has lost its key"
    if row["client"] != row["receiver_client"]:
        return "was changed"
    try:
        private: Ed25519PrivateKey = opened(sealer, row)
    except (Unsealable, ValueError):
        return "was changed"
    fits = signatures.public_text(private.public_key()) == row["public"]
    return None if fits else "was changed"
