"""A person holds its cards in columns, and says what its cards say."""

from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from services.matching.linkage.facets import packed
from services.matching.linkage.normalization import Standard, standardise
from services.matching.linkage.persons import Document, Person, Sight
from services.matching.linkage.profile import Profile
from tests.matching.children import FAMILY, FATHER, FATHER_ID, ID

PERSON = UUID(int=1)
SAID = [
    standardise(features)
    for features in (
        {"name": "张志明", "id_number": ID, **FAMILY},
        {"name": "张志明", "birth_date": "2015-03-07", "sex": "male"},
        {"name": "张志铭", "former_name": "张小宝宝", "id_number": FATHER_ID},
        {"name": "张志明", "id_number": FATHER_ID, "birth_date": "2001-03-07"},
        {"birth_date": "2015-03-07", "guardians": [FATHER]},
        {"id_number": ID[:-1], "phone": "13908123456", "residence_division": "500103"},
        {"school": "人民路小学", "grade": "三年级2班", "observed_on": "2024-09-01"},
        {},
    )
]
MARKS = st.sampled_from([(), (7,), (7, 8), (8, 9)])
MOVES = st.lists(
    st.tuples(st.booleans(), st.integers(1, 9), st.sampled_from(SAID), MARKS), max_size=30
)


@given(MOVES)
def test_a_person_says_what_its_cards_say_however_they_came_and_went(
    moves: list[tuple[bool, int, Standard, tuple[int, ...]]],
) -> None:
    person = Person(PERSON)
    expected: dict[Standard, dict[UUID, Sight]] = {}
    for arrival, (comes, number, features, marks) in enumerate(moves):
        entry = UUID(int=number)
        for card in expected.values():
            card.pop(entry, None)
        person.remove(entry)
        if comes:
            expected.setdefault(features, {})[entry] = Sight(arrival, marks)
            person.put(packed(features), {entry: Sight(arrival, marks)})
        expected = {said: card for said, card in expected.items() if card}
        if arrival % 3 == 0:
            person = _stored(person)

        assert person.cards == expected
        sights = {e: sight for card in expected.values() for e, sight in card.items()}
        assert person.entries == sights
        assert person.listed == {mark for sight in sights.values() for mark in sight.listed}
        assert person.size == len(expected)
        assert person.profile == Profile.of(person.cards)


def _stored(person: Person) -> Person:
    document = Document._make(orjson.loads(orjson.dumps(list(person.document))))
    return Person(PERSON, document=document)
