"""Quality findings name each flaw once, never a value, and read birth dates leniently."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.records import quality
from services.registry.records.feeds import Item
from services.registry.records.feeds.item import Sex
from shared import resident_id

BORN = date(2017, 5, 3)
GIRL = resident_id.make(371721, BORN, 12)
FATHER = resident_id.make(371721, date(1988, 4, 12), 11)
CLEAN: dict[str, Any] = {
    "source_id": "a",
    "version": 1,
    "observed_on": "2026-03-01",
    "division": "500103",
    "child": {"name": "示小满", "id_number": GIRL, "sex": "female", "birth_date": "2017-05-03"},
    "guardians": [{"name": "示大山", "id_number": FATHER, "phone": "14200000001"}],
    "hukou": {"division": "371721"},
    "residence": {"division": "500103000000"},
}


def found(**changes: Any) -> tuple[str, ...]:
    return quality.findings(Item.model_validate(CLEAN | changes))


def child(**changes: Any) -> dict[str, Any]:
    return {"child": CLEAN["child"] | changes}


def guardian(**changes: Any) -> dict[str, Any]:
    return {"guardians": [CLEAN["guardians"][0] | changes]}


def test_a_flawless_item_has_no_findings() -> None:
    assert found() == ()


FLAWS = [
    (child(name=None), "name_missing"),
    (child(name=" 　"), "name_missing"),
    (child(name="shi xiaoman"), "name_not_hanzi"),
    (child(name="示?满"), "name_not_hanzi"),
    (child(name="·示满"), "name_not_hanzi"),
    (child(id_number=None), "id_missing"),
    (child(id_number="  "), "id_missing"),
    (child(id_number=GIRL[:-1]), "id_length_wrong"),
    (child(id_number="不详"), "id_not_a_number"),
    (child(id_number=FATHER, sex="male", birth_date="1988-04-12"), "id_is_guardians"),
    (child(id_kind="birth_certificate", id_number="M370000001"), "id_birth_certificate"),
    (child(id_kind="passport", id_number="E00000001"), "id_of_other_kind"),
    (child(birth_date=None), "birth_date_missing"),
    (child(birth_date="2017-02-31"), "birth_date_impossible"),
    (child(birth_date="五月三日"), "birth_date_impossible"),
    (child(id_number=None, birth_date="2026-03-02"), "birth_date_impossible"),
    (child(birth_date="2017-03-05"), "birth_date_disagrees_with_id"),
    (child(sex="male"), "sex_disagrees_with_id"),
    (child(phone="1380000"), "phone_malformed"),
    ({"hukou": None}, "hukou_missing"),
    ({"hukou": {"address": "示例村"}}, "hukou_missing"),
    ({"hukou": {"division": "500105"}}, "hukou_division_ended"),
    ({"hukou": {"division": "379999"}}, "hukou_division_unknown"),
    ({"hukou": {"division": "500157"}, "observed_on": "2025-01-01"}, "hukou_division_not_begun"),
    ({"residence": None}, "residence_missing"),
    ({"residence": {"division": "500112001"}}, "residence_division_ended"),
    ({"residence": {"division": "509999"}}, "residence_division_unknown"),
    (
        {"residence": {"division": "500103", "since": "2025-02-01", "until": "2025-01-01"}},
        "residence_dates_reversed",
    ),
    ({"guardians": []}, "guardian_missing"),
    (guardian(name=None), "guardian_name_missing"),
    (guardian(phone="12345678901"), "guardian_phone_malformed"),
    (guardian(id_number=FATHER[:-1]), "guardian_id_invalid"),
]


@pytest.mark.parametrize(("changes", "finding"), FLAWS)
def test_a_flaw_is_named(changes: dict[str, Any], finding: str) -> None:
    assert finding in found(**changes)


HARMLESS = [
    child(name="示 小满"),
    child(name="阿卜杜拉·示例"),
    child(name="阿卜杜拉•示例"),
    child(name="示𬭎"),
    child(name="示〇"),
    child(id_number=f" {GIRL[:6]} {GIRL[6:14]} {GIRL[14:]} "),
    child(id_number="".join(chr(ord(digit) + 0xFEE0) for digit in GIRL)),
    child(sex="unknown"),
    child(sex=None),
    child(birth_date="2017年5月3日"),
    child(phone="+86 142-0000-0001"),
    child(phone="０２３-６１２３４５６７"),
    {"hukou": {"division": "371721104"}},
]


@pytest.mark.parametrize("changes", HARMLESS)
def test_what_is_merely_written_differently_is_no_flaw(changes: dict[str, Any]) -> None:
    assert found(**changes) == ()


def test_a_wrong_number_does_not_accuse_the_birth_date_and_sex() -> None:
    wrong = GIRL[:-1] + ("0" if GIRL[-1] != "0" else "1")

    assert found(**child(id_number=wrong, sex="male", birth_date="2016-05-03")) == (
        "id_checksum_wrong",
    )


NOTATIONS = [
    "{0:%Y-%m-%d}",
    "{0:%Y%m%d}",
    "{0:%Y}/{0.month}/{0.day}",
    "{0:%Y}.{0:%m}.{0:%d}",
    "{0:%Y}年{0.month}月{0.day}日",
    "{0:%Y}年{0:%m}月{0:%d}",
    " {0:%Y-%m-%d} ",
    "{0:%Y-%m-%d} 00:00:00",
    "{0:%Y-%m-%d}T00:00:00+08:00",
]


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.sampled_from(NOTATIONS), st.booleans())
def test_a_birth_date_is_read_in_every_notation(day: date, notation: str, wide: bool) -> None:
    text = notation.format(day)
    if wide:
        text = re.sub(r"[0-9]", lambda digit: chr(ord(digit[0]) + 0xFEE0), text)

    assert quality.birth_on(Item.model_validate(CLEAN | child(birth_date=text))) == day


@pytest.mark.parametrize(
    "text", ["", "2017", "201753", "2017-5", "03-05-2017", "2017-13-01", "2017-00-10", "17-05-03"]
)
def test_what_is_no_day_is_not_guessed(text: str) -> None:
    assert quality.birth_on(Item.model_validate(CLEAN | child(birth_date=text))) is None


@pytest.mark.parametrize(
    ("stated", "read"),
    [("male", Sex.MALE), ("female", Sex.FEMALE), ("unknown", None), (None, None)],
)
def test_an_unknown_sex_is_no_statement(stated: str | None, read: Sex | None) -> None:
    assert quality.sex(Item.model_validate(CLEAN | child(sex=stated))) is read


short = st.none() | st.text(max_size=24, alphabet=st.characters(codec="utf-8", min_codepoint=1))
numbers = st.text("0123456789X", min_size=14, max_size=19)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": short,
            "id_number": short | numbers,
            "sex": st.sampled_from([None, "male", "female", "unknown"]),
            "birth_date": short | st.dates().map(str),
            "phone": short,
        },
    ),
    st.lists(
        st.fixed_dictionaries({"name": short, "id_number": short, "phone": short}), max_size=3
    ),
)
def test_findings_never_raise_repeat_or_tell_a_value(
    stated: dict[str, Any], guardians: list[dict[str, Any]]
) -> None:
    findings = found(child=stated, guardians=guardians)

    assert len(set(findings)) == len(findings)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", finding) for finding in findings)
