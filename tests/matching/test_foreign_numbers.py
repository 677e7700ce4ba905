"""Whose child a record speaks of that states another's number: a parent's, a sibling's, a twin's."""

from collections.abc import Sequence
from datetime import date
from itertools import permutations
from uuid import UUID

import pytest

from services.matching.linkage.decisions import Ruling
from services.matching.linkage.identities import founded_by
from services.matching.linkage.normalization import Features
from shared import resident_id
from tests.matching.children import BORN, FAMILY, FATHER_ID, ID, TWIN_ID, World

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male"}


def test_a_fathers_number_entered_for_two_children_joins_nobody() -> None:
    one = {**CHILD, "id_number": FATHER_ID, **FAMILY}
    other = {"name": "张丽娜", "birth_date": "2012-09-30", "id_number": FATHER_ID, **FAMILY}
    world = World()
    world.tell((1, one), (2, other))

    assert world.together() == [{1}, {2}]


TWIN = {**CHILD, "name": "张丽娜", **FAMILY, "id_number": TWIN_ID}
WITH_TWINS_NUMBER = {**CHILD, **FAMILY, "id_number": TWIN_ID}


def test_a_twins_number_under_the_other_twins_name_is_left_to_a_person() -> None:
    """The papers say one twin; the name, and a number of its own, say the other: one against one."""
    world = World()
    world.tell((1, TWIN), (2, TWIN | {"phone": "13908120000"}))
    world.tell((3, {**CHILD, **FAMILY, "id_number": ID}))
    world.tell((4, WITH_TWINS_NUMBER))

    assert world.together() == [{1, 2}, {3}, {4}]
    assert world.doubts() == {frozenset((1, 4)), frozenset((3, 4))}


def test_what_is_contested_stays_so_whoever_of_the_two_is_told_again() -> None:
    """Who owns the name is no rival of the owner of the number, and yet must be seen when that one is told again."""
    world = World()
    world.tell((1, TWIN), (2, TWIN), (3, {**CHILD, **FAMILY, "id_number": ID}))
    world.tell((4, WITH_TWINS_NUMBER))

    world.tell((5, {**TWIN, "id_number": None}))
    assert world.together() == [{1, 2, 5}, {3}, {4}]

    world.tell((6, {**CHILD, **FAMILY}))
    assert world.together() == [{1, 2, 5}, {3, 6}, {4}]


def test_two_invented_records_take_no_number_from_a_child_known_by_it() -> None:
    """One under the child's name with another number, and one under another name with the child's."""
    child: Features = {**CHILD, **FAMILY}
    invented = resident_id.make(500103, BORN, 37)
    world = World()
    world.tell(
        *((n, {**child, "id_number": ID}) for n in (1, 5, 6)), *((n, child) for n in (2, 3, 4))
    )
    assert world.together() == [{1, 2, 3, 4, 5, 6}]

    world.tell((11, {**CHILD, "phone": FAMILY["phone"], "id_number": invented}))
    world.tell((12, {**CHILD, "name": "李雷雷", "id_number": ID}))

    assert world.together() == [{1, 2, 3, 4, 5, 6}, {11}, {12}]


def test_a_sisters_number_yields_to_the_brother_who_states_name_and_sex() -> None:
    sister: Features = {**TWIN, "sex": "female", "id_number": resident_id.make(500103, BORN, 14)}
    world = World()
    world.tell((1, sister), (2, sister | {"phone": "13908120000"}), (3, MINE))
    world.tell((4, {**MINE, "id_number": sister["id_number"]}))

    assert world.together() == [{1, 2}, {3, 4}]


def test_later_evidence_parts_what_earlier_evidence_joined() -> None:
    """Alone, a twin's number under the other name looks like a new name; then the other turns up."""
    world = World()
    world.tell((1, TWIN), (2, TWIN | {"phone": "13908120000"}))
    world.tell((3, WITH_TWINS_NUMBER))
    assert world.together() == [{1, 2, 3}]

    world.tell((4, {**CHILD, **FAMILY, "id_number": ID}))

    assert world.together() == [{1, 2}, {3}, {4}]
    assert world.placements[UUID(int=1)].person == founded_by(UUID(int=1))


def test_a_number_that_two_names_bear_is_not_theirs_who_bear_another() -> None:
    """One entry each: only the number that one of them bears elsewhere tells that this may be the other's."""
    for first, second in ((1, 2), (2, 1)):
        world = World()
        world.tell((first, WITH_TWINS_NUMBER), (second, TWIN))
        world.tell((3, {**CHILD, **FAMILY, "id_number": ID}), (4, {**CHILD, "id_number": ID}))

        assert world.together() == [{1}, {2}, {3, 4}]
        assert frozenset((first, 3)) in world.doubts()


def test_a_siblings_number_that_brought_its_birth_date_is_left_to_a_person() -> None:
    """A form fills in the birth date by the number: two against a name that the family's other child bears."""
    elder: Features = {
        **FAMILY,
        "name": "张丽娜",
        "birth_date": "2012-09-30",
        "id_number": resident_id.make(500103, date(2012, 9, 30), 13),
    }
    world = World()
    world.tell((1, {**CHILD, **FAMILY, "id_number": ID}), (2, elder))
    world.tell((3, {**CHILD, **FAMILY, "name": "张丽娜", "id_number": ID}))

    assert world.together() == [{1}, {2}, {3}]
    assert frozenset((1, 3)) in world.doubts()


@pytest.mark.parametrize(
    ("beside", "whose"),
    [(1, [{1, 2}, {3, 4, 5}]), (3, [{1, 2, 5}, {3, 4}]), (None, [{1, 2}, {3, 4}, {5}])],
)
def test_a_twins_number_under_the_others_name_is_told_by_a_register_or_by_a_person(
    beside: int | None, whose: list[set[int]]
) -> None:
    """Look-alike twins: the number says one, and the name, one slip away, the other. Whom a register lists besides, it does
    not list here.
    """
    known = {1: MINE, 2: MINE, 3: TWINS, 4: TWINS}
    if beside:
        known[beside] = {**known[beside], "listed": [7, 8]}
    world = World()
    world.tell(*known.items(), (5, {**TAKEN, "listed": [8, 9]}))

    assert world.together() == whose
    assert any(5 in doubt for doubt in world.doubts()) == (beside is None)


MINE: Features = {**CHILD, **FAMILY, "id_number": ID}
TWINS: Features = {**CHILD, "name": "张志朋", **FAMILY, "id_number": TWIN_ID}
TAKEN: Features = {**TWINS, "id_number": ID}
"""The twin's record with the child's number, or the child's under the twin's name."""


@pytest.mark.parametrize(
    ("same", "other", "whose"),
    [
        (True, 1, [{1, 2, 5}, {3, 4}]),
        (True, 3, [{1, 2}, {3, 4, 5}]),
        (False, 1, [{1, 2}, {3, 4, 5}]),
        (False, 3, [{1, 2, 5}, {3, 4}]),
    ],
)
def test_a_person_tells_whose_a_twins_number_is(
    same: bool, other: int, whose: list[set[int]]
) -> None:
    """And never makes one child of the two by it."""
    world = World()
    world.tell((1, MINE), (2, MINE), (3, TWINS), (4, TWINS), (5, TAKEN))
    standing = {e for e in (1, 2, 3, 4) if {e, other} <= {1, 2} or {e, other} <= {3, 4}}
    other_side = frozenset(UUID(int=e) for e in standing)
    world.rule(Ruling(UUID(int=99), same, frozenset((UUID(int=5),)), other_side))

    assert world.together() == whose
    assert not any(5 in doubt for doubt in world.doubts())


def test_a_child_known_by_many_is_not_parted_by_an_invented_namesake() -> None:
    """Somebody who knows its name, birth date and number pushes a slip of the name under it, and the name under another."""
    world = World()
    world.tell(*((number, MINE) for number in range(1, 6)), (6, {**CHILD, **FAMILY}))
    slip: Features = {**CHILD, "name": "张志朋", "id_number": ID}
    world.tell((8, {**CHILD, "id_number": TWIN_ID}), (7, slip))

    assert world.together() == [{1, 2, 3, 4, 5, 6, 7}, {8}]


@pytest.mark.parametrize("division", [500103, 510104])
def test_a_namesake_with_another_offices_number_is_no_twin(division: int) -> None:
    """Twins are registered in one line of one office. Beside anybody else, a name one slip away is a slip."""
    world = World()
    other: Features = {**TWINS, "id_number": resident_id.make(division, BORN, 13)}
    world.tell((1, MINE), (2, MINE), (3, other), (4, other), (5, TAKEN))

    is_a_twin = division == 500103
    assert world.together() == ([{1, 2}, {3, 4}, {5}] if is_a_twin else [{1, 2, 5}, {3, 4}])
    assert any(5 in doubt for doubt in world.doubts()) is is_a_twin


SLIP: Features = {**MINE, "name": "张志红"}
"""The child's number under a name that twins could bear: another glyph."""


def test_another_glyph_under_one_number_is_a_slip() -> None:
    world = World()
    world.tell((1, MINE), (2, MINE), (3, {**CHILD, **FAMILY}))
    world.tell((4, SLIP))

    assert world.together() == [{1, 2, 3, 4}]
    assert not world.doubts()


@pytest.mark.parametrize("right", [1, 2])
def test_of_two_names_told_once_with_a_number_either_may_be_a_twins(right: int) -> None:
    """Whichever came first: the name that is told again without the number may be the other child's."""
    world = World()
    world.tell((right, MINE), (3 - right, SLIP), (3, {**CHILD, **FAMILY}))

    assert sorted(map(len, world.together())) == [1, 2]
    assert world.doubts()


def test_many_invented_slips_do_not_join_twins() -> None:
    """A name that is told twice under a number is no slip, however often it is told."""
    twin: Features = {**CHILD, **FAMILY, "name": "张志红"}
    world = World()
    world.tell((1, MINE), (2, MINE), (3, twin), (4, twin), (5, twin))
    for entry in (6, 7, 8):
        world.tell((entry, {**CHILD, "name": "张志红", "id_number": ID}))

    assert {1, 2} in world.together()


@pytest.mark.parametrize("twins", [{}, {"id_number": TWIN_ID}])
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_twin_told_with_the_number_is_parted_in_any_order(
    order: Sequence[int], twins: Features
) -> None:
    twin: Features = {**CHILD, **FAMILY, "name": "张志红", **twins}
    world = World()
    told = [(1, MINE), (2, MINE), (3, twin), (4, SLIP)]
    for at in order:
        world.tell(told[at])

    assert {1, 2} in world.together()
    assert not any({1, 3} <= one for one in world.together())


def test_another_glyph_under_one_birth_certificate_may_be_a_twins() -> None:
    papers: Features = {"id_number": "T726992148", "id_kind": "birth_certificate"}
    world = World()
    world.tell((1, {**CHILD, **FAMILY, **papers}), (2, {**CHILD, **FAMILY, **papers}))
    world.tell((3, {**CHILD, **FAMILY, "name": "张志红", **papers}))

    assert world.together() == [{1, 2}, {3}]
    assert world.doubts()


@pytest.mark.parametrize(
    "twin",
    [
        {"name": "张志红"},
        {"name": "张志宏"},  # heard alike
        {"name": "张志宏", "id_number": TWIN_ID},
    ],
)
@pytest.mark.parametrize("known_before", [True, False])
def test_another_glyph_under_one_number_is_a_twins_where_a_twin_is_told(
    twin: Features, known_before: bool
) -> None:
    """Whoever bears the name without the number may have been given it once: a person is asked, also when the twin turns up
    later.
    """
    told: Features = {**CHILD, **FAMILY, **twin}
    world = World()
    world.tell((1, MINE), (2, MINE))
    for entry in [(3, told), (4, SLIP)] if known_before else [(4, SLIP), (3, told)]:
        world.tell(entry)

    assert {1, 2} in world.together()
    assert any(frozenset(pair) in world.doubts() for pair in ((1, 3), (1, 4)))


def test_a_number_and_a_sex_against_a_name_are_left_to_a_person() -> None:
    """The sister's name, and the brother's number and sex: two against one."""
    sister: Features = {**TWIN, "sex": "female", "id_number": resident_id.make(500103, BORN, 14)}
    world = World()
    world.tell((1, MINE), (2, MINE), (3, sister), (4, sister))
    world.tell((5, {**sister, "sex": "male", "id_number": ID}))

    assert world.together() == [{1, 2}, {3, 4}, {5}]
    assert any(5 in doubt for doubt in world.doubts())


def test_a_sex_that_the_number_tells_does_not_count_twice() -> None:
    sister: Features = {**TWIN, "sex": "female", "id_number": resident_id.make(500103, BORN, 14)}
    world = World()
    world.tell((1, MINE), (2, MINE), (3, sister), (4, sister))
    world.tell((5, {**FAMILY, "name": sister["name"], "id_number": ID}))

    assert world.together() == [{1, 2}, {3, 4, 5}]
