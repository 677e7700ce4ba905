"""Authenticity of what goes to a peer hub: the hub's key signs nothing there that the hub did not write itself."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from shared import authenticity
from shared.database import raw
from shared.keys import KeySet

KIND = "message"


def mac(keys: KeySet, receiver: UUID, message_id: UUID, path: str, body: bytes) -> bytes:
    return authenticity.mac(keys, KIND, (receiver, message_id, path, body))


def authentic(
    keys: KeySet, receiver: UUID, message_id: UUID, path: str, body: bytes, given: bytes | None
) -> bool:
    return authenticity.authentic(keys, KIND, (receiver, message_id, path, body), given)


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every message to a peer hub, still to be sent, that is not as the hub wrote it."""
    connection = await raw(session)
    after = UUID(int=0)
    while rows := await connection.fetch(
        "SELECT id, receiver, message_id, path, body, mac FROM deliveries WHERE client IS NULL"
        " AND state IN ('pending', 'parked') AND id > $1 ORDER BY id LIMIT 1000",
        after,
    ):
        for row in rows:
            known = (row["receiver"], row["message_id"], row["path"], row["body"])
            if not authentic(keys, *known, row["mac"]):
                yield f"delivery {row['id']} was forged or changed"
        after = rows[-1]["id"]
