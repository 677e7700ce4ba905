"""Sealing: the database is stolen tomorrow.

Cast: a *data key* seals one record or one fold and nothing else; the *master key* (outside the database)
wraps data keys; the *bound columns* are the plain columns stored beside a sealed value, authenticated with
it, so that moving a value to another row or editing a plain column makes it unopenable.

Sealed layout: 12-byte nonce, then AES-256-GCM ciphertext with its tag.  Wrapped layout: the same over the data
key, with the key's id as associated data.
"""

import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.keys import KEY_BYTES, KeySet

NONCE_BYTES = 12
Bindable = UUID | int | str | bytes | bool | date | datetime | None


class Unsealable(Exception):
    """A sealed value, its key or a column bound to it is not what was written."""


def binding(columns: Iterable[Bindable]) -> bytes:
    """Columns as unambiguous bytes: each is its kind's letter, its length and its text.

    A subclass (a ``StrEnum``, the driver's own UUID) binds as what it stands for, so that a value binds alike before it
    is stored and after it is read.
    """
    parts: list[bytes] = []
    for column in columns:  # the commonest kinds first: this is done several times a child
        if type(column) is int:
            parts.append(b"i%d;" % column)
        elif type(column) is str:
            raw = column.encode()
            parts.append(b"s%d:%b;" % (len(raw), raw))
        elif type(column) is bytes:
            parts.append(b"b%d:%b;" % (len(column), column))
        elif column is None:
            parts.append(b"n;")
        else:
            parts.append(_bound(column))
    return b"".join(parts)


def _bound(column: UUID | int | str | bytes | date) -> bytes:
    if isinstance(column, str):
        raw = column.encode()
        return b"s%d:%b;" % (len(raw), raw)
    if isinstance(column, bytes):
        return b"b%d:%b;" % (len(column), column)
    if isinstance(column, int):
        return b"i%d;" % column
    if isinstance(column, UUID):
        return b"u%b;" % column.bytes
    raw = column.isoformat().encode()
    return b"d%d:%b;" % (len(raw), raw)


def binding_of(row: Any, *names: str) -> bytes:
    """Columns of a row as they are bound: ids as bytes, instants in microseconds, days by their number, lists as one text.

    Neither the order of the names nor any of this may change, or nothing that was sealed beside them would open.
    """
    return binding(_bindable(row[name]) for name in names)


def _bindable(value: Any) -> Bindable:
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, datetime):
        return int(value.timestamp() * 1_000_000)
    if isinstance(value, date):
        return value.toordinal()
    if isinstance(value, list | tuple):
        return ",".join(str(one) for one in value)
    plain: Bindable = value
    return plain


class WrappedKey(NamedTuple):
    """A row of ``vault.data_keys``."""

    id: UUID
    master: int
    wrapped: bytes


class Sealer:
    """Makes, wraps and uses data keys under one master key set."""

    def __init__(self, master: KeySet) -> None:
        self._current = master.current
        self._masters = {number: AESGCM(key) for number, key in master.keys.items()}

    def new_key(self, key_id: UUID) -> tuple[bytes, WrappedKey]:
        """A fresh data key and its wrapped form for the vault."""
        data_key = secrets.token_bytes(KEY_BYTES)
        return data_key, self.wrap(key_id, data_key)

    def wrap(self, key_id: UUID, data_key: bytes) -> WrappedKey:
        nonce = os.urandom(12)
        sealed = self._masters[self._current].encrypt(nonce, data_key, key_id.bytes)
        return WrappedKey(key_id, self._current, nonce + sealed)

    def seal_each(
        self, rows: Sequence[tuple[UUID, bytes, bytes]]
    ) -> list[tuple[bytes, WrappedKey]]:
        """For each (key id, plain value, bound columns): sealed under a fresh data key of its own, and that key wrapped.

        The same as ``new_key`` and ``seal`` one by one; the system is asked for randomness once.
        """
        number, wrap = self._current, self._masters[self._current].encrypt
        noise = secrets.token_bytes(len(rows) * (KEY_BYTES + 2 * NONCE_BYTES))
        done, at = [], 0
        for key_id, plain, bound in rows:
            data_key = noise[at : (at := at + KEY_BYTES)]
            sealing = noise[at : (at := at + NONCE_BYTES)]
            wrapping = noise[at : (at := at + NONCE_BYTES)]
            sealed = sealing + AESGCM(data_key).encrypt(sealing, plain, bound)
            wrapped = wrapping + wrap(wrapping, data_key, key_id.bytes)
            done.append((sealed, WrappedKey(key_id, number, wrapped)))
        return done

    def unwrap(self, key_id: UUID, master: int, wrapped: bytes) -> bytes:
        try:
            return self._masters[master].decrypt(wrapped[:12], wrapped[12:], key_id.bytes)
        except (InvalidTag, KeyError, ValueError) as error:
            raise Unsealable(f"data key {key_id} cannot be unwrapped") from error

    def open(self, row: Any, bound: bytes, column: str = "sealed") -> bytes:
        """What is sealed in a row joined with its data key; Unsealable when anything bound was changed, or no key is left."""
        if row["wrapped"] is None:
            raise Unsealable("it has no key")
        return unseal(self.unwrap(row["id"], row["master"], row["wrapped"]), row[column], bound)


def seal(data_key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(data_key).encrypt(nonce, plain, bound)


def unseal(data_key: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(data_key).decrypt(sealed[:12], sealed[12:], bound)
    except (InvalidTag, ValueError) as error:
        raise Unsealable("sealed value does not open") from error
