"""Opaque references: the only name of a child that leaves the hub in an event or a webhook.

A reference is the child's id sealed deterministically (AES-SIV, RFC 5297) for one receiver: two receivers cannot
tell that they were told of the same child, and no table has to be kept.
"""

import base64
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from shared.keys import KeySet


class References:
    def __init__(self, keys: KeySet) -> None:
        self._siv = AESSIV(keys.key)

    def make(self, child: UUID, receiver: str) -> str:
        """52 characters of lower-case base32."""
        sealed = self._siv.encrypt(child.bytes, [receiver.encode()])
        return base64.b32encode(sealed).decode().rstrip("=").lower()

    def read(self, reference: str, receiver: str) -> UUID | None:
        """The child, or None when the reference was not made for this receiver."""
        try:
            sealed = base64.b32decode(reference.upper() + "=" * (-len(reference) % 8))
            return UUID(bytes=self._siv.decrypt(sealed, [receiver.encode()]))
        except (InvalidTag, ValueError):
            return None
