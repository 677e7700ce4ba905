"""Who is whom: the decisions, case by case and as properties."""

from collections.abc import Sequence
from datetime import date
from itertools import permutations
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.linkage.decisions import Ruling
from services.matching.linkage.identities import founded_by
from services.matching.linkage.normalization import Features, standardise
from shared import resident_id
from tests.matching.children import (
    BORN,
    FAMILY,
    FATHER_ID,
    HOME,
    ID,
    MODEL,
    TWIN_ID,
    World,
    keys_of,
)

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({**CHILD, "id_number": ID}, {"name": "章智明", "id_number": ID}),
        (
            {**CHILD, **FAMILY, "id_number": ID},
            {**CHILD, **FAMILY, "name": "李雷雷", "id_number": ID},
        ),
        ({**CHILD, "id_number": ID}, {"id_number": ID, "birth_date": "2015-03-07"}),
        ({**CHILD, **FAMILY}, {**CHILD, "name": "章智明", **FAMILY}),
        ({**CHILD, **FAMILY}, {**CHILD, "birth_date": "2015-07-03", **FAMILY}),
        ({**CHILD, **FAMILY}, {**CHILD, "birth_date": "2015-04-25", **FAMILY}),
        ({**CHILD, "name": "逄韫芷"}, {**CHILD, "name": "逄韫芷"}),
        (
            {**CHILD, "hukou_division": "520502"},
            {**CHILD, "hukou_division": "520502", "school": "人和街小学"},
        ),
    ],
)
def test_one_child_twice_is_one_person(one: Features, other: Features) -> None:
    world = World()
    world.tell((1, one), (2, other))

    assert world.together() == [{1, 2}]
    assert all(placement.certain for placement in world.placements.values())


@pytest.mark.parametrize(
    ("one", "other", "reviewed"),
    [
        # Different valid numbers, whatever else agrees; only a striking likeness is shown to a person.
        (
            {**CHILD, **FAMILY, "id_number": ID},
            {**CHILD, "name": "张志红", **FAMILY, "id_number": TWIN_ID},
            False,
        ),
        ({**CHILD, **FAMILY, "id_number": ID}, {**CHILD, **FAMILY, "id_number": TWIN_ID}, True),
        # Twins without numbers.
        ({**CHILD, **FAMILY}, {**CHILD, "name": "张丽娜", **FAMILY}, False),
        ({**CHILD, **FAMILY}, {**CHILD, "name": "张志红", **FAMILY}, True),
        # Brothers.
        ({**CHILD, **FAMILY}, {"name": "张志强", "birth_date": "2012-09-30", **FAMILY}, False),
        # No name: the family alone decides nothing.
        ({**CHILD, **FAMILY}, {"birth_date": "2015-03-07", **FAMILY}, True),
        # A sibling's number entered for the child.
        (
            {**CHILD, "id_number": ID},
            {"name": "张丽娜", "birth_date": "2012-09-30", "id_number": ID},
            True,
        ),
        # A stranger's number, of the line above, and the birth date read out of it.
        (
            {**CHILD, **FAMILY, "id_number": ID},
            {
                "name": "李雷雷",
                "birth_date": "2015-03-07",
                "id_number": ID,
                "guardians": [{"name": "李国华", "relation": "father"}],
            },
            True,
        ),
        # A number, and the birth date read out of it, under a wholly different name, and nothing else.
        ({**CHILD, "id_number": ID}, {**CHILD, "name": "李雷雷", "id_number": ID}, True),
        # Twins' names may be the same two glyphs.
        (
            {**CHILD, "name": "张子涵", **FAMILY},
            {**CHILD, "name": "张涵子", **FAMILY},
            True,
        ),
        # Namesakes.
        ({"name": "王芳"}, {"name": "王芳"}, False),
        ({**CHILD, "name": "王芳"}, {"name": "王芳", "birth_date": "2009-01-30"}, False),
    ],
)
def test_two_children_are_two_persons(one: Features, other: Features, reviewed: bool) -> None:
    world = World()
    world.tell((1, one), (2, other))

    assert world.together() == [{1}, {2}]
    assert bool(world.doubts()) is reviewed
    assert any(not placement.certain for placement in world.placements.values()) is reviewed


def test_a_number_parts_the_twins_that_a_look_alike_name_had_joined() -> None:
    world = World()
    world.tell((1, {**CHILD, **FAMILY}), (5, {**CHILD, **FAMILY}), (6, {**CHILD, **FAMILY}))
    world.tell((2, {**CHILD, "name": "张志朋", **FAMILY}))
    assert world.together() == [{1, 2, 5, 6}]

    world.tell((3, {**CHILD, "name": "张志朋", **FAMILY, "id_number": TWIN_ID}))
    world.tell((4, {**CHILD, **FAMILY, "id_number": ID}))

    assert world.together() == [{1, 4, 5, 6}, {2, 3}]


@pytest.mark.parametrize(
    "other",
    [
        # Heard or seen alike, and of the other sex.
        {**CHILD, "name": "张志鸣", "sex": "female", **FAMILY},
        {"name": "张志朋", "birth_date": "2015-03-07", "sex": "female", **FAMILY},
        # Heard alike, under a number of another shape.
        {**CHILD, "name": "张志鸣", **FAMILY, "id_number": "52050220150307"},
        # One's number under a name as near as a twin's, and another birth date.
        {**CHILD, "name": "张志红", "birth_date": "2015-07-03", **FAMILY, "id_number": ID},
    ],
)
def test_two_slips_are_another_child(other: Features) -> None:
    world = World()
    known = {**CHILD, **FAMILY, "id_number": ID}
    world.tell((1, known), (2, known), (3, known))
    world.tell((4, other))

    assert world.together() == [{1, 2, 3}, {4}]
    assert frozenset((1, 4)) in world.doubts()


def test_a_name_heard_alike_is_a_slip_once_the_child_is_well_known() -> None:
    """Alone beside one or two entries it may be a twin's, who has no number yet."""
    numbered = {**CHILD, **FAMILY, "id_number": ID}
    heard = {**CHILD, "name": "张志鸣", **FAMILY}
    world = World()
    world.tell((1, numbered), (2, heard))
    assert world.together() == [{1}, {2}]
    assert world.doubts() == {frozenset((1, 2))}

    world.tell((3, numbered))
    assert world.together() == [{1, 3}, {2}]
    world.tell((4, {**CHILD, **FAMILY}))

    assert world.together() == [{1, 2, 3, 4}]
    assert not world.doubts()


def test_twins_share_a_surname_so_another_one_is_a_slip() -> None:
    world = World()
    world.tell(
        (1, {**CHILD, **FAMILY, "id_number": ID}), (2, {**CHILD, "name": "章志明", **FAMILY})
    )

    assert world.together() == [{1, 2}]


@pytest.mark.parametrize("born", ["2015-03-08", "2014-03-07"])
def test_a_child_of_another_birth_date_is_no_namesake(born: str) -> None:
    slip: Features = {**CHILD, "name": "张志鸣", **FAMILY}
    world = World()
    known: Features = {**CHILD, **FAMILY, "id_number": ID}
    world.tell(*((number, known) for number in range(1, 5)), (5, slip))
    assert world.together() == [{1, 2, 3, 4, 5}]
    number = resident_id.make(500103, date.fromisoformat(born), 15)
    name: Features = {
        "name": "张志鸣",
        "birth_date": born,
        "hukou_division": FAMILY["hukou_division"],
    }
    world.tell((6, {**name, "id_number": number}))

    assert world.together() == [{1, 2, 3, 4, 5}, {6}]


def test_whom_a_person_ruled_out_goes_before_nobody() -> None:
    world = World()
    schooled: Features = {
        **HOME,
        "school": "人民路小学",
        "grade": "二年级",
        "observed_on": "2023-09-01",
    }
    twin: Features = {**CHILD, "name": "张志鸣", "id_number": TWIN_ID, **schooled}
    world.tell((1, twin), (2, twin), (3, twin), (4, {**CHILD, "id_number": ID}))
    world.tell((5, {**CHILD, **schooled}))
    apart = (frozenset((UUID(int=5),)), frozenset((UUID(int=4),)))
    world.rule(Ruling(UUID(int=99), False, *apart))

    assert world.together() == [{1, 2, 3, 5}, {4}]


def test_whoever_bears_the_very_name_goes_before_a_twin_of_whom_more_is_told() -> None:
    """Twins share a home and a class: that the twin's is told and the child's is not says nothing of whose a record is."""
    schooled: Features = {
        **HOME,
        "school": "人民路小学",
        "grade": "二年级",
        "observed_on": "2023-09-01",
    }
    twin: Features = {**CHILD, "name": "张志鸣", "id_number": TWIN_ID, **schooled}
    child: Features = {**CHILD, "id_number": ID, "guardians": FAMILY["guardians"]}
    world = World()
    world.tell((1, twin), (2, twin), (3, twin), (4, child))
    world.tell((5, {**CHILD, **schooled}))

    assert world.together() == [{1, 2, 3}, {4, 5}]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_brothers_and_a_record_without_a_birth_date_in_any_order(order: Sequence[int]) -> None:
    elder: Features = {**FAMILY, "name": "李辰霖", "birth_date": "2010-09-26", "sex": "male"}
    younger: Features = {**FAMILY, "name": "李辰淋", "birth_date": "2011-12-21", "sex": "male"}
    told = [(1, elder), (2, {**elder, "birth_date": None}), (3, younger)]
    world = World()
    for at in order:
        world.tell(told[at])

    assert world.together() == [{1, 2}, {3}]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("born", ["2015-03-27", None])
def test_a_numbered_namesake_that_comes_first_keeps_no_record_of_another(
    born: str | None, order: Sequence[int]
) -> None:
    here: Features = {"name": "王靖雯", "sex": "male", "hukou_division": "520502001"}
    stranger: Features = {
        **here,
        "birth_date": "2015-03-17",
        "id_number": resident_id.make(520502, date(2015, 3, 17), 11),
        "guardians": [{"name": "张强", "relation": "father"}],
    }
    child: Features = {
        **here,
        "birth_date": "2015-03-07",
        "id_number": resident_id.make(520502, date(2015, 3, 7), 13),
        "guardians": [{"name": "李大勇", "relation": "father"}],
    }
    told = [(1, stranger), (2, {**here, "birth_date": born}), (3, child)]
    world = World()
    for at in order:
        world.tell(told[at])

    assert world.together() == [{1}, {2}, {3}]
    assert world.doubts() == {frozenset((1, 2)), frozenset((2, 3))}


@pytest.mark.parametrize("first", [1, 2])
def test_a_number_of_its_own_is_no_newborn_of_a_child_without_one(first: int) -> None:
    newborn: Features = {"birth_date": "2015-03-07", "sex": "male", "phone": "13908123457"}
    world = World()
    world.tell((first, {**CHILD, **FAMILY}))
    world.tell((3 - first, {**newborn, "hukou_division": "520502", "id_number": TWIN_ID}))

    assert world.together() == [{1}, {2}]


def test_a_number_binds_the_two_names_of_one_child() -> None:
    """The former name and the new one, each without a number too."""
    renamed = {**CHILD, "name": "张家豪"}
    world = World()
    world.tell((1, {**CHILD, **FAMILY}), (2, {**CHILD, **FAMILY, "id_number": ID}))
    world.tell((3, {**renamed, "id_number": ID, **FAMILY}), (4, {**renamed, **FAMILY}))

    assert world.together() == [{1, 2, 3, 4}]


AT_SCHOOL: Features = {"hukou_division": "520502", "school": "人和街小学", "grade": "二年级"}


def test_a_namesake_of_quite_another_age_is_shown_to_a_person() -> None:
    """Of one rare name and one family name: without papers that say so, they are not one child."""
    child: Features = {"name": "逄韫芷", "guardians": [{"name": "朝鲁"}], **AT_SCHOOL}
    world = World()
    world.tell((1, {**child, "birth_date": "2017-08-10"}))
    world.tell((2, {**child, "birth_date": "2026-07-04"}))

    assert world.together() == [{1}, {2}]
    assert world.doubts() == {frozenset((1, 2))}


@pytest.mark.parametrize(
    "family",
    [
        FAMILY,
        {
            "residence_address": "重庆市渝中区人民路53号5栋1单元10-5",
            "guardians": [{"name": "张强"}],
        },
    ],
)
def test_a_birth_date_that_stands_for_none_does_not_hide_a_child_of_the_same_family(
    family: Features,
) -> None:
    child: Features = {**CHILD, **family, "residence_division": "500103"}
    world = World()
    world.tell((1, child), (2, {**child, "birth_date": "1990-01-01"}))

    assert world.together() == [{1, 2}]


def test_a_record_without_a_birth_date_does_not_join_brothers() -> None:
    """Their names look alike, and without a birth date the elder's record could be either's."""
    elder: Features = {**FAMILY, "name": "李辰霖", "birth_date": "2010-09-26", "sex": "male"}
    younger: Features = {**FAMILY, "name": "李辰淋", "birth_date": "2011-12-21", "sex": "male"}
    world = World()
    world.tell(*((at, {**younger, "school": f"第{at}小学"}) for at in (1, 2, 3)))
    world.tell((4, elder), (5, {**elder, "birth_date": None}))

    assert world.together() == [{1, 2, 3}, {4, 5}]


def test_a_record_between_two_persons_joins_them_and_its_recall_parts_them() -> None:
    by_school = {**CHILD, "school": "人和街小学", "phone": "13908123457"}
    by_police = {"name": "章智明", "birth_date": "2015-03-17", "id_number": ID}
    world = World()
    world.tell((1, by_school))
    world.tell((2, by_police))
    assert world.together() == [{1}, {2}]
    stood = {entry: placement.person for entry, placement in world.placements.items()}

    world.tell((3, {**CHILD, "id_number": ID, **FAMILY}))
    assert world.together() == [{1, 2, 3}]

    world.recall(3)
    assert world.together() == [{1}, {2}]
    assert {entry: p.person for entry, p in world.placements.items()} == stood


def test_persons_with_different_numbers_are_never_joined_by_a_record_between() -> None:
    world = World()
    world.tell((1, {**CHILD, **FAMILY, "id_number": ID}))
    world.tell((2, {**CHILD, **FAMILY, "id_number": TWIN_ID}))
    world.tell((3, {**CHILD, **FAMILY}))

    assert world.together() == [{1}, {2}, {3}]
    assert {frozenset((1, 3)), frozenset((2, 3))} <= world.doubts()


def test_a_new_version_keeps_the_person_it_founded() -> None:
    world = World()
    world.tell((1, CHILD))
    world.tell((1, {**CHILD, "name": "张志朋"}))

    assert world.placements[UUID(int=1)].person == founded_by(UUID(int=1))


def test_a_corrected_entry_leaves_a_person_it_no_longer_fits() -> None:
    mine = {**CHILD, "id_number": ID}
    world = World()
    world.tell((1, mine), (2, mine))
    world.tell((2, {"name": "李雷", "birth_date": "2010-01-02"}))

    assert world.together() == [{1}, {2}]
    assert world.placements[UUID(int=1)].person == founded_by(UUID(int=1))


def test_namesakes_of_one_county_do_not_make_a_child_wait() -> None:
    """Their number grows with the hub, and a name alone tells none of them."""
    assert MODEL.alone
    world = World()
    born = [f"20{year}-03-07" for year in range(10, 11 + MODEL.alone)]
    here: Features = {"name": "张志明", "hukou_division": "520502", "sex": "male"}
    world.tell(*((at, {**here, "birth_date": day}) for at, day in enumerate(born, 1)))

    outcome = world.tell((99, here))

    assert outcome.placements[UUID(int=99)].against is None
    assert not outcome.doubts


def test_a_ruling_holds_against_all_evidence_and_its_withdrawal_undoes_it() -> None:
    world = World()
    world.tell((1, {**CHILD, **FAMILY, "id_number": ID}), (2, {**CHILD, "id_number": ID}))
    world.tell((3, {"name": "李雷", "birth_date": "2010-01-02", "id_number": None}))
    before = {entry: placement.person for entry, placement in world.placements.items()}
    same = Ruling(UUID(int=100), True, frozenset({UUID(int=1)}), frozenset({UUID(int=3)}))
    apart = Ruling(UUID(int=101), False, frozenset({UUID(int=1)}), frozenset({UUID(int=2)}))

    world.rule(same)
    assert world.together() == [{1, 2, 3}]
    world.rule(apart)
    assert world.together() == [{1, 3}, {2}]
    world.tell((4, {**CHILD, **FAMILY, "id_number": ID}))
    world.withdraw(same)
    world.withdraw(apart)

    assert world.together() == [{1, 2, 4}, {3}]
    now = {entry: placement.person for entry, placement in world.placements.items()}
    assert {e: p for e, p in now.items() if e in before} == before


NAMES = st.sampled_from(
    ["张志明", "章智明", "张志红", "张明", "王芳", "ZHANG ZHIMING", "张某", "", "李雷"]
)
FEATURES = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES,
        "id_number": st.sampled_from([ID, TWIN_ID, FATHER_ID, ID[:-1] + "0", "1234567"]),
        "birth_date": st.sampled_from(["2015-03-07", "2015-07-03", "2012-09-30", "2015-03-08"]),
        "sex": st.sampled_from(["male", "female", "unknown"]),
        "guardians": st.sampled_from([FAMILY["guardians"], [], [{"name": "李梅"}]]),
        "phone": st.sampled_from(["13908123457", "13908123456", ""]),
        "hukou_division": st.sampled_from(["520502", "500103"]),
        "school": st.sampled_from(["人和街小学", "一中"]),
    },
)


@settings(max_examples=200)
@given(st.lists(FEATURES, min_size=1, max_size=12), st.integers(0, 2**32))
def test_any_batch_keeps_the_rules(batch: list[Features], seed: int) -> None:
    told = list(enumerate(batch, 1))
    world, other = World(), World()
    world.tell(*told)
    Random(seed).shuffle(told)
    other.tell(*told)

    assert other.together() == world.together()
    assert other.doubts() == world.doubts()
    _keeps_the_rules(world)


@settings(max_examples=200)
@given(st.lists(FEATURES, min_size=2, max_size=10), st.lists(st.integers(1, 9), max_size=4))
def test_known_persons_are_met_as_a_batch_is(batch: list[Features], cuts: list[int]) -> None:
    told = list(enumerate(batch, 1))
    world = World()
    last = 0
    for cut in [*sorted(set(cuts)), len(told)]:
        if told[last:cut]:
            world.tell(*told[last:cut])
        last = max(last, cut)

    assert set().union(*world.together()) == {number for number, _ in told}
    _keeps_the_rules(world)


def _keeps_the_rules(world: World) -> None:
    """Nobody has two firm numbers, and family evidence alone joined no one: who names nobody bears a named child's birth."""
    for person in world.persons.values():
        assert person.keys == {k for features in person.cards for k in keys_of(features)}
        guardians = set().union(*(f.guardian_ids for f in person.cards))
        numbers = {f.id_number for f in person.cards if f.number_is_firm} - guardians
        assert len(numbers) <= 1 or len(person.profile.firm_numbers) <= len(numbers)
        if len(person.entries) > 1:
            telling = [
                f for f in person.cards if f.names or f.id_number or f.id_typed or f.document
            ]
            births = {born for f in telling for born in f.births}
            assert all(not births.isdisjoint(f.births) for f in person.cards if f not in telling)


def test_a_person_of_very_many_records_is_looked_at_as_one() -> None:
    """Else a hundred differing records of one child, and namesakes, would be weighed against each other again and
    again while the whole hub waits."""
    world = World()
    child: Features = {"name": "张志明", "birth_date": "2015-03-07", "id_number": ID, **FAMILY}
    for at in range(1, 121):
        world.tell((at, {**child, "residence_address": f"人和街{at}号", "phone": f"139{at:08}"}))
    known = {world.placements[UUID(int=at)].person for at in range(1, 121)}
    assert len(known) == 1
    near = resident_id.make(500103, BORN, 19)
    weighed = 0

    def counted(name: object) -> float | None:
        nonlocal weighed
        weighed += 1
        return None

    outcome = world.decide(
        [
            (
                UUID(int=1000 + at),
                standardise({**child, "id_number": near, "residence_address": f"民生路{at}号"}),
            )
            for at in range(40)
        ],
        frequency=counted,
    )
    assert known.isdisjoint({one.person for one in outcome.placements.values()})
    assert len({one.person for one in outcome.placements.values()}) == 1
    assert weighed < 12_000
