"""Keyed hashes: ids made of them are what they were before, and a key that is at hand hashes as one that is not."""

import hashlib
import hmac
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.hashes import keyed, keyed_id
from shared.sealing import binding

KEYS = st.binary(min_size=1, max_size=80)
PARTS = st.lists(st.one_of(st.text(), st.integers(), st.binary(), st.uuids(), st.none()))


@given(key=KEYS, parts=PARTS)
def test_a_keyed_hash_is_an_hmac_over_its_parts(key: bytes, parts: list[str]) -> None:
    assert keyed(key, *parts) == hmac.digest(key, binding(parts), hashlib.sha256)


@given(key=KEYS, parts=PARTS)
def test_an_id_made_of_a_hash_looks_random(key: bytes, parts: list[str]) -> None:
    made = keyed_id(key, *parts)
    assert (made.version, made.variant) == (4, RFC_4122)
    assert str(made) == str(UUID(bytes=keyed(key, *parts)[:16], version=4))
    assert made == keyed_id(key, *parts)
