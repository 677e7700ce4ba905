"""The vault: data keys, wrapped, in a schema that is backed up apart from what they open."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database import raw
from shared.sealing import Sealer


async def new_key(session: AsyncSession, sealer: Sealer, key_id: UUID) -> bytes:
    """A data key of its own, kept wrapped."""
    data_key, wrapped = sealer.new_key(key_id)
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO vault.data_keys (id, master, wrapped) VALUES ($1, $2, $3)",
        wrapped.id,
        wrapped.master,
        wrapped.wrapped,
    )
    return data_key
