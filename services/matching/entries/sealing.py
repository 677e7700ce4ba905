"""Features into sealed rows and back.

Each version of an entry gets a data key of its own; entry and version are bound in, so a row moved
to another entry does not open. Blocking texts leave this module as keyed hashes alone.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from services.matching.linkage import blocking
from services.matching.linkage.normalization import Features, Standard, standardise
from services.matching.linkage.weights import Model
from shared.keys import KeySet
from shared.sealing import Sealer, WrappedKey, binding, seal, unseal


@dataclass(frozen=True, slots=True)
class Prepared:
    """One version of an entry, ready to be linked and stored.

    ``keys`` are the hashes to store, under the current index key; ``sought`` those to look for,
    under every live one.
    """

    entry: UUID
    version: int
    standard: Standard
    keys: list[int]
    sought: list[int]
    sealed: bytes
    data_key: WrappedKey


@dataclass(frozen=True, slots=True)
class SealedEntry:
    entry: UUID
    version: int
    sealed: bytes
    master: int
    wrapped: bytes


class Strongroom:
    """Seals and opens features under the master key, and hashes blocking texts under the index
    key.
    """

    def __init__(self, master: KeySet, index: KeySet, model: Model) -> None:
        self._sealer = Sealer(master)
        self._index = index
        self._model = model

    def prepare(self, entry: UUID, version: int, features: Features) -> Prepared:
        standard = standardise(features)
        keys, sought = self.keys(standard)
        data_key, wrapped = self._sealer.new_key(entry)
        sealed = seal(data_key, orjson.dumps(features), binding((entry, version)))
        return Prepared(entry, version, standard, keys, sought, sealed, wrapped)

    def keys(self, standard: Standard) -> tuple[list[int], list[int]]:
        """The blocking hashes under the current index key, and under all live ones."""
        texts = blocking.keys(standard, self._model.blocking)
        current = hashes(self._index.key, texts)
        older = [key for number, key in self._index.keys.items() if number != self._index.current]
        return current, current + [h for key in older for h in hashes(key, texts)]

    def open(self, stored: SealedEntry) -> Standard:
        """Unsealable when the row, its key or its bound columns were altered."""
        data_key = self._sealer.unwrap(stored.entry, stored.master, stored.wrapped)
        plain = unseal(data_key, stored.sealed, binding((stored.entry, stored.version)))
        features: Features = orjson.loads(plain)
        return standardise(features)


def hashes(key: bytes, texts: Sequence[str]) -> list[int]:
    """64-bit keyed hashes as signed integers (PostgreSQL bigint)."""
    return list(
        dict.fromkeys(
            int.from_bytes(hmac.digest(key, text.encode(), hashlib.sha256)[:8], "big", signed=True)
            for text in texts
        )
    )
