"""Whom the keys lead to: what is worth comparing, and who is found by a search."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.entries.sealing import Strongroom
from services.matching.linkage.candidates import search, worth_comparing
from services.matching.linkage.decisions import Known
from services.matching.linkage.identities import founded_by
from services.matching.linkage.normalization import Features, standardise
from shared.keys import new_key_set
from tests.matching.children import FAMILY, ID, MODEL, World

CHILD: Features = {"name": "张志明", "birth_date": "2015-03-07", "sex": "male"}


def found(world: World, asked: Features) -> list[UUID]:
    """Whom a search finds among the world's persons, likeliest first."""
    strongroom = Strongroom(new_key_set(), new_key_set(), MODEL)
    by_key: dict[int, list[UUID]] = {}
    for person in world.persons.values():
        for key in strongroom.keys_of_person(person):
            by_key.setdefault(key, []).append(person.person)
    sought = standardise(asked)
    known = Known(world.persons, by_key)
    return [person for person, _ in search(MODEL, sought, strongroom.searched_by(sought), known)]


def test_a_search_lists_the_likeliest_first() -> None:
    world = World()
    world.tell((1, {**CHILD, **FAMILY, "id_number": ID}))
    world.tell((2, {**CHILD, "name": "张丽娜", **FAMILY}))

    listed = found(world, {**CHILD, "guardians": FAMILY["guardians"]})

    assert listed == [founded_by(UUID(int=1)), founded_by(UUID(int=2))]


@pytest.mark.parametrize("invented", [{}, {"birth_date": "2004-05-01"}])
@pytest.mark.parametrize(
    "told", [{"id_number": ID}, {"name": CHILD["name"], "birth_date": CHILD["birth_date"]}]
)
def test_no_crowd_at_a_childs_phone_goes_before_it(invented: Features, told: Features) -> None:
    """Whoever knows a phone can invent as many records with it as are compared."""
    world = World()
    world.tell((1, {**CHILD, "id_number": ID, "phone": "13908123457"}))
    crowd: list[Features] = [
        {"name": f"钱{chr(0x4E30 + at)}", "phone": "13908123457", **invented}
        for at in range(MODEL.candidates)
    ]
    world.tell(*enumerate(crowd, 2))

    assert len(world.persons) > len(crowd)
    assert found(world, {**told, "phone": "13908123457"})[0] == founded_by(UUID(int=1))


@given(
    st.dictionaries(st.integers(0, 9), st.lists(st.uuids(), unique=True, max_size=6), max_size=10),
    st.dictionaries(st.integers(0, 9), st.lists(st.uuids(), unique=True, max_size=2), max_size=4),
    st.sets(st.integers(0, 12), max_size=8),
    st.one_of(st.none(), st.integers(0, 6)),
    st.frozensets(st.integers(0, 12), max_size=4),
)
def test_whoever_shares_one_common_or_faint_key_alone_is_not_worth_comparing(
    known: dict[int, list[UUID]],
    here: dict[int, list[UUID]],
    sought: set[int],
    alone: int | None,
    faint: frozenset[int],
) -> None:
    found = worth_comparing(known, here, sorted(sought), alone, faint)

    under = {key: known.get(key, []) + here.get(key, []) for key in sought}
    rare = {key for key, persons in under.items() if alone is None or len(persons) <= alone}
    rare -= faint
    for person in {one for persons in under.values() for one in persons}:
        shared = {key for key, persons in under.items() if person in persons}
        assert (person in found) == bool(shared & rare or len(shared) > 1)
