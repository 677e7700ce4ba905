"""Which older constraints a newer ruling ends, and what of them goes on; by tables and properties."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.rulings.constraints import (
    Constraint,
    apart,
    joined,
    moved,
    moving,
    parting,
    restoring,
    without,
)

RULING = UUID(int=999)


def e(*numbers: int) -> frozenset[UUID]:
    return frozenset(UUID(int=n) for n in numbers)


def same(name: int, *numbers: int) -> Constraint:
    first, *rest = numbers
    return Constraint(UUID(int=100 + name), True, e(first), e(*rest))


def other(name: int, one: frozenset[UUID], two: frozenset[UUID]) -> Constraint:
    return Constraint(UUID(int=100 + name), False, one, two)


@pytest.mark.parametrize(
    ("standing", "ended"),
    [
        ([], []),
        ([same(1, 1, 2)], [1]),
        ([same(1, 1, 3)], []),
        ([same(1, 1, 3), same(2, 3, 2)], [1, 2]),
        ([same(1, 3, 4)], []),
        ([other(1, e(1), e(2))], []),
        ([same(1, 1, 3), same(2, 4, 2)], []),
    ],
)
def test_parting_ends_what_holds_two_groups_together(
    standing: list[Constraint], ended: list[int]
) -> None:
    found = parting([e(1), e(2)], standing)
    assert found.ended == tuple(UUID(int=100 + n) for n in ended)
    assert found.kept == ()


@pytest.mark.parametrize(
    ("standing", "ended", "kept"),
    [
        ([], [], []),
        ([same(1, 1, 2)], [1], []),
        ([same(1, 1, 2, 3)], [1], [(True, e(2, 3))]),
        ([same(1, 1, 8)], [], []),
        ([other(1, e(1), e(8))], [1], []),
        ([other(1, e(1, 2), e(8))], [1], [(False, e(2, 8))]),
        ([other(1, e(1), e(2))], [], []),
        ([same(1, 2, 3)], [], []),
    ],
)
def test_moving_ends_what_holds_the_record_back_or_keeps_it_away(
    standing: list[Constraint], ended: list[int], kept: list[tuple[bool, frozenset[UUID]]]
) -> None:
    """Record 1 goes over to the child of 8 and 9."""
    found = moving(RULING, UUID(int=1), e(8, 9), standing)
    assert found.ended == tuple(UUID(int=100 + n) for n in ended)
    assert [(one.said.same, one.said.entries) for one in found.kept] == kept


entries = st.frozensets(st.integers(1, 6), min_size=1, max_size=3)


@st.composite
def constraints(draw: st.DrawFn) -> Constraint:
    one = draw(entries)
    rest = sorted(set(range(1, 8)) - one)
    two = draw(st.frozensets(st.sampled_from(rest), min_size=1, max_size=3))
    return Constraint(UUID(int=draw(st.integers(100, 200))), draw(st.booleans()), e(*one), e(*two))


@given(st.lists(constraints(), max_size=6, unique_by=lambda c: c.id), st.integers(1, 6))
def test_after_a_move_nothing_left_speaks_against_it(
    standing: list[Constraint], entry: int
) -> None:
    moving_one, home = UUID(int=entry), e(7, 8)
    found = moving(RULING, moving_one, home, standing)
    left = [one for one in standing if one.id not in found.ended]
    for one in (*left, *(kept.said for kept in found.kept)):
        if moving_one in one.entries:
            opposite = one.other if moving_one in one.one else one.one
            assert one.entries - {moving_one} <= home if one.same else opposite.isdisjoint(home)


@given(constraints(), st.integers(1, 7))
def test_what_is_left_of_a_constraint_says_no_more_than_it_did(one: Constraint, entry: int) -> None:
    left = without(RULING, one, UUID(int=entry))
    if left is None:
        assert len(one.entries - {UUID(int=entry)}) < 2 or not one.same
    else:
        assert left.same == one.same
        assert left.entries == one.entries - {UUID(int=entry)}
        if not one.same:
            assert left.one <= one.one and left.other <= one.other


def test_three_groups_are_three_constraints_with_ids_of_their_own() -> None:
    made = apart(RULING, [e(1), e(2), e(3)])
    assert len({one.id for one in made}) == 3
    assert apart(RULING, [e(1), e(2), e(3)]) == made, "the same on every attempt"
    (pair,) = apart(RULING, [e(1), e(2)])
    assert pair.id == joined(RULING, e(1), e(2)).id == RULING


def test_the_last_record_of_a_child_moves_without_keeping_it_from_anybody() -> None:
    assert [one.same for one in moved(RULING, UUID(int=1), e(), UUID(int=8))] == [True]
    assert [one.same for one in moved(RULING, UUID(int=1), e(2), UUID(int=8))] == [True, False]


@pytest.mark.parametrize(
    ("ended", "standing", "known", "said"),
    [
        ([same(1, 1, 2)], [], e(1, 2), [(True, e(1, 2))]),
        ([same(1, 1, 2, 3)], [], e(2, 3), [(True, e(2, 3))]),
        ([same(1, 1, 2)], [], e(1), []),
        ([same(1, 1, 2)], [other(2, e(2), e(1))], e(1, 2), []),
        ([same(1, 1, 2)], [same(2, 2, 3), other(3, e(1), e(3))], e(1, 2, 3), []),
        ([same(1, 1, 2), other(2, e(1), e(2))], [], e(1, 2), [(True, e(1, 2))]),
        ([other(1, e(1), e(2, 3))], [same(2, 1, 4)], e(1, 2), [(False, e(1, 2))]),
    ],
)
def test_what_a_ruling_had_ended_stands_again_unless_a_newer_one_says_the_opposite(
    ended: list[Constraint],
    standing: list[Constraint],
    known: frozenset[UUID],
    said: list[tuple[bool, frozenset[UUID]]],
) -> None:
    found = restoring(RULING, ended, standing, known)
    assert [(kept.said.same, kept.said.entries) for kept in found] == said
    assert not {kept.said.id for kept in found} & {one.id for one in ended}
