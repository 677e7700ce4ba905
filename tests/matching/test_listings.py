"""Two names that one register lists in one season: two children, unless papers or a person say otherwise."""

from unittest.mock import Mock
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.linkage import listings
from services.matching.linkage.decisions import Ruling
from services.matching.linkage.normalization import Features, standardise
from shared import resident_id
from tests.matching.children import BORN, FAMILY, ID, World

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male", **FAMILY}
#: Sounds like the child: alone, beside a child who is well known, it is taken for a slip of its name.
LIKE: Features = {**CHILD, "name": "张志鸣"}
KNOWN: list[tuple[int, Features]] = [
    (1, {**CHILD, "id_number": ID}),
    (2, {**CHILD, "school": "人和街小学"}),
    (3, {**CHILD, "phone": "13908123458"}),
]
BESIDE: Features = {**CHILD, "listed": [7, 8]}
MARKED: Features = {**LIKE, "listed": [8, 9]}


def told(*entries: tuple[int, Features]) -> World:
    world = World()
    for entry in entries:
        world.tell(entry)
    return world


def test_a_name_that_sounds_alike_is_a_slip_until_a_register_lists_both() -> None:
    world = told(*KNOWN, (4, {**BESIDE, "listed": [1, 2]}), (5, MARKED))
    assert world.together() == [{1, 2, 3, 4, 5}]

    world.tell((4, BESIDE))

    assert world.together() == [{1, 2, 3, 4}, {5}]
    assert world.doubts()


@given(
    st.permutations([*KNOWN, (4, BESIDE), (5, MARKED), (6, LIKE)]),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_whoever_comes_first_and_beside_whom(
    entries: list[tuple[int, Features]], ends: list[bool]
) -> None:
    world, batch = World(), list[tuple[int, Features]]()
    for entry, ends_here in zip(entries, ends, strict=True):
        batch.append(entry)
        if ends_here:
            world.tell(*batch)
            batch = []
    if batch:
        world.tell(*batch)

    assert world.together() == [{1, 2, 3, 4}, {5, 6}]


def test_the_child_of_the_name_goes_before_who_resembles_it_more() -> None:
    """The twin's record shows the family's phone, and the child's own in the same register does not."""
    bare: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male", "listed": [7, 8]}
    guardian: Features = {**bare, "guardians": [{"name": "张强", "phone": "13908123456"}]}
    world = told(*KNOWN, (5, MARKED), (4, guardian))

    assert world.together() == [{1, 2, 3, 4}, {5}]


@pytest.mark.parametrize(
    "slip",
    [
        {**MARKED, "id_number": ID},
        # One digit is mistyped.
        {**MARKED, "id_number": ID[:9] + str((int(ID[9]) + 1) % 10) + ID[10:]},
        # The name as others write it: no other name.
        {**MARKED, "name": "張志明"},
        {**MARKED, "name": "zhang zhiming"},
        # The register lists it as the former name.
        {**MARKED, "former_name": "张志明"},
        {**MARKED, "listed": [9, 10]},
        {**MARKED, "listed": []},
    ],
)
def test_what_says_that_the_other_name_is_a_slip(slip: Features) -> None:
    numbered: Features = {**BESIDE, "id_number": ID}
    assert told(*KNOWN, (4, numbered), (5, slip)).together() == [{1, 2, 3, 4, 5}]


def test_a_slip_beside_a_number_is_known_by_the_others_of_that_number() -> None:
    """A register lists the child under a slip with its number, and under its name without: the number has both names."""
    slip: Features = {**MARKED, "id_number": ID}
    assert told(*KNOWN, (4, BESIDE), (5, slip)).together() == [{1, 2, 3, 4, 5}]


def test_a_number_that_another_office_tells_with_both_names_says_which_is_a_slip() -> None:
    """Its register states no number at all."""
    elsewhere: Features = {**LIKE, "id_number": ID}
    assert told(*KNOWN, (6, elsewhere), (4, BESIDE), (5, MARKED)).together() == [{1, 2, 3, 4, 5, 6}]


def test_another_number_is_another_child() -> None:
    twin: Features = {**MARKED, "id_number": resident_id.make(500103, BORN, 13)}
    assert told(*KNOWN, (4, BESIDE), (5, twin)).together() == [{1, 2, 3, 4}, {5}]


@pytest.mark.parametrize(
    "also",
    [{"name": "ZHANG ZHIMING"}, {"name": "张?明"}, {"name": "李梅"}, {"former_name": "李志明"}],
)
def test_a_childs_other_writings_and_surnames_do_not_give_it_its_twin(also: Features) -> None:
    """Latin letters, a lost glyph and the mother's surname say neither that the twin's name is the child's nor that it is not."""
    numbered: Features = {**BESIDE, "id_number": ID}
    other: Features = {**CHILD, "id_number": ID, **also}
    assert told(*KNOWN, (4, numbered), (6, other), (5, MARKED)).together() == [{1, 2, 3, 4, 6}, {5}]


def test_marks_of_children_whom_a_register_told_often_cost_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever may push may push one child a thousand times: not every pair of its records is weighed, under the linker's lock."""
    twins = [standardise({**BESIDE, "name": name}) for name in ("张志明", "张志鸣")]
    features = [twins[i % 2] for i in range(2_000)]
    groups = [frozenset(range(0, 2_000, 2)), frozenset(range(1, 2_000, 2))]
    compared = Mock(wraps=listings.compare_identifiers)
    monkeypatch.setattr(listings, "compare_identifiers", compared)
    beside = listings.listed_apart([(7, 8)] * 2_000, features, groups)

    assert 0 < compared.call_count < 10
    assert beside == {0: {1: set(twins[1].names)}, 1: {0: set(twins[0].names)}}


def test_a_person_has_the_last_word() -> None:
    world = told(*KNOWN, (4, BESIDE), (5, MARKED))
    same = Ruling(UUID(int=99), True, frozenset((UUID(int=4),)), frozenset((UUID(int=5),)))
    world.rule(same)
    assert world.together() == [{1, 2, 3, 4, 5}]

    world.tell((6, BESIDE), (7, {**MARKED, "school": "人民路小学"}))
    assert world.together() == [{1, 2, 3, 4, 5, 6, 7}]

    world.withdraw(same)
    assert world.together() == [{1, 2, 3, 4, 6}, {5, 7}]
