"""Sealing a batch is sealing each: under a key of its own, bound to its own columns."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.keys import new_key_set, rotated
from shared.sealing import Sealer, Unsealable, seal, unseal

ROWS = st.lists(st.tuples(st.uuids(), st.binary(max_size=600), st.binary(max_size=80)), max_size=6)


@given(ROWS)
def test_each_of_a_batch_opens_with_its_own_key_and_columns(
    rows: list[tuple[UUID, bytes, bytes]],
) -> None:
    sealer = Sealer(rotated(new_key_set()))

    sealed = sealer.seal_each(rows)

    assert [key.id for _, key in sealed] == [row[0] for row in rows]
    assert len({value[:12] for value, _ in sealed} | {key.wrapped[:12] for _, key in sealed}) == (
        2 * len(rows)
    )
    for (key_id, plain, bound), (value, key) in zip(rows, sealed, strict=True):
        data_key = sealer.unwrap(key_id, key.master, key.wrapped)
        assert unseal(data_key, value, bound) == plain
        with pytest.raises(Unsealable):
            unseal(data_key, value, bound + b".")
        with pytest.raises(Unsealable):
            sealer.unwrap(UUID(int=key_id.int ^ 1), key.master, key.wrapped)


@given(st.uuids(), st.uuids(), st.binary(min_size=1, max_size=100))
def test_no_key_of_a_batch_opens_another_row(one: UUID, other: UUID, plain: bytes) -> None:
    sealer = Sealer(new_key_set())

    (_, first), (value, _) = sealer.seal_each([(one, plain, b""), (other, plain, b"")])

    with pytest.raises(Unsealable):
        unseal(sealer.unwrap(one, first.master, first.wrapped), value, b"")


def test_a_batch_and_a_single_value_have_one_layout() -> None:
    sealer, key_id = Sealer(new_key_set()), UUID(int=7)
    ((value, key),) = sealer.seal_each([(key_id, b"plain", b"bound")])
    data_key, wrapped = sealer.new_key(key_id)

    assert len(value) == len(seal(data_key, b"plain", b"bound"))
    assert len(key.wrapped) == len(wrapped.wrapped)
