"""Whose child a record speaks of that names nobody: a newborn's, of whom only birth, sex and family are told."""

from collections.abc import Sequence
from datetime import date
from itertools import permutations

import pytest

from services.matching.linkage.normalization import Features, GuardianFeatures
from shared import resident_id
from tests.matching.children import FAMILY, FATHER, FATHER_ID, HOME, ID, TWIN_ID, World

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male"}
CERTIFICATE: Features = {"id_number": "T726992148", "id_kind": "birth_certificate"}
NAMELESS: Features = {"name": "宝宝", "birth_date": "2015-03-07", "sex": "male", **HOME}


def test_an_entry_without_a_name_is_the_only_such_child_of_its_home_until_a_twin_turns_up() -> None:
    world = World()
    world.tell((1, {**CHILD, **HOME, "id_number": ID}))
    world.tell((2, NAMELESS))
    assert world.together() == [{1, 2}]

    world.tell((3, {**CHILD, "name": "张丽娜", **HOME, "id_number": TWIN_ID}))

    assert world.together() == [{1}, {2}, {3}]
    assert {frozenset((1, 2)), frozenset((2, 3))} <= world.doubts()


@pytest.mark.parametrize(
    "other",
    [
        {"birth_date": "2015-03-07", "sex": "female"},
        {"birth_date": "2015-03-08"},
        {
            "residence_address": "重庆市渝中区人民路53号5栋1单元9-5",
            "phone": None,
            "guardians": [{"name": "张强"}],
            "hukou_division": "371702",
            "residence_division": "500112",
        },
        {"guardians": [], "phone": None, "residence_address": None},
    ],
)
def test_an_entry_without_a_name_needs_birth_sex_and_family(other: Features) -> None:
    world = World()
    world.tell((1, {**CHILD, **HOME, "id_number": ID}), (2, {**NAMELESS, **other}))

    assert world.together() == [{1}, {2}]


MOTHER: GuardianFeatures = {"name": "李芳", "relation": "mother"}
GIRL: Features = {"birth_date": "2015-03-07", "sex": "female", "hukou_division": "520502"}
HERS: Features = {**GIRL, "name": "李芳之女"}
NUMBER = resident_id.make(500103, date(2015, 3, 7), 12)


@pytest.mark.parametrize(
    ("child", "newborn", "joins"),
    [
        ({"guardians": [MOTHER]}, HERS, True),
        ({"guardians": [MOTHER]}, {**HERS, "sex": None}, True),
        ({"guardians": [MOTHER]}, {**GIRL, "guardians": [{"name": "李芳"}]}, True),
        # Two guardians of the same names are a family; and a bare 子 or 女 behind a name that only the other side tells.
        (
            {"guardians": [MOTHER, FATHER]},
            {**HERS, "guardians": [{"name": "张强"}], "id_number": NUMBER},
            True,
        ),
        (
            {"guardians": [MOTHER, FATHER]},
            {**GIRL, "name": "李芳女", "guardians": [{"name": "张强"}]},
            True,
        ),
        # Registered elsewhere, of another father, with a number of its own, or a grandmother's name.
        ({"guardians": [MOTHER]}, {**HERS, "hukou_division": "371702"}, False),
        (
            {"guardians": [MOTHER, FATHER]},
            {**HERS, "guardians": [{"name": "王伟", "relation": "father"}]},
            False,
        ),
        ({"guardians": [MOTHER]}, {**HERS, "id_number": NUMBER}, False),
        ({"guardians": [FATHER, {"name": "李芳", "relation": "grandparent"}]}, HERS, False),
    ],
)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_parents_name_in_one_county_is_a_newborns_tie(
    child: Features, newborn: Features, joins: bool, order: Sequence[int]
) -> None:
    told: list[tuple[int, Features]] = [(1, {**GIRL, "name": "张志红", **child}), (2, newborn)]
    world = World()
    for at in order:
        world.tell(told[at])

    assert (world.together() == [{1, 2}]) is joins


def test_a_newborns_number_does_not_make_one_child_of_two_mothers_of_one_name() -> None:
    world = World()
    world.tell((1, {**GIRL, "name": "张志红", "guardians": [MOTHER]}))
    world.tell((2, {**HERS, "id_number": NUMBER}))
    world.tell((3, {**GIRL, "name": "王美丽", "guardians": [MOTHER], "id_number": NUMBER}))

    assert world.together() == [{1}, {2, 3}]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_two_pet_names_are_two_newborns_in_any_order(order: Sequence[int]) -> None:
    """As two birth certificates are: which of them the named child is, nobody has told."""
    told: list[tuple[int, Features]] = [
        (1, {**CHILD, **HOME}),
        (2, {**NAMELESS, "name": "果果"}),
        (3, {**NAMELESS, "name": "糖糖"}),
    ]
    world = World()
    for at in order:
        world.tell(told[at])
    assert world.together() == [{1}, {2}, {3}]

    world = World()
    world.tell(told[0], told[1])
    assert world.together() == [{1, 2}]


@pytest.mark.parametrize(
    "tie",
    [
        {"guardians": [{"id_number": FATHER_ID}]},
        {"phone": "13908123457"},
        {"residence_address": HOME["residence_address"], "residence_division": "500103"},
    ],
)
def test_one_tie_of_the_family_is_enough_for_an_entry_without_a_name(tie: Features) -> None:
    """Unless it has papers of birth, and they are another child's."""
    child: Features = {**CHILD, **HOME, **CERTIFICATE}
    newborn: Features = {"name": "宝宝", "birth_date": "2015-03-07", "sex": "male", **tie}
    newborn["hukou_division"] = FAMILY["hukou_division"]
    world = World()
    world.tell((1, child), (2, newborn))
    assert world.together() == [{1, 2}]

    world.tell((3, {**newborn, **CERTIFICATE, "id_number": "Q442628881"}))
    assert {3} in world.together()


@pytest.mark.parametrize(
    "other",
    [
        {"guardians": [{"name": "李芳", "relation": "father"}]},
        {"guardians": [{"id_number": resident_id.make(520502, date(1988, 1, 2), 32)}]},
        {"id_number": TWIN_ID},
    ],
)
def test_one_phone_is_no_tie_where_the_parents_or_papers_are_others(other: Features) -> None:
    """A landlord's, a teacher's, a clinic's."""
    newborn: Features = {"birth_date": "2015-03-07", "sex": "male", "phone": "13908123457"}
    newborn["hukou_division"] = FAMILY["hukou_division"]
    world = World()
    world.tell((1, {**CHILD, **HOME, "id_number": ID}), (2, {**newborn, **other}))

    assert world.together() == [{1}, {2}]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_two_birth_certificates_are_two_newborns_in_any_order(order: Sequence[int]) -> None:
    newborn: Features = {"birth_date": "2015-03-07", "sex": "male", **HOME, **CERTIFICATE}
    told: list[tuple[int, Features]] = [
        (1, {**CHILD, **HOME}),
        (2, newborn),
        (3, {**newborn, "id_number": "Q442628881"}),
    ]
    world = World()
    for at in order:
        world.tell(told[at])

    assert world.together() == [{1}, {2}, {3}]


@pytest.mark.parametrize(
    "others", [("李芳之大双", "李芳之小双"), ("李芳之子A", "李芳之子B"), ("大宝", "二宝")]
)
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_newborns_told_as_two_twins_are_not_one_child_in_any_order(
    order: Sequence[int], others: tuple[str, str]
) -> None:
    """Which of the two the child is, nobody has told yet."""
    told: list[tuple[int, Features]] = [
        (1, {**CHILD, **HOME}),
        *((at, {**NAMELESS, "name": name}) for at, name in enumerate(others, 2)),
    ]
    world = World()
    for at in order:
        world.tell(told[at])

    assert world.together() == [{1}, {2}, {3}]
    assert {frozenset((1, 2)), frozenset((1, 3))} <= world.doubts()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_number_does_not_hide_another_twin_in_any_order(order: Sequence[int]) -> None:
    told: list[tuple[int, Features]] = [
        (1, {**CHILD, **HOME, "id_number": ID}),
        (2, {**NAMELESS, "name": "李芳之小双"}),
        (3, {**NAMELESS, "name": "李芳之大双", "id_number": ID}),
    ]
    world = World()
    for at in (*order, 2):
        world.tell(told[at])

    assert world.together() == [{1, 3}, {2}]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_another_newborns_turn_carries_no_record_off_to_a_twin(order: Sequence[int]) -> None:
    """A number one slip from both twins' tells whose it is no more than the family does."""
    near = "500103201503070116"
    told: list[tuple[int, Features]] = [
        (1, {**CHILD, **HOME, "id_number": ID}),
        (2, {**CHILD, **HOME, "name": "赵文博", "id_number": TWIN_ID}),
        (3, {**NAMELESS, "name": "李芳之大双", "id_number": near}),
        (4, {**NAMELESS, "name": "李芳之小双", "id_number": ID}),
    ]
    world = World()
    for at in order:
        world.tell(told[at])

    assert {3} in world.together()
    assert {frozenset((1, 3)), frozenset((2, 3))} <= world.doubts()


def test_a_named_twin_with_a_remark_behind_its_name_is_not_its_brother() -> None:
    world = World()
    world.tell((1, {**CHILD, **HOME}), (2, {**CHILD, **HOME, "name": "张志强（双胞胎小）"}))

    assert world.together() == [{1}, {2}]


@pytest.mark.parametrize(
    "names", [("李芳之小双", "李芳之子B", "李芳之长子"), ("李芳之长子", "李芳二宝")]
)
def test_a_newborn_may_be_told_in_several_ways(names: Sequence[str]) -> None:
    """The first son, or the second of two twins, may be the second of all children."""
    world = World()
    world.tell((1, {**CHILD, **HOME}))
    for at, name in enumerate(names, 2):
        world.tell((at, {**NAMELESS, "name": name}))

    assert world.together() == [{1, *range(2, 2 + len(names))}]


def test_a_turn_at_another_birth_says_nothing() -> None:
    """Two children that a person may hold to be one each keep their newborn's record."""
    younger: Features = {"birth_date": "2017-05-09", "sex": "male"}
    world = World()
    world.tell((1, {**CHILD, **HOME}), (2, {**NAMELESS, "name": "大宝"}))
    world.tell((3, {**CHILD, **HOME, **younger, "name": "张志强"}))
    world.tell((4, {**NAMELESS, **younger, "name": "二宝"}))

    assert world.together() == [{1, 2}, {3, 4}]


def test_entries_without_a_name_never_join_each_other() -> None:
    world = World()
    world.tell((1, NAMELESS), (2, {**NAMELESS, "hukou_division": "500103"}))

    assert world.together() == [{1}, {2}]


@pytest.mark.parametrize("joins", [True, False])
def test_a_mothers_name_and_a_bare_word_for_a_child_are_a_newborn_where_the_other_side_names_the_mother(
    joins: bool,
) -> None:
    """宋华子 may be a name; not beside a child of that day whose mother is 宋华."""
    mother: GuardianFeatures = {"name": "宋华" if joins else "刘敏", "relation": "mother"}
    world = World()
    world.tell((1, {**CHILD, **HOME, "guardians": [FATHER, mother]}))
    world.tell((2, {**NAMELESS, "name": "宋华子"}))

    assert (world.together() == [{1, 2}]) is joins
