"""Who is whom: the decisions, case by case and as properties."""

from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.linkage.deciding import decide, founded_by, search
from services.matching.linkage.decisions import Known, NewEntry
from services.matching.linkage.normalization import Features
from tests.matching.children import (
    FAMILY,
    FATHER_ID,
    ID,
    MODEL,
    TWIN_ID,
    entry,
    together,
)

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male"}


def known(*entries: tuple[UUID, NewEntry]) -> Known:
    members: dict[UUID, dict[UUID, object]] = {}
    by_key: dict[object, list[UUID]] = {}
    for person, one in entries:
        members.setdefault(person, {})[one.entry] = one.features
        for key in one.keys:
            by_key.setdefault(key, []).append(person)
    return Known(members, by_key)  # type: ignore[arg-type]


P, Q = UUID(int=0xA), UUID(int=0xB)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({**CHILD, "id_number": ID}, {"name": "章智明", "id_number": ID}),
        ({**CHILD, "id_number": ID}, {**CHILD, "name": "李雷雷", "id_number": ID}),
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
    outcome = decide(MODEL, [entry(1, one), entry(2, other)], Known())

    assert together(outcome.decisions) == [{1, 2}]
    assert all(decision.certain for decision in outcome.decisions)


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
        # Namesakes.
        ({"name": "王芳"}, {"name": "王芳"}, False),
        ({**CHILD, "name": "王芳"}, {"name": "王芳", "birth_date": "2009-01-30"}, False),
    ],
)
def test_two_children_are_two_persons(one: Features, other: Features, reviewed: bool) -> None:
    outcome = decide(MODEL, [entry(1, one), entry(2, other)], Known())

    assert len(together(outcome.decisions)) == 2
    assert any(not d.certain for d in outcome.decisions) is reviewed
    assert any(d.doubts for d in outcome.decisions) is reviewed


def test_a_fathers_number_entered_for_two_children_joins_nobody() -> None:
    one = {**CHILD, "id_number": FATHER_ID, **FAMILY}
    other = {"name": "张丽娜", "birth_date": "2012-09-30", "id_number": FATHER_ID, **FAMILY}

    assert len(together(decide(MODEL, [entry(1, one), entry(2, other)], Known()).decisions)) == 2


def test_a_twins_number_yields_to_the_twin_who_bears_the_name() -> None:
    """The papers say one twin and the name says the other: a person decides."""
    twin = {**CHILD, "name": "张丽娜", **FAMILY, "id_number": TWIN_ID}
    nameless_number = {**CHILD, **FAMILY}
    wrong = {**CHILD, **FAMILY, "id_number": TWIN_ID}
    here = known((P, entry(1, twin)), (Q, entry(2, nameless_number)))

    decision = decide(MODEL, [entry(3, wrong)], here).decisions[0]

    assert decision.person not in {P, Q}
    assert {doubt.person for doubt in decision.doubts} == {P, Q}


def test_a_record_between_two_persons_joins_them() -> None:
    by_school = entry(1, {**CHILD, "school": "人和街小学", "phone": "13908123457"})
    by_police = entry(2, {"name": "章智明", "birth_date": "2015-03-17", "id_number": ID})
    both = entry(3, {**CHILD, "id_number": ID, **FAMILY})
    here = known((P, by_school), (Q, by_police))
    apart = decide(MODEL, [by_school, by_police], Known())
    assert len(together(apart.decisions)) == 2

    outcome = decide(MODEL, [both], here)

    assert [move.person for move in outcome.moves] == [outcome.decisions[0].person]
    assert {*outcome.joined, *outcome.joined.values()} == {P, Q}


def test_persons_with_different_numbers_are_never_joined_by_a_record_between() -> None:
    one = entry(1, {**CHILD, **FAMILY, "id_number": ID})
    other = entry(2, {**CHILD, **FAMILY, "id_number": TWIN_ID})
    between = entry(3, {**CHILD, **FAMILY})

    outcome = decide(MODEL, [between], known((P, one), (Q, other)))

    assert outcome.moves == ()
    assert outcome.decisions[0].person not in {P, Q}
    assert {doubt.person for doubt in outcome.decisions[0].doubts} == {P, Q}


def test_a_new_version_keeps_the_person_it_founded() -> None:
    alone = decide(MODEL, [entry(1, CHILD)], Known()).decisions[0]
    corrected = entry(1, {**CHILD, "name": "张志朋"}, version=2, person=alone.person)

    again = decide(MODEL, [corrected], known((alone.person, entry(1, CHILD)))).decisions[0]

    assert alone.person == founded_by(UUID(int=1), 1)
    assert again.person == alone.person


def test_a_corrected_entry_leaves_a_person_it_no_longer_fits() -> None:
    mine = {**CHILD, "id_number": ID}
    here = known((P, entry(1, mine)), (P, entry(2, mine)))
    corrected = entry(2, {"name": "李雷", "birth_date": "2010-01-02"}, version=2, person=P)

    decision = decide(MODEL, [corrected], here).decisions[0]

    assert decision.person == founded_by(UUID(int=2), 2)
    assert decision.certain


def test_a_search_lists_the_likeliest_first() -> None:
    one = entry(1, {**CHILD, **FAMILY, "id_number": ID})
    other = entry(2, {**CHILD, "name": "张丽娜", **FAMILY})
    asked = entry(0, {**CHILD, "guardians": FAMILY["guardians"]})

    found = search(MODEL, asked.features, asked.keys, known((P, one), (Q, other)))

    assert [person for person, _ in found] == [P, Q]


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


@settings(max_examples=200, deadline=None)
@given(st.lists(FEATURES, min_size=1, max_size=12), st.integers(0, 2**32))
def test_any_batch_keeps_the_rules(batch: list[Features], seed: int) -> None:
    entries = [entry(number, features) for number, features in enumerate(batch, 1)]
    outcome = decide(MODEL, entries, Known())
    shuffled = list(entries)
    Random(seed).shuffle(shuffled)

    again = {d.entry: d for d in decide(MODEL, shuffled, Known()).decisions}

    assert [d.entry for d in outcome.decisions] == [e.entry for e in entries]
    assert all(again[d.entry].person == d.person for d in outcome.decisions)
    assert all(again[d.entry].doubts == d.doubts for d in outcome.decisions)
    assert outcome.moves == ()
    by_number = {e.entry.int: e.features for e in entries}
    for group in together(outcome.decisions):
        guardians = set().union(*(by_number[n].guardian_ids for n in group))
        numbers = {by_number[n].id_number for n in group if by_number[n].number_is_firm} - guardians
        assert len(numbers) <= 1
        if len(group) > 1:
            assert all(
                by_number[n].names or by_number[n].id_number or by_number[n].id_typed for n in group
            )


@settings(max_examples=100, deadline=None)
@given(st.lists(FEATURES, min_size=2, max_size=10), st.integers(1, 9))
def test_known_persons_are_met_as_a_batch_is(batch: list[Features], cut: int) -> None:
    """What is decided in two batches never links what one batch forbids: numbers that differ."""
    entries = [entry(number, features) for number, features in enumerate(batch, 1)]
    first = decide(MODEL, entries[:cut], Known())
    stored = {d.entry: d.person for d in first.decisions}
    here = known(*((stored[e.entry], e) for e in entries[:cut]))

    second = decide(MODEL, entries[cut:], here)

    final = stored | {d.entry: d.person for d in (*second.decisions, *second.moves)}
    assert not set(second.joined) & set(final.values())
    by_number = {e.entry: e.features for e in entries}
    for person in set(final.values()):
        members = [by_number[e] for e, p in final.items() if p == person]
        guardians = set().union(*(m.guardian_ids for m in members))
        assert len({m.id_number for m in members if m.number_is_firm} - guardians) <= 1
