"""Authenticity: a MAC over a row's values, under a key that lies outside the database.

So whoever can write to the database alone can neither make such a row nor change one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import orjson

from shared import audit
from shared.hashes import keyed
from shared.keys import KeySet


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.hex if isinstance(value, UUID) else value


def _content(values: Sequence[object]) -> bytes:
    """One way only, whatever order the database gives the keys of an object."""
    return orjson.dumps([_plain(value) for value in values], option=orjson.OPT_SORT_KEYS)


def mac(keys: KeySet, kind: str, values: Sequence[object]) -> bytes:
    """The number of the key, then the MAC."""
    return keys.current.to_bytes(2, "big") + keyed(keys.key, kind, _content(values))


def authentic(keys: KeySet, kind: str, values: Sequence[object], given: bytes | None) -> bool:
    """Whether ``given`` is the MAC of these values, under any key of the set; no MAC is none."""
    if not given:
        return False
    key = keys.keys.get(int.from_bytes(given[:2], "big"))
    return key is not None and audit.same(given[2:], keyed(key, kind, _content(values)))
