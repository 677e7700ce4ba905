"""Features and persons into sealed rows and back.

One key for entries and one for persons are derived from each master key: what lies in this database
can all be learnt again from the registry's records, so an erased child's rows are deleted, not
shredded, and its dumps are kept no longer than keys are (docs/adr/0015). The row's own id, and an
entry's version, are bound in, so a row moved to another place does not open. Blocking texts leave
this module as keyed hashes alone.

Sealed layout: one byte, the master key's number; 12-byte nonce; AES-256-GCM ciphertext with tag.
"""

import os
import struct
from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes as algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.matching.keyings.keying import Keying
from services.matching.linkage import blocking
from services.matching.linkage.facets import Packed, packed
from services.matching.linkage.normalization import (
    Features,
    Standard,
    standardise,
)
from services.matching.linkage.persons import Document, Person
from services.matching.linkage.weights import Model
from shared.keys import KeySet
from shared.sealing import Unsealable

_PAPERS = frozenset((blocking.identifier.__name__,))


class Prepared(NamedTuple):
    """One version of an entry, ready to be linked and stored.

    ``said`` are the features, packed; ``keys`` are the hashes to store, by the current keying;
    ``sought`` those to look for, by every live one; ``numbers`` those of ``sought`` that stand for
    the child's papers, ``faint`` those of which one alone tells too little (``blocking.faint``);
    ``listed``: as in a ``Sight``.
    """

    entry: UUID
    version: int
    features: Standard
    said: Packed
    keys: list[int]
    sought: list[int]
    numbers: list[int]
    sealed: bytes
    listed: tuple[int, ...] = ()
    faint: frozenset[int] = frozenset()


class Strongroom:
    """Seals and opens entries and persons under the master keys, and hashes blocking texts by the
    live keyings; without any, by the model's rules under every index key there is.
    """

    def __init__(
        self, master: KeySet, index: KeySet, model: Model, keyings: Sequence[Keying] = ()
    ) -> None:
        self.master = master.current
        self._entries = {n: _derived(key, b"entries") for n, key in master.keys.items()}
        self._persons = {n: _derived(key, b"persons") for n, key in master.keys.items()}
        live = keyings or [
            Keying(int(number == index.current), number, model.blocking, number == index.current)
            for number in index.keys
        ]
        current = next(keying for keying in live if keying.is_current)
        self.keying = current.number
        self._index, self._rules = index.keys[current.index_key], current.rules
        self._model = model
        self._others = [(index.keys[k.index_key], k.rules) for k in live if k is not current]
        self._other_keys = dict.fromkeys(key for key, _ in self._others)

    def prepare(self, entry: UUID, version: int, features: Features) -> Prepared:
        standard = standardise(features)
        texts = blocking.keys(standard, self._rules)
        keys = hashes(self._index, texts)
        under = [(texts, keys)]
        for key, rules in self._others:
            told = texts if rules == self._rules else blocking.keys(standard, rules)
            under.append((told, hashes(key, told)))
        families = blocking.families(standard, self._model.families)
        faint = blocking.faint(standard, self._model.faint)
        sought = [key for told in under for key in _not_by(families, *told)]
        numbers = [key for told in under for key in _by(_PAPERS, *told)]
        if self._others:
            # Keyings may share a key: rules that both have then give the same hash.
            sought, numbers = list(dict.fromkeys(sought)), list(dict.fromkeys(numbers))
        return Prepared(
            entry,
            version,
            standard,
            packed(standard),
            keys,
            sought,
            numbers,
            self.seal_entry(entry, version, features),
            tuple(features.get("listed", ())),
            frozenset([key for told in under for key in _by(faint, *told)]),
        )

    def keys_of(self, standard: Standard) -> list[int]:
        """The blocking hashes to store, by the current keying."""
        return hashes(self._index, blocking.keys(standard, self._rules))

    def keys_of_person(self, person: Person) -> set[int]:
        """The blocking hashes of all that its entries say."""
        return {key for features in person.cards for key in self.keys_of(features)}

    def sought_by(self, standard: Standard) -> list[int]:
        """The blocking hashes to look for, by every live keying."""
        sought = self.keys_of(standard)
        for key, rules in self._others:
            sought += hashes(key, blocking.keys(standard, rules))
        return list(dict.fromkeys(sought))

    def searched_by(self, standard: Standard) -> list[int]:
        """The blocking hashes to search under: those sought, and of what a number may have been."""
        meant = blocking.mistyped(standard)
        of_meant = [one for key in (self._index, *self._other_keys) for one in hashes(key, meant)]
        return list(dict.fromkeys(self.sought_by(standard) + of_meant))

    def seal_entry(self, entry: UUID, version: int, features: Features) -> bytes:
        return self._seal(self._entries, orjson.dumps(features), _entry_bound(entry, version))

    def open_entry(self, entry: UUID, version: int, sealed: bytes) -> Features:
        """Unsealable when the row or its bound columns were altered."""
        features: Features = orjson.loads(
            _open(self._entries, sealed, _entry_bound(entry, version))
        )
        return features

    def seal_person(self, person: Person) -> bytes:
        keys = sorted(person.keys)
        columns, rows = person.document
        plain = struct.pack(f"<I{len(keys)}q", len(keys), *keys) + orjson.dumps([columns, rows])
        return self._seal(self._persons, plain, person.person.bytes)

    def open_person(self, person: UUID, sealed: bytes, *, doubtful: bool) -> Person:
        """Unsealable when the row was altered or belongs to another person."""
        plain = _open(self._persons, sealed, person.bytes)
        (count,) = struct.unpack_from("<I", plain)
        keys = struct.unpack_from(f"<{count}q", plain, 4)
        document = Document._make(orjson.loads(plain[4 + 8 * count :]))
        return Person(person, keys=keys, doubtful=doubtful, document=document)

    def _seal(self, keys: dict[int, AESGCM], plain: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(12)
        return bytes((self.master,)) + nonce + keys[self.master].encrypt(nonce, plain, bound)


def _by(rules: Collection[str], texts: Iterable[str], keys: Iterable[int]) -> list[int]:
    """The hashes of the texts that these rules gave."""
    if not rules:
        return []
    return [key for text, key in zip(texts, keys, strict=True) if blocking.rule_of(text) in rules]


def _not_by(rules: Collection[str], texts: Iterable[str], keys: list[int]) -> list[int]:
    """The hashes of the texts that other rules than these gave."""
    if not rules:
        return keys
    return [
        key for text, key in zip(texts, keys, strict=True) if blocking.rule_of(text) not in rules
    ]


def hashes(key: bytes, texts: Iterable[str]) -> list[int]:
    """64-bit keyed hashes as signed integers (PostgreSQL bigint), one for each text."""
    keyed = blake2b(key=key, digest_size=8)  # a copy costs two thirds of what one made anew does
    digests: list[bytes] = []
    for text in texts:
        one = keyed.copy()
        one.update(text.encode())
        digests.append(one.digest())
    return list(struct.unpack(f"<{len(digests)}q", b"".join(digests)))


def _derived(key: bytes, use: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithms.SHA256(), 32, salt=None, info=b"matching " + use).derive(key))


def _open(keys: dict[int, AESGCM], sealed: bytes, bound: bytes) -> bytes:
    try:
        return keys[sealed[0]].decrypt(sealed[1:13], sealed[13:], bound)
    except (InvalidTag, KeyError, ValueError, IndexError) as error:
        raise Unsealable("sealed value does not open") from error


def _entry_bound(entry: UUID, version: int) -> bytes:
    return entry.bytes + struct.pack("<q", version)
