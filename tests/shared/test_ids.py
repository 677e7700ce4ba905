"""Identifiers made for a batch are as good as those made one by one."""

import time
from uuid import RFC_4122, UUID

from shared.ids import uuid7, uuid7s


def test_a_batch_of_ids_is_of_version_seven_and_each_its_own() -> None:
    made = uuid7s(5000)

    assert len(set(made)) == 5000
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    assert uuid7s(0) == []


def test_ids_tell_when_they_were_made_and_sort_by_it() -> None:
    before = time.time_ns() // 1_000_000
    (first,) = uuid7s(1)
    time.sleep(0.002)
    later = uuid7()

    assert before <= first.int >> 80 <= time.time_ns() // 1_000_000
    assert first < later


def test_an_id_of_either_kind_is_the_same_id() -> None:
    (made,) = uuid7s(1)
    plain = UUID(str(made))

    assert plain == made
    assert {plain} == {made}
