"""Resident identity numbers: how they are read, refused, built and hidden (no real ones here)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import divisions, resident_id
from shared.resident_id import ResidentId, Sex, read

births = st.dates(date(1850, 1, 1), date(2035, 12, 31))
twentieth = st.dates(date(1900, 1, 1), date(1999, 12, 31))
places = st.sampled_from([110101, 150203, 230102, 371702, 429006, 500103, 500112, 830000])
numbers = st.builds(resident_id.make, places, births, st.integers(1, 999))
NOTHING = (False, None, None, "unknown")


def sex_of(sequence: int) -> Sex:
    return "male" if sequence % 2 else "female"


def told(found: ResidentId) -> tuple[bool, str | None, date | None, str]:
    return found.valid, found.number, found.birth_on, found.sex


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("11010519491231002X", "11010519491231002X"),  # the standard's own example
        ("440524188001010014", "440524188001010014"),  # and the other
        ("11010519491231002x", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        (" 110105 19491231 002 X\n", "11010519491231002X"),
        ("110105-19491231-002×", "11010519491231002X"),
        ("'110105\u300019491231\u200b002\u0425", "11010519491231002X"),
    ],
)
def test_a_valid_number_is_read_however_it_is_typed(text: str, number: str) -> None:
    found = read(text)
    assert (found.valid, found.number, found.findings) == (True, number, ())


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("", ("id_missing",)),
        (" \u3000-", ("id_missing",)),
        ("不详", ("id_not_a_number",)),
        ("E123456789", ("id_not_a_number",)),
        ("1101051949123100X2", ("id_not_a_number",)),
        ("X", ("id_not_a_number",)),
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", ("id_not_a_number",)),
        ("\udcff", ("id_not_a_number",)),
        ("1", ("id_length_wrong",)),
        ("11010519491231002", ("id_length_wrong",)),
        ("1101051949123100211", ("id_length_wrong",)),
        ("11010549123100X", ("id_length_wrong",)),
        ("9" * 100_000, ("id_length_wrong",)),
        ("110105194912310021", ("id_checksum_wrong",)),
        ("990105194912310020", ("id_checksum_wrong", "id_division_unknown")),
        ("110105194902300029", ("id_checksum_wrong", "id_birth_date_impossible")),
        ("110105000001010022", ("id_checksum_wrong", "id_birth_date_impossible")),
        ("110105490230002", ("id_fifteen_digits", "id_birth_date_impossible")),
        (
            "000000000000000",
            ("id_fifteen_digits", "id_birth_date_impossible", "id_division_unknown"),
        ),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_told(
    text: str, findings: tuple[str, ...]
) -> None:
    found = read(text)
    assert told(found) == NOTHING
    assert found.findings == findings


def test_a_right_checksum_does_not_make_an_impossible_birth_valid() -> None:
    body = "11010519490230002"
    (number,) = (body + end for end in "0123456789X" if resident_id.checksum_ok(body + end))
    assert told(read(number)) == NOTHING
    assert read(number).findings == ("id_birth_date_impossible",)


def test_an_unknown_division_is_a_finding_but_the_number_stands() -> None:
    number = resident_id.make(990101, date(2015, 3, 1), 101)
    assert read(number) == ResidentId(
        True, number, date(2015, 3, 1), "male", ("id_division_unknown",)
    )


@pytest.mark.parametrize(
    ("division", "born"),
    [
        (150203, date(1960, 5, 1)),
        (350203, date(1965, 5, 1)),
        (371702, date(1980, 5, 1)),  # the code began twenty years later: numbers are given late
        (330113, date(2022, 5, 1)),
        (500112, date(2015, 5, 1)),  # ended since: still a valid beginning
        (372901, date(1985, 5, 1)),
        (810000, date(2012, 5, 1)),
        (830000, date(2012, 5, 1)),
    ],
)
def test_a_division_of_any_time_is_accepted_for_any_birth(division: int, born: date) -> None:
    assert read(resident_id.make(division, born, 7)).findings == ()


@given(places, births, st.integers(1, 999))
def test_what_is_made_is_read_back(division: int, born: date, sequence: int) -> None:
    number = resident_id.make(division, born, sequence)
    assert resident_id.checksum_ok(number)
    assert read(number) == ResidentId(True, number, born, sex_of(sequence), ())


@given(numbers, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: str, at: int, by: int) -> None:
    wrong = str((int(number[at].replace("X", "0")) + by) % 10)
    slipped = number[:at] + wrong + number[at + 1 :]
    if slipped != number:
        assert not resident_id.checksum_ok(slipped)
        assert told(read(slipped)) == NOTHING
        assert "id_checksum_wrong" in read(slipped).findings


@given(numbers, st.integers(0, 15))
def test_two_neighbouring_digits_swapped_are_always_noticed(number: str, at: int) -> None:
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert (swapped == number) == read(swapped).valid


@given(places, twentieth, st.integers(1, 999))
def test_fifteen_digits_are_widened_and_said_to_be(
    division: int, born: date, sequence: int
) -> None:
    number = resident_id.make(division, born, sequence)
    found = read(number[:6] + number[8:17])
    assert found == ResidentId(False, number, born, sex_of(sequence), ("id_fifteen_digits",))


@given(numbers, st.lists(st.sampled_from(list(" -\t\u3000\u200b_./'")), min_size=17, max_size=17))
def test_separators_change_nothing(number: str, between: list[str]) -> None:
    typed = "".join(a + b for a, b in zip(number, [*between, ""], strict=True))
    assert read(typed) == read(number)


@given(st.text())
def test_no_text_is_too_strange_to_read(text: str) -> None:
    found = read(text)
    assert found.valid <= (found.number is not None) == (found.birth_on is not None)
    assert found.number is None or resident_id.checksum_ok(found.number)
    assert found.valid or found.findings
    assert len(resident_id.mask(text)) <= 18
    assert resident_id.normalized(resident_id.normalized(text)) == resident_id.normalized(text)


@given(st.from_regex(r"[0-9]{17}[0-9X]|[0-9]{15}", fullmatch=True))
def test_any_digits_of_the_right_length_are_read(text: str) -> None:
    found = read(text)
    assert ("id_checksum_wrong" in found.findings) == (
        len(text) == 18 and not resident_id.checksum_ok(text)
    )
    unknown = text[0] == "0" or not divisions.ever(divisions.widen(text[:6]))
    assert ("id_division_unknown" in found.findings) == (unknown and text[:6] != "830000")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("11010519491231002X", "1101************2X"),
        ("110105 19491231 002x", "1101************2X"),
        ("110105491231002", "1101*********02"),
        ("110105194912310021", "1101************21"),  # a wrong checksum is hidden alike
        ("王小明", "***"),
        ("E12345678", "*********"),
        ("", ""),
        ("9" * 400, "*" * 18),
    ],
)
def test_a_mask_hides_birth_and_sequence(text: str, masked: str) -> None:
    assert resident_id.mask(text) == masked


@pytest.mark.parametrize(
    "number",
    [
        "",
        "11010519491231002x",
        "１１０１０５１９４９１２３１００２X",
        "11010519491231002X\n",
        "1" * 17,
    ],
)
def test_a_checksum_is_only_right_for_plain_characters(number: str) -> None:
    assert not resident_id.checksum_ok(number)


@pytest.mark.parametrize(
    ("division", "sequence"), [(11010, 1), (1101010, 1), (110101, 0), (110101, 1000), (-110101, 1)]
)
def test_numbers_are_not_made_from_parts_out_of_range(division: int, sequence: int) -> None:
    with pytest.raises(ValueError, match="must"):
        resident_id.make(division, date(2015, 3, 1), sequence)
