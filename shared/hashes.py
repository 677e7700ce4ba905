"""Keyed hashes: equality without plaintext.

A look-up hash answers "is this the same ID number" inside the database without holding the number; only
the holder of the index key, which lives outside the database, can make one.
"""

import hashlib
import hmac
from functools import lru_cache
from uuid import UUID

from asyncpg.pgproto import pgproto

from shared.keys import KeySet
from shared.sealing import Bindable, binding


def keyed(key: bytes, *parts: Bindable) -> bytes:
    """32 bytes of HMAC-SHA-256 over the parts, unambiguously joined."""
    begun = _begun(key).copy()
    begun.update(binding(parts))
    return begun.digest()


@lru_cache(maxsize=64)
def _begun(key: bytes) -> hmac.HMAC:
    """A key is hashed in once: that is half the time of a short hash."""
    return hmac.new(key, digestmod=hashlib.sha256)


def keyed_id(key: bytes, *parts: Bindable) -> UUID:
    """An id that looks like a random one, and is the same for the same parts."""
    return _uuid(keyed(key, *parts), 4)


def entry_id(entries: KeySet, source: str, feed: str, source_id: str) -> UUID:
    """What a source keeps under one id, as a UUID: equal for equal natural keys, opaque to all others."""
    return _uuid(keyed(entries.key, source, feed, source_id), 8)


def _uuid(hashed: bytes, version: int) -> UUID:
    """Of a version and RFC 9562's variant (8: custom)."""
    raw = bytearray(hashed[:16])
    raw[6] = raw[6] & 0x0F | version << 4
    raw[8] = raw[8] & 0x3F | 0x80
    # The driver's own kind of UUID: intake makes thousands a second, and so does a sweep.
    made: UUID = pgproto.UUID(bytes(raw))
    return made


def lookup_hashes(index: KeySet, kind: str, *parts: Bindable) -> list[bytes]:
    """The look-up hash under each live index key, the current one first."""
    numbers = sorted(index.keys, key=lambda n: (n != index.current, -n))
    return [n.to_bytes(2, "big") + keyed(index.keys[n], kind, *parts)[:16] for n in numbers]
