"""Signing keys: one Ed25519 pair for every subscription, and the hub's own for its peers.

A private key is sealed under a data key of its own, bound to its id, its receiver and its public key.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.deliveries.queries import Claimed
from services.notifications.subscriptions.models import DataKey, SigningKey
from shared import signatures
from shared.database import raw
from shared.ids import uuid7
from shared.keys import KeySet
from shared.sealing import Sealer, binding, seal, unseal


def new_key(
    sealer: Sealer, receiver: UUID, client: str, now: datetime
) -> tuple[SigningKey, DataKey]:
    """A fresh key pair as it is stored."""
    private = signatures.new_private_key()
    public = signatures.public_text(private.public_key())
    key_id = uuid7()
    data_key, wrapped = sealer.new_key(key_id)
    sealed = seal(
        data_key, signatures.private_text(private).encode(), binding((key_id, receiver, public))
    )
    return (
        SigningKey(
            id=key_id,
            receiver=receiver,
            client=client,
            public=public,
            sealed=sealed,
            created_at=now,
        ),
        DataKey(id=key_id, master=wrapped.master, wrapped=wrapped.wrapped),
    )


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Opens the keys that sign for a receiver."""

    master: KeySet
    hub_key: Ed25519PrivateKey

    async def signers(
        self, session: AsyncSession, deliveries: Iterable[Claimed], now: datetime
    ) -> Mapping[UUID, Sequence[Ed25519PrivateKey]]:
        """For each receiver the live keys, the current one first."""
        found: dict[UUID, list[Ed25519PrivateKey]] = defaultdict(list)
        own = set()
        for delivery in deliveries:
            if delivery.client is None:
                found[delivery.receiver] = [self.hub_key]
            else:
                own.add(delivery.receiver)
        if not own:
            return found
        sealer = Sealer(self.master)
        connection = await raw(session)
        for row in await connection.fetch(
            "SELECT k.id, k.receiver, k.public, k.sealed, v.master, v.wrapped"
            " FROM signing_keys k JOIN vault.data_keys v USING (id)"
            " WHERE k.receiver = ANY($1) AND (k.retires_at IS NULL OR k.retires_at > $2)"
            " ORDER BY k.retires_at NULLS FIRST",
            sorted(own),
            now,
        ):
            found[row["receiver"]].append(opened(sealer, row))
        return found


def opened(sealer: Sealer, row: Any) -> Ed25519PrivateKey:
    """The private half in a row of ``signing_keys`` with its data key; ``Unsealable`` when either was changed."""
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    bound = binding((row["id"], row["receiver"], row["public"]))
    return signatures.private_key(unseal(data_key, row["sealed"], bound).decode())
