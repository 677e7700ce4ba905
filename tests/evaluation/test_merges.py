"""Children wrongly merged, against looking at every pair of them."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.merges import Kind, Kinship, mixed, wrongly_merged

CHILDREN = 6
relatives = st.builds(
    Kinship,
    st.dictionaries(
        st.integers(0, CHILDREN), st.frozensets(st.integers(0, 3), max_size=2), max_size=CHILDREN
    ),
    st.dictionaries(st.integers(0, CHILDREN), st.sampled_from(("d1", "d2")), max_size=CHILDREN),
)
placed = st.lists(st.tuples(st.integers(0, CHILDREN), st.integers(0, 4)), max_size=30)


def between(kin: Kinship, one: int, other: int) -> Kind:
    shared = kin.families.get(one, frozenset()) & kin.families.get(other, frozenset())
    if not shared:
        return Kind.OTHER
    born = kin.births.get(one)
    return Kind.TWIN if born and born == kin.births.get(other) else Kind.SIBLING


@given(placed, relatives)
def test_as_if_every_pair_were_looked_at(entries: list[tuple[int, int]], kin: Kinship) -> None:
    expected: dict[int, Kind] = {}
    for one, other in combinations(sorted(set(entries)), 2):
        if one[1] == other[1] and one[0] != other[0]:
            kind = between(kin, one[0], other[0])
            for child in (one[0], other[0]):
                expected[child] = min(expected.get(child, kind), kind, key=list(Kind).index)

    assert wrongly_merged(mixed(entries).values(), kin) == expected


@given(relatives)
def test_twins_share_a_family_and_a_birthday(kin: Kinship) -> None:
    pairs = combinations(sorted(kin.families), 2)
    expected = {child for pair in pairs if between(kin, *pair) is Kind.TWIN for child in pair}

    assert kin.twins() == len(expected)


def test_whom_a_pure_person_holds_is_not_told() -> None:
    assert mixed([(1, 1), (1, 1), (2, 2), (3, 1)]) == {1: {1, 3}}
