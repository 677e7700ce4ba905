"""Identity numbers with the slips of real life."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.linkage import numbers
from shared import resident_id
from tests.matching.children import ID


def typo(number: str, at: int) -> str:
    return number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]


@pytest.mark.parametrize(
    ("typed", "stated", "repaired"),
    [
        (ID[:17], None, ID),
        (ID[:17], (2015, 3, 7), ID),
        (ID[:17], (2014, 3, 7), ID[:17]),
        (typo(ID, 9), (2015, 3, 7), ID),
        (typo(ID, 9), None, typo(ID, 9)),
        (typo(ID, 9), (2013, 8, 9), typo(ID, 9)),
        (typo(ID, 15), (2015, 3, 7), typo(ID, 15)),
        (ID[:6] + ID[8:17], None, ID),
        (ID[:15], None, ID[:15]),
        ("X" * 18, (2015, 3, 7), "X" * 18),
    ],
)
def test_a_number_is_repaired_where_that_leaves_no_choice(
    typed: str, stated: tuple[int, int, int] | None, repaired: str
) -> None:
    assert numbers.repaired(typed, stated) == repaired


@given(st.one_of(st.text(max_size=20), st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True)))
def test_quick_reading_agrees_with_the_shared_one(text: str) -> None:
    found = resident_id.read(text)

    number, _ = numbers.read(text)
    if number is not None:
        assert (found.valid, found.number) == (True, number)
        assert (found.sex, found.birth_on) == (numbers.sex(number), found.birth_on)
    elif found.valid and found.birth_on is not None:
        assert found.birth_on.year < 1900


@given(
    st.integers(110000, 659999),
    st.dates(min_value=date(1930, 1, 1), max_value=date(2199, 12, 31)),
    st.integers(1, 999),
)
def test_every_number_that_is_made_is_read(division: int, born: date, sequence: int) -> None:
    number = resident_id.make(division, born, sequence)

    assert numbers.read(number) == (number, number)
    assert numbers.read(number.lower())[0] == number


@pytest.mark.parametrize(
    ("other", "near", "cut"),
    [
        (typo(ID, 3), True, False),
        (ID[:9] + ID[10] + ID[9] + ID[11:], True, False),
        (ID[:16], True, False),
        (ID[2:], True, False),
        (ID[:15], False, True),
        (ID[:15] + "000", False, True),
        (typo(typo(ID, 3), 8), False, False),
    ],
)
def test_mistyped_numbers_are_near(other: str, near: bool, cut: bool) -> None:
    assert numbers.nearly_one(ID, other) is numbers.nearly_one(other, ID) is near
    assert numbers.is_cut(ID, other) is numbers.is_cut(other, ID) is cut


@given(st.integers(0, 16), st.sampled_from("0123456789X"))
def test_what_one_slip_made_of_a_number_leads_back_to_it(at: int, slip: str) -> None:
    exchanged = ID[:at] + ID[at + 1] + ID[at] + ID[at + 2 :]
    for typed in (ID[:at] + slip + ID[at + 1 :], exchanged, ID[:at] + ID[at + 1 :]):
        assert ID in numbers.one_slip_from(typed), typed
    assert ID in numbers.one_slip_from(ID[:at] + slip + ID[at:])


@given(st.one_of(st.text(max_size=20), st.from_regex(r"[0-9]{17}[0-9X]{0,2}", fullmatch=True)))
def test_what_a_number_may_have_been_is_valid_and_little(text: str) -> None:
    meant = numbers.one_slip_from(text)
    assert all(numbers.is_valid(number) for number in meant)
    assert len(meant) <= 60
